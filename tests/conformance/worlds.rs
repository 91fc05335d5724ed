//! How each world is made, with no node in it.

use std::any::Any;
use std::path::PathBuf;

use tools::world::World;
use tools::world::process::{self, Lease, Links, Ports};
use tools::world::sim::{self, Sim};

/// A world, and what has to be kept as long as it is used.
pub(crate) type Made = (Box<dyn World>, Box<dyn Any>);

/// Processes of this machine, with nothing between them.
pub(crate) fn process() -> Made {
    processes(Links::Direct)
}

/// The same with a proxy in each link: what is done to links there, and all else as if it were not.
pub(crate) fn proxied() -> Made {
    processes(Links::Proxied { seed: 1 })
}

/// The binary under test carries the node.
fn processes(links: Links) -> Made {
    let folder = tempfile::Builder::new().prefix("tools-world-").tempdir().expect("a folder for logs");
    let options = process::Options {
        logs: folder.path().join("logs"),
        data: folder.path().join("data"),
        ports: Ports::Leased(Lease::default()),
        // The name of a folder that nobody else has is an id that no other run has.
        network: folder.path().display().to_string(),
        program: PathBuf::from(env!("CARGO_BIN_EXE_tools")),
        links,
    };
    let (world, _processes) = process::world(options).expect("a world of processes");
    (Box::new(world), Box::new(folder))
}

/// Virtual time.
pub(crate) fn sim() -> Made {
    (Box::new(Sim::new(sim::Options { seed: 1, ..sim::Options::default() })), Box::new(()))
}
