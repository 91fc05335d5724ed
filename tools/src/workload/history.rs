//! The history of a run: the operations of clients, and their outcomes.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::json;

use crate::text::value;
use crate::world::{NodeIndex, Value};

/// The most elements of a list that are shown to a person. Chosen: they fit on a line.
const SHOWN_MAX: usize = 12;

/// One element of a list that a node answered: equal texts have the same number.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Element(u32);

impl Element {
    /// Returns its index in the table of all elements.
    #[must_use]
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// The answer of a node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    /// An acknowledgement without a value.
    Done,
    /// One value, as its canonical bare word: the text `5` is not the number 5, and neither is 5.0.
    Text(String),
    /// Several values, in the node's order.
    List(Vec<Element>),
}

/// The completion of a client's operation, in the terms of its history.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Completion {
    /// The operation happened.
    Ok(Answer),
    /// The operation did not happen, and never will.
    Failed {
        /// The code of the error, for programs.
        code: String,
        /// The message, for people.
        message: String,
    },
    /// The operation may have happened, may still happen, or never.
    Unknown {
        /// The reason, for people.
        reason: String,
    },
}

/// One operation of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operation {
    /// The client, which has one operation under way at a time.
    pub client: usize,
    /// The node that was asked.
    pub node: NodeIndex,
    /// The words of the operation: a command and its arguments.
    pub words: Vec<String>,
    /// True if the operation is a final read, which every node is asked at the end.
    pub last: bool,
    /// The time at which it was asked.
    pub invoked: Duration,
    /// The time at which it was answered or given up.
    pub completed: Duration,
    /// The outcome of the operation.
    pub outcome: Completion,
}

impl Operation {
    /// Returns the kind of the operation: its first word.
    #[must_use]
    pub fn kind(&self) -> &str {
        self.words.first().map_or("", String::as_str)
    }

    /// Returns one of its arguments; empty if there is none.
    #[must_use]
    pub fn argument(&self, index: usize) -> &str {
        self.words.get(index + 1).map_or("", String::as_str)
    }

    /// Returns true if the operation happened.
    #[must_use]
    pub fn is_ok(&self) -> bool {
        matches!(self.outcome, Completion::Ok(_))
    }

    /// Returns the text that was answered, if the answer is a text.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match &self.outcome {
            Completion::Ok(Answer::Text(text)) => Some(text),
            _ => None,
        }
    }

    /// Returns the list that was answered, if the answer is a list.
    #[must_use]
    pub fn list(&self) -> Option<&[Element]> {
        match &self.outcome {
            Completion::Ok(Answer::List(list)) => Some(list),
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
    /// Returns an empty history of these nodes.
    #[must_use]
    pub fn new(nodes: Vec<String>) -> Self {
        Self { nodes, ..Self::default() }
    }

    /// Adds an operation.
    pub fn push(&mut self, operation: Operation) {
        self.operations.push(operation);
    }

    /// Returns an answer for a value of a node. Texts of lists are stored once, since every read of a set
    /// repeats the elements of the reads before.
    pub fn answer(&mut self, value: Value) -> Answer {
        match value {
            Value::Done => Answer::Done,
            Value::Json(json) => Answer::Text(value::with_number_types(&json)),
            text @ Value::Text(_) => Answer::Text(text.word()),
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

    /// Turns the last final reads into ordinary reads, because nodes are read again.
    pub fn forget_last(&mut self) {
        for operation in self.operations.iter_mut().rev().take_while(|operation| operation.last) {
            operation.last = false;
        }
    }

    /// Returns the names of the nodes.
    #[must_use]
    pub fn nodes(&self) -> &[String] {
        &self.nodes
    }

    /// Returns the name of a node.
    #[must_use]
    pub fn node(&self, node: NodeIndex) -> &str {
        self.nodes.get(node.0).map_or("?", String::as_str)
    }

    /// Returns all operations.
    #[must_use]
    pub fn operations(&self) -> &[Operation] {
        &self.operations
    }

    /// Returns the operations of that kind, with their indices.
    pub fn of_kind<'a>(&'a self, kind: &'a str) -> impl Iterator<Item = (usize, &'a Operation)> {
        self.operations.iter().enumerate().filter(move |(_, operation)| operation.kind() == kind)
    }

    /// Returns the texts of all elements that were ever answered, by their index.
    #[must_use]
    pub fn elements(&self) -> &[String] {
        &self.elements
    }

    /// Returns the element of that text, if it was ever answered.
    #[must_use]
    pub fn element(&self, text: &str) -> Option<Element> {
        self.element_of.get(text).copied()
    }

    /// Describes an operation in one line, for a person.
    #[must_use]
    pub fn line(&self, index: usize) -> String {
        let Some(operation) = self.operations.get(index) else { return String::new() };
        let came = match &operation.outcome {
            Completion::Unknown { .. } => format!("unknown: {}", self.answer_in_words(index)),
            Completion::Ok(_) | Completion::Failed { .. } => self.answer_in_words(index),
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

    /// Returns the answer of an operation in words; of one that was not answered so, the reason.
    #[must_use]
    pub fn answer_in_words(&self, index: usize) -> String {
        let Some(operation) = self.operations.get(index) else { return String::new() };
        match &operation.outcome {
            Completion::Ok(Answer::Done) => "done".to_owned(),
            Completion::Ok(Answer::Text(text)) => text.clone(),
            Completion::Ok(Answer::List(list)) => self.list(list),
            Completion::Failed { code, message } if message.is_empty() => code.clone(),
            Completion::Failed { code, message } => format!("{code}: {message}"),
            Completion::Unknown { reason } => reason.clone(),
        }
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

    /// Returns an operation as data, with all its fields.
    #[must_use]
    pub fn json(&self, index: usize) -> serde_json::Value {
        let Some(operation) = self.operations.get(index) else { return serde_json::Value::Null };
        let (outcome, detail) = match &operation.outcome {
            Completion::Ok(Answer::Done) => ("ok", serde_json::Value::Null),
            Completion::Ok(Answer::Text(text)) => ("ok", json!(text)),
            Completion::Ok(Answer::List(list)) => {
                ("ok", list.iter().filter_map(|of| self.elements.get(of.index()).cloned()).collect())
            }
            Completion::Failed { code, message } => ("failed", json!({ "code": code, "message": message })),
            Completion::Unknown { reason } => ("unknown", json!(reason)),
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

/// Formats a time of the run, always in one form, so that times compare at a glance.
#[must_use]
pub fn moment(at: Duration) -> String {
    format!("{:.3} s", at.as_secs_f64())
}
