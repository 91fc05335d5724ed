//! The frontier of a search: the configurations of a register, which are the states that it may be in.

use std::collections::BTreeMap;

use super::bits::Bits;

/// One state that the register may be in: its value, and the calls that led to it.
///
/// A slot is the place of a pending call. A class is a set of equal calls without an end. An exchange is a
/// compare-and-swap.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Configuration<const WORDS: usize> {
    /// The value of the register.
    pub(super) value: u32,
    /// The pending calls that have taken effect.
    pub(super) done: Bits<WORDS>,
    /// The pending writes that may or may not have taken effect: a write that takes effect right before another one
    /// leaves no trace, so that for each of these both outcomes are possible.
    pub(super) either: Bits<WORDS>,
    /// The number of calls without an end that have taken effect, by class: sorted, without zeros.
    pub(super) used: Vec<(usize, u32)>,
}

impl<const WORDS: usize> Configuration<WORDS> {
    /// Returns the number of calls of that class that have taken effect.
    pub(super) fn used(&self, class: usize) -> u32 {
        self.used.binary_search_by_key(&class, |(class, _)| *class).map_or(0, |at| self.used[at].1)
    }

    /// Lets one more call of that class take effect.
    pub(super) fn use_one(&mut self, class: usize) {
        match self.used.binary_search_by_key(&class, |(class, _)| *class) {
            Ok(at) => self.used[at].1 += 1,
            Err(at) => self.used.insert(at, (class, 1)),
        }
    }

    /// Ends the call in that slot, which has taken effect.
    pub(super) fn end(mut self, slot: usize) -> Self {
        self.done.remove(slot);
        self.either.remove(slot);
        self
    }

    /// Returns true if everything that is possible from `other` is possible from `self` as well. The value,
    /// and the exchanges that have taken effect, must be the same in both.
    fn covers(&self, other: &Self, reads: Bits<WORDS>, writes: Bits<WORDS>) -> bool {
        other.done.and(reads).is_within(self.done)
            && self.done.and(writes).is_within(other.done)
            && other.done.or(other.either).and(writes).is_within(self.done.or(self.either))
            && self.used.iter().all(|(class, count)| *count <= other.used(*class))
    }
}

/// The frontier: configurations of which none covers another.
#[derive(Debug)]
pub(super) struct Frontier<const WORDS: usize> {
    /// The slots that hold reads, and those that hold writes.
    reads: Bits<WORDS>,
    writes: Bits<WORDS>,
    /// The configurations by value and by the exchanges that have taken effect. Only within one entry does
    /// one configuration cover another.
    all: BTreeMap<(u32, Bits<WORDS>), Vec<Configuration<WORDS>>>,
    len: usize,
}

impl<const WORDS: usize> Frontier<WORDS> {
    pub(super) fn new(reads: Bits<WORDS>, writes: Bits<WORDS>) -> Self {
        Self { reads, writes, all: BTreeMap::new(), len: 0 }
    }

    /// Returns the number of configurations.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Adds a configuration unless one covers it, and removes those that it covers. Returns true if it was
    /// added.
    pub(super) fn add(&mut self, new: &Configuration<WORDS>) -> bool {
        let exchanges = new.done.without(self.reads.or(self.writes));
        let same = self.all.entry((new.value, exchanges)).or_default();
        if same.iter().any(|old| old.covers(new, self.reads, self.writes)) {
            return false;
        }
        let before = same.len();
        same.retain(|old| !new.covers(old, self.reads, self.writes));
        self.len = self.len - (before - same.len()) + 1;
        same.push(new.clone());
        true
    }

    /// Returns all configurations.
    pub(super) fn into_configurations(self) -> Vec<Configuration<WORDS>> {
        self.all.into_values().flatten().collect()
    }
}
