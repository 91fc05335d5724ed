//! The receiver of a journal's entries.

use super::entry::JournalEntry;

/// A receiver of the entries of a journal, as they come. A function is one that has nothing to flush, and a pair is
/// one that hands each entry to both.
pub trait Recorder {
    /// Takes an entry.
    fn record(&mut self, entry: &JournalEntry);

    /// Flushes the entries that were collected so far. The run is about to wait, and the next entry may be long in
    /// coming.
    fn flush(&mut self) {}
}

impl<F: FnMut(&JournalEntry)> Recorder for F {
    fn record(&mut self, entry: &JournalEntry) {
        self(entry);
    }
}

impl<A: Recorder, B: Recorder> Recorder for (A, B) {
    fn record(&mut self, entry: &JournalEntry) {
        self.0.record(entry);
        self.1.record(entry);
    }

    fn flush(&mut self) {
        self.0.flush();
        self.1.flush();
    }
}
