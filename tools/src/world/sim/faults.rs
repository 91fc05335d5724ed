//! What steps do to links: cut, joined, broken, shaped, and nodes put apart.

use super::Sim;
use super::node::{Late, Life};
use super::wires::{Arrival, ConnKey, Packet, USUAL};
use crate::world::link::Manner;
use crate::world::{LinkChange, NodeIndex};

impl Sim {
    /// Changes what one direction of a link does.
    pub(super) fn change(&mut self, change: &LinkChange) {
        match change {
            LinkChange::Cut(direction) => {
                let lane = self.lane(*direction);
                self.network.lanes[lane as usize].cut = true;
            }
            LinkChange::Join(direction) => {
                let lane = self.lane(*direction);
                self.network.lanes[lane as usize].cut = false;
                self.release();
            }
            LinkChange::Break(direction) => {
                for key in self.between(direction.from, direction.to) {
                    for end in [0, 1] {
                        self.reset(key, end);
                    }
                }
            }
            LinkChange::Shape(direction, shapes) => {
                let lane = self.lane(*direction);
                self.network.lanes[lane as usize].lane.shape(Manner::shaped(USUAL, shapes));
            }
        }
    }

    /// The connections between two nodes, those that are being made included.
    fn between(&mut self, one: NodeIndex, other: NodeIndex) -> Vec<ConnKey> {
        let mut keys: Vec<ConnKey> = Vec::new();
        for node in [one, other] {
            let place = self.place(node);
            keys.extend(place.wires.values().chain(place.dials.values()));
        }
        keys.sort_unstable();
        keys.dedup();
        keys.retain(|key| {
            self.network.get(*key).is_some_and(|connection| {
                let ends = [connection.ends[0].node, connection.ends[1].node];
                ends == [one, other] || ends == [other, one]
            })
        });
        keys
    }

    /// A connection breaks at both ends at once; what was under way is lost.
    fn reset(&mut self, key: ConnKey, end: usize) {
        let Some(connection) = self.network.get(key) else { return };
        let node = connection.ends[end].node;
        connection.ends[end].waiting.clear();
        connection.ends[end].lost = true;
        if self.nodes[node.0].life == Life::Frozen {
            let late = Arrival { connection: key, end, bytes: 0, packet: Packet::Closed };
            self.nodes[node.0].frozen.push_back(Late::Arrival(late));
        } else {
            self.over(key, end);
        }
    }

    /// Puts sets of nodes apart, in the place of those before.
    pub(super) fn part(&mut self, sets: &[Vec<NodeIndex>]) {
        let sides = sets.iter().enumerate();
        self.network.sides =
            sides.flat_map(|(side, set)| set.iter().map(move |node| (*node, side))).collect();
        self.release();
    }

    /// What waits at the ends of lanes that are not silent any more arrives.
    fn release(&mut self) {
        let network = &mut self.network;
        let open: Vec<u32> = network
            .holding
            .iter()
            .copied()
            .filter(|lane| !network.is_silent(&network.lanes[*lane as usize]))
            .collect();
        for lane in open {
            self.network.holding.remove(&lane);
            for arrival in std::mem::take(&mut self.network.lanes[lane as usize].held) {
                self.take(arrival);
            }
        }
    }
}
