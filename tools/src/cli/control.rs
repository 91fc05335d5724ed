//! The control protocol of a running network: requests from other terminals, over one socket in its folder of
//! logs.
//!
//! A connection carries one request, a line of JSON, and the reply, another line. The network belongs to the
//! process that listens on the socket; without a listener nothing runs. Both ends belong to one user: a
//! client may start programs, and the reply of the listener is believed.

mod client;
mod listener;
mod watch;

use std::fs::File;
use std::io;
use std::net::IpAddr;
use std::os::fd::AsRawFd as _;
use std::path::Path;

use serde::{Deserialize, Serialize};

use crate::driver;

pub(super) use client::{ask, connect, send, state, unexpected, wait_for_end};
pub(super) use listener::{Control, answer};
pub(super) use watch::{Watch, Watched};

/// The longest request or reply line, in bytes. Chosen: the state of ten thousand nodes takes a quarter of
/// it.
const LINE: u64 = 16 << 20;

/// A request to a running network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub(super) enum Request {
    /// Asks for the state of the network.
    Ps,
    /// Runs steps of the scenario language.
    Steps {
        /// The text of the steps.
        text: String,
    },
    /// Asks one node, by its driver.
    Ask {
        /// The name of the node.
        node: String,
        /// The command and its arguments, nodes by name.
        words: Vec<String>,
    },
    /// Reports an ask that a node was sent past the network, for the recording. The network sends no reply.
    Note {
        /// The name of the node that was asked.
        node: String,
        /// The command and its arguments, nodes by name.
        words: Vec<String>,
        /// True if the node refused.
        refused: bool,
    },
    /// Asks for the steps that were done by hand, as a scenario.
    Record,
    /// Ends the network.
    Stop,
    /// Keeps the connection open for as long as the network runs.
    Attend,
    /// Keeps the connection open and sends the state, then every line of the journal as it comes. A state
    /// follows whenever steps have ended, and when lines were lost because the client was too slow.
    Watch,
    /// Opens the live page of the network, or asks for the address of the one that is open.
    Page {
        /// The port of the page; the system chooses if there is none.
        port: Option<u16>,
    },
}

/// A reply of the network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub(super) enum Reply {
    /// The state of the network.
    Network(Box<NetworkState>),
    /// The result of steps or of an ask.
    Steps {
        /// The lines to print.
        output: Vec<String>,
        /// The reason of a failure, rendered for people.
        error: Option<String>,
        /// The exit code.
        code: u8,
    },
    /// The steps that were done by hand.
    Recording {
        /// The scenario; `None` where a scenario left the network up.
        text: Option<String>,
    },
    /// The live page is open.
    Page {
        /// The address, with its token.
        address: String,
    },
    /// Confirms that the network ends.
    Stopping,
    /// Refuses the request: too many others are waiting.
    Busy,
}

impl Reply {
    /// Returns the exit code, if the reply has one.
    pub(super) fn code(&self) -> Option<u8> {
        match self {
            Self::Steps { code, .. } => Some(*code),
            Self::Network(_) | Self::Recording { .. } | Self::Page { .. } | Self::Stopping | Self::Busy => {
                None
            }
        }
    }
}

/// A network, as `run --json` and `ps --json` print it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct NetworkState {
    /// The nodes, in order of appearance.
    pub nodes: Vec<NodeState>,
    /// The links that were asked for.
    pub links: Vec<(String, String)>,
    /// The time from the start until all nodes were ready and wired, in milliseconds.
    pub ready_ms: u64,
    /// The faults in force.
    #[serde(default, skip_serializing_if = "Faults::is_empty")]
    pub faults: Faults,
}

/// The faults of links and clocks that are in force.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Faults {
    /// The links that are cut: `a-b`, or `a->b` if only one direction is.
    pub cuts: Vec<String>,
    /// The nodes on each side of a partition.
    pub sides: Vec<Vec<String>>,
    /// The shapes of links, as `a-b delay 200ms`.
    pub shapes: Vec<String>,
    /// The shifts of clocks, as `c +10s`.
    pub clocks: Vec<String>,
}

impl Faults {
    /// Returns true if no fault is in force.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// A node of a network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct NodeState {
    /// The name of the node.
    pub name: String,
    /// The host that the node listens on.
    pub host: String,
    /// The port that the node listens on.
    pub port: u16,
    /// The name of the driver that speaks to the node.
    pub driver: String,
    /// The process id, if the node runs.
    pub pid: Option<u32>,
    /// The neighbours that the node was given, by name.
    pub peers: Vec<String>,
    /// The path of the log file; empty for a node that ran before, whose log is its own.
    pub log: String,
    /// True if the node ran before, and is neither started nor ended.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub attached: bool,
    /// The state of the process: `running`, `paused`, `stopped`, `killed` or `exited N`.
    pub state: String,
    /// The state that the node last told, if it runs and its driver tells of changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub told: Option<Told>,
}

/// The state that a node told.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Told {
    /// The digest of the node's versions: equal digests mean equal versions.
    pub digest: String,
    /// The number of neighbours whose links are up.
    pub peers: u64,
}

impl NodeState {
    /// Returns the address as `host:port`.
    pub(super) fn address(&self) -> String {
        let Self { host, port, .. } = self;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }

    /// Returns true if a client asks the node at its address; other nodes are asked by their network.
    pub(super) fn is_asked_directly(&self) -> bool {
        driver::all().iter().any(|driver| driver.name == self.driver && driver.asked_directly)
    }

    /// Returns true if the host is a loopback address, which every program on this machine reaches.
    pub(super) fn is_on_loopback(&self) -> bool {
        self.host.parse().is_ok_and(|host: IpAddr| host.is_loopback())
    }
}

/// The name of the socket in a folder of logs.
pub(super) const SOCKET: &str = ".tools.sock";

/// Calls `act` with a path of the folder's socket that is always short enough. A socket path is limited to
/// little more than a hundred bytes; this one leads through the open folder, whose own path may have any
/// length.
fn at_socket<T>(logs: &Path, act: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
    let folder = File::open(logs)?;
    act(&Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string()).join(SOCKET))
}
