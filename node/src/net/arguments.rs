//! The command-line arguments of `node` and of `tools node`.

use std::path::PathBuf;

use super::task::Task;
use crate::wire::Policy;

/// The options of a node.
// Of an option that is given twice the last counts: a program that starts nodes gives some, its user others.
#[derive(Debug, Clone, clap::Args)]
#[command(args_conflicts_with_subcommands = true, args_override_self = true)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option of its own")]
pub struct Arguments {
    /// The work on a data folder to do instead of running a node.
    #[command(subcommand)]
    pub task: Option<Task>,

    /// Address to listen on; with port 0 the system chooses a free port
    #[arg(long, value_name = "HOST:PORT", default_value = Self::LISTEN)]
    pub listen: String,

    /// Listen on this port of 127.0.0.1
    #[arg(long, value_name = "N", conflicts_with = "listen")]
    pub port: Option<u16>,

    /// Port for people in a network of two ports, as `HTTP_PORT` in the environment; any of these three opens both
    #[arg(long, value_name = "N", conflicts_with = "port")]
    pub http_port: Option<u16>,

    /// Port for neighbours, also for those that send plain JSON values, as `P2P_PORT` in the environment
    #[arg(long, value_name = "N")]
    pub p2p_port: Option<u16>,

    /// Neighbours to dial, for ever, with commas between them, as `PEERS` in the environment
    #[arg(long, value_name = "ws://HOST:PORT,...")]
    pub peers: Option<String>,

    /// Address at which other nodes can dial this one, if it differs from --listen
    #[arg(long, value_name = "HOST:PORT")]
    pub advertise: Option<String>,

    /// Name of this node, for people
    #[arg(long, value_name = "NAME", default_value = "")]
    pub name: String,

    /// Rule by which one of two versions of a key wins: the last written or the oldest
    #[arg(long, value_name = "last|oldest", default_value_t = Policy::Last)]
    pub policy: Policy,

    /// Folder in which the node keeps its data, made if need be; without it nothing survives the node's end
    #[arg(long, value_name = "FOLDER")]
    pub data: Option<PathBuf>,

    /// Network to which the node belongs; nodes of different networks never link
    #[arg(long, value_name = "ID", default_value = "default")]
    pub network: String,

    /// Folder of a front end of yours, served at / in place of the built-in page, which moves to /_node/
    #[arg(long, value_name = "FOLDER", conflicts_with = "no_web")]
    pub site: Option<PathBuf>,

    /// Port of this machine for its person alone: synchronisation by hand, with the token of the data folder; the system
    /// chooses one unless a harness starts the node
    #[arg(long, value_name = "HOST:PORT", conflicts_with = "no_web")]
    pub private: Option<String>,

    /// Serve no pages and no figures over HTTP, only the protocols of nodes
    #[arg(long)]
    pub no_web: bool,

    /// Dial the neighbours' neighbours as well
    #[arg(long)]
    pub auto_connect: bool,

    /// Take standard input for one end of a socket pair: write readiness to it, and exit when it closes
    #[arg(long)]
    pub supervised: bool,

    /// Lead of the wall clock over the machine's, negative for a lag, to try the effects of a wrong clock
    #[arg(long, value_name = "MS", default_value_t = 0, allow_negative_numbers = true)]
    pub clock_ahead_ms: i64,

    /// Take the disk to be full from the start, to try the effects; the harness may give it room later
    #[arg(long, requires_all = ["data", "supervised"])]
    pub disk_full: bool,

    /// Mistake that the node makes
    #[cfg(feature = "mutants")]
    #[arg(long, value_name = "NAME", hide = true)]
    pub mutant: Option<crate::core::Mutant>,

    /// Seed of the random pauses, to repeat a run
    #[arg(long, value_name = "N")]
    pub seed: Option<u64>,
}

impl Arguments {
    /// The address to listen on, unless another is asked for.
    pub(super) const LISTEN: &str = "127.0.0.1:3000";
}
