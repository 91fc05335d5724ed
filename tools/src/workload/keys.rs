//! The keys in use by a workload.

use super::options::Options;

/// The keys in use. Each is replaced by a new one after a number of writes.
#[derive(Debug)]
pub(super) struct Keys {
    /// The keys, each with the number of its writes.
    used: Vec<(u64, u64)>,
    first: u64,
    next: u64,
    writes_max: u64,
}

impl Keys {
    pub(super) fn new(options: &Options) -> Self {
        let count = options.keys.max(1) as u64;
        Self {
            used: (options.first_key..).take(options.keys.max(1)).map(|key| (key, 0)).collect(),
            first: options.first_key,
            next: options.first_key.saturating_add(count),
            writes_max: options.writes_per_key.max(1),
        }
    }

    /// Returns the key at a place.
    pub(super) fn key(&self, place: usize) -> u64 {
        self.used[place].0
    }

    /// Returns the number of keys in use.
    pub(super) fn len(&self) -> usize {
        self.used.len()
    }

    /// Returns all keys that are and were in use, the newest first.
    pub(super) fn all(&self) -> impl Iterator<Item = u64> {
        (self.first..self.next).rev()
    }

    /// Counts a write to the key at a place. Returns the key, and the number of its writes with this one.
    pub(super) fn write(&mut self, place: usize) -> (u64, u64) {
        self.used[place].1 += 1;
        let written = self.used[place];
        if written.1 >= self.writes_max {
            self.used[place] = (self.next, 0);
            self.next += 1;
        }
        written
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_replaced_when_it_was_written_often() {
        let mut keys = Keys::new(&Options { keys: 2, writes_per_key: 2, ..Options::default() });
        assert_eq!([keys.write(0), keys.write(0), keys.write(0)], [(0, 1), (0, 2), (2, 1)]);
        assert_eq!((keys.len(), keys.key(1)), (2, 1));
    }
}
