//! The search over the calls of one register.

use std::collections::{BTreeMap, BTreeSet};

use super::bits::Bits;
use super::call::{Call, Interval, Moment, NOTHING, Value, moments};
use super::frontier::{Configuration, Frontier};
use super::result::{Contradiction, Linearizability};

/// The most configurations that may be left after a call. Chosen: at 50 to 300 bytes each they take 1 to 6 MB
/// for each step of the search, and more would cost more memory and time than a verdict is worth.
const CONFIGURATIONS_MAX: usize = 20_000;
/// The most configurations that may be explored in all. Chosen: the greatest power of ten that a person waits
/// for, at about a microsecond each.
const EXPLORED_MAX: u64 = 100_000_000;

/// A call that ends, while it is under way.
#[derive(Debug, Clone, Copy)]
struct Pending {
    index: usize,
    call: Call,
}

/// Equal calls without an end.
#[derive(Debug)]
struct Class {
    call: Call,
    /// The number that have begun, without those that have taken effect in every configuration.
    begun: u32,
}

/// The search over one history. Its sets of slots have `WORDS` words of 64 bits.
pub(super) struct Search<'a, const WORDS: usize> {
    history: &'a [Interval],
    slots: Vec<Option<Pending>>,
    slot_of: BTreeMap<usize, usize>,
    reads: Bits<WORDS>,
    writes: Bits<WORDS>,
    pending: Bits<WORDS>,
    /// For each slot, the slots that hold the same call and end sooner.
    sooner: Vec<Bits<WORDS>>,
    classes: Vec<Class>,
    class_of: BTreeMap<Call, usize>,
    /// The classes of exchanges, by the value that they expect.
    exchanges_of: BTreeMap<Value, Vec<usize>>,
    /// The calls without an end that have begun.
    endless: Vec<usize>,
    /// The values by which a call without an end could be noticed.
    noticed: BTreeSet<Value>,
    configurations: Vec<Configuration<WORDS>>,
    /// The number of configurations that were explored so far.
    explored: u64,
}

/// A move from a configuration to the next: one call takes effect.
enum Move {
    /// The call in this slot takes effect.
    Slot(usize),
    /// A call of this class takes effect.
    Class(usize),
}

impl<'a, const WORDS: usize> Search<'a, WORDS> {
    pub(super) fn new(history: &'a [Interval]) -> Self {
        let start = Configuration { value: NOTHING, done: Bits::NONE, either: Bits::NONE, used: Vec::new() };
        Self {
            history,
            slots: Vec::new(),
            slot_of: BTreeMap::new(),
            reads: Bits::NONE,
            writes: Bits::NONE,
            pending: Bits::NONE,
            sooner: Vec::new(),
            classes: Vec::new(),
            class_of: BTreeMap::new(),
            exchanges_of: BTreeMap::new(),
            endless: Vec::new(),
            noticed: noticed(history),
            configurations: vec![start],
            explored: 0,
        }
    }

    pub(super) fn run(mut self) -> Linearizability {
        for moment in moments(self.history) {
            match moment {
                Moment::Begin(index) if self.history[index].end.is_none() => self.begin_endless(index),
                Moment::Begin(index) => {
                    if !self.begin(index) {
                        return Linearizability::Undecided { at: index };
                    }
                }
                Moment::End(index) => {
                    if let Err(judgement) = self.end(index) {
                        return judgement;
                    }
                }
            }
        }
        Linearizability::Linearizable
    }

    /// Begins a call that ends. Returns false if there is no slot for it.
    fn begin(&mut self, index: usize) -> bool {
        let slot = self.slots.iter().position(Option::is_none).unwrap_or(self.slots.len());
        if slot >= Bits::<WORDS>::SLOTS {
            return false;
        }
        if slot == self.slots.len() {
            self.slots.push(None);
            self.sooner.push(Bits::NONE);
        }
        let call = self.history[index].call;
        self.order_among_equals(slot, index);
        self.slots[slot] = Some(Pending { index, call });
        self.slot_of.insert(index, slot);
        self.pending.add(slot);
        match call {
            Call::Read(value) => {
                self.reads.add(slot);
                let holding = self.configurations.iter_mut().filter(|one| one.value == value);
                holding.for_each(|one| one.done.add(slot));
            }
            Call::Write(_) => self.writes.add(slot),
            Call::Exchange { .. } => {}
        }
        true
    }

