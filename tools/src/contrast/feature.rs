//! The feature of a run: a fact in words.

use std::collections::BTreeMap;
use std::fmt;

/// The kind of a feature. Kinds that come first are named first: they are nearer to a cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum FeatureKind {
    /// A draw of the scenario, such as which node a step chose.
    Choice,
    /// A fault of a node, a link, a clock or a disk.
    Fault,
    /// The death of a node that nobody asked for, or its misconduct.
    Death,
    /// A write that was acknowledged, refused or of unknown outcome; or an answer.
    Answer,
    /// The write of a key that won over others.
    Winner,
    /// A message that was lost or held up.
    Loss,
    /// A message that was sent.
    Message,
    /// The number of nodes.
    Size,
    /// The order of two others.
    Order,
}

/// A feature of a run.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Feature {
    kind: FeatureKind,
    text: String,
    /// The text of the feature that began later, for an order.
    later: Option<String>,
}

impl Feature {
    /// Returns a feature in words: a clause about the run.
    #[must_use]
    pub fn new(kind: FeatureKind, text: String) -> Self {
        Self { kind, text, later: None }
    }

    /// Returns the feature that one thing first happened before another.
    #[must_use]
    pub fn order(first: &str, later: &str) -> Self {
        Self { kind: FeatureKind::Order, text: first.to_owned(), later: Some(later.to_owned()) }
    }

    /// Returns the kind.
    #[must_use]
    pub fn kind(&self) -> FeatureKind {
        self.kind
    }

    /// Returns the words; of an order, those of the event that came first.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Returns true if this is an order of two features one of which has as strong a tie, by their texts.
    pub(super) fn is_implied(&self, phi: f64, strengths: &BTreeMap<&str, f64>) -> bool {
        let as_strong = |text: &str| strengths.get(text).is_some_and(|strength| *strength >= phi);
        self.later.as_deref().is_some_and(|later| as_strong(&self.text) || as_strong(later))
    }
}

impl fmt::Display for Feature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.later {
            None => f.write_str(&self.text),
            Some(later) => write!(f, "{} before {later}", self.text),
        }
    }
}
