//! The signatures of a description's commands: those that every driver means alike, and commands of one's own.

use std::collections::BTreeMap;

use super::description::{Description, span};
use crate::driver::command::{
    ADD_PEER, Answer, Argument, COUNT, Command, GET, KEY, KEYS, PEERS, changes, reads, value, word,
};
use crate::text::{Diagnostic, Source, nearest};

/// The commands that steps, expectations and laws know.
const KNOWN: &[Command] = &[
    GET,
    changes("set", &[KEY, value("VALUE")], Answer::Any),
    changes("delete", &[KEY], Answer::Any),
    changes("cas", &[KEY, value("FROM"), value("TO")], Answer::Any),
    KEYS,
    COUNT,
    PEERS,
    ADD_PEER,
    // The node that leads the others, as the asked one believes.
    reads("leader", &[], Answer::Node),
    reads("read", &[], Answer::Any),
    changes("add", &[value("VALUE")], Answer::Any),
    changes("broadcast", &[value("VALUE")], Answer::Any),
    changes("txn", &[value("TXN")], Answer::Any),
    changes("generate", &[], Answer::Any),
    reads("echo", &[word("TEXT")], Answer::Any),
];

/// The known commands that change a node and answer with a value.
const VALUED: [&str; 2] = ["txn", "generate"];

/// Returns true if the answer to a known command says no more than that a change was made.
pub(super) fn is_confirmation(name: &str) -> bool {
    KNOWN.iter().any(|known| known.name == name && known.changes) && !VALUED.contains(&name)
}

/// The signature of a command.
#[derive(Debug, Clone, Copy)]
pub(super) struct Signature(pub(super) Command);

impl Signature {
    /// Returns the names of the arguments, as placeholders name them. A node that is an argument has names of its own.
    pub(super) fn placeholders(&self) -> Vec<String> {
        let arguments = self.0.arguments.iter().filter(|argument| !argument.node);
        arguments.map(|argument| argument.name.to_lowercase()).collect()
    }
}

/// Returns the signatures of a description's commands, by name, or all that is wrong with them.
pub(super) fn signatures(
    source: &Source,
    description: &Description,
) -> Result<BTreeMap<String, Signature>, Vec<Diagnostic>> {
    let mut wrong = Vec::new();
    let mut found = BTreeMap::new();
    for (name, command) in &description.commands {
        let known = KNOWN.iter().find(|known| known.name == name.get_ref());
        let own = command.arguments.as_ref().map(|arguments| (&arguments[..], arguments.first()));
        match (known, own) {
            (Some(known), None) => {
                if let Some(changes) = &command.changes {
                    let message = format!("it is known whether `{}` changes the state of a node", known.name);
                    let error = Diagnostic::error(source, span(changes), message);
                    wrong.push(error.help("leave `changes` out"));
                }
                found.insert(known.name.to_owned(), Signature(*known));
            }
            (Some(known), Some((_, first))) => {
                let at = first.map_or_else(|| span(name), span);
                let names =
                    known.arguments.iter().map(|argument| argument.name).collect::<Vec<_>>().join(" ");
                let error =
                    Diagnostic::error(source, at, format!("the arguments of `{}` are known", known.name));
                wrong.push(error.help(format!("leave `arguments` out: they are {names}")));
            }
            (None, None) => {
                let message = format!("`{}` is no command that every driver knows", name.get_ref());
                let near = nearest(name.get_ref(), KNOWN.iter().map(|known| known.name));
                let own = "one of your own says what it takes: `arguments = []`";
                let help = near.map_or(own.to_owned(), |near| format!("did you mean `{near}`? {own}"));
                wrong.push(Diagnostic::error(source, span(name), message).help(help));
            }
            (None, Some((arguments, _))) => {
                let arguments: Vec<Argument> =
                    arguments.iter().map(|argument| word(kept(argument.get_ref().to_uppercase()))).collect();
                let own = Command {
                    name: kept(name.get_ref().clone()),
                    arguments: Vec::leak(arguments),
                    changes: command.changes.as_ref().is_none_or(|changes| *changes.get_ref()),
                    answer: Answer::Any,
                };
                found.insert(name.get_ref().clone(), Signature(own));
            }
        }
    }
    if wrong.is_empty() { Ok(found) } else { Err(wrong) }
}

/// Returns a text that is kept for as long as the program runs: a driver that was read stays.
pub(super) fn kept(text: String) -> &'static str {
    String::leak(text)
}
