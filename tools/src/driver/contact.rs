//! The contacts of one node: the times at which the harness or an adapter, which are no nodes, may have
//! dialled it.
//!
//! The owner of a connection that has ended cannot be read. Its time tells it from a connection between
//! nodes.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::rc::Rc;
use std::time::Duration;

use tokio::time::Instant;

/// The time for which an ended program may still hold its connection. Chosen: the kernel closes connections
/// within milliseconds of an end, more on a busy machine.
const SLACK: Duration = Duration::from_secs(1);
/// The longest delay in noticing the end of a connection, on a busy machine. Chosen: far above what was seen.
const NOTICED: Duration = Duration::from_secs(2);
/// The time for which contacts are kept: twice the minute for which the kernel lists a connection after its end.
const KEPT: Duration = Duration::from_mins(2);

/// The contacts with one node. Contacts in close succession are merged, so that time bounds their number.
#[derive(Debug, Default)]
pub struct Contacts {
    under_way: Cell<usize>,
    began: Cell<Option<Instant>>,
    ended: RefCell<VecDeque<(Instant, Instant)>>,
}

/// A contact that is under way while this value lives.
#[derive(Debug)]
pub struct Contact(Rc<Contacts>);

impl Contacts {
    /// Begins a contact.
    #[must_use]
    pub fn begin(self: &Rc<Self>) -> Contact {
        self.enter(Instant::now());
        Contact(Rc::clone(self))
    }

    /// Records that the harness has noticed the end of its connections.
    pub fn have_ended(&self) {
        self.ended_by(Instant::now());
    }

    fn ended_by(&self, now: Instant) {
        let from = now.checked_sub(NOTICED).unwrap_or(now);
        match self.began.get().filter(|_| self.under_way.get() > 0) {
            Some(began) => self.began.set(Some(began.min(from))),
            None => self.ended.borrow_mut().push_back((from, now)),
        }
    }

    fn enter(&self, now: Instant) {
        if self.under_way.replace(self.under_way.get() + 1) == 0 {
            let continued = self.ended.borrow_mut().pop_back_if(|(_, end)| *end + SLACK >= now);
            self.began.set(Some(continued.map_or(now, |(began, _)| began)));
        }
    }

    fn leave(&self, now: Instant) {
        self.under_way.set(self.under_way.get().saturating_sub(1));
        if self.under_way.get() > 0 {
            return;
        }
        let mut ended = self.ended.borrow_mut();
        while ended.pop_front_if(|(_, end)| *end + KEPT < now).is_some() {}
        ended.push_back((self.began.take().unwrap_or(now), now));
    }

    /// Returns true if a connection that ended between these moments may belong to a contact.
    #[must_use]
    pub fn covers(&self, earliest: Instant, latest: Instant) -> bool {
        let begun = |began: Instant| began <= latest;
        (self.under_way.get() > 0 && self.began.get().is_some_and(begun))
            || self.ended.borrow().iter().any(|(began, end)| begun(*began) && earliest <= *end + SLACK)
    }
}

impl Drop for Contact {
    fn drop(&mut self) {
        self.0.leave(Instant::now());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contacts_cover_their_time_and_a_little_more() {
        let contacts = Contacts::default();
        let start = Instant::now();
        let at = |ms| start + Duration::from_millis(ms);
        let covers = |ms| contacts.covers(at(ms), at(ms + 10));
        assert!(!covers(0));
        contacts.enter(at(1_000));
        contacts.enter(at(2_000));
        contacts.leave(at(2_500));
        assert!(covers(990) && covers(9_000) && !covers(980));
        contacts.leave(at(3_000));
        assert!(covers(3_900) && !covers(4_100) && !covers(980));
        // A contact in close succession continues the one before.
        contacts.enter(at(3_200));
        contacts.leave(at(3_400));
        assert_eq!(contacts.ended.borrow().as_slices().0, [(at(1_000), at(3_400))]);
        // The end of a connection is noticed late.
        contacts.ended_by(at(10_000));
        assert!(covers(8_000) && covers(10_900) && !covers(7_900) && !covers(11_100));
        // Contacts older than the kernel's list are dropped.
        contacts.enter(at(200_000));
        contacts.leave(at(200_000));
        assert_eq!(contacts.ended.borrow().as_slices().0, [(at(200_000), at(200_000))]);
    }
}