    /// Orders equal calls: the one that ends first takes effect first. If the other did, the two could change
    /// places. Ends at the same time are in the order in which they are walked.
    fn order_among_equals(&mut self, slot: usize, index: usize) {
        let end = |index: usize| (self.history[index].end, index);
        let mut sooner = Bits::NONE;
        for other in self.pending.slots() {
            let Some(pending) = self.slots[other] else { continue };
            if pending.call == self.history[index].call {
                if end(pending.index) < end(index) {
                    sooner.add(other);
                } else {
                    self.sooner[other].add(slot);
                }
            }
        }
        self.sooner[slot] = sooner;
    }

    /// Returns true if an equal call takes effect before the one in this slot does.
    fn waits_for_an_equal(&self, one: &Configuration<WORDS>, waiting: Bits<WORDS>, slot: usize) -> bool {
        let mut sooner = self.sooner[slot].and(waiting);
        if !one.either.has(slot) {
            // An equal call whose effect is open may have taken effect before this one began.
            sooner = sooner.without(one.either);
        }
        sooner != Bits::NONE
    }

    /// Begins a call without an end: it stays unknown if it took effect.
    fn begin_endless(&mut self, index: usize) {
        let call = self.history[index].call;
        let (Call::Write(to) | Call::Exchange { to, .. }) = call else { return };
        self.endless.push(index);
        if !self.noticed.contains(&to) {
            return;
        }
        let class = *self.class_of.entry(call).or_insert_with(|| {
            self.classes.push(Class { call, begun: 0 });
            self.classes.len() - 1
        });
        if let (Call::Exchange { from, .. }, 0) = (call, self.classes[class].begun) {
            let exchanges = self.exchanges_of.entry(from).or_default();
            if !exchanges.contains(&class) {
                exchanges.push(class);
            }
        }
        self.classes[class].begun += 1;
    }

    /// Ends a call: only the configurations in which it has taken effect remain.
    fn end(&mut self, index: usize) -> Result<(), Linearizability> {
        let Some(slot) = self.slot_of.remove(&index) else { return Ok(()) };
        let mut next = Frontier::new(self.reads, self.writes);
        let mut followed = Frontier::new(self.reads, self.writes);
        let mut open = Vec::new();
        for one in std::mem::take(&mut self.configurations) {
            if followed.add(&one) {
                open.push(one);
            }
        }
        while let Some(one) = open.pop() {
            self.explored += 1;
            if one.done.has(slot) {
                next.add(&one.end(slot));
            } else {
                if one.either.has(slot) {
                    next.add(&one.clone().end(slot));
                }
                for next_move in self.successors(&one, slot) {
                    let then = self.after(&one, &next_move);
                    if followed.add(&then) {
                        open.push(then);
                    }
                }
            }
            if next.len().max(followed.len()) > CONFIGURATIONS_MAX || self.explored > EXPLORED_MAX {
                return Err(Linearizability::Undecided { at: index });
            }
        }
        self.configurations = next.into_configurations();
        if self.configurations.is_empty() {
            return Err(Linearizability::Not(self.contradiction(index, followed)));
        }
        self.slots[slot] = None;
        for set in [&mut self.reads, &mut self.writes, &mut self.pending] {
            set.remove(slot);
        }
        self.sooner.iter_mut().for_each(|sooner| sooner.remove(slot));
        self.merge_common_calls();
        Ok(())
    }

