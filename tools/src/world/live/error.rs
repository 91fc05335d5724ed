//! The errors of worlds in real time: one enum for each phase of a node's life, and one for links.

use std::error::Error;
use std::io;
use std::path::PathBuf;

use crate::text::io_cause;
use crate::world::ExitStatus;

/// The reason why a node was not started. The node does not run, and nothing of it is left.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    /// The world has no place for the node: no port, no address, or too few open files.
    #[error(transparent)]
    Place(Box<dyn Error + Send + Sync>),
    /// The host of a node that runs already has no address.
    #[error("its host `{host}` has no address: {reason}; correct `at=`, or name the host by its number")]
    Resolve {
        /// The host as given.
        host: String,
        /// The resolver's reason.
        reason: String,
    },
    /// A folder of data cannot be made.
    #[error("cannot make the folder {}: {}", folder.display(), io_cause(error))]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// The system's reason.
        error: io::Error,
    },
    /// The folder that an uncompleted first start left cannot be moved aside.
    #[error("cannot move {} aside, which a first start left unfinished: {}", folder.display(), io_cause(error))]
    Aside {
        /// The folder.
        folder: PathBuf,
        /// The system's reason.
        error: io::Error,
    },
    /// A log file cannot be opened.
    #[error("cannot write {}: {}", file.display(), io_cause(error))]
    Log {
        /// The file.
        file: PathBuf,
        /// The system's reason.
        error: io::Error,
    },
    /// The node's own network cannot be made.
    #[error(transparent)]
    Network(Box<dyn Error + Send + Sync>),
    /// The thread that makes the node's network cannot be started, or gave no answer.
    #[error("{0}")]
    NetworkThread(String),
    /// The standard streams of the node cannot be made. The text has the limit that is met, and the remedy.
    #[error("{0}")]
    Streams(String),
    /// The node's clock cannot be shifted. The text has the reason and the remedy.
    #[error("its clock cannot be shifted: {0}")]
    Clock(String),
    /// There is no such program.
    #[error(
        "there is no program `{0}`{hint}",
        hint = if .0.contains('/') { "" } else { " on the PATH: one in this folder is written with `./`" }
    )]
    NoProgram(String),
    /// The program may not be run by this user.
    #[error("`{program}` may not be run: {}; `chmod +x` allows it for a file", io_cause(error))]
    NotPermitted {
        /// The path of the program.
        program: String,
        /// The system's reason.
        error: io::Error,
    },
    /// The system did not start the program. The reason has the limit that is met, and the remedy.
    #[error("cannot run `{program}`: {reason}")]
    Spawn {
        /// The path of the program.
        program: String,
        /// The system's reason.
        reason: String,
    },
}

/// The reason why a file or a program that belongs to the start of a node failed. Files that were written stay.
#[derive(Debug, thiserror::Error)]
pub enum SetupError {
    /// A file cannot be written.
    #[error("cannot write {}: {}", path.display(), io_cause(error))]
    File {
        /// The file.
        path: PathBuf,
        /// The system's reason.
        error: io::Error,
    },
    /// A program cannot be started.
    #[error("cannot run `{program}`: {}", io_cause(error))]
    Start {
        /// The path of the program.
        program: String,
        /// The system's reason.
        error: io::Error,
    },
    /// A program failed.
    #[error("`{program}` ended with {ending}{}", if said.is_empty() { String::new() } else { format!(": {said}") })]
    Ended {
        /// The path of the program.
        program: String,
        /// Its end.
        ending: ExitStatus,
        /// The end of its output.
        said: String,
    },
}

/// The reason why a started node will not be ready. The node may still run.
#[derive(Debug, thiserror::Error)]
pub enum ReadinessError {
    /// The node itself reports that it cannot be ready.
    #[error("{0}")]
    Reported(String),
    /// The node's report is longer than a report may be.
    #[error("its report of readiness is longer than a report may be")]
    Endless,
    /// The node's report cannot be read.
    #[error("its report of readiness is not JSON: {0}")]
    NotJson(String),
    /// The node's report has neither of the two forms.
    #[error("its report of readiness says neither that it is ready nor why it is not")]
    Unclear,
    /// The mark of a first start cannot be removed.
    #[error("cannot mark its first start as completed: {}", io_cause(.0))]
    Mark(io::Error),
    /// The node does not obey the clock that it was given.
    #[error(transparent)]
    Clock(ControlError),
    /// The pattern that a line of the log is to match is no regular expression.
    #[error(transparent)]
    Pattern(regex::Error),
}

/// The reason why a running node did not carry out a message or a signal. Its setting is as before.
#[derive(Debug, thiserror::Error)]
pub enum ControlError {
    /// The node reads no messages of a supervisor.
    #[error("it is not our own node, and reads no messages of the harness")]
    NotSupervised,
    /// The node ran before, and is none of the harness's processes.
    #[error("it ran before, and was not started by the harness")]
    NotStarted,
    /// The node's clock cannot be shifted. The text has the reason and the remedy.
    #[error("its clock cannot be shifted: {0}")]
    FixedClock(String),
    /// The file by which the node is told the time cannot be written.
    #[error("its clock cannot be shifted: {}", io_cause(.0))]
    Clock(io::Error),
    /// The node did not confirm the message in time; it may carry it out later.
    #[error("it did not confirm {0}")]
    Unconfirmed(String),
    /// The system did not deliver the signal.
    #[error("its process cannot be signalled: {0}")]
    Signal(io::Error),
}

/// The reason why links were not made or changed. Changes of the same operation before it hold.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// The network has no proxies, and its kernel applies no faults.
    #[error("links of this network cannot be changed: nothing stands between its nodes")]
    NothingBetween,
    /// Messages of the router have no connection that could be broken.
    #[error("nothing can be broken here: messages have no connection")]
    NoConnection,
    /// Proxies on loopback have connections, which lose and double nothing.
    #[error("links of this world lose and double nothing: loopback does not")]
    Lossless,
    /// A proxy cannot listen; the link does not exist.
    #[error("a link to {address} cannot be listened for: {error}")]
    Listen {
        /// The address of the dialled node.
        address: String,
        /// The system's reason.
        error: io::Error,
    },
    /// The kernel's network refused the change.
    #[error(transparent)]
    Kernel(Box<dyn Error + Send + Sync>),
}
