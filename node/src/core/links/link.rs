//! The state of one link that is up.

use std::sync::Arc;
use std::time::Duration;

use super::outbox::Outbox;
use crate::core::reconciliation::KeyScan;
use crate::wire::{Hello, NodeId, PeerInfo, Version};

/// The state of a link that is up.
#[derive(Debug)]
pub(in crate::core) struct Link {
    peer: PeerInfo,
    pub(in crate::core) features: Features,
    pub(in crate::core) outbox: Outbox,
    /// The time of the last frame received.
    pub(super) last_frame: Duration,
    /// The time at which the link came up.
    pub(super) since: Duration,
    /// True if the neighbour listed this node before the link came up, and may push nothing on it.
    pub(super) one_way: bool,
    /// True if a ping was sent since the last frame came.
    pub(super) ping_sent: bool,
    /// True if a damaged version of this neighbour was logged.
    pub(in crate::core) damage_logged: bool,
    /// Versions to announce, being gathered.
    pub(in crate::core) announcements: Vec<Arc<Version>>,
    /// The requests to a neighbour without ranges, while some are under way.
    pub(in crate::core) key_scan: Option<Box<KeyScan>>,
}

/// The optional parts of the protocol that the other end understands.
#[derive(Debug, Clone, Copy)]
#[expect(clippy::struct_excessive_bools, reason = "each part of the protocol stands by itself")]
pub(in crate::core) struct Features {
    /// True if it understands announcements, grafts and prunes.
    pub(in crate::core) tree: bool,
    /// True if it understands reconciliation by ranges.
    pub(in crate::core) ranges: bool,
    /// True if it wants the list of this node's neighbours.
    pub(in crate::core) neighbours: bool,
    /// True if it takes part in a census and passes signs of life on.
    pub(in crate::core) census: bool,
}

impl Link {
    /// Creates the link to the node with this introduction.
    pub(super) fn new(hello: Hello, dialled: bool, now: Duration) -> Self {
        Self {
            one_way: hello.has(Hello::LISTED),
            features: Features {
                tree: hello.has(Hello::TREE),
                ranges: hello.has(Hello::RANGES),
                neighbours: hello.has(Hello::NEIGHBOURS),
                census: hello.has(Hello::CENSUS),
            },
            peer: PeerInfo { name: hello.name, address: hello.address, node: hello.node, dialled },
            outbox: Outbox::default(),
            last_frame: now,
            since: now,
            ping_sent: false,
            damage_logged: false,
            announcements: Vec::new(),
            key_scan: None,
        }
    }

    /// Records that a frame came.
    pub(in crate::core) fn record_frame(&mut self, now: Duration) {
        self.last_frame = now;
        self.ping_sent = false;
    }

    /// Returns the time of the last frame received.
    pub(in crate::core) fn last_frame(&self) -> Duration {
        self.last_frame
    }

    /// Returns the id of the neighbour.
    pub(in crate::core) fn node(&self) -> NodeId {
        self.peer.node
    }

    /// Returns the address at which the neighbour says that it can be dialled.
    pub(in crate::core) fn address(&self) -> &str {
        &self.peer.address
    }

    /// Returns true if this node dialled the connection.
    pub(in crate::core) fn dialled(&self) -> bool {
        self.peer.dialled
    }

    /// Returns the neighbour's name or, without one, its address.
    pub(in crate::core) fn label(&self) -> String {
        label(&self.peer.name, &self.peer.address)
    }

    /// Returns the neighbour as `peers` lists it.
    pub(in crate::core) fn info(&self) -> PeerInfo {
        self.peer.clone()
    }
}

/// Returns a node's name or, without one, its address.
pub(super) fn label(name: &str, address: &str) -> String {
    if name.is_empty() { address } else { name }.to_owned()
}
