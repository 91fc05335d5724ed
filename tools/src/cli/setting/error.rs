//! The errors of the arguments that several commands share.

use crate::cli::failure::Failure;
use crate::text::nearest;

/// The reason why the arguments about worlds and nodes are refused. Nothing was started.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SettingError {
    /// Nodes of the named driver do not use an option.
    #[error("nodes of the driver `{driver}` have no use for --{option}")]
    Useless {
        /// The driver of the command line.
        driver: &'static str,
        /// The option.
        option: &'static str,
        /// A driver whose nodes use the option.
        user: &'static str,
    },
    /// No node of any scenario uses an option.
    #[error("no node has a use for --{option}")]
    Unused {
        /// The option.
        option: &'static str,
        /// A driver whose nodes use the option.
        user: &'static str,
    },
    /// The world runs no programs, and the nodes are programs.
    #[error("{nodes}, and the world `{world}` runs only the node of tools")]
    World {
        /// The nodes of the command line, as a clause.
        nodes: String,
        /// The world.
        world: &'static str,
    },
    /// A name is not among those that exist; the text has the nearest.
    #[error("{0}")]
    Unknown(String),
    /// The world is planned, and not in this version.
    #[error("the world `{name}` is not in this version; there are {worlds}")]
    PlannedWorld {
        /// The name.
        name: String,
        /// The worlds of this version.
        worlds: String,
    },
    /// The command line of a program has no word.
    #[error("a program and its arguments are expected, as in \"node ./server.js {{port}}\"")]
    NoProgram,
    /// A quote in the command line of a program is not closed.
    #[error("a quote is not closed")]
    OpenQuote,
    /// The file of `--driver` describes no driver.
    #[error("it describes no driver\n\n{0}")]
    Driver(String),
    /// An address has no node before it.
    #[error("`{0}` names no node: a node and its address are expected, such as a=127.0.0.1:7000")]
    NoNodeOfAddress(String),
    /// An address cannot be parsed.
    #[error("{0}")]
    Address(String),
    /// A node has two addresses.
    #[error("`--at {0}=…` is given twice")]
    AddressTwice(String),
    /// A parameter has no name or no value.
    #[error("a parameter is given as NAME=VALUE, such as net=ring:5")]
    Param,
    /// The sign of readiness cannot be parsed.
    #[error("{0}")]
    Ready(String),
    /// The arguments behind `--` cannot be joined to a command line.
    #[error("the arguments behind `--` are no command line: {0}")]
    NodeArguments(shlex::QuoteError),
    /// Nodes dial each other past the proxies of `--faults`.
    #[error("with `{0}` nodes dial each other past the proxies of `--faults`")]
    Bypass(String),
}

impl SettingError {
    /// Checks that a name is one of these.
    pub(super) fn check(kind: &str, name: &str, names: &[&str]) -> Result<(), Self> {
        if names.contains(&name) {
            return Ok(());
        }
        Err(Self::unknown(kind, name, names))
    }

    /// Returns the error for an unknown name, with the nearest name if there is one.
    pub(in crate::cli) fn unknown(kind: &str, name: &str, names: &[&str]) -> Self {
        let all = names.join(", ");
        Self::Unknown(match nearest(name, names.iter().copied()) {
            Some(nearest) => format!("unknown {kind} `{name}`: did you mean `{nearest}`? There are {all}"),
            None => format!("unknown {kind} `{name}`: there are {all}"),
        })
    }

    /// Returns the remedy, if there is one to name.
    fn help(&self) -> Option<String> {
        match self {
            Self::Useless { user, .. } | Self::Unused { user, .. } => {
                Some(format!("leave it out, or use `--driver {user}`"))
            }
            Self::World { .. } => Some("`--world process` runs any program".to_owned()),
            Self::Bypass(_) => Some("leave out one of the two".to_owned()),
            Self::Unknown(_)
            | Self::PlannedWorld { .. }
            | Self::NoProgram
            | Self::OpenQuote
            | Self::Param
            | Self::NoNodeOfAddress(_)
            | Self::Address(_)
            | Self::AddressTwice(_)
            | Self::Ready(_)
            | Self::Driver(_)
            | Self::NodeArguments(_) => None,
        }
    }
}

impl From<SettingError> for Failure {
    fn from(error: SettingError) -> Self {
        let failure = Self::usage(&error);
        match error.help() {
            Some(help) => failure.help(help),
            None => failure,
        }
    }
}
