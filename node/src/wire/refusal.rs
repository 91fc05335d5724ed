//! Refusals: the reasons why a command was not carried out.

use std::fmt;

/// The reason why a command was not carried out, for programs and for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The kind of the refusal, for programs.
    pub code: ErrorCode,
    /// The message for people: a lower-case fragment.
    pub message: String,
}

impl Refusal {
    /// Creates a refusal.
    pub fn new(code: ErrorCode, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// The kinds of refusal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum ErrorCode {
    /// The key has no value (`get`, `delete`) or no version (`stamp`).
    Absent,
    /// The key of a `set` already has another value, under the policy `oldest`.
    Exists,
    /// The node that `addPeer` names is a neighbour already.
    NeighborExists,
    /// The node does not accept the command: wrong network, wrong policy, a clock ahead, a limit.
    Refused,
    /// The node cannot carry out the command now: no answer from a dialled address, or a disk that
    /// does not keep the write.
    Unavailable,
    /// The text is not JSON, or no frame of the protocol.
    Malformed,
    /// The command is unknown.
    UnknownCommand,
}

impl ErrorCode {
    /// All kinds of refusal.
    pub const ALL: [Self; 7] = [
        Self::Absent,
        Self::Exists,
        Self::NeighborExists,
        Self::Refused,
        Self::Unavailable,
        Self::Malformed,
        Self::UnknownCommand,
    ];

    /// Returns the word for it on the wire and in scenarios.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Absent => "absent",
            Self::Exists => "exists",
            Self::NeighborExists => "neighbor_exists",
            Self::Refused => "refused",
            Self::Unavailable => "unavailable",
            Self::Malformed => "malformed",
            Self::UnknownCommand => "unknown_command",
        }
    }

    /// Returns the code with this name.
    #[must_use]
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|code| code.name() == name)
    }
}
