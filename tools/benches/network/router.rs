//! The router, which carries the messages of Maelstrom nodes: messages a second, and the start of many
//! nodes.

use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::json;

use crate::Result;
use crate::floor;
use crate::network::Network;
use crate::samples::{Samples, ms};
use crate::table::Table;

/// The numbers of messages under way between the two nodes, one for each measurement.
const BALLS: [u64; 3] = [1, 16, 256];
/// The time for which messages are counted.
const SPAN: Duration = Duration::from_secs(2);
/// The number of measurements of each side.
const TIMES: usize = 5;
/// The number of Python nodes that are started.
const NODES: usize = 25;
const PYTHON_NODE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/maelstrom/broadcast.py");

pub(crate) fn run(logs: &Path) -> Result<()> {
    carried(logs)?;
    ready(logs)
}

fn carried(logs: &Path) -> Result<()> {
    let program = floor::build("ball")?;
    let mut table = Table::new(
        "router: messages a second between two nodes, median of several",
        &["under way", "bare pipes", "the router", "ratio"],
    );
    for balls in BALLS {
        let (mut bare, mut ours) = (Vec::new(), Vec::new());
        for _ in 0..TIMES {
            bare.push(pumped(&program, balls)?);
            ours.push(routed(&program, balls, logs)?);
        }
        let [bare, ours] = [median(bare), median(ours)];
        table.row([
            balls.to_string(),
            format!("{bare:.0}"),
            format!("{ours:.0}"),
            format!("{:.2}", bare / ours),
        ]);
    }
    table.print();
    Ok(())
}

fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

/// Returns the messages a second that the router carries.
fn routed(program: &Path, balls: u64, logs: &Path) -> Result<f64> {
    let steps = format!("network a-b\na: echo {balls}\nmeasure play {{ wait {}ms }}\n", SPAN.as_millis());
    let measures = Network::measures_of("maelstrom", &program.display().to_string(), &steps, logs)?;
    let figures = &measures.first().ok_or("one thing is measured")?.1;
    Ok(figures["messages"] / figures["duration"])
}

/// Returns the messages a second that two threads carry without reading them.
fn pumped(program: &Path, balls: u64) -> Result<f64> {
    let mut nodes = [Bare::start(Command::new(program))?, Bare::start(Command::new(program))?];
    for (number, node) in nodes.iter_mut().enumerate() {
        node.say(number, &json!({ "type": "init", "msg_id": 1, "node_id": format!("n{number}") }))?;
        node.hear()?;
    }
    nodes[0].say(0, &json!({ "type": "serve", "echo": balls }))?;
    let [one, other] = nodes;
    let ball = Arc::new(AtomicU64::new(0));
    let Bare { child: mut one_child, input: one_input, output: one_output } = one;
    let Bare { child: mut other_child, input: other_input, output: other_output } = other;
    let pumps = [pump(one_output, other_input, &ball), pump(other_output, one_input, &ball)];
    let length = 53 + 64;
    let before = ball.load(Ordering::Relaxed);
    let began = Instant::now();
    thread::sleep(SPAN);
    let carried = ball.load(Ordering::Relaxed) - before;
    let took = began.elapsed();
    for child in [&mut one_child, &mut other_child] {
        child.kill()?;
        child.wait()?;
    }
    for pump in pumps {
        pump.join().map_err(|_| "a pump broke")?;
    }
    Ok(carried as f64 / f64::from(length) / took.as_secs_f64())
}

/// Carries bytes from one node to the other until there are no more.
fn pump(
    mut from: BufReader<ChildStdout>,
    mut to: ChildStdin,
    carried: &Arc<AtomicU64>,
) -> thread::JoinHandle<()> {
    let carried = Arc::clone(carried);
    thread::spawn(move || {
        let mut buffer = vec![0; 1 << 16];
        while let Ok(count @ 1..) = from.read(&mut buffer) {
            if to.write_all(&buffer[..count]).is_err() {
                break;
            }
            carried.fetch_add(count as u64, Ordering::Relaxed);
        }
    })
}

/// A program of the protocol that the benchmark starts without the harness.
struct Bare {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Bare {
    fn start(mut command: Command) -> Result<Self> {
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
        let input = child.stdin.take().ok_or("a pipe was asked for")?;
        let output = child.stdout.take().ok_or("a pipe was asked for")?;
        Ok(Self { child, input, output: BufReader::new(output) })
    }

    fn say(&mut self, number: usize, body: &serde_json::Value) -> io::Result<()> {
        let message = json!({ "src": "c-bench", "dest": format!("n{number}"), "body": body });
        self.input.write_all(format!("{message}\n").as_bytes())
    }

    fn hear(&mut self) -> io::Result<String> {
        let mut line = String::new();
        self.output.read_line(&mut line)?;
        Ok(line)
    }
}

/// Measures starts: from the first spawn until all nodes have answered `init` and `topology`.
fn ready(logs: &Path) -> Result<()> {
    let python = |program: &str| {
        let mut command = Command::new("python3");
        command.arg(program);
        command
    };
    if !Path::new(PYTHON_NODE).exists() || Command::new("python3").arg("--version").output().is_err() {
        println!("\nrouter: nodes in Python are left out, since there is no python3");
        return Ok(());
    }
    let (mut bare, mut ours) = (Samples::default(), Samples::default());
    let ids: Vec<String> = (0..NODES).map(|number| format!("n{number}")).collect();
    let topology: serde_json::Map<String, serde_json::Value> =
        ids.iter().map(|id| (id.clone(), json!(ids))).collect();
    for _ in 0..TIMES {
        let began = Instant::now();
        let mut nodes = (0..NODES).map(|_| Bare::start(python(PYTHON_NODE))).collect::<Result<Vec<_>>>()?;
        for (number, node) in nodes.iter_mut().enumerate() {
            let id = &ids[number];
            node.say(number, &json!({ "type": "init", "msg_id": 1, "node_id": id, "node_ids": ids }))?;
            node.say(number, &json!({ "type": "topology", "msg_id": 2, "topology": topology }))?;
        }
        for node in &mut nodes {
            node.hear()?;
            node.hear()?;
        }
        bare.add(began.elapsed());
        for node in &mut nodes {
            node.child.kill()?;
            node.child.wait()?;
        }
        let exec = format!("python3 {}", PathBuf::from(PYTHON_NODE).display());
        let network = Network::start_of("maelstrom", &exec, &format!("clique({NODES})"), logs)?;
        ours.add(network.took);
        drop(network);
    }
    let mut table = Table::new(
        &format!("router: {NODES} nodes in Python, from spawn to ready, median of several"),
        &["bare", "ours", "ratio"],
    );
    let ratio = ours.median().as_secs_f64() / bare.median().as_secs_f64();
    table.row([ms(bare.median()), ms(ours.median()), format!("{ratio:.2}")]);
    table.print();
    Ok(())
}
