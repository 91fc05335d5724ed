//! The time from a `set` to the last node that holds the write, by the nodes' own notices.

use std::path::Path;

use tokio::task::LocalSet;

use crate::Result;
use crate::clients::Clients;
use crate::network::Network;
use crate::samples::{Samples, ms};
use crate::table::Table;

/// The number of writes in which the nodes find the fastest links, before the measured ones.
const WARM_UP: usize = 30;
/// The number of writes that are measured.
const WRITES: usize = 200;

pub(crate) fn run(logs: &Path) -> Result<()> {
    let mut table = Table::new(
        &format!("spread: from a set to the last node holding it, {WRITES} writes after warm-up"),
        &["network", "written at", "median", "max"],
    );
    for topology in ["line(26)", "random(100, degree=4)"] {
        let network = Network::start(topology, logs)?;
        let addresses = network.addresses();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let rows = LocalSet::new().block_on(&runtime, async {
            let mut clients = Clients::watch(&addresses).await?;
            let first = series(&mut clients, "first", |_| 0).await?;
            // A step that has no divisor in common with 26 or 100 visits every node.
            let all = series(&mut clients, "all", |write| write * 7 % addresses.len()).await?;
            Result::Ok([("the first", first), ("each in turn", all)])
        })?;
        for (place, samples) in rows {
            table.row([topology.to_owned(), place.to_owned(), ms(samples.median()), ms(samples.greatest())]);
        }
    }
    table.print();
    Ok(())
}

/// Makes writes one after another. Returns the time of each but the first [`WARM_UP`].
async fn series(clients: &mut Clients, name: &str, place: impl Fn(usize) -> usize) -> Result<Samples> {
    let mut samples = Samples::default();
    for write in 0..WARM_UP + WRITES {
        let took = clients.spread(place(write), &format!("{name}{write}")).await?;
        if write >= WARM_UP {
            samples.add(took);
        }
    }
    Ok(samples)
}
