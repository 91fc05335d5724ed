//! The longest order of a register's calls, for a history that has no order of all of them.
//!
//! A call that fits nowhere is left out. The order is legal for a register, and a call that ended before another
//! began comes before it. The search is Dijkstra's over the states of the search of Wing and Gong (1993): a step
//! that lets a call take effect costs nothing, and one that leaves a call out costs one. So the order is as long as
//! one can be. Of several such orders it is one that leaves out late calls, where the history went wrong.
//!
//! Two rules keep the search small, and change nothing for the length. A read of the present value takes effect at
//! once. A call is left out only when no other call that is left ends sooner: until then it is in nobody's way.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};
use std::time::Duration;

use super::call::{Call, Interval, NOTHING, Value};

/// The most states that are visited. Chosen: at 150 bytes each they take 30 MB, and a second at most.
const STATES_MAX: usize = 200_000;
/// The most calls that began in the time of one call and are handled before it.
const WINDOW: usize = 128;
/// The most calls without an end.
const ENDLESS_MAX: usize = 64;

/// The longest order of calls that a register allows, by their indices in the history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LongestOrder {
    /// The calls in that order. Of the calls without an end it has those that others need.
    pub order: Vec<usize>,
    /// The calls with an end that are left out, in the order of the history.
    pub misfits: Vec<usize>,
}

/// Returns the longest order of the calls, or none where the search would cost too much.
#[must_use]
pub fn longest_order(history: &[Interval]) -> Option<LongestOrder> {
    Search::new(history)?.run()
}

/// The progress of a search: the calls that took effect or are left out, and the value that the register holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct State {
    /// The number of calls with an end, in the order of their beginnings, behind which something is left.
    first: usize,
    /// The calls behind these that are handled, one bit for each; the lowest is never set.
    window: u128,
    /// The calls without an end that took effect.
    used: u64,
    value: Value,
}

impl State {
    fn has(&self, place: usize) -> bool {
        place < self.first || (place - self.first < WINDOW && (self.window >> (place - self.first)) & 1 == 1)
    }

    /// Returns the state in which one more call with an end is handled, if the window is wide enough for it.
    fn handled(mut self, place: usize) -> Option<Self> {
        let at = place.checked_sub(self.first).filter(|at| *at < WINDOW)?;
        self.window |= 1 << at;
        while self.window & 1 == 1 {
            self.window >>= 1;
            self.first += 1;
        }
        Some(self)
    }

    /// Returns the number of calls with an end that are handled.
    fn progress(&self) -> usize {
        self.first + self.window.count_ones() as usize
    }
}

/// A step to a state.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Start,
    /// The call of this index takes effect.
    Effect(usize),
    /// The call of this index is left out.
    LeaveOut(usize),
}

/// A visited state, and the way to it.
#[derive(Debug)]
struct Visit {
    state: State,
    before: usize,
    step: Step,
}

struct Search<'a> {
    history: &'a [Interval],
    /// The calls with an end, in the order of their beginnings; a place is an index in this list.
    ended: Vec<usize>,
    /// The calls without an end, in the order of their beginnings.
    endless: Vec<usize>,
    visits: Vec<Visit>,
    cost_of: BTreeMap<State, usize>,
    /// The visits to be followed: those with the fewest calls left out first, then those that came the farthest.
    open: BinaryHeap<(Reverse<usize>, usize, Reverse<usize>)>,
}

impl<'a> Search<'a> {
    fn new(history: &'a [Interval]) -> Option<Self> {
        let sorted = |is_endless: bool| {
            let mut calls: Vec<usize> =
                (0..history.len()).filter(|index| history[*index].end.is_none() == is_endless).collect();
            calls.sort_by_key(|index| (history[*index].begin, *index));
            calls
        };
        let mut endless = sorted(true);
        let noticed = super::search::noticed(history);
        // A call that nobody noticed is in no order.
        endless.retain(|index| match history[*index].call {
            Call::Write(to) | Call::Exchange { to, .. } => noticed.contains(&to),
            Call::Read(_) => false,
        });
        (endless.len() <= ENDLESS_MAX).then(|| Self {
            history,
            ended: sorted(false),
            endless,
            visits: Vec::new(),
            cost_of: BTreeMap::new(),
            open: BinaryHeap::new(),
        })
    }

    fn run(mut self) -> Option<LongestOrder> {
        let start = State { first: 0, window: 0, used: 0, value: NOTHING };
        self.visit(start, 0, 0, Step::Start);
        while let Some((Reverse(cost), _, Reverse(at))) = self.open.pop() {
            let state = self.visits[at].state;
            if state.first == self.ended.len() {
                return Some(self.result(at));
            }
            if self.cost_of.get(&state).is_some_and(|least| *least < cost) {
                continue;
            }
            self.follow(state, at, cost)?;
            if self.visits.len() > STATES_MAX {
                return None;
            }
        }
        None
    }

