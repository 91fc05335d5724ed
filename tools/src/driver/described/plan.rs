//! The plan of a driver: a description that was checked, with everything parsed that can be.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use hyper::http::{HeaderName, Method};
use regex::Regex;

use super::description::{Framing, Meaning};
use super::extract::Extraction;
use super::template::{CommandWords, Nodes, Template};
use crate::driver::Growth;

/// The plan of a driver.
#[derive(Debug)]
pub(super) struct Plan {
    /// The folder of the description.
    pub(super) folder: String,
    /// The names of a node's ports, at least one.
    pub(super) ports: Vec<String>,
    /// The index of the port that requests go to.
    pub(super) asked: usize,
    pub(super) start: StartPlan,
    /// The words of the adapter that stays, if there is one.
    pub(super) adapter: Option<CommandWords>,
    /// The form of its lines.
    pub(super) framing: Framing,
    /// The placeholders for variables of the environment, such as `env.TOKEN`.
    pub(super) variables: BTreeSet<String>,
    /// The commands, by name.
    pub(super) commands: BTreeMap<String, CommandPlan>,
}

impl Plan {
    /// Returns true if a placeholder of this name stands in a request, in the line of the adapter that stays, or in the
    /// programs that tell whether the node is ready, or healthy.
    pub(super) fn asks_by(&self, name: &str) -> bool {
        let signs = std::iter::once(&self.start.ready).chain(&self.start.healthy);
        let signs =
            signs.filter_map(|sign| if let ReadyPlan::Exec(words) = sign { Some(words) } else { None });
        self.adapter.iter().chain(signs).any(|words| words.names(name))
            || self.commands.values().any(|command| command.request.names(name))
    }
}

/// The plan of a node's start.
#[derive(Debug, Default)]
pub(super) struct StartPlan {
    /// The command line, as it stands in the description.
    pub(super) command: String,
    /// Its words; none if the person gives the program.
    pub(super) words: CommandWords,
    /// The variables of the environment, each with its value.
    pub(super) environment: Vec<(String, Template)>,
    /// The working folder, if it is not that of the harness.
    pub(super) folder: Option<Template>,
    pub(super) files: Vec<FilePlan>,
    /// The programs before the first start.
    pub(super) before: Vec<StepPlan>,
    /// The programs once the node is ready, at its first start.
    pub(super) after: Vec<StepPlan>,
    pub(super) ready: ReadyPlan,
    /// The time within which the node has to be ready.
    pub(super) within: Duration,
    /// The sign that it serves again after a disturbance, if there is one.
    pub(super) healthy: Option<ReadyPlan>,
    /// The time within which it has to serve again.
    pub(super) healthy_within: Duration,
}

/// A file that is written before the start of a node, where it is missing.
#[derive(Debug)]
pub(super) struct FilePlan {
    /// The name in the folder of the node's data.
    pub(super) name: String,
    pub(super) content: Template,
}

/// A program that is run beside the start of a node.
#[derive(Debug)]
pub(super) struct StepPlan {
    pub(super) words: CommandWords,
    /// True if it is run for the first node only.
    pub(super) is_for_first: bool,
}

/// The sign of readiness, or of health.
#[derive(Debug, Default)]
pub(super) enum ReadyPlan {
    /// The port that is asked accepts a connection.
    #[default]
    Port,
    /// A line of the log matches a regular expression.
    Log(String),
    /// A page is served at the port that is asked.
    Page {
        path: String,
        /// The regular expression that its body matches.
        body: Option<String>,
    },
    /// A program ends with 0.
    Exec(CommandWords),
}

impl StartPlan {
    /// Returns true if the start of a node needs the folder of its data.
    pub(super) fn uses_data(&self) -> bool {
        const DATA: &str = "data";
        let texts = self.environment.iter().map(|(_, value)| value).chain(&self.folder);
        self.words.names(DATA)
            || texts.into_iter().any(|text| text.names(DATA))
            || self.before.iter().chain(&self.after).any(|step| step.words.names(DATA))
            || !self.files.is_empty()
    }

    /// Returns the growth of a network that changes the command line or the environment of a node. Files do not
    /// count: they are written once.
    pub(super) fn names_of_network(&self) -> Vec<Growth> {
        let of_environment = self.environment.iter().flat_map(|(_, value)| value.listed());
        let growth = |nodes: Nodes| match nodes {
            Nodes::Neighbours => Growth::Neighbour,
            Nodes::Dialled => Growth::Dialled,
            Nodes::All | Nodes::Others => Growth::Node,
        };
        let all: BTreeSet<Growth> =
            self.words.listed().into_iter().chain(of_environment).map(growth).collect();
        all.into_iter().collect()
    }
}

/// The plan of a command.
#[derive(Debug)]
pub(super) struct CommandPlan {
    pub(super) request: RequestPlan,
    pub(super) answer: Extraction,
    pub(super) meanings: Vec<(Sign, Meaning)>,
    /// The names of the arguments, as placeholders name them.
    pub(super) arguments: Vec<String>,
}

/// A request over HTTP.
#[derive(Debug)]
pub(super) struct HttpPlan {
    pub(super) method: Method,
    pub(super) path: Template,
    pub(super) headers: Vec<(HeaderName, Template)>,
    pub(super) body: Template,
    /// True if the pages are asked that answers lead to.
    pub(super) follows: bool,
}

/// The request of a command.
#[derive(Debug)]
pub(super) enum RequestPlan {
    /// A request over HTTP.
    Http(HttpPlan),
    /// A program that asks.
    Exec {
        words: CommandWords,
        /// The standard input of the program.
        input: Template,
    },
    /// A command of Redis.
    Redis { words: CommandWords },
    /// A line over TCP, which another line answers.
    Line { line: Template },
    /// A message over a WebSocket, which another message answers.
    WebSocket { path: Template, body: Template },
    /// An event of Socket.IO, which its acknowledgement answers.
    SocketIo {
        path: String,
        event: String,
        /// The arguments, a list in JSON.
        arguments: Template,
    },
    /// A request to the adapter that stays.
    Adapter {
        /// The name by which the adapter knows the command.
        command: String,
    },
}

impl RequestPlan {
    /// Returns true if a placeholder of this name stands in the request.
    fn names(&self, name: &str) -> bool {
        match self {
            Self::Http(HttpPlan { path, headers, body, .. }) => {
                path.names(name) || body.names(name) || headers.iter().any(|(_, header)| header.names(name))
            }
            Self::Exec { words, input } => words.names(name) || input.names(name),
            Self::Redis { words } => words.names(name),
            Self::Line { line } => line.names(name),
            Self::WebSocket { path, body } => path.names(name) || body.names(name),
            Self::SocketIo { arguments, .. } => arguments.names(name),
            Self::Adapter { .. } => false,
        }
    }
}

/// The sign of a meaning in an answer.
#[derive(Debug, Clone)]
pub(super) enum Sign {
    /// The status of an answer over HTTP, or the exit status of a program.
    Status(u16),
    /// The first digit of a status, such as `5xx`.
    Class(u16),
    /// The answer lacks the part that is the command's.
    Missing,
    /// The text of the answer matches a regular expression.
    Text(Regex),
}

impl Sign {
    /// Returns true if an answer has the sign.
    pub(super) fn is_in(&self, status: u16, text: &str, lacks_part: bool) -> bool {
        match self {
            Self::Status(sign) => status == *sign && !lacks_part,
            Self::Class(class) => status / 100 == *class && !lacks_part,
            Self::Missing => lacks_part,
            Self::Text(pattern) => pattern.is_match(text),
        }
    }
}
