//! The watch over a run for its features.

use std::cell::RefCell;
use std::rc::Rc;

use crate::contrast::{FeatureWatch, Features};
use crate::journal::JournalEntry;

/// The watch over a run that is under way.
#[derive(Debug, Clone, Default)]
pub(super) struct Watch(Rc<RefCell<FeatureWatch>>);

impl Watch {
    /// Returns the recorder that hands events to the watch.
    pub(super) fn recorder(&self) -> impl FnMut(&JournalEntry) + 'static {
        let watch = Rc::clone(&self.0);
        move |entry| watch.borrow_mut().take(&entry.event)
    }

    /// Ends the watch, and returns the features of the run.
    pub(super) fn finish(&self) -> Features {
        self.0.take().finish()
    }
}