    /// Adds a state to those that are followed, unless it was reached as cheaply before.
    fn visit(&mut self, state: State, before: usize, cost: usize, step: Step) {
        if self.cost_of.get(&state).is_some_and(|least| *least <= cost) {
            return;
        }
        self.cost_of.insert(state, cost);
        self.open.push((Reverse(cost), state.progress(), Reverse(self.visits.len())));
        self.visits.push(Visit { state, before, step });
    }

    /// Adds the states behind a state. Returns none if the window is too narrow for one of them.
    fn follow(&mut self, state: State, at: usize, cost: usize) -> Option<()> {
        let (frontier, limit) = self.frontier(state);
        let call = |place: usize| self.history[self.ended[place]].call;
        if let Some(place) = frontier.iter().copied().find(|place| call(*place) == Call::Read(state.value)) {
            let step = Step::Effect(self.ended[place]);
            self.visit(state.handled(place)?, at, cost, step);
            return Some(());
        }
        for place in self.without_equals(&frontier) {
            let value = match self.history[self.ended[place]].call {
                Call::Write(to) => to,
                Call::Exchange { from, to } if from == state.value => to,
                Call::Read(_) | Call::Exchange { .. } => continue,
            };
            let step = Step::Effect(self.ended[place]);
            self.visit(State { value, ..state.handled(place)? }, at, cost, step);
        }
        self.follow_endless(state, &frontier, limit, at, cost);
        let blocking = frontier.iter().copied().min_by_key(|place| self.end(*place))?;
        let step = Step::LeaveOut(self.ended[blocking]);
        self.visit(state.handled(blocking)?, at, cost + 1, step);
        Some(())
    }

    /// Adds the states in which a call without an end takes effect, because another call waits for its value.
    fn follow_endless(&mut self, state: State, frontier: &[usize], limit: Duration, at: usize, cost: usize) {
        let is_open =
            |place: usize| (state.used >> place) & 1 == 0 && self.history[self.endless[place]].begin <= limit;
        let open: Vec<usize> = (0..self.endless.len()).filter(|place| is_open(*place)).collect();
        let waiting = frontier.iter().map(|place| self.ended[*place]);
        let waiting = waiting.chain(open.iter().map(|place| self.endless[*place]));
        let wanted: Vec<Value> = waiting
            .filter_map(|index| match self.history[index].call {
                Call::Read(value) | Call::Exchange { from: value, .. } => Some(value),
                Call::Write(_) => None,
            })
            .collect();
        let mut tried: Vec<Call> = Vec::new();
        for place in open {
            let call = self.history[self.endless[place]].call;
            let value = match call {
                Call::Write(to) => to,
                Call::Exchange { from, to } if from == state.value => to,
                Call::Read(_) | Call::Exchange { .. } => continue,
            };
            // Of equal calls the first takes effect first.
            if wanted.contains(&value) && !tried.contains(&call) {
                tried.push(call);
                let next = State { value, used: state.used | 1 << place, ..state };
                self.visit(next, at, cost, Step::Effect(self.endless[place]));
            }
        }
    }

    fn end(&self, place: usize) -> (Duration, usize) {
        let one = &self.history[self.ended[place]];
        (one.end.unwrap_or(Duration::MAX).max(one.begin), place)
    }

    /// Returns the places of the calls that may come next, and the first end of those that are left.
    fn frontier(&self, state: State) -> (Vec<usize>, Duration) {
        let mut limit = Duration::MAX;
        let mut found = Vec::new();
        for place in (state.first..self.ended.len()).filter(|place| !state.has(*place)) {
            if self.history[self.ended[place]].begin > limit {
                break;
            }
            limit = limit.min(self.end(place).0);
            found.push(place);
        }
        found.retain(|place| self.history[self.ended[*place]].begin <= limit);
        (found, limit)
    }

    /// Returns these places without those of which an equal call ends sooner: that one takes effect first.
    fn without_equals(&self, frontier: &[usize]) -> Vec<usize> {
        let call = |place: usize| self.history[self.ended[place]].call;
        let is_first = |place: &usize| {
            !frontier.iter().any(|other| call(*other) == call(*place) && self.end(*other) < self.end(*place))
        };
        frontier.iter().copied().filter(is_first).collect()
    }

    /// Returns the order that led to a visit.
    fn result(&self, mut at: usize) -> LongestOrder {
        let (mut order, mut misfits) = (Vec::new(), Vec::new());
        loop {
            let visit = &self.visits[at];
            match visit.step {
                Step::Start => break,
                Step::Effect(index) => order.push(index),
                Step::LeaveOut(index) => misfits.push(index),
            }
            at = visit.before;
        }
        order.reverse();
        misfits.sort_unstable();
        LongestOrder { order, misfits }
    }
}

#[cfg(test)]
mod tests;
