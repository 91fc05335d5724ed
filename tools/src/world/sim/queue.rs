//! The queue of scheduled events, in order of time. Events of one moment come in the order in which they were
//! scheduled.
//!
//! The queue is a calendar queue (Brown, *Calendar Queues*, 1988) for events that come soon and a binary heap
//! for those that come late. In a large network millions of frames are under way at once, all of which arrive
//! within a few milliseconds. One heap of them all would miss the cache at every step. A day of the calendar
//! is filled by appending, and sorted once, when it comes. Timers of seconds are few.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// The length of a day of the calendar in nanoseconds, as a power of two: 16 µs. Chosen: short enough that a day
/// of a large network is sorted within the cache.
const DAY: u32 = 14;
/// The number of days in the calendar, a power of two: 134 ms in all. Chosen: longer than the delays of links;
/// later events are timers, which are few.
const DAYS: u64 = 1 << 13;

/// The most events for which a day keeps its memory. Chosen: 8,192 days of so many events take some tens of
/// megabytes at most.
const KEPT: usize = 64;

/// A queue of events.
#[derive(Debug)]
pub(super) struct Queue<T> {
    /// Today's events, sorted, the next one last.
    today: Vec<Event<T>>,
    /// The events that were scheduled for today since it began.
    added: BinaryHeap<Reverse<Event<T>>>,
    /// The current day, counted from the start.
    day: u64,
    /// The days from tomorrow on, each unsorted, by their number within the calendar.
    days: Vec<Vec<Event<T>>>,
    /// The set of days that have events, a bit each.
    taken: Vec<u64>,
    /// The events after the last day of the calendar.
    late: BinaryHeap<Reverse<Event<T>>>,
    length: usize,
    peak: usize,
    sequence: u64,
}

/// An event and its place in the order.
#[derive(Debug)]
struct Event<T> {
    at_ns: u64,
    sequence: u64,
    what: T,
}

impl<T> Event<T> {
    fn order(&self) -> (u64, u64) {
        (self.at_ns, self.sequence)
    }
}

impl<T> PartialEq for Event<T> {
    fn eq(&self, other: &Self) -> bool {
        self.order() == other.order()
    }
}

impl<T> Eq for Event<T> {}

impl<T> PartialOrd for Event<T> {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> Ord for Event<T> {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.order().cmp(&other.order())
    }
}

impl<T> Default for Queue<T> {
    fn default() -> Self {
        Self {
            today: Vec::new(),
            added: BinaryHeap::new(),
            day: 0,
            days: (0..DAYS).map(|_| Vec::new()).collect(),
            taken: vec![0; (DAYS / 64) as usize],
            late: BinaryHeap::new(),
            length: 0,
            peak: 0,
            sequence: 0,
        }
    }
}

impl<T> Queue<T> {
    /// Schedules an event.
    pub(super) fn push(&mut self, at_ns: u64, what: T) {
        self.sequence += 1;
        self.length += 1;
        self.peak = self.peak.max(self.length);
        self.lay(Event { at_ns, sequence: self.sequence, what });
    }

    fn lay(&mut self, event: Event<T>) {
        let day = event.at_ns >> DAY;
        if day <= self.day {
            self.added.push(Reverse(event));
        } else if day - self.day < DAYS {
            let place = (day % DAYS) as usize;
            self.taken[place / 64] |= 1 << (place % 64);
            self.days[place].push(event);
        } else {
            self.late.push(Reverse(event));
        }
    }

    /// Returns the time of the next event.
    pub(super) fn next_at_ns(&mut self) -> Option<u64> {
        while self.today.is_empty() && self.added.is_empty() {
            self.begin_day()?;
        }
        let sorted = self.today.last().map(|event| event.at_ns);
        let added = self.added.peek().map(|Reverse(event)| event.at_ns);
        sorted.into_iter().chain(added).min()
    }

    /// Removes the next event and returns it with its time.
    pub(super) fn pop(&mut self) -> Option<(u64, T)> {
        while self.today.is_empty() && self.added.is_empty() {
            self.begin_day()?;
        }
        let sooner = match (self.today.last(), self.added.peek()) {
            (Some(sorted), Some(Reverse(added))) => added < sorted,
            (None, _) => true,
            (_, None) => false,
        };
        let event = if sooner { self.added.pop().map(|Reverse(event)| event) } else { self.today.pop() }?;
        self.length -= 1;
        Some((event.at_ns, event.what))
    }

