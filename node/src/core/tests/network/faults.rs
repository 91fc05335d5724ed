//! Faults between two nodes.

use super::Network;
use crate::core::{ConnId, Input};

impl Network {
    /// Returns the connections between two nodes, by their numbers at the first one.
    pub(in crate::core::tests) fn conns(&self, a: usize, b: usize) -> Vec<ConnId> {
        self.conns
            .iter()
            .filter(|((node, _), (peer, _))| (*node, *peer) == (a, b))
            .map(|((_, conn), _)| *conn)
            .collect()
    }

    /// Resets the connections between two nodes; they may dial again.
    pub(in crate::core::tests) fn reset(&mut self, a: usize, b: usize) {
        for conn in self.conns(a, b) {
            if let Some((peer, peer_conn)) = self.conns.remove(&(a, conn)) {
                self.conns.remove(&(peer, peer_conn));
                self.input(a, Input::Closed { conn });
                self.input(peer, Input::Closed { conn: peer_conn });
            }
        }
    }

    /// Ends the connections between two nodes; only the first node learns of it.
    pub(in crate::core::tests) fn half_open(&mut self, a: usize, b: usize) {
        for conn in self.conns(a, b) {
            self.conns.remove(&(a, conn));
            self.input(a, Input::Closed { conn });
        }
    }

    /// Resets the connections between two nodes and keeps them apart.
    pub(in crate::core::tests) fn cut(&mut self, a: usize, b: usize) {
        self.apart.insert((a.min(b), a.max(b)));
        self.reset(a, b);
    }

    pub(in crate::core::tests) fn heal(&mut self) {
        self.apart.clear();
    }

    /// Keeps two groups apart.
    pub(in crate::core::tests) fn partition(&mut self, left: &[usize], right: &[usize]) {
        for a in left {
            for b in right {
                self.cut(*a, *b);
            }
        }
    }

    /// Drops silently, from now on, all frames that a node sends on its connections to another.
    pub(in crate::core::tests) fn hold(&mut self, from: usize, to: usize) {
        let conns = self.conns(from, to);
        self.held.extend(conns.into_iter().map(|conn| (from, conn)));
    }

    /// Stalls a node's socket to another: from now on it takes frames and writes none of them.
    pub(in crate::core::tests) fn stall(&mut self, from: usize, to: usize) {
        let conns = self.conns(from, to);
        self.stalled.extend(conns.into_iter().map(|conn| (from, conn)));
    }

    /// Ends a stall: frames are written again, and those lost in the meantime stay lost.
    pub(in crate::core::tests) fn unstall(&mut self, from: usize, to: usize) {
        for conn in self.conns(from, to) {
            self.stalled.remove(&(from, conn));
            self.input(from, Input::Written { conn, weight: usize::MAX, bytes: 0 });
        }
    }

    /// Ends a node; its connections are reset.
    pub(in crate::core::tests) fn kill(&mut self, node: usize) {
        for other in 0..self.nodes.len() {
            self.reset(node, other);
        }
        self.nodes[node].gone = true;
    }
}
