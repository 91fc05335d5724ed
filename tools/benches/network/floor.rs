//! The floor: the cost of as many bare processes that speak WebSocket, on the same machine.
//!
//! A plain loop starts bare servers (`floor_node.rs`). Each prints its port, reads the port of the next, and
//! connects to it. They are a program of their own, linked as `tools` is, so that nothing of the benchmark
//! blurs the floor. `cargo bench` builds no examples, so the program is built here.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};

use crate::Result;
use crate::network::PROGRAM;

/// The line by which a node reports that it has connected to the next.
const WIRED: &str = "wired";

/// Bare servers, wired in a ring. They end when this is dropped: their standard input ends.
pub(crate) struct Ring {
    nodes: Vec<(Child, Option<ChildStdin>, BufReader<ChildStdout>)>,
}

/// Builds a program of the benchmark and returns its path.
pub(crate) fn build(name: &str) -> Result<PathBuf> {
    let manifest = concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml");
    let folder = Path::new(PROGRAM).parent().ok_or("a program lies in a folder")?;
    let arguments = ["build", "--quiet", "--example", name, "--manifest-path", manifest];
    let mut build = Command::new(env!("CARGO"));
    build.args(arguments);
    // It is built as the program is: `cargo bench --profile dev` is quick to build, and its figures are low.
    if folder.ends_with("release") {
        build.arg("--release");
    }
    if !build.status()?.success() {
        return Err(format!("the program `{name}` could not be built").into());
    }
    Ok(folder.join("examples").join(name))
}

impl Ring {
    /// Starts this many servers and waits until each is connected to the next.
    pub(crate) fn start(program: &Path, nodes: usize) -> Result<Self> {
        let mut ring = Self { nodes: Vec::with_capacity(nodes) };
        for _ in 0..nodes {
            let mut child = Command::new(program).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
            let stdin = child.stdin.take();
            let stdout = child.stdout.take().ok_or("a pipe was asked for")?;
            ring.nodes.push((child, stdin, BufReader::new(stdout)));
        }
        let ports = ring.nodes.iter_mut().map(|(.., out)| line(out)).collect::<Result<Vec<_>>>()?;
        let next = ports.iter().cycle().skip(1);
        for ((_, stdin, _), port) in ring.nodes.iter_mut().zip(next) {
            writeln!(stdin.as_mut().ok_or("a pipe was asked for")?, "{port}")?;
        }
        for (.., out) in &mut ring.nodes {
            let said = line(out)?;
            if said != WIRED {
                return Err(format!("a node of the floor said `{said}`").into());
            }
        }
        Ok(ring)
    }

    /// Returns the process ids.
    pub(crate) fn processes(&self) -> Vec<u32> {
        self.nodes.iter().map(|(child, ..)| child.id()).collect()
    }
}

impl Drop for Ring {
    fn drop(&mut self) {
        for (_, stdin, _) in &mut self.nodes {
            stdin.take();
        }
        for (child, ..) in &mut self.nodes {
            // The child ends by itself, but the system keeps its entry until it is waited for.
            let _: io::Result<_> = child.wait();
        }
    }
}

fn line(from: &mut BufReader<ChildStdout>) -> Result<String> {
    let mut line = String::new();
    match from.read_line(&mut line)? {
        0 => Err("a node of the floor ended too soon".into()),
        _ => Ok(line.trim_end().to_owned()),
    }
}
