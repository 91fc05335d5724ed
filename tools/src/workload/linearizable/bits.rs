//! Small sets of slots, of a size that is fixed when the checker is compiled.

/// A set of slots: numbers below 64 for each of its words.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Bits<const WORDS: usize>([u64; WORDS]);

impl<const WORDS: usize> Bits<WORDS> {
    /// The empty set.
    pub(super) const NONE: Self = Self([0; WORDS]);
    /// The number of slots.
    pub(super) const SLOTS: usize = 64 * WORDS;

    pub(super) fn has(&self, slot: usize) -> bool {
        self.0[slot / 64] >> (slot % 64) & 1 == 1
    }

    pub(super) fn add(&mut self, slot: usize) {
        self.0[slot / 64] |= 1 << (slot % 64);
    }

    pub(super) fn remove(&mut self, slot: usize) {
        self.0[slot / 64] &= !(1 << (slot % 64));
    }

    /// Returns the slots of this set, least first.
    pub(super) fn slots(self) -> impl Iterator<Item = usize> {
        self.0.into_iter().enumerate().flat_map(|(at, mut word)| {
            std::iter::from_fn(move || {
                let lowest = (word != 0).then(|| word.trailing_zeros() as usize)?;
                word &= word - 1;
                Some(64 * at + lowest)
            })
        })
    }

    /// Returns the slots that both sets have.
    pub(super) fn and(self, other: Self) -> Self {
        Self(std::array::from_fn(|at| self.0[at] & other.0[at]))
    }

    /// Returns the slots that either set has.
    pub(super) fn or(self, other: Self) -> Self {
        Self(std::array::from_fn(|at| self.0[at] | other.0[at]))
    }

    /// Returns the slots of this set that the other lacks.
    pub(super) fn without(self, other: Self) -> Self {
        Self(std::array::from_fn(|at| self.0[at] & !other.0[at]))
    }

    /// Returns true if the other set has all slots of this one.
    pub(super) fn is_within(self, other: Self) -> bool {
        self.without(other) == Self::NONE
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sets_span_words() {
        let mut set = Bits::<2>::NONE;
        for slot in [0, 63, 64, 127] {
            set.add(slot);
        }
        assert_eq!(set.slots().collect::<Vec<_>>(), [0, 63, 64, 127]);
        set.remove(63);
        assert!(!set.has(63) && set.has(64));
        let mut other = Bits::NONE;
        other.add(64);
        assert!(other.is_within(set) && !set.is_within(other));
        assert_eq!(set.and(other), other);
        assert_eq!(set.without(other).or(other), set);
        assert_eq!(Bits::<2>::SLOTS, 128);
    }
}
