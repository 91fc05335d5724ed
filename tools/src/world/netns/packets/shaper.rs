//! The shaper: the shaped directions of links, and their packets under way. It is told the time and knows no
//! clock.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::sync::Arc;
use std::time::Duration;

use super::packet;
use crate::world::Direction;
use crate::world::link::{Conditions, DirectionModel, WINDOW};
use crate::world::netns::address;
use crate::world::partition::Partition;

/// The bytes that may wait for the line of a direction with a rate. A packet behind so many is dropped, as by
/// a router. Chosen: as many as may be under way in a proxied connection.
const QUEUE_BYTES: usize = WINDOW;
/// The bytes that may be under way in all directions; packets beyond are dropped. Chosen: a gigabit a second
/// for two seconds.
const UNDER_WAY_BYTES: usize = 256 << 20;
/// The memory that a packet under way takes beside its bytes, about.
const OVERHEAD: usize = 128;
/// The bytes of the header of Ethernet, which count on a line.
const ETHERNET: usize = 14;

/// The shaper of a run.
#[derive(Debug)]
pub(in crate::world::netns) struct Shaper {
    seed: u64,
    directions: BTreeMap<Direction, Shaped>,
    cut: BTreeSet<Direction>,
    partition: Partition,
    under_way: BinaryHeap<Reverse<UnderWay>>,
    /// The memory that the packets under way take.
    bytes: usize,
    /// The packets for which there was no memory.
    overfull: u64,
    /// The packets that the kernel dropped because they were not read in time.
    unread: u64,
    /// The number of packets taken so far: packets that are due at one time leave in their order.
    taken: u64,
}

/// A direction that is or was shaped.
#[derive(Debug)]
struct Shaped {
    model: DirectionModel,
    /// One draw for each packet: the seed of all that is drawn for it. So the n-th packet meets the same
    /// chance, whatever was drawn for those before.
    draws: fastrand::Rng,
}

/// A packet under way, by the time at which it is due.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct UnderWay {
    due: Duration,
    number: u64,
    direction: Direction,
    packet: Arc<[u8]>,
}

impl Shaper {
    /// Creates a shaper without shapes. All draws come from the seed.
    pub(super) fn new(seed: u64) -> Self {
        Self {
            seed,
            directions: BTreeMap::new(),
            cut: BTreeSet::new(),
            partition: Partition::default(),
            under_way: BinaryHeap::new(),
            bytes: 0,
            overfull: 0,
            unread: 0,
            taken: 0,
        }
    }

    /// Changes the conditions of a direction. Packets under way arrive at the time already set.
    pub(in crate::world::netns) fn shape(&mut self, direction: Direction, conditions: Conditions) {
        let seed = self.seed;
        let shaped = self.directions.entry(direction).or_insert_with(|| Shaped {
            model: DirectionModel::new(Conditions::IDEAL),
            draws: direction.draws(seed),
        });
        shaped.model.shape(conditions);
    }

    /// Silences a direction, or ends that.
    pub(in crate::world::netns) fn cut(&mut self, direction: Direction, cut: bool) {
        if cut {
            self.cut.insert(direction);
        } else {
            self.cut.remove(&direction);
        }
    }

    /// Sets the partition, in place of the one before.
    pub(in crate::world::netns) fn set_partition(&mut self, partition: Partition) {
        self.partition = partition;
    }

    /// Adds a packet that is sent now. A packet between ends that no shape concerns was sent before its
    /// shape ended, and is due at once.
    pub(super) fn enqueue(&mut self, now: Duration, packet: &[u8]) {
        let Some(direction) = direction(packet) else { return };
        let arrivals = match self.directions.get_mut(&direction) {
            None => [Some(now), None],
            Some(shaped) => shaped.send(now, packet.len() + ETHERNET),
        };
        let packet: Arc<[u8]> = packet.into();
        for due in arrivals.into_iter().flatten() {
            let weight = packet.len() + OVERHEAD;
            if self.bytes + weight > UNDER_WAY_BYTES {
                self.overfull += 1;
                continue;
            }
            self.bytes += weight;
            self.taken += 1;
            let under_way = UnderWay { due, number: self.taken, direction, packet: Arc::clone(&packet) };
            self.under_way.push(Reverse(under_way));
        }
    }

    /// Records the number of packets that the kernel has dropped so far because they were not read in time.
    pub(super) fn set_unread(&mut self, packets: u64) {
        self.unread = self.unread.max(packets);
    }

    /// Returns the number of packets that were lost for lack of time or memory, and not by the conditions of a link.
    pub(in crate::world::netns) fn lost(&self) -> u64 {
        self.unread + self.overfull
    }

    /// Returns the time at which the next packet is due.
    pub(super) fn next_due(&self) -> Option<Duration> {
        self.under_way.peek().map(|Reverse(next)| next.due)
    }

    /// Returns the next packet that is due by now and gets through. A packet that comes to the end of a silent
    /// direction is lost.
    pub(super) fn arrive(&mut self, now: Duration) -> Option<Arc<[u8]>> {
        while self.next_due().is_some_and(|due| due <= now) {
            let Reverse(UnderWay { direction, packet, .. }) = self.under_way.pop()?;
            self.bytes -= packet.len() + OVERHEAD;
            if !self.cut.contains(&direction) && !self.partition.separates(direction) {
                return Some(packet);
            }
        }
        None
    }
}

impl Shaped {
    /// Returns the arrival times of a packet and of its copy. A dropped packet uses its draw as well.
    fn send(&mut self, now: Duration, bytes: usize) -> [Option<Duration>; 2] {
        let mut draws = fastrand::Rng::with_seed(self.draws.u64(..));
        if self.model.waiting(now) > QUEUE_BYTES {
            return [None, None];
        }
        self.model.send_packet(now, bytes, |most| draws.u64(0..=most))
    }
}

/// Returns the direction of a packet between two nodes.
fn direction(packet: &[u8]) -> Option<Direction> {
    let [from, to] = packet::ends(packet)?;
    Some(Direction { from: address::node_at(from)?, to: address::node_at(to)? })
}

#[cfg(test)]
mod tests;
