//! The liveness of the other end, by the rules of Engine.IO: the server pings, the client answers.

use std::time::Duration;

/// The time between two pings of the server: as often as a native neighbour pings (`Timing::ping`).
pub(super) const PING_INTERVAL: Duration = Duration::from_secs(3);
/// The server's time-out for a pong: with [`PING_INTERVAL`], as long as a native neighbour may be silent
/// (`Timing::silence`, 10 s).
pub(super) const PING_TIMEOUT: Duration = Duration::from_secs(7);
/// The longest silence of another server that is accepted, whatever interval and time-out it announces.
/// Chosen: servers of Socket.IO announce 25 s and 20 s; a dead neighbour should not hold its slot for hours.
const SILENCE_MAX: Duration = Duration::from_mins(5);
/// The least delay after a due time that shows that this process did not run meanwhile. Chosen: no turn of
/// the node takes as long, and a process that was stopped or starved is late by more.
const OVERSLEPT: Duration = Duration::from_secs(1);

/// The liveness of one connection, as one of its ends sees it.
#[derive(Debug)]
pub(super) enum Heartbeat {
    /// The server's end: the time of the next ping or, if one was sent, of its time-out.
    Server { due: Duration, pinged: bool },
    /// The client's end: the time by which the server must have sent something.
    Client { due: Duration, silence_max: Duration },
}

/// The action that is due.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum HeartbeatAction {
    Nothing,
    Ping,
    /// The other end is taken for dead: the connection ends.
    End,
}

impl Heartbeat {
    /// Begins at the server's end.
    pub(super) fn server(now: Duration) -> Self {
        Self::Server { due: now + PING_INTERVAL, pinged: false }
    }

    /// Begins at the client's end, with the interval and the time-out that the server announced.
    pub(super) fn client(now: Duration, ping_interval: Duration, ping_timeout: Duration) -> Self {
        let silence_max = ping_interval.saturating_add(ping_timeout).clamp(OVERSLEPT, SILENCE_MAX);
        Self::Client { due: now + silence_max, silence_max }
    }

    /// Records that the other end sent something.
    pub(super) fn on_received(&mut self, now: Duration) {
        match self {
            Self::Server { due, pinged } => {
                if std::mem::take(pinged) {
                    *due = now + PING_INTERVAL;
                }
            }
            Self::Client { due, silence_max } => *due = now + *silence_max,
        }
    }

    /// Returns the time of the next action.
    pub(super) fn due(&self) -> Duration {
        let (Self::Server { due, .. } | Self::Client { due, .. }) = self;
        *due
    }

    /// Checks the time and returns the action that is due.
    pub(super) fn check(&mut self, now: Duration) -> HeartbeatAction {
        let overslept = now > self.due() + OVERSLEPT;
        match self {
            _ if now < self.due() => HeartbeatAction::Nothing,
            Self::Server { due, pinged } if !*pinged => {
                (*due, *pinged) = (now + PING_TIMEOUT, true);
                HeartbeatAction::Ping
            }
            // This process did not run, so it could not read anything: what came meanwhile is read first.
            Self::Server { due, .. } | Self::Client { due, .. } if overslept => {
                *due = now + OVERSLEPT;
                HeartbeatAction::Nothing
            }
            Self::Server { .. } | Self::Client { .. } => HeartbeatAction::End,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    #[test]
    fn a_server_pings_and_gives_up_who_does_not_answer() {
        let mut heartbeat = Heartbeat::server(secs(0));
        assert_eq!(
            (heartbeat.check(secs(2)), heartbeat.check(secs(3)), heartbeat.check(secs(4))),
            (HeartbeatAction::Nothing, HeartbeatAction::Ping, HeartbeatAction::Nothing)
        );
        heartbeat.on_received(secs(5));
        assert_eq!(
            (heartbeat.check(secs(7)), heartbeat.check(secs(8))),
            (HeartbeatAction::Nothing, HeartbeatAction::Ping)
        );
        assert_eq!(
            (heartbeat.check(secs(14)), heartbeat.check(secs(15))),
            (HeartbeatAction::Nothing, HeartbeatAction::End)
        );
    }

    #[test]
    fn a_client_gives_up_who_does_not_ping() {
        let mut heartbeat = Heartbeat::client(secs(0), secs(25), secs(20));
        heartbeat.on_received(secs(10));
        assert_eq!(
            (heartbeat.check(secs(54)), heartbeat.check(secs(55))),
            (HeartbeatAction::Nothing, HeartbeatAction::End)
        );
        let patient = Heartbeat::client(secs(0), Duration::MAX, secs(20));
        assert_eq!(patient.due(), SILENCE_MAX);
    }

    #[test]
    fn who_did_not_run_listens_before_it_judges() {
        let mut heartbeat = Heartbeat::client(secs(0), secs(3), secs(7));
        assert_eq!(heartbeat.check(secs(60)), HeartbeatAction::Nothing);
        assert_eq!(heartbeat.check(secs(61)), HeartbeatAction::End);
    }
}
