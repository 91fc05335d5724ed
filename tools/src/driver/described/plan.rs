//! The plan of a driver: a description that was checked, with everything parsed that can be.

use std::collections::{BTreeMap, BTreeSet};

use hyper::http::{HeaderName, Method};
use regex::Regex;

use super::description::Meaning;
use super::extract::Extraction;
use super::template::Template;
use crate::driver::Ready;

/// The plan of a driver.
#[derive(Debug)]
pub(super) struct Plan {
    /// The folder of the description.
    pub(super) folder: String,
    /// The command line that starts a node, as it stands in the description.
    pub(super) command: String,
    /// Its words; none if the person gives the program.
    pub(super) start: Vec<Template>,
    /// The variables of the environment of a node, each with its value.
    pub(super) environment: Vec<(String, Template)>,
    /// The names of a node's ports, at least one.
    pub(super) ports: Vec<String>,
    pub(super) ready: Ready,
    /// The placeholders for variables of the environment, such as `env.TOKEN`.
    pub(super) variables: BTreeSet<String>,
    /// The commands, by name.
    pub(super) commands: BTreeMap<String, CommandPlan>,
}

impl Plan {
    /// Returns true if the start of a node names the folder of its data.
    pub(super) fn uses_data(&self) -> bool {
        let values = self.environment.iter().map(|(_, value)| value);
        self.start.iter().chain(values).any(|text| text.slots().any(|slot| slot.name == "data"))
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

/// The request of a command.
#[derive(Debug)]
pub(super) enum RequestPlan {
    /// A request over HTTP.
    Http {
        method: Method,
        path: Template,
        headers: Vec<(HeaderName, Template)>,
        body: Template,
        /// The index of the port that is asked.
        port: usize,
    },
    /// A program that asks.
    Exec {
        words: Vec<Template>,
        /// The standard input of the program.
        input: Template,
    },
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
