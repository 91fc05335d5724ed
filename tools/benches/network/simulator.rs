//! The simulator: events a second beside a bare heap, memory, and whole commands.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tools::text::Source;
use tools::topology::{self, Graph};
use tools::world::sim::{Options, Sim};
use tools::world::{Event, NodeIndex, NodeSpec, OpId, Operation, Outcome, Value, World as _};

use crate::Result;
use crate::network::PROGRAM;
use crate::samples::{Samples, ms};
use crate::table::Table;

const SCENARIOS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios");
const TIMES: usize = 5;
/// The payload of an event in the heap of the comparison: as large as a frame and its destination.
type Payload = [u64; 6];

pub(crate) fn run(logs: &Path) -> Result<()> {
    writes()?;
    reach()?;
    commands(logs)
}

/// A network in virtual time, driven without a runner.
struct Network {
    world: Sim,
    nodes: usize,
    last: u64,
}

impl Network {
    /// Starts a network and wires it.
    fn new(topology: &str) -> Result<Self> {
        let graph = read(topology)?;
        let world = Sim::new(Options { seed: 1, ..Options::default() });
        let mut network = Self { world, nodes: graph.nodes().len(), last: 0 };
        let deadline = Duration::from_mins(1);
        network.all(graph.nodes().iter().enumerate().map(|(index, node)| {
            let name = node.name().to_owned();
            let spec = NodeSpec { name, driver: "native".to_owned(), ..NodeSpec::default() };
            Operation::Launch { node: NodeIndex(index), spec: Box::new(spec), deadline }
        }))?;
        network.all(graph.links().iter().map(|link| Operation::Wire {
            from: NodeIndex(link.from),
            to: NodeIndex(link.to),
            deadline,
        }))?;
        Ok(network)
    }

    /// Submits operations and waits until all have ended. Returns their outcomes in the order of their ends.
    fn all(&mut self, operations: impl Iterator<Item = Operation>) -> Result<Vec<Outcome>> {
        let first = self.last;
        for operation in operations {
            self.last += 1;
            self.world.submit(OpId(self.last), operation);
        }
        let mut outcomes = Vec::new();
        while (outcomes.len() as u64) < self.last - first {
            if let Event::Ended { outcome, .. } = self.world.next().event {
                if let Outcome::Failed { reason } | Outcome::Refused { message: reason, .. } = outcome {
                    return Err(reason.into());
                }
                outcomes.push(outcome);
            }
        }
        Ok(outcomes)
    }

    /// Writes a key at each of these nodes and waits until every node holds all of them.
    fn write(&mut self, writers: &[usize]) -> Result<()> {
        let deadline = Duration::from_hours(1);
        for writer in writers {
            self.last += 1;
            let words = vec!["set".to_owned(), format!("key{writer}"), "value".to_owned()];
            self.world.submit(
                OpId(self.last),
                Operation::Ask { node: NodeIndex(*writer), words, deadline, until: None },
            );
        }
        let mut digests = vec![String::new(); self.nodes];
        let mut counts = std::collections::BTreeMap::from([(String::new(), self.nodes)]);
        let mut acknowledged = 0;
        while acknowledged < writers.len() || counts.len() > 1 {
            match self.world.next().event {
                Event::Changed { node, change } => {
                    let before = std::mem::replace(&mut digests[node.0], change.digest.clone());
                    if let Some(count) = counts.get_mut(&before) {
                        *count -= 1;
                        if *count == 0 {
                            counts.remove(&before);
                        }
                    }
                    *counts.entry(change.digest).or_default() += 1;
                }
                Event::Ended { .. } => acknowledged += 1,
                Event::Runaway { reason } => return Err(reason.into()),
                _ => {}
            }
        }
        Ok(())
    }

    /// Returns the sum of a figure over all nodes.
    fn figure(&mut self, name: &str) -> Result<u64> {
        let words = vec!["stats".to_owned(), name.to_owned()];
        let deadline = Duration::from_hours(1);
        let asks = (0..self.nodes).map(|node| Operation::Ask {
            node: NodeIndex(node),
            words: words.clone(),
            deadline,
            until: None,
        });
        let outcomes = self.all(asks.collect::<Vec<_>>().into_iter())?;
        Ok(outcomes
            .iter()
            .filter_map(|outcome| match outcome {
                Outcome::Answered(answer) => match &answer.value {
                    Value::Json(number) => number.parse::<u64>().ok(),
                    _ => None,
                },
                _ => None,
            })
            .sum())
    }
}

