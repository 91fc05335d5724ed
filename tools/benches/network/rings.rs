//! Rings: the time from the first spawn to ready and wired, and the memory of each node.

use std::path::Path;
use std::time::Instant;

use crate::Result;
use crate::floor::{self, Ring};
use crate::memory::Memory;
use crate::network::Network;
use crate::samples::{Samples, ms};
use crate::table::Table;

/// The numbers of nodes, and the number of starts of each side.
const SIZES: [(usize, usize); 3] = [(26, 15), (100, 9), (1_000, 5)];

pub(crate) fn run(logs: &Path) -> Result<()> {
    let mut start = Table::new(
        "rings: from spawn to ready and wired, median of several",
        &["nodes", "floor", "ours", "ratio", "least", "least", "ratio", "ended in"],
    );
    let mut weight = Table::new(
        "rings: memory of a node, idle (mean)",
        &["nodes", "", "PSS", "of it heap, stack", "of it files", "private dirty"],
    );
    let floor_program = floor::build("floor")?;
    for (nodes, times) in SIZES {
        let (mut floor, mut ours, mut ended) = (Samples::default(), Samples::default(), Samples::default());
        for time in 1..=times {
            let began = Instant::now();
            let ring = Ring::start(&floor_program, nodes)?;
            floor.add(began.elapsed());
            if time == times {
                weigh(&mut weight, nodes, "floor", &ring.processes())?;
            }
            drop(ring);

            let network = Network::start(&format!("ring({nodes})"), logs)?;
            ours.add(network.took);
            if time == times {
                weigh(&mut weight, nodes, "ours", &network.processes())?;
            }
            let began = Instant::now();
            drop(network);
            ended.add(began.elapsed());
        }
        let ratio = |ours: std::time::Duration, floor: std::time::Duration| {
            format!("{:.2}", ours.as_secs_f64() / floor.as_secs_f64())
        };
        start.row([
            nodes.to_string(),
            ms(floor.median()),
            ms(ours.median()),
            ratio(ours.median(), floor.median()),
            ms(floor.least()),
            ms(ours.least()),
            ratio(ours.least(), floor.least()),
            ms(ended.median()),
        ]);
    }
    start.print();
    weight.print();
    Ok(())
}

fn weigh(table: &mut Table, nodes: usize, whose: &str, processes: &[u32]) -> Result<()> {
    let cells = Memory::idle(processes)?.cells();
    table.row([nodes.to_string(), whose.to_owned()].into_iter().chain(cells));
    Ok(())
}
