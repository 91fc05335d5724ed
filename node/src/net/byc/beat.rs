//! Whether the other end still lives, as Engine.IO sees to it: the server pings, the client answers.

use std::time::Duration;

/// How long the server waits between two pings.
pub(super) const INTERVAL: Duration = Duration::from_secs(3);
/// How long it waits for the answer: with the above, as long as a native neighbour may be silent.
pub(super) const PATIENCE: Duration = Duration::from_secs(7);
/// However long another server's interval and patience are said to be, they are not waited for longer.
const LONGEST: Duration = Duration::from_mins(5);
/// How much later than due one may look before it is clear that this process did not run meanwhile.
const OVERSLEPT: Duration = Duration::from_secs(1);

/// One end's view.
#[derive(Debug)]
pub(super) enum Beat {
    /// The server's end: when the next ping is due or, if one is under way, its answer.
    Pings { due: Duration, asked: bool },
    /// The client's end: when a ping must have come.
    Answers { due: Duration, within: Duration },
}

/// What is to be done when it is time.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Due {
    Nothing,
    Ping,
    /// The other end is taken for dead.
    Dead,
}

impl Beat {
    pub(super) fn server(now: Duration) -> Self {
        Self::Pings { due: now + INTERVAL, asked: false }
    }

    /// The client of a server that has such an interval and such patience.
    pub(super) fn client(now: Duration, interval: Duration, patience: Duration) -> Self {
        let within = interval.saturating_add(patience).clamp(OVERSLEPT, LONGEST);
        Self::Answers { due: now + within, within }
    }

    /// Something came.
    pub(super) fn heard(&mut self, now: Duration) {
        match self {
            Self::Pings { due, asked } => {
                if std::mem::take(asked) {
                    *due = now + INTERVAL;
                }
            }
            Self::Answers { due, within } => *due = now + *within,
        }
    }

    pub(super) fn due(&self) -> Duration {
        let (Self::Pings { due, .. } | Self::Answers { due, .. }) = self;
        *due
    }

    /// Time has passed.
    pub(super) fn look(&mut self, now: Duration) -> Due {
        let overslept = now > self.due() + OVERSLEPT;
        match self {
            _ if now < self.due() => Due::Nothing,
            Self::Pings { due, asked } if !*asked => {
                (*due, *asked) = (now + PATIENCE, true);
                Due::Ping
            }
            // Nobody could be heard: what came meanwhile is read first.
            Self::Pings { due, .. } | Self::Answers { due, .. } if overslept => {
                *due = now + OVERSLEPT;
                Due::Nothing
            }
            Self::Pings { .. } | Self::Answers { .. } => Due::Dead,
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
        let mut beat = Beat::server(secs(0));
        assert_eq!(
            (beat.look(secs(2)), beat.look(secs(3)), beat.look(secs(4))),
            (Due::Nothing, Due::Ping, Due::Nothing)
        );
        beat.heard(secs(5));
        assert_eq!((beat.look(secs(7)), beat.look(secs(8))), (Due::Nothing, Due::Ping));
        assert_eq!((beat.look(secs(14)), beat.look(secs(15))), (Due::Nothing, Due::Dead));
    }

    #[test]
    fn a_client_gives_up_who_does_not_ping() {
        let mut beat = Beat::client(secs(0), secs(25), secs(20));
        beat.heard(secs(10));
        assert_eq!((beat.look(secs(54)), beat.look(secs(55))), (Due::Nothing, Due::Dead));
        let patient = Beat::client(secs(0), Duration::MAX, secs(20));
        assert_eq!(patient.due(), LONGEST);
    }

    #[test]
    fn who_did_not_run_listens_before_it_judges() {
        let mut beat = Beat::client(secs(0), secs(3), secs(7));
        assert_eq!(beat.look(secs(60)), Due::Nothing);
        assert_eq!(beat.look(secs(61)), Due::Dead);
    }
}
