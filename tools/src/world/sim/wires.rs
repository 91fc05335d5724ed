//! The wires between nodes: the state of connections, and of the directions that they run in.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use node::core::{ConnId, DialId};
use node::wire::Frame;

use crate::random::Seed;
use crate::world::link::{Conditions, DirectionModel};
use crate::world::partition::Partition;
use crate::world::{Direction, NodeIndex};

/// The conditions of a link, unless steps shape it.
pub(super) const USUAL_CONDITIONS: Conditions =
    Conditions { delay: Duration::from_millis(1), jitter: Duration::from_micros(500), ..Conditions::IDEAL };

/// The number of a message whose way is not reported.
pub(super) const UNREPORTED: u64 = 0;

/// The set of all connections and directions.
pub(super) struct Network {
    pub(super) seed: Seed,
    pub(super) connections: Vec<Slot>,
    pub(super) free: Vec<u32>,
    pub(super) directions: Vec<DirectionState>,
    pub(super) by_direction: BTreeMap<Direction, u32>,
    pub(super) partition: Partition,
    /// The directions at whose end an arrival waits.
    pub(super) holding: BTreeSet<u32>,
}

/// The key of a connection. A slot may be used again, then with another generation.
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

/// A connection with two ends: first the end that dialled, then the other.
pub(super) struct Connection {
    pub(super) dial: DialId,
    /// True from when the dialler learns of its connection until either end closes it.
    pub(super) up: bool,
    pub(super) ends: [End; 2],
}

/// One end of a connection.
pub(super) struct End {
    pub(super) node: NodeIndex,
    /// The index of the direction to the other end.
    pub(super) direction: u32,
    /// The id by which the node knows the connection, once it has one.
    pub(super) conn: Option<ConnId>,
    /// True if nothing comes out of the end any more.
    pub(super) closed: bool,
    /// True if the end's node was killed, or the connection reset, and what it had sent is lost.
    pub(super) lost: bool,
    /// The bytes that the end sent and the other end has not taken yet.
    pub(super) under_way: usize,
    /// The frames that wait for room.
    pub(super) waiting: VecDeque<Arc<Frame>>,
    /// The frames that were written and not yet reported to the core: their weight, and the bytes that
    /// figures count.
    pub(super) unreported: (usize, u64),
}

/// A direction between two nodes, and the arrivals that wait at its end while it is silent.
pub(super) struct DirectionState {
    pub(super) direction: Direction,
    pub(super) model: DirectionModel,
    pub(super) draws: fastrand::Rng,
    pub(super) cut: bool,
    pub(super) held: VecDeque<Arrival>,
}

/// A packet at the end of a direction.
pub(super) struct Arrival {
    pub(super) connection: ConnKey,
    /// The receiving end: 0 is the one that dialled.
    pub(super) end: usize,
    pub(super) bytes: usize,
    pub(super) packet: Packet,
}

pub(super) enum Packet {
    /// The dialler's system asks for a connection.
    Open,
    /// The other system grants the connection.
    Opened,
    /// The dialler asks for the upgrade to a WebSocket.
    Upgrade,
    /// The upgrade is granted.
    Upgraded,
    /// No node listens there.
    Refused,
    /// A frame, and the number by which its way is reported.
    Frame(Arc<Frame>, u64),
    /// The other end is closed.
    Closed,
}

impl Arrival {
    /// Returns the number by which the way of the packet is reported.
    pub(super) fn number(&self) -> u64 {
        if let Packet::Frame(_, number) = &self.packet { *number } else { UNREPORTED }
    }
}

impl Network {
    pub(super) fn new(seed: Seed) -> Self {
        Self {
            seed,
            connections: Vec::new(),
            free: Vec::new(),
            directions: Vec::new(),
            by_direction: BTreeMap::new(),
            partition: Partition::default(),
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

    /// Returns the number of connections.
    #[cfg(test)]
    pub(super) fn open(&self) -> usize {
        self.connections.iter().filter(|slot| slot.connection.is_some()).count()
    }

    /// Returns true if traffic that comes to the end of a direction waits there.
    pub(super) fn is_silent(&self, state: &DirectionState) -> bool {
        state.cut || self.partition.separates(state.direction)
    }
}

impl Connection {
    /// Returns the end, 0 or 1, at which a node knows the connection by that id.
    pub(super) fn end_of(&self, conn: ConnId, node: NodeIndex) -> usize {
        usize::from(self.ends[0].node != node || self.ends[0].conn != Some(conn))
    }
}
