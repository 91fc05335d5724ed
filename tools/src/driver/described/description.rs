//! The description of a driver, as it stands in its file. `DRIVERS.md` describes every field.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Spanned;

use crate::text::Span;

/// A text of the description, with its place.
pub(super) type Text = Spanned<String>;

/// The description of a driver.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Description {
    /// The kind of the nodes, in a line, for lists of drivers.
    #[serde(default)]
    pub(super) about: String,
    /// The values that the store tells apart.
    #[serde(default)]
    pub(super) values: ValueKind,
    /// The start of a node.
    pub(super) start: Option<Start>,
    /// The sign that a node is ready.
    #[serde(default)]
    pub(super) ready: ReadySign,
    /// The way in which nodes are linked.
    pub(super) links: Option<Spanned<Links>>,
    /// The parts of all requests over HTTP.
    #[serde(default)]
    pub(super) http: HttpRequests,
    /// The meaning of answers to any command.
    #[serde(default)]
    pub(super) means: BTreeMap<Text, Spanned<Meaning>>,
    /// The commands that a node can be asked, by name.
    pub(super) commands: BTreeMap<Text, Command>,
}

/// The values that a store tells apart.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ValueKind {
    /// Text alone.
    #[default]
    Text,
    /// All of JSON.
    Json,
}

/// The start of a node.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Start {
    /// The command line, in words as a shell splits them; absent if the person gives the program.
    pub(super) command: Option<Text>,
    /// Variables of the node's environment.
    #[serde(default)]
    pub(super) environment: BTreeMap<String, Text>,
    /// The names of the node's ports. The first one is `{port}` as well.
    #[serde(default)]
    pub(super) ports: Vec<Text>,
}

/// The sign by which a started node is known to be ready.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum ReadySign {
    /// Its port accepts a connection.
    #[default]
    Port,
    /// A line of its log matches a regular expression.
    Log(Text),
    /// A page of this path is served at its port, with a status of success.
    Http(Text),
}

/// The way in which nodes are linked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Links {
    /// By the command `addPeer` to the end that dials.
    Request,
    /// By the arguments of the start, which name the neighbours or all nodes.
    Start,
    /// By the nodes themselves: a topology says which of them there are.
    #[default]
    None,
}

/// The parts of all requests over HTTP.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct HttpRequests {
    /// Header fields.
    #[serde(default)]
    pub(super) headers: BTreeMap<Text, Text>,
    /// The name of the port that is asked; the first one if absent.
    pub(super) port: Option<Text>,
}

/// A command that a node can be asked.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Command {
    /// The method and the path of a request over HTTP.
    pub(super) http: Option<Text>,
    /// Header fields of the request, besides those of all requests.
    #[serde(default)]
    pub(super) headers: BTreeMap<Text, Text>,
    /// The command line of a program that asks.
    pub(super) exec: Option<Text>,
    /// The body of the request, or the standard input of the program.
    pub(super) body: Option<Text>,
    /// The part of the answer that is the command's.
    pub(super) answer: Option<Text>,
    /// The meaning of answers, before that of answers to any command.
    #[serde(default)]
    pub(super) means: BTreeMap<Text, Spanned<Meaning>>,
    /// The names of the arguments, for a command of one's own.
    pub(super) arguments: Option<Vec<Text>>,
    /// True if the command changes the node's state, for a command of one's own.
    pub(super) changes: Option<Spanned<bool>>,
}

/// The meaning of an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Meaning {
    /// The command was carried out.
    Done,
    /// There is no such key.
    Absent,
    /// It is there already.
    Exists,
    /// Another value was held than the command expects.
    PreconditionFailed,
    /// The command was not carried out, and will not be.
    Refused,
    /// The command was not carried out, since the node cannot do it now.
    Unavailable,
    /// The command may or may not have been carried out.
    Unknown,
}

impl Description {
    /// Returns the way in which nodes are linked.
    pub(super) fn links(&self) -> Links {
        self.links.as_ref().map_or(Links::default(), |links| *links.get_ref())
    }
}

impl Meaning {
    /// The code of the refusal; none for what is done and what is unknown.
    pub(super) fn code(self) -> Option<&'static str> {
        match self {
            Self::Done | Self::Unknown => None,
            Self::Absent => Some("absent"),
            Self::Exists => Some("exists"),
            Self::PreconditionFailed => Some("precondition_failed"),
            Self::Refused => Some("refused"),
            Self::Unavailable => Some("unavailable"),
        }
    }
}

/// Returns the place of a text.
pub(super) fn span<T>(text: &Spanned<T>) -> Span {
    text.span().into()
}