    /// Returns the moves that bring the call in the slot nearer. These are the call
    /// itself, exchanges that find the value that they expect, and writes of a value that another call waits
    /// for. Other writes would be overwritten before any call could notice.
    fn successors(&self, one: &Configuration<WORDS>, slot: usize) -> Vec<Move> {
        let mut moves = Vec::new();
        let mut wanted = Vec::new();
        let waiting = self.pending.without(one.done);
        for other in waiting.slots() {
            match self.slots[other].map(|pending| pending.call) {
                Some(Call::Read(value)) => wanted.push(value),
                Some(Call::Exchange { from, .. }) => {
                    if from == one.value && !self.waits_for_an_equal(one, waiting, other) {
                        moves.push(Move::Slot(other));
                    }
                    // The value is wanted even if it is there: it may be written once more before.
                    wanted.push(from);
                }
                Some(Call::Write(_)) | None => {}
            }
        }
        let unused = |class: &usize| one.used(*class) < self.classes[*class].begun;
        for (from, exchanges) in &self.exchanges_of {
            for class in exchanges.iter().copied().filter(unused) {
                if *from == one.value {
                    moves.push(Move::Class(class));
                }
                wanted.push(*from);
            }
        }
        wanted.sort_unstable();
        wanted.dedup();
        for other in waiting.and(self.writes).slots() {
            if let Some(Pending { call: Call::Write(value), .. }) = self.slots[other]
                && (other == slot || wanted.binary_search(&value).is_ok())
                && !self.waits_for_an_equal(one, waiting, other)
            {
                moves.push(Move::Slot(other));
            }
        }
        let writes = wanted.iter().filter_map(|value| self.class_of.get(&Call::Write(*value)).copied());
        moves.extend(writes.filter(unused).map(Move::Class));
        moves
    }

    /// Returns the configuration after a move.
    fn after(&self, one: &Configuration<WORDS>, next_move: &Move) -> Configuration<WORDS> {
        let mut then = one.clone();
        let call = match *next_move {
            Move::Slot(slot) => {
                then.done.add(slot);
                then.either.remove(slot);
                self.slots[slot].map(|pending| pending.call)
            }
            Move::Class(class) => {
                then.use_one(class);
                Some(self.classes[class].call)
            }
        };
        match call {
            Some(Call::Write(value)) => {
                then.value = value;
                // Any of the other writes may have been overwritten by this one.
                then.either = self.writes.without(then.done);
            }
            Some(Call::Exchange { to, .. }) => then.value = to,
            Some(Call::Read(_)) | None => {}
        }
        for slot in self.reads.without(then.done).slots() {
            if self.slots[slot].is_some_and(|pending| pending.call == Call::Read(then.value)) {
                then.done.add(slot);
            }
        }
        then
    }

    /// Drops operations common to all configurations, so that equal configurations merge.
    fn merge_common_calls(&mut self) {
        let Some(first) = self.configurations.first() else { return };
        let everywhere: Vec<(usize, u32)> = first
            .used
            .iter()
            .map(|(class, _)| {
                let least = self.configurations.iter().map(|one| one.used(*class)).min();
                (*class, least.unwrap_or(0))
            })
            .filter(|(_, least)| *least > 0)
            .collect();
        for (class, least) in everywhere {
            self.classes[class].begun -= least;
            for one in &mut self.configurations {
                for used in one.used.iter_mut().filter(|(of, _)| *of == class) {
                    used.1 -= least;
                }
                one.used.retain(|(_, count)| *count > 0);
            }
        }
    }

    fn contradiction(&self, index: usize, followed: Frontier<WORDS>) -> Contradiction {
        let mut possible = BTreeSet::new();
        for one in followed.into_configurations() {
            possible.insert(one.value);
            for slot in self.writes.without(one.done).slots() {
                if let Some(Pending { call: Call::Write(value), .. }) = self.slots[slot] {
                    possible.insert(value);
                }
            }
            for (class, of) in self.classes.iter().enumerate() {
                if let Call::Write(value) = of.call
                    && one.used(class) < of.begun
                {
                    possible.insert(value);
                }
            }
        }
        let pending = self.slots.iter().flatten().map(|pending| pending.index);
        let mut concurrent: Vec<usize> =
            pending.chain(self.endless.iter().copied()).filter(|other| *other != index).collect();
        concurrent.sort_unstable();
        Contradiction { at: index, possible: possible.into_iter().collect(), concurrent }
    }
}

/// Returns the values that a call has seen, or that an exchange without an end may have seen and passed on.
pub(super) fn noticed(history: &[Interval]) -> BTreeSet<Value> {
    let mut noticed = BTreeSet::new();
    for one in history {
        if let (Call::Read(value) | Call::Exchange { from: value, .. }, Some(_)) = (one.call, one.end) {
            noticed.insert(value);
        }
    }
    loop {
        let before = noticed.len();
        for one in history {
            if let (Call::Exchange { from, to }, None) = (one.call, one.end)
                && noticed.contains(&to)
            {
                noticed.insert(from);
            }
        }
        if noticed.len() == before {
            return noticed;
        }
    }
}
