//! What clients asked and what came of it.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use crate::world::{NodeIndex, Value};

/// How many elements of a list are shown to a person.
const SHOWN_MAX: usize = 12;

/// One element of a list that a node answered: the same text is the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Element(u32);

impl Element {
    /// Its place in a table of all elements.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// What a node answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// Nothing but that it was done.
    Done,
    /// One text.
    Text(String),
    /// Several, in the node's order.
    List(Vec<Element>),
}

/// What came of an operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// It happened.
    Ok(Answer),
    /// It did not happen, and never will.
    Failed {
        /// For programs.
        code: String,
        /// For people.
        message: String,
    },
    /// It may have happened, may still happen, or never.
    Unknown {
        /// For people.
        reason: String,
    },
}

/// One operation of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// Whose: a client does one thing at a time.
    pub client: usize,
    /// The node that was asked.
    pub node: NodeIndex,
    /// What was asked.
    pub words: Vec<String>,
    /// Whether it belongs to what every node is asked at the end.
    pub last: bool,
    /// When it was asked.
    pub invoked: Duration,
    /// When it was answered or given up.
    pub completed: Duration,
    /// What came of it.
    pub outcome: Outcome,
}

impl Operation {
    /// What kind of operation it is: its first word.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    /// One of its arguments.
    #[must_use]
    pub fn argument(&self, index: usize) -> &str {
        self.words.get(index + 1).map_or("", String::as_str)
    }

    /// Whether it happened.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        matches!(self.outcome, Outcome::Ok(_))
    }

    /// The text that was answered.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.outcome {
            Outcome::Ok(Answer::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// The list that was answered.
    #[must_use]
    pub fn list(&self) -> Option<&[Element]> {
        match &self.outcome {
            Outcome::Ok(Answer::List(list)) => Some(list),
            _ => None,
        }
    }
}

/// All operations of a run, in the order in which they were completed.
#[derive(Debug, Clone, Default)]
pub struct History {
    nodes: Vec<String>,
    operations: Vec<Operation>,
    elements: Vec<String>,
    element_of: BTreeMap<String, Element>,
}

impl History {
    /// Of nothing yet, at these nodes.
    #[must_use]
    pub fn new(nodes: Vec<String>) -> Self {
        Self { nodes, ..Self::default() }
    }

    /// Adds an operation.
    pub fn push(&mut self, operation: Operation) {
        self.operations.push(operation);
    }

    /// What a node's answer is here: texts of lists are kept once, since every read of a set repeats
    /// those before.
    pub fn answer(&mut self, value: Value) -> Answer {
        match value {
            Value::Done => Answer::Done,
            Value::Text(text) => Answer::Text(text),
            Value::List(list) => Answer::List(list.into_iter().map(|text| self.intern(text)).collect()),
        }
    }

    fn intern(&mut self, text: String) -> Element {
        if let Some(element) = self.element_of.get(&text) {
            return *element;
        }
        let element = Element(u32::try_from(self.elements.len()).unwrap_or(u32::MAX));
        self.elements.push(text.clone());
        self.element_of.insert(text, element);
        element
    }

    #[cfg(test)]
    pub(super) fn replace(&mut self, operations: Vec<Operation>) {
        self.operations = operations;
    }

    /// What was a final read is one like any other: there will be others.
    pub fn forget_last(&mut self) {
        for operation in self.operations.iter_mut().rev().take_while(|operation| operation.last) {
            operation.last = false;
        }
    }

    /// The names of the nodes.
    #[must_use]
    pub fn nodes(&self) -> &[String] {
        &self.nodes
    }

    /// The name of a node.
    #[must_use]
    pub fn node(&self, node: NodeIndex) -> &str {
        self.nodes.get(node.0).map_or("?", String::as_str)
    }

    /// All operations.
    #[must_use]
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// The operations of that kind, with their places.
    pub fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (usize, &'a Operation)> {
        self.operations.iter().enumerate().filter(move |(_, operation)| operation.kind() == kind)
    }

    /// The texts of all elements that were ever answered, by their index.
    #[must_use]
    pub fn elements(&self) -> &[String] {
        &self.elements
    }

    /// The element of that text, if it was ever answered.
    #[must_use]
    pub fn element(&self, text: &str) -> Option<Element> {
        self.element_of.get(text).copied()
    }

    /// An operation in a line for a person.
    #[must_use]
    pub fn line(&self, index: usize) -> String {
        let Some(operation) = self.operations.get(index) else { return String::new() };
        let came = match &operation.outcome {
            Outcome::Ok(Answer::Done) => "done".to_owned(),
            Outcome::Ok(Answer::Text(text)) => text.clone(),
            Outcome::Ok(Answer::List(list)) => self.list(list),
            Outcome::Failed { code, message } if message.is_empty() => code.clone(),
            Outcome::Failed { code, message } => format!("{code}: {message}"),
            Outcome::Unknown { reason } => format!("unknown: {reason}"),
        };
        format!(
            "#{index} client {} at {}, {} to {}: {}{} → {came}",
            operation.client,
            self.node(operation.node),
            moment(operation.invoked),
            moment(operation.completed),
            if operation.last { "final " } else { "" },
            operation.words.join(" "),
        )
    }

    fn list(&self, list: &[Element]) -> String {
        let shown: Vec<&str> = list
            .iter()
            .take(SHOWN_MAX)
            .filter_map(|of| self.elements.get(of.index()))
            .map(String::as_str)
            .collect();
        match list.len().saturating_sub(SHOWN_MAX) {
            0 => format!("[{}]", shown.join(" ")),
            more => format!("[{} … and {more} more]", shown.join(" ")),
        }
    }

    /// An operation as data, whole.
    #[must_use]
    pub fn json(&self, index: usize) -> serde_json::Value {
        let Some(operation) = self.operations.get(index) else { return serde_json::Value::Null };
        let (outcome, detail) = match &operation.outcome {
            Outcome::Ok(Answer::Done) => ("ok", serde_json::Value::Null),
            Outcome::Ok(Answer::Text(text)) => ("ok", json!(text)),
            Outcome::Ok(Answer::List(list)) => {
                ("ok", list.iter().filter_map(|of| self.elements.get(of.index()).cloned()).collect())
            }
            Outcome::Failed { code, message } => ("failed", json!({ "code": code, "message": message })),
            Outcome::Unknown { reason } => ("unknown", json!(reason)),
        };
        json!({
            "index": index,
            "client": operation.client,
            "node": self.node(operation.node),
            "words": operation.words,
            "final": operation.last,
            "invoked_s": operation.invoked.as_secs_f64(),
            "completed_s": operation.completed.as_secs_f64(),
            "outcome": outcome,
            "answer": detail,
        })
    }
}

/// A moment of the run: all alike, so that they compare at a glance.
#[must_use]
pub fn moment(at: Duration) -> String {
    format!("{:.3} s", at.as_secs_f64())
}
