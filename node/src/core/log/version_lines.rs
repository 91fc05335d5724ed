//! The log lines about single versions, within their rate limits.

use std::sync::Arc;

use super::event::LogEvent;
use super::rate_limit::RateLimit;
use crate::core::deadlines::Timer;
use crate::core::io::ConnId;
use crate::core::state::Core;
use crate::wire::Version;

impl Core {
    /// Logs a version that a client of this node wrote.
    pub(in crate::core) fn log_write(&mut self, version: &Version) {
        if self.rate_limits.written.admit(self.now.monotonic) {
            let tombstone = version.value().is_none();
            self.log(LogEvent::Written { key: version.key().to_owned(), tombstone });
        } else {
            self.deadlines.set_if_none(Timer::UnnamedVersions, self.rate_limits.written.next());
        }
    }

    /// Logs a version that came from a neighbour.
    pub(in crate::core) fn log_arrival(&mut self, conn: ConnId, version: &Arc<Version>) {
        let Some(link) = self.links.get(&conn) else { return };
        if self.rate_limits.arrived.admit(self.now.monotonic) {
            let (peer, author) = (link.label(), version.author());
            let author = (author != link.node()).then_some(author);
            self.log(LogEvent::Arrived { version: version.clone(), peer, author });
            return;
        }
        match &mut self.rate_limits.senders {
            Some((_, true)) => {}
            Some((first, others)) => *others = *first != link.label(),
            none => *none = Some((link.label(), false)),
        }
        self.deadlines.set_if_none(Timer::UnnamedVersions, self.rate_limits.arrived.next());
    }

    /// Logs the number of versions that were not named, if it is due.
    pub(in crate::core) fn log_unnamed(&mut self) {
        let now = self.now.monotonic;
        if let Some(versions) = self.rate_limits.written.remove_due_count(now) {
            self.log(LogEvent::WrittenMore { versions });
        }
        if let Some(versions) = self.rate_limits.arrived.remove_due_count(now)
            && let Some((peer, others)) = self.rate_limits.senders.take()
        {
            self.log(LogEvent::ArrivedMore { versions, peer, others });
        }
        let waiting = [&self.rate_limits.written, &self.rate_limits.arrived]
            .into_iter()
            .filter(|limit| limit.unnamed > 0);
        if let Some(at) = waiting.map(RateLimit::next).min() {
            self.deadlines.set(Timer::UnnamedVersions, at);
        }
    }
}
