//! A node of the network: its life, its options, and its state by events.

use std::time::Duration;

use crate::journal::NodeLife;
use crate::world::{Change, ExitStatus, NodeSpec};

/// The state of a node's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    /// The node was told to start and is not ready yet.
    Starting,
    /// The node is ready.
    Running,
    /// The node is frozen.
    Paused,
    /// The node was told to end and has not ended yet.
    Ending,
    /// The node ended because it was told to.
    Stopped,
    /// The node ended by itself.
    Exited(ExitStatus),
}

impl Life {
    /// Returns the life as a journal names it.
    #[must_use]
    pub fn name(self) -> NodeLife {
        match self {
            Self::Starting => NodeLife::Starting,
            Self::Running => NodeLife::Running,
            Self::Paused => NodeLife::Paused,
            Self::Ending => NodeLife::Ending,
            Self::Stopped => NodeLife::Stopped,
            Self::Exited(_) => NodeLife::Exited,
        }
    }
}

impl std::fmt::Display for Life {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Starting => f.write_str("starting"),
            Self::Running => f.write_str("running"),
            Self::Paused => f.write_str("paused"),
            Self::Ending => f.write_str("stopping"),
            Self::Stopped => f.write_str("stopped"),
            Self::Exited(ExitStatus::Code(code)) => write!(f, "exited {code}"),
            Self::Exited(ExitStatus::Gone) => f.write_str("gone"),
            Self::Exited(ending) => write!(f, "exited {ending}"),
        }
    }
}

/// A node of the network.
#[derive(Debug, Clone)]
pub struct Node {
    /// The options of its last or next start; its name is among them.
    pub spec: NodeSpec,
    /// The state of its life.
    pub life: Life,
    /// True if it has ended, and by a kill.
    pub killed: bool,
    /// The number of its starts.
    pub incarnation: u64,
    /// The state that it last told, if its driver tells of changes.
    pub state: Option<Change>,
    /// The content that was last found by asking, if its driver does not tell of changes.
    pub(in crate::run) content: Content,
    /// The content when it last said so: for reports.
    pub(in crate::run) said: Option<String>,
    /// True if its driver tells of changes.
    pub(in crate::run) tells: bool,
    /// The incarnation in which it was made to tell of all versions it stores.
    pub(in crate::run) versions_of: Option<u64>,
    /// The time of the last change of the content that it told or was found to hold.
    pub since: Duration,
    /// The count of changes told in the whole network at its last change.
    pub(in crate::run) changed_at: u64,
}

impl Node {
    /// Returns a node that has never been started.
    pub(super) fn new(spec: NodeSpec) -> Self {
        Self {
            spec,
            life: Life::Stopped,
            killed: false,
            incarnation: 0,
            state: None,
            content: Content::Unknown,
            said: None,
            tells: true,
            versions_of: None,
            since: Duration::ZERO,
            changed_at: 0,
        }
    }

    /// Returns the node's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.spec.name
    }

    /// Returns the digest that it last told.
    pub(in crate::run) fn digest(&self) -> Option<&str> {
        self.state.as_ref().map(|state| state.digest.as_str())
    }

    /// Returns the time of the last change of its content; none if it never told of one, and none was found.
    pub(in crate::run) fn known_since(&self) -> Option<Duration> {
        (self.state.is_some() || self.said.is_some()).then_some(self.since)
    }

    /// Returns true if the node, in its present life, tells of all versions that it stores.
    pub(in crate::run) fn tells_versions(&self) -> bool {
        self.versions_of == Some(self.incarnation)
    }

    /// Records a state that the node told. Returns true if its number of neighbours has changed.
    pub(in crate::run) fn record_change(&mut self, change: Change, now: Duration, changes: u64) -> bool {
        let before = self.state.replace(change);
        let told = self.state.as_ref();
        if before.as_ref().map(|state| &state.digest) != told.map(|state| &state.digest) {
            self.since = now;
        }
        self.changed_at = changes;
        before.map(|state| state.peers) != told.map(|state| state.peers)
    }
}

/// The content of a node that does not tell of changes, as found by asking.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::run) enum Content {
    /// The node was not asked.
    Unknown,
    /// The node gave no answer, or none that says what it holds: this one.
    Silent(String),
    /// The node could not be asked in time.
    Unasked,
    /// The node cannot say, for this reason.
    Unsaid(String),
    /// The content as text; equal texts mean equal content.
    Is(String),
}
