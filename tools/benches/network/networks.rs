//! The cost of a network of its own for every node, in the kernel.

use std::path::Path;
use std::time::Instant;

use tools::world::netns;

use crate::Result;
use crate::network::Network;
use crate::samples::{Samples, ms};
use crate::table::Table;

/// The numbers of nodes, and the number of starts of each side.
const SIZES: [(usize, usize); 2] = [(100, 7), (500, 3)];

pub(crate) fn run(logs: &Path) -> Result<()> {
    if let Err(reason) = netns::able() {
        println!("networks in the kernel: skipped, {reason}\n");
        return Ok(());
    }
    let mut table = Table::new(
        "networks in the kernel: rings from spawn to ready and wired, median of several",
        &["nodes", "process", "netns", "ratio", "a node more", "ended in"],
    );
    for (nodes, times) in SIZES {
        let (mut shared, mut own, mut ended) = (Samples::default(), Samples::default(), Samples::default());
        let ring = format!("ring({nodes})");
        for _ in 0..times {
            shared.add(Network::start(&ring, logs)?.took);
            let network = Network::start_in_netns(&ring, logs)?;
            own.add(network.took);
            let began = Instant::now();
            drop(network);
            ended.add(began.elapsed());
        }
        let more = own.median().saturating_sub(shared.median()) / u32::try_from(nodes)?;
        table.row([
            nodes.to_string(),
            ms(shared.median()),
            ms(own.median()),
            format!("{:.2}", own.median().as_secs_f64() / shared.median().as_secs_f64()),
            format!("{:.2} ms", more.as_secs_f64() * 1e3),
            ms(ended.median()),
        ]);
    }
    table.print();
    Ok(())
}
