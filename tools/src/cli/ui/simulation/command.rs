//! The commands by which a person holds time.

use serde::Deserialize;

/// A command of the page.
#[derive(Debug, Clone, Copy, PartialEq, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Command {
    /// Lets time go on.
    Play {
        /// The seconds of the run in a second; as fast as possible if absent.
        speed: Option<f64>,
    },
    /// Stops time. Ends a replay where it is.
    Pause,
    /// Lets time go on up to the next event that the page shows.
    Next,
    /// Lets time go on up to the next message of a node.
    NextMessage {
        /// The index of the node.
        node: usize,
    },
    /// Lets time go on up to the next step that fails, or to the end.
    NextFailure,
    /// Goes back to the previous event that the page shows.
    Back,
    /// Goes to the place of a line.
    Line {
        /// The number of lines up to the place.
        lines: usize,
    },
    /// Goes to the place of an event.
    Event {
        /// The number of events that have happened there.
        event: u64,
    },
}

/// The goal at which time stops again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Goal {
    /// Anything that the page shows.
    Line,
    /// A message from or to a node.
    Message {
        /// The index of the node.
        node: usize,
    },
    /// A step that fails.
    Failure,
    /// A number of events.
    Event(u64),
    /// The end of the steps that a person added last.
    Added,
}

/// The things that happened with one event of the world.
#[derive(Debug, Default)]
pub(super) struct Happened {
    /// The number of lines.
    pub(super) lines: usize,
    /// The nodes whose messages were sent, arrived or were lost.
    pub(super) talkers: Vec<usize>,
    /// True if a step failed.
    pub(super) failed: bool,
}

impl Goal {
    /// Returns true if the goal is reached with the last of `event` events.
    pub(super) fn is_reached(self, event: u64, happened: &Happened) -> bool {
        match self {
            Self::Line => happened.lines > 0,
            Self::Message { node } => happened.talkers.contains(&node),
            Self::Failure => happened.failed,
            Self::Event(goal) => event >= goal,
            Self::Added => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_are_json() {
        let read = |text| serde_json::from_str::<Command>(text).ok();
        assert_eq!(read(r#"{"do":"play","speed":0.1}"#), Some(Command::Play { speed: Some(0.1) }));
        assert_eq!(read(r#"{"do":"next_message","node":2}"#), Some(Command::NextMessage { node: 2 }));
        assert_eq!(read(r#"{"do":"event","event":7}"#), Some(Command::Event { event: 7 }));
        for wrong in ["", "{}", r#"{"do":"fly"}"#, r#"{"do":"event","event":-1}"#, r#"{"do":"line"}"#] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn goals_are_reached() {
        let nothing = Happened::default();
        let message = Happened { lines: 1, talkers: vec![0, 2], failed: false };
        assert!(!Goal::Line.is_reached(1, &nothing) && Goal::Line.is_reached(1, &message));
        assert!(Goal::Message { node: 2 }.is_reached(1, &message));
        assert!(!Goal::Message { node: 1 }.is_reached(1, &message));
        assert!(Goal::Failure.is_reached(1, &Happened { failed: true, ..nothing }));
        assert!(!Goal::Event(7).is_reached(6, &message) && Goal::Event(7).is_reached(7, &message));
    }
}
