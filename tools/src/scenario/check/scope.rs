//! The names that are known at a step: variables, block by block, and measures.

use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

use crate::driver::Answer;

/// The kind of value that a variable holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// A choice of nodes.
    Nodes {
        /// True if the choice is exactly one node.
        one: bool,
        /// The nodes that may be chosen.
        among: Rc<BTreeSet<usize>>,
    },
    /// An answer of a node.
    Answer(Answer),
    /// The counter of a `repeat`.
    Counter,
}

/// The reason why the name of a variable is not known any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Gone {
    /// The block that stored the variable has ended.
    Ended,
    /// A step that runs at the same time stored the variable.
    Concurrent,
}

/// The names that are known, block by block.
#[derive(Debug)]
pub(super) struct Scope {
    blocks: Vec<BTreeMap<String, Kind>>,
    gone: BTreeMap<String, Gone>,
}

impl Scope {
    /// Returns a scope with the outermost block only.
    pub(super) fn new() -> Self {
        Self { blocks: vec![BTreeMap::new()], gone: BTreeMap::new() }
    }

    /// Opens a block.
    pub(super) fn open(&mut self) {
        self.blocks.push(BTreeMap::new());
    }

    /// Closes the innermost block. Its names are not known any more, for that reason.
    pub(super) fn close(&mut self, reason: Gone) {
        for name in self.blocks.pop().unwrap_or_default().into_keys() {
            self.gone.insert(name, reason);
        }
    }

    /// Records that the steps that ran at the same time have all ended.
    pub(super) fn end_concurrent(&mut self) {
        for gone in self.gone.values_mut() {
            *gone = Gone::Ended;
        }
    }

    /// Stores the kind of a variable under a name, in the innermost block.
    pub(super) fn insert(&mut self, name: &str, kind: Kind) {
        if let Some(block) = self.blocks.last_mut() {
            self.gone.remove(name);
            block.insert(name.to_owned(), kind);
        }
    }

    /// Returns the kind of a variable, if it is known.
    pub(super) fn kind_of(&self, name: &str) -> Option<&Kind> {
        self.blocks.iter().rev().find_map(|block| block.get(name))
    }

    /// Returns the reason why a name is not known any more, if it ever was.
    pub(super) fn gone(&self, name: &str) -> Option<Gone> {
        self.gone.get(name).copied()
    }

    /// Returns the names of all variables that are known.
    pub(super) fn names(&self) -> impl Iterator<Item = &str> {
        self.blocks.iter().flat_map(BTreeMap::keys).map(String::as_str)
    }
}

/// The measures of a scenario, by name.
pub(super) type Measures = BTreeMap<String, Measure>;

/// The progress of a measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Measure {
    /// The block of the measure is open.
    Open,
    /// A step that runs at the same time takes the measure.
    Concurrent,
    /// The figures of the measure can be read.
    Done,
}
