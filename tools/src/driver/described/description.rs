//! The description of a driver, as it stands in its file. `DRIVERS.md` describes every field.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::value::{MapAccessDeserializer, StrDeserializer};
use serde::de::{Error, IntoDeserializer as _, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
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
    /// The commands that install the program, for people.
    #[serde(default)]
    pub(super) install: String,
    /// The values that the store tells apart.
    #[serde(default)]
    pub(super) values: ValueKind,
    /// The start of a node.
    pub(super) start: Option<Start>,
    /// The sign that a node is ready.
    #[serde(default)]
    pub(super) ready: Ready,
    /// The sign that a node serves again after a disturbance.
    pub(super) healthy: Option<Ready>,
    /// The way in which nodes are linked.
    pub(super) links: Option<Spanned<Links>>,
    /// The name of the port that requests go to; the first one if absent.
    pub(super) port: Option<Text>,
    /// The parts of all requests over HTTP.
    #[serde(default)]
    pub(super) http: HttpRequests,
    /// The server of Socket.IO.
    #[serde(default)]
    pub(super) socketio: SocketIo,
    /// The adapter that stays.
    pub(super) stdio: Option<Adapter>,
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
    /// The working folder; that of the harness if absent.
    pub(super) folder: Option<Text>,
    /// The files in the folder of the node's data that are written before the start where they are missing, by name.
    #[serde(default)]
    pub(super) files: BTreeMap<Text, Spanned<FileContent>>,
    /// The programs that are run before the first start of a node.
    #[serde(default)]
    pub(super) before: Vec<StartStep>,
    /// The programs that are run once a node is ready, at its first start.
    #[serde(default)]
    pub(super) after: Vec<StartStep>,
}

/// The content of a file that a node needs.
#[derive(Debug, Clone)]
pub(super) enum FileContent {
    /// A text with placeholders.
    Text(String),
    /// A copy of the file of this name in the folder of the description.
    From(String),
}

/// A program that is run beside the start of a node.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct StartStep {
    /// The command line.
    pub(super) exec: Text,
    /// The nodes that it is run for.
    #[serde(default)]
    pub(super) on: StepNodes,
}

/// The nodes that a program beside the start is run for.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum StepNodes {
    /// Each node.
    #[default]
    Each,
    /// The first node of the topology.
    First,
}

/// The sign by which a node is known to be ready, or healthy: the word `port`, or a table.
#[derive(Debug, Clone, Default)]
pub(super) struct Ready(pub(super) ReadyTable);

/// The sign by which a node is known to be ready, or healthy. Without one, its port accepts a connection.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct ReadyTable {
    /// A line of its log matches a regular expression.
    pub(super) log: Option<Text>,
    /// A page of this path is served at its port, with a status of success.
    pub(super) http: Option<Text>,
    /// The body of that page matches a regular expression.
    pub(super) body: Option<Text>,
    /// A program ends with 0.
    pub(super) exec: Option<Text>,
    /// The time within which the node has to show it.
    pub(super) within: Option<Text>,
}

/// The server of Socket.IO in each node.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct SocketIo {
    /// Its path; `/socket.io/` if absent.
    pub(super) path: Option<Text>,
}

/// A program beside each node that carries requests to it.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Adapter {
    /// The command line.
    pub(super) command: Text,
    /// The form of its lines.
    #[serde(default)]
    pub(super) framing: Framing,
}

/// The framing of an adapter's lines.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Framing {
    /// One object of JSON a line, with an `id`.
    #[default]
    Lines,
    /// The messages of the Maelstrom protocol.
    Maelstrom,
}

/// The way in which nodes are linked.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Links {
    /// By the command `addPeer` to the end that dials.
    Request,
    /// By the arguments of the start, which name the neighbours or all nodes.
    Start,
    /// By the same, and a node whose arguments name what is new in a network that grows is started again.
    Restart,
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
    /// The treatment of answers that lead elsewhere.
    #[serde(default)]
    pub(super) redirects: Redirects,
}

/// The treatment of an answer over HTTP that leads to another page.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Redirects {
    /// It is the answer.
    #[default]
    Count,
    /// The page that it leads to is asked.
    Follow,
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
    /// The treatment of answers that lead elsewhere, in place of that of all requests.
    pub(super) redirects: Option<Spanned<Redirects>>,
    /// The command line of a program that asks.
    pub(super) exec: Option<Text>,
    /// The words of a command of Redis.
    pub(super) redis: Option<Text>,
    /// A line that is sent; the next line is the answer.
    pub(super) tcp: Option<Text>,
    /// The path of a WebSocket; the next message is the answer.
    pub(super) ws: Option<Text>,
    /// The name of an event of Socket.IO; its acknowledgement is the answer.
    pub(super) socketio: Option<Text>,
    /// The name by which the adapter that stays knows the command.
    pub(super) stdio: Option<Text>,
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

impl<'de> Deserialize<'de> for FileContent {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        /// A file that is copied.
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Copied {
            from: String,
        }
        struct Content;
        impl<'de> Visitor<'de> for Content {
            type Value = FileContent;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a text, or { from = \"FILE\" }")
            }

            fn visit_str<E: Error>(self, text: &str) -> Result<FileContent, E> {
                Ok(FileContent::Text(text.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<FileContent, A::Error> {
                let Copied { from } = Copied::deserialize(MapAccessDeserializer::new(map))?;
                Ok(FileContent::From(from))
            }
        }
        reader.deserialize_any(Content)
    }
}

impl<'de> Deserialize<'de> for Ready {
    fn deserialize<D: Deserializer<'de>>(reader: D) -> Result<Self, D::Error> {
        struct Sign;
        impl<'de> Visitor<'de> for Sign {
            type Value = Ready;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("\"port\", or a table with `http`, `log` or `exec`")
            }

            fn visit_str<E: Error>(self, word: &str) -> Result<Ready, E> {
                if word == "port" {
                    Ok(Ready::default())
                } else {
                    Err(E::custom("this is no sign of readiness"))
                }
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Ready, A::Error> {
                Ok(Ready(ReadyTable::deserialize(MapAccessDeserializer::new(map))?))
            }
        }
        reader.deserialize_any(Sign)
    }
}

impl Description {
    /// Returns the way in which nodes are linked.
    pub(super) fn links(&self) -> Links {
        self.links.as_ref().map_or(Links::default(), |links| *links.get_ref())
    }
}

impl Meaning {
    /// Returns the meaning that a word names, as in `means`.
    pub(super) fn of_word(word: &str) -> Option<Self> {
        let word: StrDeserializer<'_, serde::de::value::Error> = word.into_deserializer();
        Self::deserialize(word).ok()
    }

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
