//! How each world is made, with no node in it.

#![expect(clippy::unnecessary_wraps, reason = "some worlds cannot be made on every machine")]

use std::any::Any;
use std::path::PathBuf;

use tools::world::World;
use tools::world::netns;
use tools::world::process::{self, Lease, Links, Options, Ports};
use tools::world::sim::{self, Sim};

/// A world, and what has to be kept as long as it is used.
pub(crate) type Made = (Box<dyn World>, Box<dyn Any>);

/// Processes of this machine, with nothing between them.
pub(crate) fn process() -> Option<Made> {
    Some(processes(Links::Direct))
}

/// The same with a proxy in each link: what is done to links there, and all else as if it were not.
pub(crate) fn proxied() -> Option<Made> {
    Some(processes(Links::Proxied))
}

fn processes(links: Links) -> Made {
    let (options, folder) = options();
    let (world, _processes) =
        process::world(options, Ports::Leased(Lease::default()), links).expect("a world of processes");
    (Box::new(world), folder)
}

/// Virtual time.
pub(crate) fn sim() -> Option<Made> {
    Some((Box::new(Sim::new(sim::Options { seed: 1, ..sim::Options::default() })), Box::new(())))
}

/// Processes with networks of their own, with nothing but the kernel between them.
pub(crate) fn netns() -> Option<Made> {
    networks(Links::Direct)
}

/// The same with a proxy in each link.
pub(crate) fn netns_proxied() -> Option<Made> {
    networks(Links::Proxied)
}

/// Where that needs a user namespace it cannot be made here: a test is not the only thread.
fn networks(links: Links) -> Option<Made> {
    if let Err(reason) = netns::able() {
        skip(&reason);
        return None;
    }
    let (options, folder) = options();
    let (world, _processes) = netns::world(options, 3000, links).expect("a world of networks");
    Some((Box::new(world), folder))
}

/// Says that a test is skipped, or fails it where nothing may be skipped.
fn skip(reason: &str) {
    assert!(std::env::var_os("TOOLS_TESTS_REQUIRE_ALL").is_none(), "nothing may be skipped, and {reason}");
    // Past the capture of the test harness, so that it is seen.
    let said = format!("skipped: {}\n", reason.lines().next().unwrap_or_default());
    let _: rustix::io::Result<usize> = rustix::io::write(rustix::stdio::stderr(), said.as_bytes());
}

/// The binary under test carries the node.
fn options() -> (Options, Box<dyn Any>) {
    let folder = tempfile::Builder::new().prefix("tools-world-").tempdir().expect("a folder for logs");
    let options = Options {
        logs: folder.path().join("logs"),
        data: folder.path().join("data"),
        // The name of a folder that nobody else has is an id that no other run has.
        network: folder.path().display().to_string(),
        program: PathBuf::from(env!("CARGO_BIN_EXE_tools")),
        seed: 1,
    };
    (options, Box::new(folder))
}
