//! The seed of many streams. Every stream comes from the seed and its purpose, so that one node, link or step
//! more leaves the streams of the others as they were.

use super::Rng;

/// The seed of a run.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Seed(pub(crate) u64);

impl Seed {
    /// Returns a number for a purpose.
    pub(crate) fn number(self, purpose: &[&str]) -> u64 {
        first_number(&self.hash_words(purpose))
    }

    /// Returns 16 bytes for a purpose.
    pub(crate) fn id(self, purpose: &[&str]) -> [u8; 16] {
        let mut id = [0; 16];
        id.copy_from_slice(&self.hash_words(purpose).as_bytes()[..16]);
        id
    }

    /// Returns a fast stream for a purpose. Its numbers stay the same as long as the library `fastrand` does.
    pub(crate) fn stream(self, purpose: &[&str]) -> fastrand::Rng {
        fastrand::Rng::with_seed(self.number(purpose))
    }

    /// Returns a fast stream for a purpose of numbers alone.
    pub(crate) fn numbered_stream(self, purpose: &[u64]) -> fastrand::Rng {
        let mut hasher = self.hasher();
        for number in purpose {
            hasher.update(&number.to_be_bytes());
        }
        fastrand::Rng::with_seed(first_number(&hasher.finalize()))
    }

    /// Returns the stream of a place in a file, `offset` bytes from its beginning, for one iteration of the
    /// loops around it. The folder of the file does not count.
    pub(crate) fn place(self, file: &str, offset: usize, iteration: &[u64]) -> Rng {
        let mut hasher = self.hasher();
        hasher.update(file.rsplit('/').next().unwrap_or_default().as_bytes());
        hasher.update(&offset.to_be_bytes());
        for index in iteration {
            hasher.update(&index.to_be_bytes());
        }
        Rng::from_key(*hasher.finalize().as_bytes())
    }

    fn hasher(self) -> blake3::Hasher {
        let mut hasher = blake3::Hasher::new();
        hasher.update(&self.0.to_be_bytes());
        hasher
    }

    fn hash_words(self, purpose: &[&str]) -> blake3::Hash {
        let mut hasher = self.hasher();
        for word in purpose {
            // Names hold no zero byte, so that no two purposes run together.
            hasher.update(word.as_bytes());
            hasher.update(&[0]);
        }
        hasher.finalize()
    }
}

fn first_number(hash: &blake3::Hash) -> u64 {
    let mut bytes = [0; 8];
    bytes.copy_from_slice(&hash.as_bytes()[..8]);
    u64::from_be_bytes(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(seed: u64, offset: usize, iteration: &[u64]) -> Vec<u32> {
        let mut rng = Seed(seed).place("scenarios/x.scn", offset, iteration);
        rng.sample_few(&(0..100).collect::<Vec<u32>>(), 10)
    }

    #[test]
    fn a_place_depends_on_seed_offset_and_iteration() {
        assert_eq!(place(1, 5, &[0]), place(1, 5, &[0]));
        assert_ne!(place(1, 5, &[0]), place(2, 5, &[0]));
        assert_ne!(place(1, 5, &[0]), place(1, 6, &[0]));
        assert_ne!(place(1, 5, &[0]), place(1, 5, &[1]));
    }

    #[test]
    fn the_folder_of_a_file_does_not_count() {
        let draws = |file| Seed(1).place(file, 5, &[]).below(u64::MAX);
        assert_eq!(draws("scenarios/x.scn"), draws("x.scn"));
        assert_ne!(draws("x.scn"), draws("y.scn"));
    }

    #[test]
    fn purposes_do_not_run_together() {
        assert_ne!(Seed(1).number(&["ab", "c"]), Seed(1).number(&["a", "bc"]));
        assert_ne!(Seed(1).number(&["a"]), Seed(2).number(&["a"]));
        assert_eq!(Seed(1).stream(&["a"]).u64(..), Seed(1).stream(&["a"]).u64(..));
        assert_ne!(Seed(1).numbered_stream(&[1, 2]).u64(..), Seed(1).numbered_stream(&[2, 1]).u64(..));
    }
}
