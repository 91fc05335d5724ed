//! Work on a data folder that no node uses: `repair` and `restamp`.

use std::fmt::Display;
use std::io::{self, Write as _};
use std::path::PathBuf;

use super::clock::wall_ms;
use super::data::{self, DataError};

/// Work on a data folder while no node runs on it.
#[derive(Debug, Clone, clap::Subcommand)]
pub enum Task {
    /// Copies the undamaged part of a damaged data folder to a new file, and lists the rest
    ///
    /// The damaged file is left as it is. The next start uses the new file, and keeps the old one beside
    /// it.
    Repair {
        /// The data folder
        #[arg(long, value_name = "FOLDER")]
        data: PathBuf,
    },
    /// Gives the present time to versions that were written while the machine's clock was ahead
    ///
    /// Neighbours then take it at once, and the node takes writes again. Values, deletions and the order
    /// of these writes stay. A node that holds one of them with its former time will prefer it once that
    /// time has come: use this on all nodes that shared the clock.
    Restamp {
        /// The data folder
        #[arg(long, value_name = "FOLDER")]
        data: PathBuf,
    },
}

impl Task {
    /// Does the work and prints its outcome.
    pub(super) fn run(&self) -> Result<(), DataError> {
        match self {
            Self::Repair { data } => match data::repair(data) {
                // The message of other commands recommends a repair.
                Err(DataError::Damaged { file, reason }) => Err(DataError::Lost { file, reason }),
                repaired => repaired.map(|repaired| print(&repaired)),
            },
            Self::Restamp { data } => data::restamp(data, wall_ms()).map(|restamped| print(&restamped)),
        }
    }
}

fn print(text: &impl Display) {
    // The work is done, even where the report cannot be printed.
    let _: io::Result<()> = writeln!(io::stdout(), "{text}");
}
