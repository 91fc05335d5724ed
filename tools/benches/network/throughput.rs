//! The rate of writes that one client gets through one node without waiting for answers.

use std::path::Path;
use std::time::Duration;

use tokio::task::LocalSet;
use tokio::time::Instant;

use crate::Result;
use crate::clients::{ClientEvent, Clients};
use crate::network::Network;
use crate::table::Table;

const WRITES: usize = 20_000;
/// The number of writes that are under way at once.
const WINDOW: usize = 512;

pub(crate) fn run(logs: &Path) -> Result<()> {
    let mut table = Table::new(
        &format!("throughput: {WRITES} writes of new keys through one node, {WINDOW} under way"),
        &["network", "writes a second", "held by all"],
    );
    for topology in ["a", "a-b", "clique(3)"] {
        let network = Network::start(topology, logs)?;
        let addresses = network.addresses();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (acknowledged, held) = LocalSet::new().block_on(&runtime, write(&addresses))?;
        let rate = |took: Duration| format!("{:.0} /s", WRITES as f64 / took.as_secs_f64());
        table.row([topology.to_owned(), rate(acknowledged), rate(held)]);
    }
    table.print();
    Ok(())
}

/// Returns the times until all writes were acknowledged, and until every node held them.
async fn write(addresses: &[String]) -> Result<(Duration, Duration)> {
    let mut clients = Clients::watch(addresses).await?;
    let (mut sent, mut acknowledged, mut stored) = (0, 0, 0);
    let began = Instant::now();
    let (mut all_acknowledged, mut all_stored) = (began, began);
    while acknowledged < WRITES || stored < WRITES * addresses.len() {
        // Half of the window is refilled at a time, so that one flush sends many writes.
        if sent < WRITES && sent - acknowledged <= WINDOW / 2 {
            for _ in 0..(WINDOW / 2).min(WRITES - sent) {
                clients.feed(0, &format!("key{sent}")).await?;
                sent += 1;
            }
            clients.flush(0).await?;
        }
        match clients.next().await? {
            (_, ClientEvent::Answered { done: false }) => return Err("a write was refused".into()),
            (at, ClientEvent::Answered { done: true }) => {
                acknowledged += 1;
                all_acknowledged = at;
            }
            (at, ClientEvent::Stored { .. }) => {
                stored += 1;
                all_stored = at;
            }
        }
    }
    Ok((all_acknowledged - began, all_stored - began))
}
