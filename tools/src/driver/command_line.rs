//! The command line that starts a node, and its placeholders.

use std::path::PathBuf;

use super::ready::{Ready, ReadyError};
use super::secrets::Secrets;
use crate::world::{NodeIndex, NodeSpec, Tie};

/// The place where a node lives.
#[derive(Debug, Clone)]
pub struct Place {
    /// The host that the node listens on.
    pub host: String,
    /// The port that the node listens on.
    pub port: u16,
    /// Its further ports, in the order in which its driver names them. A port that is not known is 0: a node that runs
    /// already may be given without it.
    pub further_ports: Vec<u16>,
    /// The id of the network, which all neighbours must share.
    pub network: String,
    /// The executable that contains our own node.
    pub program: PathBuf,
    /// The folder for the node's data, if it keeps any.
    pub data: PathBuf,
}

impl Place {
    /// Returns all ports, the first one first.
    #[must_use]
    pub fn ports(&self) -> Vec<u16> {
        std::iter::once(self.port).chain(self.further_ports.iter().copied()).collect()
    }

    /// Returns the address of the first port as `host:port`, with brackets around an IPv6 host.
    #[must_use]
    pub fn address(&self) -> String {
        self.address_of(0)
    }

    /// Returns the address of a port by its index.
    #[must_use]
    pub fn address_of(&self, index: usize) -> String {
        let port = self.ports().get(index).copied().unwrap_or(self.port);
        if self.host.contains(':') {
            format!("[{}]:{port}", self.host)
        } else {
            format!("{}:{port}", self.host)
        }
    }
}

/// A node of the network in which another is started.
#[derive(Debug, Clone)]
pub struct Member {
    /// The index.
    pub node: NodeIndex,
    /// The name.
    pub name: String,
    /// The place where it lives, or will live.
    pub place: Place,
    /// The tie between it and the node that is started.
    pub tie: Tie,
}

/// A program and its arguments.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CommandLine {
    /// The path of the program.
    pub program: PathBuf,
    /// The arguments of the program.
    pub arguments: Vec<String>,
    /// The variables of its environment, beside those of the harness.
    pub environment: Vec<(String, String)>,
    /// True if the program is told the folder of its data, which has to be there when it starts.
    pub uses_data: bool,
    /// The sign by which the program is known to be ready.
    pub ready: Ready,
    /// The sign by which it is known to serve again after a disturbance, if there is one.
    pub healthy: Option<Ready>,
    /// The index of the port at which it is looked for.
    pub asked: usize,
    /// The files and the programs that belong to the start.
    pub setup: Setup,
    /// The lead of the program's clock over the machine's, in milliseconds. The world sets it for each start.
    pub clock_ms: i64,
}

/// The files and the programs that belong to the start of a node, beside its own program.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Setup {
    /// The working folder; that of the harness if absent.
    pub folder: Option<PathBuf>,
    /// The files in the folder of the node's data: written anew when a run first starts the node, and later where they
    /// are missing.
    pub files: Vec<NodeFile>,
    /// The programs that are run before, each by its words.
    pub before: Vec<Vec<String>>,
    /// The programs that are run once the node is ready. Each is run again until it succeeds.
    pub after: Vec<Vec<String>>,
    /// The words of the adapter that stays, if requests go through one.
    pub adapter: Vec<String>,
    /// The values that no message about the start may show.
    pub secrets: Secrets,
}

/// A file in the folder of a node's data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NodeFile {
    /// The name, without folders.
    pub name: String,
    /// The content.
    pub content: String,
}

impl CommandLine {
    /// Returns the command line of a program with nothing beside it.
    pub(crate) fn new(
        program: impl Into<PathBuf>,
        arguments: Vec<String>,
        uses_data: bool,
        ready: Ready,
    ) -> Self {
        let (environment, setup) = (Vec::new(), Setup::default());
        Self {
            program: program.into(),
            arguments,
            environment,
            uses_data,
            ready,
            healthy: None,
            asked: 0,
            setup,
            clock_ms: 0,
        }
    }

    /// Returns the line for a node that runs already: no program to start, and the sign that the node answers.
    pub(crate) fn of_attached(ready: Ready) -> Self {
        Self::new(PathBuf::new(), Vec::new(), false, ready)
    }
}

