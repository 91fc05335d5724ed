//! The keys and the elements that a run asked nodes to write, whatever the answer: the others were there before.

use std::collections::BTreeSet;

use serde_json::Value;

/// The keys and the elements that were asked to be written.
#[derive(Debug, Default)]
pub(in crate::run) struct WrittenKeys(BTreeSet<String>);

impl WrittenKeys {
    /// Adds those of a command that changes something.
    pub(in crate::run) fn add(&mut self, words: &[String]) {
        match words {
            // A link is no key.
            [command, ..] if command == "addPeer" => {}
            [command, transaction, ..] if command == "txn" => self.0.extend(keys_of(transaction)),
            [_, key, ..] if !self.0.contains(key) => {
                self.0.insert(key.clone());
            }
            _ => {}
        }
    }

    /// Returns them in order.
    pub(in crate::run) fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }
}

/// Returns the keys of a transaction, such as `[["w", 3, 7], ["r", 4, null]]`.
fn keys_of(transaction: &str) -> Vec<String> {
    let operations = serde_json::from_str::<Vec<Vec<Value>>>(transaction).unwrap_or_default();
    let key = |operation: Vec<Value>| match operation.into_iter().nth(1)? {
        Value::String(key) => Some(key),
        key => Some(key.to_string()),
    };
    operations.into_iter().filter_map(key).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(commands: &[&[&str]], expected: &[&str]) {
        let mut written = WrittenKeys::default();
        for command in commands {
            written.add(&command.iter().map(|&word| word.to_owned()).collect::<Vec<_>>());
        }
        assert_eq!(written.iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn keys_and_elements_are_known_by_the_commands_that_write_them() {
        check(
            &[&["set", "k", "v"], &["delete", "gone"], &["add", "5"], &["set", "k", "w"]],
            &["5", "gone", "k"],
        );
        check(&[&["txn", r#"[["w", 3, 7], ["r", "x", null]]"#], &["txn", "no list"]], &["3", "x"]);
        check(&[&["addPeer", "b"], &["flush"], &[]], &[]);
    }
}