/// Measures many writes at once, beside a bare heap.
fn writes() -> Result<()> {
    let mut table = Table::new(
        "simulator: writes until every node holds all, beside a bare heap of as many boxed events",
        &["", "events", "time", "events/s", "heap/s", "ratio", "duplicates/delivery"],
    );
    for (topology, writers) in
        [("random(10000, degree=6)", 1), ("random(10000, degree=6)", 100), ("random(1000, degree=6)", 1_000)]
    {
        let mut network = Network::new(topology)?;
        let writers: Vec<usize> = (0..writers).map(|n| n * network.nodes / writers).collect();
        let (events, began) = (network.world.events(), Instant::now());
        network.write(&writers)?;
        let (events, took) = (network.world.events() - events, began.elapsed());
        let floor = heap(events, network.world.peak() as u64);
        let (duplicates, received) = (network.figure("duplicates")?, network.figure("payloads_received")?);
        let rate = |took: Duration| events as f64 / took.as_secs_f64();
        table.row([
            format!("{topology}, {} writers", writers.len()),
            events.to_string(),
            ms(took),
            format!("{:.0}", rate(took)),
            format!("{:.0}", rate(floor)),
            format!("{:.1}", rate(floor) / rate(took)),
            format!("{:.3}", duplicates as f64 / (received - duplicates) as f64),
        ]);
    }
    table.print();
    Ok(())
}

/// Measures the memory of a node that is linked and at rest. This section runs first: later, memory that
/// other sections have freed would be used again, and would not be counted.
pub(crate) fn memory(_: &Path) -> Result<()> {
    let mut table = Table::new("simulator: memory of a network at rest", &["", "bytes/node"]);
    let topology = "random(10000, degree=6)";
    let before = resident()?;
    let network = Network::new(topology)?;
    let bytes = resident()?.saturating_sub(before) / network.nodes as u64;
    table.row([topology.to_owned(), bytes.to_string()]);
    table.print();
    Ok(())
}

/// Measures the time until a network is wired, and until one write is everywhere.
fn reach() -> Result<()> {
    let mut table = Table::new(
        "simulator: a network is started and wired, then a write reaches every node",
        &["", "events to wire", "start and wire", "reach"],
    );
    for topology in ["random(1000, degree=6)", "random(10000, degree=6)"] {
        let began = Instant::now();
        let mut network = Network::new(topology)?;
        let (wired, events) = (began.elapsed(), network.world.events());
        let began = Instant::now();
        network.write(&[0])?;
        table.row([topology.to_owned(), events.to_string(), ms(wired), ms(began.elapsed())]);
    }
    table.print();
    Ok(())
}

/// Measures whole commands, as a person types them.
fn commands(logs: &Path) -> Result<()> {
    let mut table = Table::new("simulator: whole commands", &["", "median", "max"]);
    let logs = logs.display().to_string();
    for (name, arguments) in [
        ("tools test scenarios/ --world sim", vec!["test", SCENARIOS, "--world", "sim", "--logs", &logs]),
        ("tools fuzz --seeds 1..200", vec!["fuzz", "--seeds", "1..200"]),
    ] {
        let mut samples = Samples::default();
        for _ in 0..TIMES {
            let began = Instant::now();
            let output = Command::new(PROGRAM).args(&arguments).stderr(Stdio::inherit()).output()?;
            samples.add(began.elapsed());
            if !output.status.success() {
                return Err(format!("{name}: {}", String::from_utf8_lossy(&output.stdout)).into());
            }
        }
        table.row([name.to_owned(), ms(samples.median()), ms(samples.greatest())]);
    }
    table.print();
    Ok(())
}

/// Returns the time of a bare binary heap for this many events, each pushed and popped once. The heap holds
/// as many events as waited in the simulator at most.
fn heap(events: u64, waiting: u64) -> Duration {
    let mut heap: BinaryHeap<Reverse<(u64, u64, Box<Payload>)>> = BinaryHeap::new();
    let mut draws = fastrand::Rng::with_seed(1);
    let mut push = |heap: &mut BinaryHeap<_>, now: u64, number: u64| {
        heap.push(Reverse((now + draws.u64(0..1_000_000), number, Box::new([number; 6]))));
    };
    let waiting = waiting.min(events);
    let began = Instant::now();
    for number in 0..waiting {
        push(&mut heap, 0, number);
    }
    for number in waiting..events {
        if let Some(Reverse((now, _, payload))) = heap.pop() {
            black_box(payload);
            push(&mut heap, now, number);
        }
    }
    while let Some(Reverse((_, _, payload))) = heap.pop() {
        black_box(payload);
    }
    began.elapsed()
}

/// Returns the memory that this process has in use, in bytes.
fn resident() -> Result<u64> {
    let status = std::fs::read_to_string("/proc/self/status")?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let number = line.and_then(|line| line.split_whitespace().next()).ok_or("the status tells VmRSS")?;
    Ok(number.parse::<u64>()? * 1024)
}

fn read(text: &str) -> Result<Graph> {
    let parsed = topology::parse(&Source::new("topology", text)).map_err(|wrong| wrong.to_string())?;
    Ok(parsed.graph)
}