/// The reason why a node, or its adapter, has no command line. Nothing has been started.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum CommandLineError {
    /// The node's disk is to be full, and the node is a foreign program.
    #[error("the disk of `{exec}` cannot be filled: only that of our own node can")]
    Disk {
        /// The program's command line.
        exec: String,
    },
    /// The node is to keep data, and its command line has no place for the folder.
    #[error("`{exec}` does not say where `{{data}}`, the folder that it is to keep data in, goes")]
    NoDataFolder {
        /// The program's command line.
        exec: String,
    },
    /// The path of the folder of data is not UTF-8, so that it fits into no argument.
    #[error("the data folder {} has a name that is no text", .0.display())]
    DataFolderName(PathBuf),
    /// A command line of a program or an adapter cannot be split into words.
    #[error("`{0}` has a quote that is not closed")]
    Quote(String),
    /// Nodes of this driver are foreign programs, and none was given.
    #[error("no program was given: `--exec \"PROGRAM ARGS\"`")]
    NoProgram,
    /// The command line of the program has no word.
    #[error("the program to run is empty: `--exec \"PROGRAM ARGS\"`")]
    EmptyProgram,
    /// A placeholder in a description has no value, such as a variable that the environment lacks.
    #[error("there is no value for `{{{name}}}`{}", if name.starts_with("env.") { ": set the variable" } else { "" })]
    NoValue {
        /// The name of the placeholder.
        name: String,
    },
    /// There is no such program, which is run beside a node.
    #[error("there is no program `{program}`, which belongs to the start of a node, or asks it{}", if install.is_empty() { String::new() } else { format!("; it is installed by `{install}`") })]
    NoClient {
        /// The program.
        program: String,
        /// The commands that install what the driver needs.
        install: &'static str,
    },
    /// Nodes of this driver speak on their standard input and output.
    #[error("it cannot be reached at an address: `{0}` nodes speak on their standard input and output")]
    NoAddress(&'static str),
    /// Nodes of this driver are asked by an adapter, and none was given.
    #[error("no adapter was given: `--adapter PROGRAM`")]
    NoAdapter,
    /// The command line of the adapter has no word.
    #[error("the adapter is empty: `--adapter PROGRAM`")]
    EmptyAdapter,
    /// The adapter is named by a path at which there is no file.
    #[error("there is no adapter `{0}`")]
    MissingAdapter(String),
    /// The option `ready` names no sign of readiness.
    #[error(transparent)]
    Ready(#[from] ReadyError),
}

/// The placeholder for the folder of a node's data.
pub(crate) const DATA: &str = "{data}";
/// The placeholders in the command line of a program.
pub const PLACEHOLDERS: [&str; 4] = ["{name}", "{host}", "{port}", DATA];

/// Returns the first word in braces that looks like a placeholder and is none.
#[must_use]
pub fn unknown_placeholder(exec: &str) -> Option<&str> {
    let mut rest = exec;
    while let Some(open) = rest.find('{') {
        rest = &rest[open..];
        let length =
            rest[1..].find(|c: char| !c.is_ascii_alphanumeric() && c != '_').map(|length| length + 1);
        // `${x}` belongs to a shell; `{"a": 1}`, `{}` and `{ x; }` belong to the program.
        if let Some(close) = length.filter(|length| *length > 1 && rest[*length..].starts_with('}')) {
            let word = &rest[..=close];
            let is_shells = exec[..exec.len() - rest.len()].ends_with('$');
            if !is_shells && !PLACEHOLDERS.contains(&word) {
                return Some(word);
            }
        }
        rest = &rest[1..];
    }
    None
}

/// Fills in the [`PLACEHOLDERS`] of a command line.
pub(crate) fn fill_in(
    exec: &str,
    spec: &NodeSpec,
    place: &Place,
    ready: Ready,
) -> Result<CommandLine, CommandLineError> {
    let exec_text = || exec.to_owned();
    if spec.disk_full {
        return Err(CommandLineError::Disk { exec: exec_text() });
    }
    if spec.disk && !exec.contains(DATA) {
        return Err(CommandLineError::NoDataFolder { exec: exec_text() });
    }
    let words = shlex::split(exec).ok_or_else(|| CommandLineError::Quote(exec_text()))?;
    let fill = |word: &String| {
        word.replace("{name}", &spec.name)
            .replace("{host}", &place.host)
            .replace("{port}", &place.port.to_string())
            .replace(DATA, &place.data.to_string_lossy())
    };
    let mut words = words.iter().map(fill);
    let program = words.next().ok_or(CommandLineError::EmptyProgram)?;
    let arguments = words.chain(spec.args.iter().cloned()).collect();
    Ok(CommandLine::new(program, arguments, exec.contains(DATA), ready))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_word_in_braces_is_filled_in_or_unknown() {
        let unknown = [
            ("./node {prot}", Some("{prot}")),
            ("./node --listen={host}:{Port}", Some("{Port}")),
            ("./node {name} {host} {port} {data}", None),
            ("sh -c 'f() { x; }; echo ${HOME} {}'", None),
            ("node -e 'x({\"a\": 1, b: {c: {port}}})'", None),
            ("awk '{print}' {", Some("{print}")),
        ];
        for (exec, expected) in unknown {
            assert_eq!(unknown_placeholder(exec), expected, "{exec}");
        }
    }
}
