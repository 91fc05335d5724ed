//! The inputs and outputs of the core.

use std::sync::Arc;
use std::time::Duration;

use super::log::LogEvent;
use crate::wire::{Frame, RequestId, Version};

/// The time, given with every input. Timers use `monotonic`, stamps use `wall_ms`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// The time since an arbitrary moment; never goes back.
    pub monotonic: Duration,
    /// The wall clock, in milliseconds since 1970; may be wrong and may jump.
    pub wall_ms: u64,
}

/// The number of a connection; never used again. The driver numbers accepted and dialled
/// connections from one sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConnId(pub u64);

/// The number of an attempt to connect, given by the core.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DialId(pub u64);

/// The number of a set of versions handed to the disk, given by the core; numbers grow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PersistId(pub u64);

/// An event that the driver reports to the core.
#[derive(Debug)]
pub enum Input {
    /// A dial succeeded: the connection may be written to. An accepted connection needs no input of
    /// its own; its first frame makes it known.
    Connected {
        /// The new connection.
        conn: ConnId,
        /// The attempt that succeeded.
        dial: DialId,
    },
    /// A dial failed.
    DialFailed {
        /// The attempt that failed.
        dial: DialId,
        /// The reason, for people.
        reason: String,
    },
    /// A version with a stamp of its own came from a connection that is no link. It is stored if it
    /// wins; either way the answer is that of `set`. Clients of another protocol give a version's
    /// date in this way.
    Offered {
        /// The connection that the version came from.
        conn: ConnId,
        /// The request id that the answer repeats.
        id: RequestId,
        /// The version, within the limits.
        version: Version,
    },
    /// A frame came in, within the limits and well formed.
    Received {
        /// The connection that the frame came from.
        conn: ConnId,
        /// The frame; a version in it is relayed in this very allocation.
        frame: Arc<Frame>,
    },
    /// A connection ended, closed by either end or broken.
    Closed {
        /// The connection that ended.
        conn: ConnId,
    },
    /// Frames to a neighbour were written to its socket: there is room for as much again.
    Written {
        /// The connection.
        conn: ConnId,
        /// The sum of the frames' [`Message::weight`](crate::wire::Message::weight).
        weight: usize,
        /// The frames' bytes on the wire, background messages left out.
        bytes: u64,
    },
    /// A connection has room for more, as [`Output::AwaitRoom`] asked.
    Room {
        /// The connection.
        conn: ConnId,
    },
    /// All versions handed over up to this number are as safe as they will be.
    Persisted(PersistId),
    /// Versions handed over up to this number and not reported as kept could not be kept. Their
    /// clients are told, and none of these writes becomes visible. They may be on the disk all the
    /// same, and come back with the next start.
    PersistFailed {
        /// The number of the last versions that are given up.
        up_to: PersistId,
        /// The reason, for people.
        reason: String,
    },
    /// A link may have missed versions, as far as its driver can tell: a round of reconciliation begins with it.
    RoundDue {
        /// The connection of the link.
        conn: ConnId,
    },
    /// A neighbour of another make, which the core knows nothing of, sent a JSON text of at most
    /// [`SIGN_VALUE_MAX`](crate::wire::SIGN_VALUE_MAX) bytes. It is passed on as a sign of life, unless too many pass.
    Heard {
        /// The text.
        value: String,
    },
    /// Time has passed: the moment that [`Output::Wake`] named, or any other.
    Tick,
}

/// An action that the driver carries out.
#[derive(Debug)]
pub enum Output {
    /// A frame to write. Frames of one connection are written in order. The same frame to several
    /// neighbours comes as one allocation in successive outputs, so that it can be encoded once.
    Send {
        /// The connection to write to.
        conn: ConnId,
        /// The frame.
        frame: Arc<Frame>,
    },
    /// A request for [`Input::Room`], due when this connection has room for more.
    AwaitRoom {
        /// The connection.
        conn: ConnId,
    },
    /// An address to connect to; answered by [`Input::Connected`] or [`Input::DialFailed`].
    Dial {
        /// The number of the attempt.
        dial: DialId,
        /// The address: `host:port`, or `host:port/byc` for a node of another make.
        address: String,
    },
    /// An attempt to give up; no answer is expected any more.
    CancelDial {
        /// The number of the attempt.
        dial: DialId,
    },
    /// A connection to close, after its queued frames are written. [`Input::Closed`] need not
    /// follow.
    Close {
        /// The connection.
        conn: ConnId,
        /// The reason for closing.
        reason: CloseReason,
    },
    /// Versions to persist; answered by [`Input::Persisted`], at once where nothing is kept.
    Persist {
        /// The number of this set of versions; numbers grow.
        id: PersistId,
        /// The versions, in the order in which they came.
        versions: Vec<Arc<Version>>,
    },
    /// The monotonic time at which [`Input::Tick`] is due, at the latest. Replaces the wake asked
    /// for before.
    Wake(Duration),
    /// A sign of life that passes here, for neighbours of another make.
    Sign {
        /// The name of the node that gave it or, without one, the beginning of its id.
        of: String,
        /// The JSON text that it stands for, if it came from a node of another make.
        value: Option<String>,
    },
    /// An event for the log.
    Log(LogEvent),
}

/// The reason why the core closes a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CloseReason {
    /// The `auth` was refused, for the reason given in the reply.
    Refused(String),
    /// The connection is a second one to the same neighbour.
    Duplicate,
    /// The dial and its `auth` took longer than [`Timing::dial`](super::Timing::dial).
    Unanswered,
    /// The peer was silent for [`Timing::silence`](super::Timing::silence).
    Silent,
    /// The peer read nothing for [`Timing::silence`](super::Timing::silence).
    NotReading,
    /// The peer broke the protocol; holds the violation, for people.
    Protocol(String),
}
