//! Nodes that connect themselves: each tells its neighbours whom it is linked to, and dials those
//! it hears of.

use std::sync::Arc;

use super::Core;
use super::deadlines::Timer;
use super::io::ConnId;
use crate::wire::{Frame, Message, PeerInfo};

/// How many neighbours are told: 24 KiB on the wire.
const TOLD: usize = 256;

impl Core {
    /// The list of neighbours changed: those who care are told soon, of several changes at once.
    pub(super) fn neighbours_changed(&mut self) {
        if self.config.auto_connect {
            let at = self.now.monotonic + self.config.timing.announce;
            self.deadlines.set_if_none(Timer::Neighbours, at);
        }
    }

    pub(super) fn tell_neighbours(&mut self) {
        let mut peers = self.peers();
        peers.truncate(TOLD);
        let curious: Vec<ConnId> =
            self.links.iter().filter(|(_, link)| link.features.neighbours).map(|(conn, _)| *conn).collect();
        let frame = Arc::new(Frame::Message(Message::Neighbours(peers)));
        for conn in curious {
            self.hand(conn, frame.clone());
        }
    }

    /// A neighbour tells whom it is linked to: those unknown here are dialled.
    pub(super) fn on_neighbours(&mut self, peers: &[PeerInfo]) {
        if !self.config.auto_connect {
            return;
        }
        for peer in peers.iter().take(TOLD) {
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
