//! Histories written by hand, for tests.

use std::time::Duration;

use super::{Answer, Completion, History, Operation};
use crate::world::{NodeIndex, Value};

/// A history that is written call by call, one after another, 10 ms each unless a test says otherwise.
pub(super) struct Sample {
    pub(super) history: History,
    now: u64,
}

impl Sample {
    pub(super) fn new() -> Self {
        Self { history: History::new(["n0", "n1", "n2"].map(str::to_owned).to_vec()), now: 0 }
    }

    fn push(&mut self, node: usize, words: &str, outcome: Completion, last: bool) -> &mut Self {
        let operation = Operation {
            client: node,
            node: NodeIndex(node),
            words: words.split(' ').map(str::to_owned).collect(),
            last,
            invoked: Duration::from_millis(self.now),
            completed: Duration::from_millis(self.now + 10),
            outcome,
        };
        self.now += 20;
        self.history.push(operation);
        self
    }

    pub(super) fn done(&mut self, node: usize, words: &str) -> &mut Self {
        self.push(node, words, Completion::Ok(Answer::Done), false)
    }

    pub(super) fn text(&mut self, node: usize, words: &str, text: &str) -> &mut Self {
        self.push(node, words, Completion::Ok(Answer::Text(text.to_owned())), false)
    }

    pub(super) fn list(&mut self, node: usize, words: &str, list: &str) -> &mut Self {
        let list = list.split_whitespace().map(str::to_owned).collect();
        let answer = self.history.answer(Value::List(list));
        self.push(node, words, Completion::Ok(answer), false)
    }

    pub(super) fn failed(&mut self, node: usize, words: &str, code: &str) -> &mut Self {
        self.push(node, words, Completion::Failed { code: code.to_owned(), message: String::new() }, false)
    }

    pub(super) fn unknown(&mut self, node: usize, words: &str) -> &mut Self {
        self.push(node, words, Completion::Unknown { reason: "silence".to_owned() }, false)
    }

    /// Adds a final read that a node does not answer.
    pub(super) fn last_unknown(&mut self, node: usize) -> &mut Self {
        self.push(node, "read", Completion::Unknown { reason: "silence".to_owned() }, true)
    }

    /// Adds final reads of these lists, one a node.
    pub(super) fn last_lists(&mut self, lists: [&str; 3]) -> &mut Self {
        for (node, list) in lists.into_iter().enumerate() {
            let list = list.split_whitespace().map(str::to_owned).collect();
            let answer = self.history.answer(Value::List(list));
            self.push(node, "read", Completion::Ok(answer), true);
        }
        self
    }

    /// Adds final reads of these texts, one a node.
    pub(super) fn last_texts(&mut self, texts: [&str; 3]) -> &mut Self {
        for (node, text) in texts.into_iter().enumerate() {
            self.push(node, "read", Completion::Ok(Answer::Text(text.to_owned())), true);
        }
        self
    }

    /// Moves the beginning of the last operation back by `ms` milliseconds.
    pub(super) fn long(&mut self, ms: u64) -> &mut Self {
        let mut operations = self.history.operations().to_vec();
        if let Some(last) = operations.last_mut() {
            last.invoked = last.invoked.saturating_sub(Duration::from_millis(ms));
        }
        self.history.replace(operations);
        self
    }
}
