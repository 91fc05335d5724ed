//! Keep-alive: pings to silent neighbours, and the end of links that stay silent or are not read.

use std::time::Duration;

use crate::core::deadlines::Timer;
use crate::core::io::{CloseReason, ConnId};
use crate::core::state::Core;
use crate::wire::Message;

impl Core {
    /// Pings a silent neighbour; drops one that stays silent or reads nothing.
    pub(in crate::core) fn check_alive(&mut self, conn: ConnId) {
        let (now, ping, silence) = (self.now.monotonic, self.config.timing.ping, self.config.timing.silence);
        let Some(link) = self.links.get_mut(&conn) else { return };
        if now >= link.last_frame + silence {
            return self.drop_link(conn, CloseReason::Silent);
        }
        if link.outbox.stalled().is_some_and(|since| now >= since + silence) {
            return self.drop_link(conn, CloseReason::NotReading);
        }
        let silent = now >= link.last_frame + ping;
        let ping_due = silent && !link.ping_sent;
        link.ping_sent |= silent;
        let mut next = if silent { link.last_frame + silence } else { link.last_frame + ping };
        if let Some(since) = link.outbox.stalled() {
            next = next.min(since + silence);
        }
        self.deadlines.set(Timer::KeepAlive(conn), next.min(now + ping));
        if ping_due {
            self.send_message(conn, Message::Ping);
        }
    }

    /// Excuses the silence of all neighbours, since this process did not run for a while. Each gets
    /// the time from a ping to the limit of silence anew.
    pub(in crate::core) fn excuse_silence(&mut self, now: Duration) {
        let since = now.saturating_sub(self.config.timing.ping);
        for link in self.links.values_mut() {
            link.last_frame = link.last_frame.max(since);
            link.outbox.postpone_stall(since);
        }
    }
}
