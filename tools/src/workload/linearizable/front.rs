//! The states that a register may be in, as far as what was seen can tell.

use std::collections::BTreeMap;

use super::bits::Bits;

/// One of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Configuration<const WORDS: usize> {
    /// What the register holds.
    pub(super) value: u32,
    /// The pending calls that have taken effect.
    pub(super) done: Bits<WORDS>,
    /// The pending writes of which nobody can say: a write that takes effect right before another
    /// one leaves no trace, so that for each of these both is as good.
    pub(super) either: Bits<WORDS>,
    /// How many of the calls without an end have taken effect, by their class: sorted, without zeros.
    pub(super) used: Vec<(usize, u32)>,
}

impl<const WORDS: usize> Configuration<WORDS> {
    /// How many calls of that class have taken effect.
    pub(super) fn used(&self, class: usize) -> u32 {
        self.used.binary_search_by_key(&class, |(class, _)| *class).map_or(0, |at| self.used[at].1)
    }

    /// One call of that class more takes effect.
    pub(super) fn use_one(&mut self, class: usize) {
        match self.used.binary_search_by_key(&class, |(class, _)| *class) {
            Ok(at) => self.used[at].1 += 1,
            Err(at) => self.used.insert(at, (class, 1)),
        }
    }

    /// The call in that slot has ended, and has taken effect.
    pub(super) fn end(mut self, slot: usize) -> Self {
        self.done.remove(slot);
        self.either.remove(slot);
        self
    }

    /// Whether whatever is possible from the other is possible from this as well, the value and the
    /// exchanges that have taken effect being the same.
    fn covers(&self, other: &Self, reads: Bits<WORDS>, writes: Bits<WORDS>) -> bool {
        other.done.and(reads).is_within(self.done)
            && self.done.and(writes).is_within(other.done)
            && other.done.or(other.either).and(writes).is_within(self.done.or(self.either))
            && self.used.iter().all(|(class, count)| *count <= other.used(*class))
    }
}

/// Configurations of which none covers another.
#[derive(Debug)]
pub(super) struct Front<const WORDS: usize> {
    /// The slots that hold reads, and those that hold writes.
    reads: Bits<WORDS>,
    writes: Bits<WORDS>,
    /// By value and by the exchanges that have taken effect: only within one of these does one
    /// cover another.
    all: BTreeMap<(u32, Bits<WORDS>), Vec<Configuration<WORDS>>>,
    len: usize,
}

impl<const WORDS: usize> Front<WORDS> {
    pub(super) fn new(reads: Bits<WORDS>, writes: Bits<WORDS>) -> Self {
        Self { reads, writes, all: BTreeMap::new(), len: 0 }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// Adds one, unless one covers it; those that it covers go.
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

    /// All of them.
    pub(super) fn into_configurations(self) -> Vec<Configuration<WORDS>> {
        self.all.into_values().flatten().collect()
    }
}
