//! What is asked for on the command line: of `node`, and of `tools node`.

use std::path::PathBuf;

use crate::wire::Policy;

/// How a node is started.
#[derive(Debug, Clone, clap::Args)]
pub struct Arguments {
    /// Where to listen; port 0 lets the system choose one
    #[arg(long, value_name = "HOST:PORT", default_value = "127.0.0.1:3000")]
    pub listen: String,

    /// Listen on this port of 127.0.0.1
    #[arg(long, value_name = "N", conflicts_with = "listen")]
    pub port: Option<u16>,

    /// Where others can dial this node, if that is not where it listens
    #[arg(long, value_name = "HOST:PORT")]
    pub advertise: Option<String>,

    /// What people call this node
    #[arg(long, value_name = "NAME", default_value = "")]
    pub name: String,

    /// Who wins among versions of a key: the last writer or the oldest
    #[arg(long, value_name = "last|oldest", default_value_t = Policy::Last)]
    pub policy: Policy,

    /// Keep what is held in this folder, which is made if need be; without it nothing is kept
    #[arg(long, value_name = "FOLDER")]
    pub data: Option<PathBuf>,

    /// Nodes of different networks never link
    #[arg(long, value_name = "ID", default_value = "default")]
    pub network: String,

    /// Also dial the neighbours' neighbours
    #[arg(long)]
    pub auto_connect: bool,

    /// Standard input is one end of a socket pair: readiness is written to it, its end means die
    #[arg(long)]
    pub supervised: bool,

    /// Put the wall clock so many milliseconds ahead of the machine's, or behind, to see what a clock
    /// that lies does
    #[arg(long, value_name = "MS", default_value_t = 0, allow_negative_numbers = true)]
    pub clock_ahead_ms: i64,

    /// Let the disk be full from the start, to see what a full disk does: whoever started the node may
    /// say when there is room
    #[arg(long, requires_all = ["data", "supervised"])]
    pub disk_full: bool,

    /// Make this mistake
    #[cfg(feature = "mutants")]
    #[arg(long, value_name = "NAME", hide = true)]
    pub mutant: Option<crate::core::Mutant>,

    /// Where the draws for pauses come from, so that they can be repeated
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
}
