//! The commands that a node can be asked, with their arguments and answers.

/// A command that a node can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Command {
    /// The word that is typed.
    pub name: &'static str,
    /// The arguments in order, the optional ones last.
    pub arguments: &'static [Argument],
    /// True if the command changes the node's state. Such a command is sent once, and takes no `within`.
    pub changes: bool,
    /// The kind of the answer.
    pub answer: Answer,
}

/// An argument of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is said of an argument by itself")]
pub struct Argument {
    /// The name in messages, in upper case.
    pub name: &'static str,
    /// True if the argument names a node of the network.
    pub node: bool,
    /// True if the argument is a whole number.
    pub number: bool,
    /// True if the argument is a value of any type, and not text.
    pub value: bool,
    /// True if the argument may be left out.
    pub optional: bool,
    /// The only words allowed; empty if any word is.
    pub words: &'static [&'static str],
}

/// The kind of an answer, which decides the predicates that fit it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Text, even if it looks like another type.
    Text,
    /// A value of any type.
    Value,
    /// A number.
    Number,
    /// A stamp, ordered as stamps are.
    Stamp,
    /// A list of texts, compared as a set.
    List,
    /// A node of the network, by name.
    Node,
    /// A list of nodes of the network, by name, compared as a set.
    Nodes,
    /// One value or a set, depending on the node's workload.
    Any,
    /// A confirmation without a value.
    Done,
}

pub(super) const fn word(name: &'static str) -> Argument {
    Argument { name, node: false, number: false, value: false, optional: false, words: &[] }
}

pub(super) const fn value(name: &'static str) -> Argument {
    Argument { value: true, ..word(name) }
}

pub(super) const KEY: Argument = word("KEY");

pub(super) const fn reads(name: &'static str, arguments: &'static [Argument], answer: Answer) -> Command {
    Command { name, arguments, changes: false, answer }
}

pub(super) const fn changes(name: &'static str, arguments: &'static [Argument], answer: Answer) -> Command {
    Command { name, arguments, changes: true, answer }
}

pub(super) const GET: Command = reads("get", &[KEY], Answer::Value);
pub(super) const SET: Command = changes(
    "set",
    &[KEY, value("VALUE"), Argument { number: true, optional: true, ..word("DATE") }],
    Answer::Stamp,
);
pub(super) const STAMP: Command = reads("stamp", &[KEY], Answer::Stamp);
pub(super) const KEYS: Command = reads("keys", &[], Answer::List);
pub(super) const COUNT: Command = reads("count", &[], Answer::Number);
pub(super) const PEERS: Command = reads("peers", &[], Answer::Nodes);
pub(super) const ADD_PEER: Command =
    changes("addPeer", &[Argument { node: true, ..word("NODE") }], Answer::Done);

/// The commands that the world answers and not the node, for every driver.
pub const OF_THE_WORLD: &[Command] = &[reads("log", &[], Answer::Text), reads("state", &[], Answer::Text)];
