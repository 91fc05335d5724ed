//! The wires between nodes: connections and the lanes they run on, as they stand.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use node::core::{ConnId, DialId};
use node::wire::Frame;

use super::draw::Seed;
use crate::world::link::{Lane, Manner};
use crate::world::{Direction, NodeIndex};

/// What a link does to traffic unless it is told otherwise.
pub(super) const USUAL: Manner =
    Manner { delay: Duration::from_millis(1), jitter: Duration::from_micros(500), ..Manner::PLAIN };

/// All connections and lanes.
pub(super) struct Network {
    pub(super) seed: Seed,
    pub(super) connections: Vec<Slot>,
    pub(super) free: Vec<u32>,
    pub(super) lanes: Vec<Road>,
    pub(super) by_direction: BTreeMap<Direction, u32>,
    /// Which set of a partition each node is in.
    pub(super) sides: BTreeMap<NodeIndex, usize>,
    /// Lanes with something that waits at their end.
    pub(super) holding: BTreeSet<u32>,
}

/// A connection, as long as it lasts: its place may be used again, then by another generation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct ConnKey {
    pub(super) slot: u32,
    pub(super) generation: u32,
}

#[derive(Default)]
pub(super) struct Slot {
    pub(super) generation: u32,
    pub(super) connection: Option<Connection>,
}

/// A connection: the end that dialled, and the other.
pub(super) struct Connection {
    pub(super) dial: DialId,
    pub(super) ends: [End; 2],
}

/// One end of a connection.
pub(super) struct End {
    pub(super) node: NodeIndex,
    /// The lane to the other end.
    pub(super) lane: u32,
    /// How its node calls it, once it does.
    pub(super) conn: Option<ConnId>,
    /// Nothing comes out of it any more.
    pub(super) closed: bool,
    /// Its node was killed, and what it had sent was lost with it.
    pub(super) lost: bool,
    /// What it sent and the other end has not taken yet, in bytes.
    pub(super) under_way: usize,
    /// What waits for room.
    pub(super) waiting: VecDeque<Arc<Frame>>,
    /// What was written and the core has not been told of: weight, and bytes that figures count.
    pub(super) unreported: (usize, u64),
}

/// A lane, and what waits at its end while it is silent.
pub(super) struct Road {
    pub(super) direction: Direction,
    pub(super) lane: Lane,
    pub(super) draws: fastrand::Rng,
    pub(super) cut: bool,
    pub(super) held: VecDeque<Arrival>,
}

/// Something at the end of a lane.
pub(super) struct Arrival {
    pub(super) connection: ConnKey,
    /// At which end: 0 is the one that dialled.
    pub(super) end: usize,
    pub(super) bytes: usize,
    pub(super) packet: Packet,
}

pub(super) enum Packet {
    /// The dialler's system asks for a connection.
    Open,
    /// The other system grants it.
    Opened,
    /// The dialler asks for the upgrade to a WebSocket.
    Upgrade,
    /// It is granted.
    Upgraded,
    /// Nobody listens there.
    Refused,
    Frame(Arc<Frame>),
    /// The other end is closed.
    Closed,
}

impl Network {
    pub(super) fn new(seed: Seed) -> Self {
        Self {
            seed,
            connections: Vec::new(),
            free: Vec::new(),
            lanes: Vec::new(),
            by_direction: BTreeMap::new(),
            sides: BTreeMap::new(),
            holding: BTreeSet::new(),
        }
    }

    pub(super) fn get(&mut self, key: ConnKey) -> Option<&mut Connection> {
        let slot = self.connections.get_mut(key.slot as usize)?;
        slot.connection.as_mut().filter(|_| slot.generation == key.generation)
    }

    pub(super) fn add(&mut self, connection: Connection) -> ConnKey {
        let slot = self.free.pop().unwrap_or_else(|| {
            self.connections.push(Slot::default());
            u32::try_from(self.connections.len() - 1).unwrap_or(u32::MAX)
        });
        let place = &mut self.connections[slot as usize];
        place.generation += 1;
        place.connection = Some(connection);
        ConnKey { slot, generation: place.generation }
    }

    pub(super) fn remove(&mut self, key: ConnKey) -> Option<Connection> {
        self.get(key)?;
        self.free.push(key.slot);
        self.connections.get_mut(key.slot as usize)?.connection.take()
    }

    /// How many connections there are.
    #[cfg(test)]
    pub(super) fn open(&self) -> usize {
        self.connections.iter().filter(|slot| slot.connection.is_some()).count()
    }

    pub(super) fn is_silent(&self, road: &Road) -> bool {
        let Direction { from, to } = road.direction;
        road.cut
            || (!self.sides.is_empty()
                && matches!((self.sides.get(&from), self.sides.get(&to)), (Some(one), Some(other)) if one != other))
    }
}

impl Connection {
    /// Which end a node calls so.
    pub(super) fn end_of(&self, conn: ConnId, node: NodeIndex) -> usize {
        usize::from(self.ends[0].node != node || self.ends[0].conn != Some(conn))
    }
}
