//! One core, with the test in the place of its clients and neighbours.

use std::sync::Arc;
use std::time::Duration;

use super::network::{WALL, address, config, ms, node_id, value};
use crate::core::{CloseReason, Config, ConnId, Core, DialId, Input, Now, Output};
use crate::wire::{Command, Frame, Hello, Kind, Message, Policy, Refusal, Reply, RequestId, Stamp, Version};

pub(super) const CLIENT: ConnId = ConnId(1_000);

pub(super) struct Single {
    pub(super) core: Core,
    pub(super) now: Duration,
    pub(super) wall_ahead_ms: u64,
    next_request: RequestId,
}

/// Returns the introduction of the node with this number.
pub(super) fn hello(number: usize, features: &[&str]) -> Hello {
    Hello {
        protocol: Hello::PROTOCOL,
        features: features.iter().map(|feature| (*feature).to_owned()).collect(),
        network: "test".into(),
        node: node_id(number),
        policy: Policy::Last,
        name: format!("n{number}"),
        address: address(number),
    }
}

/// Returns a version that node `author` wrote `after_ms` after the start of virtual time.
pub(super) fn version(key: &str, text: &str, after_ms: u64, author: usize) -> Arc<Version> {
    let stamp = Stamp { wall_ms: WALL + after_ms, counter: 0 };
    Arc::new(Version::new(key, Kind::Set(value(text)), stamp, node_id(author)))
}

pub(super) fn tombstone(key: &str, after_ms: u64, author: usize) -> Arc<Version> {
    let stamp = Stamp { wall_ms: WALL + after_ms, counter: 0 };
    Arc::new(Version::new(key, Kind::Tombstone, stamp, node_id(author)))
}

/// Returns the messages to a neighbour in these outputs.
pub(super) fn messages(out: &[Output], to: ConnId) -> Vec<Message> {
    out.iter()
        .filter_map(|output| match output {
            Output::Send { conn, frame } if *conn == to => match &**frame {
                Frame::Message(message) => Some(message.clone()),
                _ => None,
            },
            _ => None,
        })
        .collect()
}

/// Returns the requests to a neighbour in these outputs.
pub(super) fn requests(out: &[Output], to: ConnId) -> Vec<(RequestId, Command)> {
    out.iter()
        .filter_map(|output| match output {
            Output::Send { conn, frame } if *conn == to => match &**frame {
                Frame::Request { id, command } => Some((*id, command.clone())),
                _ => None,
            },
            _ => None,
        })
        .collect()
}

/// Returns the replies on a connection in these outputs.
pub(super) fn replies(out: &[Output], to: ConnId) -> Vec<Result<Reply, Refusal>> {
    out.iter()
        .filter_map(|output| match output {
            Output::Send { conn, frame } if *conn == to => match &**frame {
                Frame::Reply { result, .. } => Some(result.clone()),
                _ => None,
            },
            _ => None,
        })
        .collect()
}

pub(super) fn millis(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

pub(super) fn add_peer(address: impl Into<String>) -> Command {
    Command::AddPeer { address: address.into() }
}

pub(super) fn closes(out: &[Output]) -> Vec<(ConnId, CloseReason)> {
    out.iter()
        .filter_map(|output| match output {
            Output::Close { conn, reason } => Some((*conn, reason.clone())),
            _ => None,
        })
        .collect()
}

pub(super) fn dials(out: &[Output]) -> Vec<(DialId, String)> {
    out.iter()
        .filter_map(|output| match output {
            Output::Dial { dial, address } => Some((*dial, address.clone())),
            _ => None,
        })
        .collect()
}

/// Dials a neighbour that answers `auth`.
pub(super) fn dialled(node: &mut Single, conn: u64, number: usize) -> ConnId {
    let out = node.ask(CLIENT, add_peer(address(number)));
    let dial = dials(&out)[0].0;
    let conn = ConnId(conn);
    let out = node.input(Input::Connected { conn, dial });
    let id = requests(&out, conn)[0].0;
    let frame = Frame::Reply { id, result: Ok(Reply::Hello(hello(number, &[Hello::TREE, Hello::RANGES]))) };
    let out = node.input(Input::Received { conn, frame: frame.into() });
    assert!(matches!(replies(&out, CLIENT)[..], [Ok(Reply::Added(_))]), "{out:?}");
    conn
}

impl Single {
    pub(super) fn new() -> Self {
        Self::with(config(0))
    }

    pub(super) fn with(config: Config) -> Self {
        let now = Now { monotonic: Duration::ZERO, wall_ms: WALL };
        Self { core: Core::new(config, now), now: Duration::ZERO, wall_ahead_ms: 0, next_request: 1 }
    }

    pub(super) fn input(&mut self, input: Input) -> Vec<Output> {
        let mut out = Vec::new();
        let now = Now { monotonic: self.now, wall_ms: WALL + ms(self.now) + self.wall_ahead_ms };
        self.core.handle(now, input, &mut out);
        out
    }

    pub(super) fn deliver(&mut self, conn: ConnId, message: Message) -> Vec<Output> {
        self.input(Input::Received { conn, frame: Frame::Message(message).into() })
    }

    pub(super) fn ask(&mut self, conn: ConnId, command: Command) -> Vec<Output> {
        let id = self.next_request;
        self.next_request += 1;
        self.input(Input::Received { conn, frame: Frame::Request { id, command }.into() })
    }

    /// Sends a request, and lets the disk keep at once the versions that it hands over.
    pub(super) fn call(&mut self, command: Command) -> Result<Reply, Refusal> {
        let mut out = self.ask(CLIENT, command);
        out.extend(self.persist(&out));
        replies(&out, CLIENT).pop().unwrap()
    }

    /// Lets the disk keep the versions that these outputs hand over.
    pub(super) fn persist(&mut self, out: &[Output]) -> Vec<Output> {
        let ids = out.iter().filter_map(|output| match output {
            Output::Persist { id, .. } => Some(*id),
            _ => None,
        });
        ids.max().map_or_else(Vec::new, |id| self.input(Input::Persisted(id)))
    }

    /// Links a neighbour that dials this node.
    pub(super) fn accept(&mut self, conn: u64, number: usize, features: &[&str]) -> ConnId {
        let conn = ConnId(conn);
        let out = self.ask(conn, Command::Auth(hello(number, features)));
        assert!(matches!(replies(&out, conn)[..], [Ok(Reply::Hello(_))]), "{out:?}");
        conn
    }

    /// Links a neighbour with trees and ranges that dials this node.
    pub(super) fn neighbour(&mut self, number: usize) -> ConnId {
        self.accept(number as u64, number, &[Hello::TREE, Hello::RANGES])
    }

    /// Links a neighbour under `oldest`, without features, that dials this node.
    pub(super) fn accept_oldest(&mut self, number: usize) -> ConnId {
        let conn = ConnId(number as u64);
        let hello = Hello { policy: Policy::Oldest, ..hello(number, &[]) };
        let out = self.ask(conn, Command::Auth(hello));
        assert!(matches!(replies(&out, conn)[..], [Ok(Reply::Hello(_))]), "{out:?}");
        conn
    }

    /// Lets time pass, waking the core whenever it asked for it.
    pub(super) fn wait(&mut self, time: Duration) -> Vec<Output> {
        let (until, mut out) = (self.now + time, Vec::new());
        while let Some(at) = self.core.wake().filter(|at| *at <= until) {
            self.now = self.now.max(at);
            out.extend(self.input(Input::Tick));
        }
        self.now = until;
        out.extend(self.input(Input::Tick));
        out
    }
}
