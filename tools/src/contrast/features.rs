//! The features of one run, within bounds.

use std::collections::BTreeSet;

use super::feature::{Feature, FeatureKind};

/// The most features of one kind. Chosen: more than the choices, faults and answers of any shipped scenario.
const OF_A_KIND_MAX: usize = 200;
/// The most characters of a feature. Chosen: a line of a terminal.
const TEXT_MAX: usize = 100;

/// The features of one run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Features {
    all: BTreeSet<Feature>,
    kinds: [usize; FeatureKind::Order as usize + 1],
}

impl Features {
    /// Adds a feature, cut to a bounded length, unless there are too many of its kind. Returns its words if it is
    /// new.
    pub(super) fn add(&mut self, kind: FeatureKind, text: &str) -> Option<String> {
        let text = clip(text, TEXT_MAX);
        self.insert(Feature::new(kind, text.clone())).then_some(text)
    }

    /// Adds the feature that one thing first happened before another.
    pub(super) fn add_order(&mut self, first: &str, later: &str) {
        self.insert(Feature::order(first, later));
    }

    fn insert(&mut self, feature: Feature) -> bool {
        let of_kind = &mut self.kinds[feature.kind() as usize];
        let is_new = *of_kind < OF_A_KIND_MAX && self.all.insert(feature);
        *of_kind += usize::from(is_new);
        is_new
    }

    /// Returns all of them, in the order of their kinds.
    pub fn iter(&self) -> impl Iterator<Item = &Feature> {
        self.all.iter()
    }
}

/// Returns a text that is cut to a number of characters.
pub(super) fn clip(text: &str, most: usize) -> String {
    match text.char_indices().nth(most) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}