    /// Goes on to the next day that has events; returns none if there is no such day.
    fn begin_day(&mut self) -> Option<()> {
        let next = self.next_taken();
        let late = self.late.peek().map(|Reverse(event)| event.at_ns >> DAY);
        self.day = match (next, late) {
            (Some(next), Some(late)) => next.min(late),
            (next, late) => next.or(late)?,
        };
        let place = (self.day % DAYS) as usize;
        self.taken[place / 64] &= !(1 << (place % 64));
        // The day that has passed is empty now. Its memory goes to the slot that comes round, unless a burst
        // made it large.
        if self.today.capacity() > KEPT {
            self.today = Vec::new();
        }
        std::mem::swap(&mut self.today, &mut self.days[place]);
        self.today.sort_unstable_by(|one, other| other.cmp(one));
        // Late events that fall into the calendar's days now are moved there.
        while let Some(Reverse(first)) = self.late.peek()
            && (first.at_ns >> DAY) - self.day < DAYS
        {
            if let Some(Reverse(event)) = self.late.pop() {
                self.lay(event);
            }
        }
        Some(())
    }

    /// Returns the first day of the calendar after today that has events.
    fn next_taken(&self) -> Option<u64> {
        let start = ((self.day + 1) % DAYS) as usize;
        let words = self.taken.len();
        for step in 0..=words {
            let word = (start / 64 + step) % words;
            let mut bits = self.taken[word];
            if step == 0 {
                bits &= !0 << (start % 64);
            } else if step == words {
                bits &= !(!0 << (start % 64));
            }
            if bits != 0 {
                let place = (word * 64) as u64 + u64::from(bits.trailing_zeros());
                return Some(self.day + 1 + (place + DAYS - start as u64) % DAYS);
            }
        }
        None
    }

    /// Returns the most events that were scheduled at one time.
    pub(super) fn peak(&self) -> usize {
        self.peak
    }

    /// Returns the scheduled events, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (u64, &T)> {
        let heaps = self.added.iter().chain(&self.late).map(|Reverse(event)| event);
        self.today
            .iter()
            .chain(self.days.iter().flatten())
            .chain(heaps)
            .map(|event| (event.at_ns, &event.what))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn events_come_in_order_of_time_and_those_of_one_moment_as_scheduled() {
        let mut queue = Queue::default();
        for (at, event) in [(5, "c"), (1, "a"), (5, "d"), (3, "b")] {
            queue.push(at, event);
        }
        assert_eq!(queue.pop(), Some((1, "a")));
        queue.push(5, "e");
        let rest: Vec<_> = std::iter::from_fn(|| queue.pop()).collect();
        assert_eq!(rest, [(3, "b"), (5, "c"), (5, "d"), (5, "e")]);
        assert_eq!(queue.peak(), 4);
    }

    proptest! {
        #[test]
        fn the_order_is_that_of_one_heap(
            steps in prop::collection::vec((0usize..4, 0u64..300_000_000, any::<bool>()), 1..200)
        ) {
            let mut queue = Queue::default();
            let mut heap = BinaryHeap::new();
            let (mut now, mut number) = (0, 0u64);
            for (magnitude, ahead, pops) in steps {
                number += 1;
                // Times range from the same instant to far beyond the calendar.
                let at = now + [0, ahead % 1_000, ahead % 1_000_000, ahead][magnitude];
                queue.push(at, number);
                heap.push(Reverse((at, number)));
                prop_assert_eq!(queue.next_at_ns(), heap.peek().map(|Reverse((at, _))| *at));
                if pops {
                    let expected = heap.pop().map(|Reverse(first)| first);
                    prop_assert_eq!(queue.pop(), expected);
                    now = expected.map_or(now, |(at, _)| at);
                }
                prop_assert_eq!(queue.iter().count(), heap.len());
            }
            while let Some(Reverse(expected)) = heap.pop() {
                prop_assert_eq!(queue.pop(), Some(expected));
            }
            prop_assert_eq!(queue.pop(), None);
        }
    }
}
