//! The errors of `tools logs`.

use std::io;
use std::path::{Path, PathBuf};

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::text::{io_cause, regex_cause};

/// The reason why the command ends early. Lines that were shown before are correct.
#[derive(Debug, thiserror::Error)]
pub(super) enum LogsError {
    /// The filter is no regular expression; nothing was shown.
    #[error("--grep takes a regular expression, and this one is invalid: {}", regex_cause(.0))]
    Pattern(#[from] regex::Error),
    /// The folder has no logs; nothing was shown.
    #[error("there are no logs in `{}`; `tools run` writes some, and --logs names another folder", .0.display())]
    NoLogs(PathBuf),
    /// The folder does not exist; nothing was shown.
    #[error("{}; `tools run` writes logs, and --logs names another folder", cannot_read(folder, error))]
    NoFolder {
        /// The folder.
        folder: PathBuf,
        /// The reason that the system gave.
        error: io::Error,
    },
    /// A named node has no log in the folder; nothing was shown.
    #[error("node `{node}` has no log in `{}`; {help}", folder.display())]
    UnknownNode {
        /// The name.
        node: String,
        /// The folder.
        folder: PathBuf,
        /// The nearest name, or those that there are.
        help: String,
    },
    /// A file or a folder cannot be read.
    #[error("{}", cannot_read(path, error))]
    Unreadable {
        /// The path.
        path: PathBuf,
        /// The reason that the system gave.
        error: io::Error,
    },
    /// The run in a folder cannot be followed.
    #[error("cannot {action} in `{}`: {error}", folder.display())]
    Follow {
        /// The action that failed.
        action: &'static str,
        /// The folder.
        folder: PathBuf,
        /// The reason that the system gave.
        error: io::Error,
    },
    /// The kernel reports no changes any more.
    #[error("cannot {action}: {error}")]
    Kernel {
        /// The action that failed.
        action: &'static str,
        /// The reason that the system gave.
        error: io::Error,
    },
    /// The run has no room for another follower.
    #[error("too many others follow this run: try again later")]
    Refused,
    /// The output cannot be written any more.
    #[error(transparent)]
    Out(#[from] io::Error),
}

impl From<LogsError> for Failure {
    fn from(error: LogsError) -> Self {
        let exit = match &error {
            LogsError::Pattern(_)
            | LogsError::NoLogs(_)
            | LogsError::NoFolder { .. }
            | LogsError::UnknownNode { .. } => Exit::Usage,
            LogsError::Unreadable { .. }
            | LogsError::Follow { .. }
            | LogsError::Kernel { .. }
            | LogsError::Refused
            | LogsError::Out(_) => Exit::Environment,
        };
        Self::new(exit, error)
    }
}

fn cannot_read(path: &Path, error: &io::Error) -> String {
    format!("cannot read `{}`: {}", path.display(), io_cause(error))
}
