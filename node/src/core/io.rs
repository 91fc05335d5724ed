//! What goes into the core and what comes out of it.

use std::sync::Arc;
use std::time::Duration;

use super::log::LogEvent;
use crate::wire::{Frame, Limits, NodeId, Policy, RequestId, Version};

/// The time, told with every input. Timers use `monotonic`, stamps use `wall_ms`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Now {
    /// Since an arbitrary moment; never goes back.
    pub monotonic: Duration,
    /// Milliseconds since 1970; may be wrong and may jump.
    pub wall_ms: u64,
}

/// A connection, for as long as it lives; never used again. The driver numbers those it accepts
/// and those it dials from one sequence.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ConnId(pub u64);

/// An attempt to connect, numbered by the core.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct DialId(pub u64);

/// Versions handed over to be kept; numbered by the core, growing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct PersistId(pub u64);

/// How a node is set up. Fixed for its life.
#[derive(Debug, Clone)]
pub struct Config {
    /// Who it is: drawn anew at each start where nothing is kept on disk.
    pub node: NodeId,
    /// What people call it; may be empty.
    pub name: String,
    /// Nodes of other networks are refused.
    pub network: String,
    /// How it chooses among versions.
    pub policy: Policy,
    /// Where others can dial it: `host:port`.
    pub address: String,
    /// Whether it dials its neighbours' neighbours.
    pub auto_connect: bool,
    /// Whether there is a disk: without one, versions learnt from neighbours are not handed over to
    /// be kept. A client's write always is, for it waits for the answer.
    pub disk: bool,
    /// Differs at each start.
    pub incarnation: u64,
    /// Where its draws (jitter of back-off) come from.
    pub seed: u64,
    /// Every bound.
    pub limits: Limits,
    /// Every delay.
    pub timing: Timing,
    /// The deliberate mistake that it makes.
    #[cfg(feature = "mutants")]
    pub mutant: Option<super::Mutant>,
}

impl Config {
    /// A node with the default policy, bounds and delays, which does not connect itself and has a disk. Its
    /// incarnation and seed are 0 until they are set.
    #[must_use]
    pub fn new(
        node: NodeId,
        name: impl Into<String>,
        network: impl Into<String>,
        address: impl Into<String>,
    ) -> Self {
        Self {
            node,
            name: name.into(),
            network: network.into(),
            policy: Policy::default(),
            address: address.into(),
            auto_connect: false,
            disk: true,
            incarnation: 0,
            seed: 0,
            limits: Limits::default(),
            timing: Timing::default(),
            #[cfg(feature = "mutants")]
            mutant: None,
        }
    }
}

/// The protocol's delays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timing {
    /// How long an announced version may take to come by push before it is grafted.
    pub graft: Duration,
    /// How long announcements are gathered before they go out together.
    pub announce: Duration,
    /// How often a node reconciles with one of its neighbours unasked.
    pub reconcile: Duration,
    /// How long a pull may go without an answer before it is given up.
    pub pull: Duration,
    /// How long a link may be silent before a ping.
    pub ping: Duration,
    /// How long a link may be silent, or a peer read nothing, before it is closed.
    pub silence: Duration,
    /// How long dialling and `auth` may take together.
    pub dial: Duration,
    /// The first pause before a broken link is dialled again; doubled each time, up to `backoff_max`.
    pub backoff: Duration,
    /// The longest such pause.
    pub backoff_max: Duration,
    /// How far ahead of the wall clock a version may be stamped before it is not yet due.
    pub ahead: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            graft: Duration::from_millis(500),
            announce: Duration::from_millis(50),
            reconcile: Duration::from_secs(10),
            pull: Duration::from_secs(2),
            ping: Duration::from_secs(3),
            silence: Duration::from_secs(10),
            dial: Duration::from_secs(3),
            backoff: Duration::from_millis(50),
            backoff_max: Duration::from_secs(2),
            ahead: Duration::from_secs(5),
        }
    }
}

/// What happened.
#[derive(Debug)]
pub enum Input {
    /// A dial succeeded: the connection may be written to. (An accepted connection needs no input
    /// of its own: its first frame makes it known.)
    Connected {
        /// The new connection.
        conn: ConnId,
        /// The attempt.
        dial: DialId,
    },
    /// A dial failed.
    DialFailed {
        /// The attempt.
        dial: DialId,
        /// For people.
        reason: String,
    },
    /// Somebody who is no neighbour tells of a version as a neighbour would: it is stored if it wins,
    /// and answered as `set` is either way. How clients of another protocol give a version's date.
    Offered {
        /// From where.
        conn: ConnId,
        /// Repeated by the answer.
        id: RequestId,
        /// Within the limits.
        version: Version,
    },
    /// A frame came in, within the limits and well formed.
    Received {
        /// From where.
        conn: ConnId,
        /// The frame: a version in it is relayed in this very allocation.
        frame: Arc<Frame>,
    },
    /// A connection ended, whoever ended it.
    Closed {
        /// The connection.
        conn: ConnId,
    },
    /// Frames to a neighbour were written to its socket: there is room for as much again.
    Written {
        /// The connection.
        conn: ConnId,
        /// The sum of their [`Message::weight`](crate::wire::Message::weight).
        weight: usize,
        /// Their bytes on the wire, those of background messages left out.
        bytes: u64,
    },
    /// All versions handed over up to this are as safe as they will be.
    Persisted(PersistId),
    /// What was handed over up to this and not reported as kept could not be kept: clients are told,
    /// and nothing of what they wrote becomes visible. It may be on the disk all the same, and come
    /// back with the next start.
    PersistFailed {
        /// The last of what is given up.
        up_to: PersistId,
        /// For people.
        reason: String,
    },
    /// Time has passed: the moment that [`Output::Wake`] named, or any other.
    Tick,
}

/// What is to be done.
#[derive(Debug)]
pub enum Output {
    /// Write a frame. Frames of one connection are written in order; the same frame to several
    /// neighbours comes as one allocation in successive outputs, so that it can be encoded once.
    Send {
        /// To where.
        conn: ConnId,
        /// The frame.
        frame: Arc<Frame>,
    },
    /// Connect to `host:port`; answered by [`Input::Connected`] or [`Input::DialFailed`].
    Dial {
        /// The attempt.
        dial: DialId,
        /// Where.
        address: String,
    },
    /// Give up an attempt; no answer is expected any more.
    CancelDial {
        /// The attempt.
        dial: DialId,
    },
    /// Write what is queued, then close. [`Input::Closed`] need not follow.
    Close {
        /// The connection.
        conn: ConnId,
        /// Why.
        reason: CloseReason,
    },
    /// Keep these versions; answered by [`Input::Persisted`], at once where nothing is kept.
    Persist {
        /// Growing.
        id: PersistId,
        /// In order.
        versions: Vec<Arc<Version>>,
    },
    /// Come back with [`Input::Tick`] at this monotonic time, at the latest. Replaces the wake
    /// asked for before.
    Wake(Duration),
    /// Something a person may want to read.
    Log(LogEvent),
}

/// Why the core closes a connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CloseReason {
    /// `auth` was refused, for the reason given in the reply.
    Refused(String),
    /// A second connection to the same neighbour.
    Duplicate,
    /// Silent for [`Timing::silence`].
    Silent,
    /// Read nothing for [`Timing::silence`].
    NotReading,
    /// Said what no neighbour may say.
    Protocol(String),
}
