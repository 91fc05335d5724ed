//! Storage: the versions held, the writes that wait for the disk, and the clock that stamps writes.

mod clock;
mod merge;
mod pending;
mod store;
mod trie;

pub use clock::Clock;
pub(super) use pending::{Pending, Write};
pub(super) use store::{Merged, Store};
