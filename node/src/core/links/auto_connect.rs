//! Nodes that connect themselves: each sends the list of its neighbours to them, and dials the
//! nodes in the lists that it receives.

use std::sync::Arc;

use crate::core::deadlines::Timer;
use crate::core::io::ConnId;
use crate::core::state::Core;
use crate::wire::{Frame, Message, PeerInfo};

/// The maximum number of neighbours in a list, sent or used.
///
/// Chosen: 24 KiB on the wire (96 bytes each), and more neighbours than an overlay needs of a node.
const NEIGHBOURS_MAX: usize = 256;

impl Core {
    /// Schedules the list of neighbours, which changed; one message covers changes close together.
    pub(super) fn schedule_neighbours(&mut self) {
        if self.config.auto_connect {
            let at = self.now.monotonic + self.config.timing.announce;
            self.deadlines.set_if_none(Timer::Neighbours, at);
        }
    }

    /// Sends the list of this node's neighbours to those that want it.
    pub(in crate::core) fn send_neighbours(&mut self) {
        let mut peers = self.peers();
        peers.truncate(NEIGHBOURS_MAX);
        let interested: Vec<ConnId> =
            self.links.iter().filter(|(_, link)| link.features.neighbours).map(|(conn, _)| *conn).collect();
        let frame = Arc::new(Frame::Message(Message::Neighbours(peers)));
        for conn in interested {
            self.send_frame(conn, frame.clone());
        }
    }

    /// Handles a neighbour's list of its neighbours: dials the nodes that are unknown here.
    pub(in crate::core) fn on_neighbours(&mut self, peers: &[PeerInfo]) {
        if !self.config.auto_connect {
            return;
        }
        for peer in peers.iter().take(NEIGHBOURS_MAX) {
            let known = peer.node == self.config.node
                || peer.address == self.config.address
                || peer.address.is_empty()
                || self.link_to(peer.node).is_some()
                || self.dials.contains(&peer.address);
            if !known && self.has_room_for_a_peer() {
                self.dial_new(&peer.address, Vec::new());
            }
        }
    }
}
