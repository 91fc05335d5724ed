//! Texts with placeholders, such as `PUT /kv/{key}` or `{"value": {value|json}}`.
//!
//! A placeholder is a name in braces, with filters after it. A list is a text for each of several nodes, such as
//! `{peers: "http://{host}:{port}" join ","}`. A condition is a text for some nodes only, such as
//! `{if other: "--join {first.host}"}`. Braces around anything else are text.

mod filter;
mod parse;
mod words;

use std::fmt;
use std::ops::Range;

pub(super) use filter::Filter;
pub(super) use parse::TemplateError;
pub(super) use words::CommandWords;

/// A text with placeholders.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Template {
    parts: Vec<Part>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Part {
    Text(String),
    Slot(Slot),
    List(List),
    Condition(Condition),
}

/// A placeholder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Slot {
    /// The name, such as `port.client`.
    pub(super) name: String,
    filters: Vec<Filter>,
    /// The place of the placeholder in the text, braces included.
    pub(super) at: Range<usize>,
}

/// A text for each of several nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct List {
    /// The nodes.
    pub(super) of: Nodes,
    /// The text for one node.
    pub(super) each: Template,
    /// The text between two nodes, if it is said.
    join: Option<String>,
    /// The place of the list in the text, braces included.
    pub(super) at: Range<usize>,
}

/// A text that stands there for some nodes only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Condition {
    when: When,
    /// The text.
    pub(super) text: Template,
}

/// The nodes for which the text of a condition stands there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum When {
    /// The first node of the topology.
    First,
    /// All nodes but the first one.
    Other,
    /// The first node, at its first start.
    Founding,
}

/// The nodes of a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Nodes {
    /// The neighbours of the node.
    Neighbours,
    /// All nodes, the node itself among them.
    All,
    /// All nodes but the node itself.
    Others,
    /// The neighbours that the node dials: it stands first in their links.
    Dialled,
}

/// The source of the texts for placeholders.
pub(super) trait Filling {
    /// Returns the text for a placeholder; none if there is none.
    fn text(&self, name: &str) -> Option<String>;

    /// Returns the source of the texts of each of several nodes.
    fn nodes(&self, nodes: Nodes) -> Vec<&dyn Filling>;

    /// Returns true if a text may stand for another type, such as a number.
    fn is_typed(&self) -> bool {
        true
    }

    /// Returns true if the text of a condition stands there.
    fn is(&self, when: When) -> bool;
}

impl Nodes {
    /// The words of lists.
    pub(super) const WORDS: [(&'static str, Self); 4] = [
        ("peers", Self::Neighbours),
        ("nodes", Self::All),
        ("others", Self::Others),
        ("dials", Self::Dialled),
    ];
}

impl When {
    /// The words of conditions.
    pub(super) const WORDS: [(&'static str, Self); 3] =
        [("first", Self::First), ("other", Self::Other), ("founding", Self::Founding)];
}

impl Template {
    /// Returns a text without placeholders, whatever stands in it.
    pub(super) fn verbatim(text: String) -> Self {
        Self { parts: vec![Part::Text(text)] }
    }

    /// Returns the lists of nodes, in order.
    pub(super) fn lists(&self) -> impl Iterator<Item = &List> {
        self.parts.iter().filter_map(|part| match part {
            Part::List(list) => Some(list),
            Part::Text(_) | Part::Slot(_) | Part::Condition(_) => None,
        })
    }

    /// Returns the conditions, in order.
    pub(super) fn conditions(&self) -> impl Iterator<Item = &Condition> {
        self.parts.iter().filter_map(|part| match part {
            Part::Condition(condition) => Some(condition),
            Part::Text(_) | Part::Slot(_) | Part::List(_) => None,
        })
    }

    /// Returns true if a placeholder of this name stands in the text, or in a condition of it.
    pub(super) fn names(&self, name: &str) -> bool {
        self.slots().any(|slot| slot.name == name)
            || self.conditions().any(|condition| condition.text.names(name))
    }

    /// Returns the nodes that the text names by lists, those in its conditions among them.
    pub(super) fn listed(&self) -> Vec<Nodes> {
        let inner = self.conditions().flat_map(|condition| condition.text.listed());
        self.lists().map(|list| list.of).chain(inner).collect()
    }

    /// Returns the placeholders, in order.
    pub(super) fn slots(&self) -> impl Iterator<Item = &Slot> {
        self.parts.iter().filter_map(|part| match part {
            Part::Slot(slot) => Some(slot),
            Part::Text(_) | Part::List(_) | Part::Condition(_) => None,
        })
    }

    /// Returns the template without the first bytes of its text, which hold no placeholder.
    pub(super) fn without_prefix(mut self, length: usize) -> Self {
        if let Some(Part::Text(text)) = self.parts.first_mut() {
            text.drain(..length.min(text.len()));
        }
        self
    }

    /// Fills in each placeholder by its name. One without filters gets `usual`, if there is one.
    ///
    /// The error is the name of the first placeholder for which there is no value.
    pub(super) fn fill(&self, usual: Option<Filter>, filling: &dyn Filling) -> Result<String, String> {
        let mut text = String::new();
        for part in &self.parts {
            match part {
                Part::Text(part) => text.push_str(part),
                Part::Slot(slot) => {
                    let value = filling.text(&slot.name).ok_or_else(|| slot.name.clone())?;
                    let usual = usual.filter(|_| slot.filters.is_empty());
                    let filters = usual.iter().chain(&slot.filters);
                    text.push_str(
                        &filters.fold(value, |text, filter| filter.apply(&text, filling.is_typed())),
                    );
                }
                Part::List(list) => {
                    let nodes = filling.nodes(list.of).into_iter();
                    let texts: Vec<String> =
                        nodes.map(|node| list.each.fill(usual, node)).collect::<Result<_, _>>()?;
                    text.push_str(&texts.join(list.join.as_deref().unwrap_or(" ")));
                }
                Part::Condition(condition) if filling.is(condition.when) => {
                    text.push_str(&condition.text.fill(usual, filling)?);
                }
                Part::Condition(_) => {}
            }
        }
        Ok(text)
    }
}

impl fmt::Display for Slot {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{{}}}", self.name)
    }
}

#[cfg(test)]
mod tests;
