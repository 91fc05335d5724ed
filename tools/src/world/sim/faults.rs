//! The faults of links: cut, joined, broken and shaped links, and partitions.

use super::node::{Deferred, Life};
use super::state::Sim;
use super::wires::{Arrival, ConnKey, Packet, USUAL_CONDITIONS};
use crate::world::link::Conditions;
use crate::world::partition::Partition;
use crate::world::{LinkChange, NodeIndex};

impl Sim {
    /// Changes the effect of one direction of a link.
    pub(super) fn change(&mut self, change: &LinkChange) {
        match change {
            LinkChange::Cut(direction) => {
                let index = self.direction_index(*direction);
                self.network.directions[index as usize].cut = true;
            }
            LinkChange::Join(direction) => {
                let index = self.direction_index(*direction);
                self.network.directions[index as usize].cut = false;
                self.deliver_held();
            }
            LinkChange::Break(direction) => {
                for key in self.between(direction.from, direction.to) {
                    for end in [0, 1] {
                        self.reset(key, end);
                    }
                }
            }
            LinkChange::Shape(direction, shapes) => {
                let index = self.direction_index(*direction);
                self.network.directions[index as usize]
                    .model
                    .shape(Conditions::shaped(USUAL_CONDITIONS, shapes));
            }
        }
    }

    /// Returns the connections between two nodes, those that are being made included.
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

    /// Breaks one end of a connection; what it had sent and is under way is lost.
    fn reset(&mut self, key: ConnKey, end: usize) {
        let Some(connection) = self.network.get(key) else { return };
        let node = connection.ends[end].node;
        connection.ends[end].waiting.clear();
        connection.ends[end].lost = true;
        if self.nodes[node.0].life == Life::Frozen {
            let closed = Arrival { connection: key, end, bytes: 0, packet: Packet::Closed };
            self.nodes[node.0].frozen.push_back(Deferred::Arrival(closed));
        } else {
            self.notify_closed(key, end);
        }
    }

    /// Sets the partition, in place of the one before.
    pub(super) fn set_partition(&mut self, sets: &[Vec<NodeIndex>]) {
        self.network.partition = Partition::new(sets);
        self.deliver_held();
    }

    /// Delivers the arrivals that wait at the ends of directions that are no longer silent.
    fn deliver_held(&mut self) {
        let network = &mut self.network;
        let open: Vec<u32> = network
            .holding
            .iter()
            .copied()
            .filter(|index| !network.is_silent(&network.directions[*index as usize]))
            .collect();
        for index in open {
            self.network.holding.remove(&index);
            for arrival in std::mem::take(&mut self.network.directions[index as usize].held) {
                self.deliver(arrival);
            }
        }
    }
}
