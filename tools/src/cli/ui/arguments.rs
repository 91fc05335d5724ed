//! The arguments of `tools ui`.

use std::path::PathBuf;

use clap::Args;

use crate::cli::reach::IncludeArguments;
use crate::cli::setting::ParamArguments;
use crate::world;

/// Open the page of the network of this folder, live, in the browser; or that of a scenario in `sim`, whose
/// time the page plays, pauses and turns back
#[derive(Debug, Clone, Args)]
pub struct Arguments {
    /// A scenario to be run in `sim`; without one, the page is that of the network of this folder
    pub scenario: Option<PathBuf>,

    /// The world of the scenario: `sim`, where time can be held
    #[arg(long, value_name = "NAME", value_parser = crate::cli::setting::world_named, requires = "scenario")]
    pub world: Option<&'static world::Declaration>,

    /// The seed of every random draw of the scenario [default: random, and printed]
    #[arg(long, value_name = "N", value_parser = crate::cli::number::whole, requires = "scenario")]
    pub seed: Option<u64>,

    #[command(flatten)]
    #[expect(missing_docs, reason = "a flattened group takes no comment of its own")]
    pub params: ParamArguments,

    #[command(flatten)]
    #[expect(missing_docs, reason = "a flattened group takes no comment of its own")]
    pub includes: IncludeArguments,

    /// The port of the page on this machine [default: chosen by the system]
    #[arg(long, short, value_name = "PORT", value_parser = crate::cli::number::port)]
    pub port: Option<u16>,
    /// The folder of the network's logs; a scenario is saved there with the steps that are added to it
    #[arg(long, value_name = "FOLDER", default_value = "logs")]
    pub logs: PathBuf,
}

impl Arguments {
    /// Returns the flags that a run depends on and that no other part of its report tells.
    pub(super) fn flags(&self) -> Vec<(String, String)> {
        let folders = self.includes.folders.iter();
        folders.map(|folder| ("include-dir".to_owned(), folder.display().to_string())).collect()
    }
}
