//! The faults and shapes of links: cuts and partitions by the packet filter of the hub, shapes by the harness.

use std::collections::BTreeSet;
use std::io;
use std::net::Ipv4Addr;
use std::rc::Rc;

use super::address;
use super::error::NetnsError;
use super::filter::Filter;
use super::hub::Hub;
use super::packets::{Capture, Packets};
use super::socket;
use crate::world::link::Conditions;
use crate::world::live::{BypassFacts, Carrier, LinkError, ShortageCallback};
use crate::world::partition::Partition;
use crate::world::{Bypass, Direction, LinkChange, NodeIndex};

/// A carrier for networks in the kernel, which moves the traffic of links that have no shape.
pub(super) struct Wires {
    hub: Rc<Hub>,
    filter: Filter,
    packets: Packets,
    /// The way of packets to the harness, until it is taken.
    capture: Option<Capture>,
    on_shortage: Option<ShortageCallback>,
}

impl Wires {
    /// Creates a carrier without links, in the hub of this thread. The draws of shaped links come from the
    /// seed. With `shaped`, all that shapes need of the system is made at once, and else with the first shape.
    pub(super) fn new(hub: Rc<Hub>, seed: u64, shaped: bool) -> Result<Self, NetnsError> {
        let filter = Filter::new()?;
        let capture = if shaped { Some(Capture::new(&hub)?) } else { None };
        Ok(Self { hub, filter, packets: Packets::new(seed), capture, on_shortage: None })
    }

    /// Sets the conditions of a direction, once the filter is applied.
    fn shape(&mut self, direction: Direction, conditions: Conditions) -> Result<(), NetnsError> {
        if !self.packets.has_begun() {
            let capture = match self.capture.take() {
                Some(capture) => capture,
                None => Capture::new(&self.hub)?,
            };
            self.packets.begin(capture, self.on_shortage.clone())?;
        }
        self.packets.shaper().shape(direction, conditions);
        self.filter.carry(direction, true);
        Ok(())
    }

    fn cut(&mut self, direction: Direction, cut: bool) {
        self.filter.cut(direction, cut);
        self.packets.shaper().cut(direction, cut);
    }

    /// Resets the connections that one end has to the other.
    fn reset(&self, Direction { from, to }: Direction) -> Result<(), NetnsError> {
        let branch = self.hub.branch(from);
        let (Some(space), Ok(there)) = (branch.space(), address::of_node(to)) else { return Ok(()) };
        let ends: BTreeSet<Ipv4Addr> = [there].into();
        let done = space.within(|| socket::reset(&ends)).and_then(|done| done);
        done.map_err(NetnsError::Reset)
    }
}

impl Carrier for Wires {
    fn on_shortage(&mut self, callback: ShortageCallback) {
        self.on_shortage = Some(callback);
    }

    fn route(&mut self, _from: NodeIndex, _to: NodeIndex, address: &str) -> Result<String, LinkError> {
        Ok(address.to_owned())
    }

    fn change(&mut self, changes: &[LinkChange]) -> Result<(), LinkError> {
        let mut cleared = BTreeSet::new();
        for change in changes {
            match change {
                LinkChange::Cut(direction) => self.cut(*direction, true),
                LinkChange::Join(direction) => self.cut(*direction, false),
                LinkChange::Break(direction) => self.reset(*direction)?,
                LinkChange::Shape(direction, shapes) => {
                    let conditions = Conditions::shaped(Conditions::IDEAL, shapes);
                    if conditions == Conditions::IDEAL {
                        self.filter.carry(*direction, false);
                        cleared.insert(*direction);
                    } else {
                        cleared.remove(direction);
                        self.shape(*direction, conditions)?;
                    }
                }
            }
        }
        self.filter.apply()?;
        // Until the filter has changed, packets come and are shaped.
        let mut shaper = self.packets.shaper();
        for direction in cleared {
            shaper.shape(direction, Conditions::IDEAL);
        }
        Ok(())
    }

    fn set_partition(&mut self, sets: &[Vec<NodeIndex>]) -> Result<(), LinkError> {
        self.filter.set_partition(sets);
        self.packets.shaper().set_partition(Partition::new(sets));
        Ok(self.filter.apply()?)
    }

    /// Finds nothing: all traffic between nodes passes the hub.
    fn bypasses(&self, _facts: &BypassFacts<'_>) -> io::Result<BTreeSet<Bypass>> {
        Ok(BTreeSet::new())
    }

    fn packets_lost(&self) -> u64 {
        self.packets.shaper().lost()
    }
}
