//! The flag `--log-limit` of every command that runs nodes.

use clap::Args;

use crate::world::process::{self, LOG_LIMIT};

/// The bound of a node's log
#[derive(Debug, Clone, Copy, Args)]
pub struct LogLimit {
    /// The largest log of a node: a longer log is cut in the middle, and the run fails
    #[arg(long = "log-limit", value_name = "SIZE", default_value = "256MiB", value_parser = process::log_limit)]
    pub bytes: u64,
}

impl LogLimit {
    /// Returns the value for a command that repeats the run; none if it is the default.
    pub(super) fn flag_value(self) -> Option<String> {
        (self.bytes != LOG_LIMIT).then(|| self.bytes.to_string())
    }
}
