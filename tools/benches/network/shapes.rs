//! The cost of shaped links in `netns`, whose packets the harness carries: the time of a round trip, the throughput,
//! and many shaped links at once.

use std::fs::File;
use std::net::TcpListener;
use std::path::Path;
use std::thread;
use std::time::Instant;

use nix::sched::{CloneFlags, setns};
use tools::world::netns;

use crate::Result;
use crate::links::{self, Measured};
use crate::network::Network;
use crate::samples::ms;
use crate::table::Table;

/// The pairs of nodes, each in a line with a link more than the other.
const PAIRS: [usize; 2] = [1, 100];
/// A shape that adds less than can be measured.
const SHAPE: &str = "delay 1us";

pub(crate) fn run(logs: &Path) -> Result<()> {
    if let Err(reason) = netns::able() {
        println!("shaped links: skipped, {reason}\n");
        return Ok(());
    }
    let mut table = Table::new(
        &format!("shaped links in netns: {}", links::title()),
        &["pairs", "carried by", "round trip", "max", "through", "shaped in"],
    );
    for pairs in PAIRS {
        let mut network = Network::start_in_netns(&format!("line({})", pairs + 1), logs)?;
        let [from, to] = [0, 1].map(|node| network.processes()[node]);
        let kernel = between(from, to)?;
        let began = Instant::now();
        network.go_on(&format!("link all {SHAPE}"))?;
        let shaped_in = began.elapsed();
        let harness = between(from, to)?;
        for (carrier, measured, shaped_in) in
            [("the kernel", kernel, String::new()), ("the harness", harness, ms(shaped_in))]
        {
            let [round, greatest, through] = measured.cells();
            table.row([pairs.to_string(), carrier.to_owned(), round, greatest, through, shaped_in]);
        }
    }
    table.print();
    Ok(())
}

/// Measures a connection between the networks of two processes.
fn between(from: u32, to: u32) -> Result<Measured> {
    let (to, from) = (network(to)?, network(from)?);
    let listener = thread::spawn(move || {
        setns(to, CloneFlags::CLONE_NEWNET)?;
        TcpListener::bind("0.0.0.0:0")
    });
    let listener = listener.join().map_err(|_| "a thread ended")??;
    let port = listener.local_addr()?.port();
    thread::spawn(move || links::answer(&listener));
    let dialling = thread::spawn(move || {
        setns(from, CloneFlags::CLONE_NEWNET)?;
        // The second node of a network has this address.
        links::measure(&format!("10.0.1.1:{port}"))
    });
    Ok(dialling.join().map_err(|_| "a thread ended")??)
}

fn network(process: u32) -> std::io::Result<File> {
    File::open(format!("/proc/{process}/ns/net"))
}
