//! The slots for incoming connections: bounded in all, and for each address.
//!
//! A slot is *unused* until its connection has done what only a client does. When no slot is free, the one
//! that has been unused for longest is given to the new connection. So a host that opens many connections and
//! does not use them keeps no other host out.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv6Addr};
use std::rc::Rc;

use tokio::sync::Notify;

/// The divisor of one address's share of all slots. Chosen: eight hosts are needed to take all slots. This
/// machine's own address has no share: all programs on it have one address, and nodes under test are many.
const SHARE: usize = 8;

/// All slots of a node.
#[derive(Debug, Default)]
pub(super) struct Slots {
    most: usize,
    taken: RefCell<TakenSlots>,
    /// Notified when a slot has become free.
    pub(super) freed: Notify,
}

#[derive(Debug, Default)]
struct TakenSlots {
    count: usize,
    by_address: BTreeMap<IpAddr, usize>,
    /// The slots not used yet, in the order in which they were taken.
    unused: BTreeMap<u64, Rc<TakenSlot>>,
    next: u64,
}

/// The state of a slot that is taken.
#[derive(Debug)]
struct TakenSlot {
    number: u64,
    address: IpAddr,
    /// True once the slot was given to another connection.
    lost: Cell<bool>,
    loss: Notify,
}

/// A slot for one connection; free again when dropped.
#[derive(Debug)]
pub(in crate::net) struct Slot {
    slots: Rc<Slots>,
    taken: Rc<TakenSlot>,
}

impl Slots {
    /// Creates `most` slots.
    pub(super) fn new(most: usize) -> Rc<Self> {
        Rc::new(Self { most, ..Self::default() })
    }

    /// Takes a slot for a connection from an address. Returns `None` where all slots, or all of that
    /// address, are taken and used.
    pub(super) fn acquire(self: &Rc<Self>, from: IpAddr) -> Option<Slot> {
        let address = counted_as(from);
        let share = if address.is_loopback() { self.most } else { (self.most / SHARE).max(1) };
        let mut taken = self.taken.borrow_mut();
        if taken.by_address.get(&address).is_some_and(|count| *count >= share) {
            taken.reclaim_unused(|slot| slot.address == address)?;
        }
        if taken.count >= self.most {
            taken.reclaim_unused(|_| true)?;
        }
        let number = taken.next;
        taken.next += 1;
        taken.count += 1;
        *taken.by_address.entry(address).or_default() += 1;
        let slot = Rc::new(TakenSlot { number, address, lost: Cell::new(false), loss: Notify::new() });
        taken.unused.insert(number, Rc::clone(&slot));
        Some(Slot { slots: Rc::clone(self), taken: slot })
    }
}

impl TakenSlots {
    /// Frees the slot that has been unused for longest among those for which `is_meant` holds.
    fn reclaim_unused(&mut self, is_meant: impl Fn(&TakenSlot) -> bool) -> Option<()> {
        let slot = self.unused.values().find(|slot| is_meant(slot)).cloned()?;
        self.free(&slot);
        slot.lost.set(true);
        slot.loss.notify_waiters();
        Some(())
    }

    fn free(&mut self, slot: &TakenSlot) {
        self.unused.remove(&slot.number);
        self.count = self.count.saturating_sub(1);
        if let Some(count) = self.by_address.get_mut(&slot.address) {
            *count -= 1;
            if *count == 0 {
                self.by_address.remove(&slot.address);
            }
        }
    }
}

impl Slot {
    /// Marks the slot as used: from now on it is given to no other connection.
    pub(in crate::net) fn mark_used(&self) {
        self.slots.taken.borrow_mut().unused.remove(&self.taken.number);
    }

    /// Waits until the slot was given to another connection.
    pub(in crate::net) async fn lost(&self) {
        while !self.taken.lost.get() {
            self.taken.loss.notified().await;
        }
    }
}

impl Drop for Slot {
    fn drop(&mut self) {
        if !self.taken.lost.get() {
            self.slots.taken.borrow_mut().free(&self.taken);
        }
        self.slots.freed.notify_one();
    }
}

/// Returns the address whose share counts: of IPv6 the network of 64 bits, since its owner usually has all
/// 2^64 addresses in it.
fn counted_as(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) if !address.is_loopback() => {
            Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX)).into()
        }
        IpAddr::V4(address) if address.is_loopback() => std::net::Ipv4Addr::LOCALHOST.into(),
        address => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(address: &str) -> IpAddr {
        address.parse().unwrap()
    }

    #[tokio::test]
    async fn no_more_than_there_are_slots_and_a_slot_that_is_left_is_free() {
        let slots = Slots::new(2);
        let taken = [slots.acquire(at("127.0.0.1")), slots.acquire(at("127.0.0.2"))];
        for slot in taken.iter().flatten() {
            slot.mark_used();
        }
        assert!(slots.acquire(at("::1")).is_none());
        drop(taken);
        slots.freed.notified().await;
        assert!(slots.acquire(at("::1")).is_some());
    }

    #[tokio::test]
    async fn slots_that_are_not_used_are_reclaimed_the_oldest_first() {
        let slots = Slots::new(3);
        let [used, first, second] = std::array::from_fn(|_| slots.acquire(at("127.0.0.1")).unwrap());
        used.mark_used();
        let third = slots.acquire(at("127.0.0.1")).unwrap();
        first.lost().await;
        assert!(!used.taken.lost.get() && !second.taken.lost.get());
        // A slot that was lost is not freed a second time.
        drop(first);
        second.mark_used();
        third.mark_used();
        assert!(slots.acquire(at("127.0.0.1")).is_none());
    }

    #[test]
    fn an_address_has_a_share_and_keeps_others_out_of_no_more() {
        let slots = Slots::new(32);
        let take = |address: &str| {
            let slot = slots.acquire(at(address));
            slot.iter().for_each(Slot::mark_used);
            slot
        };
        let taken: Vec<Slot> = (0..4).map_while(|_| take("192.0.2.1")).collect();
        assert!(taken.len() == 4 && take("192.0.2.1").is_none() && take("192.0.2.2").is_some());
        // A network of IPv6 counts as one address, and this machine has no share.
        let taken: Vec<Slot> = (0..9).map_while(|host| take(&format!("2001:db8::{host}"))).collect();
        assert!(taken.len() == 4 && take("2001:db8:0:1::1").is_some());
        assert_eq!((0..99).map_while(|_| take("127.0.0.1")).collect::<Vec<_>>().len(), 24);
    }
}
