//! Constructors of the worlds under test, without nodes.

#![expect(clippy::unnecessary_wraps, reason = "some worlds cannot be made on every machine")]

use std::any::Any;
use std::path::PathBuf;

use tools::world::World;
use tools::world::live::MessageLogging;
use tools::world::netns;
use tools::world::process::{self, Lease, Links, Options, Ports};
use tools::world::sim::{self, Sim};

/// A world, and a value that must live as long as the world.
pub(crate) type Made = (Box<dyn World>, Box<dyn Any>);

/// Makes a world of processes on this machine that are linked directly.
pub(crate) fn process() -> Option<Made> {
    Some(processes(Links::Direct))
}

/// Makes the same world with a proxy in each link. Faults act there, and else a proxy must not be noticed.
pub(crate) fn proxied() -> Option<Made> {
    Some(processes(Links::Proxied))
}

fn processes(links: Links) -> Made {
    let (options, folder) = options();
    let (world, _processes) =
        process::world(options, Ports::Leased(Lease::default()), links).expect("a world of processes");
    (Box::new(world), folder)
}

/// Makes a world of virtual time.
pub(crate) fn sim() -> Option<Made> {
    Some((Box::new(Sim::new(sim::Options { seed: 1, ..sim::Options::default() })), Box::new(())))
}

/// Makes a world of processes with networks of their own. Returns none where that needs a user namespace: a
/// process with several threads, as a test is, cannot enter one.
pub(crate) fn netns() -> Option<Made> {
    if let Err(reason) = netns::able() {
        skip(&reason.to_string());
        return None;
    }
    let (options, folder) = options();
    let (world, _processes) = netns::world(options, 3000, false).expect("a world of networks");
    Some((Box::new(world), folder))
}

/// Prints that a test is skipped. Panics where no test may be skipped.
fn skip(reason: &str) {
    assert!(std::env::var_os("TOOLS_TESTS_REQUIRE_ALL").is_none(), "nothing may be skipped, and {reason}");
    // The notice is written past the capture of the test harness, so that it is seen.
    let said = format!("skipped: {}\n", reason.lines().next().unwrap_or_default());
    let _: rustix::io::Result<usize> = rustix::io::write(rustix::stdio::stderr(), said.as_bytes());
}

/// Returns the options of a world and the folder of its logs. The binary under test contains the node.
fn options() -> (Options, Box<dyn Any>) {
    let folder = tempfile::Builder::new().prefix("tools-world-").tempdir().expect("a folder for logs");
    let options = Options {
        logs: folder.path().join("logs"),
        data: folder.path().join("data"),
        // The name of a folder is unique, and so is an id made of it.
        network: folder.path().display().to_string(),
        program: PathBuf::from(env!("CARGO_BIN_EXE_tools")),
        seed: 1,
        log_limit: process::LOG_LIMIT,
        messages: MessageLogging::default(),
        clocks: false,
    };
    (options, Box::new(folder))
}
