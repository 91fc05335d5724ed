//! The costs and the speed of a network: `cargo bench`, or `cargo bench -- NAME…` for some of the
//! [`SECTIONS`].
//!
//! Start-up is compared with a floor: bare WebSocket servers that a plain loop starts ([`floor`]). Both are
//! measured in turn, so that they see the same machine. Nothing is asserted: the figures are for people.
//! Ratios say more than times where other work shares the cores.

mod back;
mod byc;
mod clients;
mod described;
mod disk;
mod floor;
mod latency;
mod linearizability;
mod links;
mod memory;
mod network;
mod networks;
mod pages;
mod parsing;
mod payloads;
mod reconciliation;
mod repair;
mod rings;
mod router;
mod samples;
mod shapes;
mod simulator;
mod spread;
mod table;
mod throughput;
mod web;

use std::error::Error;
use std::path::Path;
use std::process::ExitCode;

use tempfile::TempDir;
use tokio::signal::unix::{SignalKind, signal};
use tools::world::process::raise_open_files;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// The number of nodes for which files may be open: the 1,000 of the largest network, and as many sockets
/// that watch them.
const NODES_MAX: usize = 2_000;

/// A section of the benchmark: its name, and its function, which gets a folder for logs.
type Section = (&'static str, fn(&Path) -> Result<()>);

const SECTIONS: &[Section] = &[
    ("simulator, memory", simulator::memory),
    ("rings", rings::run),
    ("spread", spread::run),
    ("payloads", payloads::run),
    ("latency", latency::run),
    ("throughput", throughput::run),
    ("links", links::run),
    ("netns", networks::run),
    ("shapes", shapes::run),
    ("router", router::run),
    ("byc", byc::run),
    ("described, http", described::http),
    ("described, adapters", described::adapters),
    ("described, etcd", described::etcd),
    ("web", web::run),
    ("linearizability", linearizability::run),
    ("disk", disk::run),
    ("repair", repair::run),
    ("reconciliation", reconciliation::run),
    ("parsing", parsing::run),
    ("simulator", simulator::run),
    ("back", back::run),
    ("pages, in process", pages::in_processes),
    ("pages and records", pages::run),
    ("pages, live", pages::live),
];

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match bench(&arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

fn bench(arguments: &[String]) -> Result<()> {
    // Arguments with a dash come from cargo.
    let words: Vec<&String> = arguments.iter().filter(|word| !word.starts_with('-')).collect();
    let chosen: Vec<&Section> = SECTIONS
        .iter()
        .filter(|(name, _)| words.is_empty() || words.iter().any(|word| name.contains(word.as_str())))
        .collect();
    if chosen.is_empty() {
        let names: Vec<&str> = SECTIONS.iter().map(|(name, _)| *name).collect();
        return Err(format!("nothing is called like that: there are {}", names.join(", ")).into());
    }
    raise_open_files(NODES_MAX)?;
    let logs = TempDir::with_prefix("tools-bench-")?;
    end_when_told(logs.path());
    for (_, run) in chosen {
        run(logs.path())?;
    }
    Ok(())
}

/// Ends this process and all processes that it started, after SIGINT or SIGTERM. A world handles these
/// signals itself, but not every section has a world that looks for them.
fn end_when_told(logs: &Path) {
    let logs = logs.to_owned();
    std::thread::spawn(move || {
        let told = async {
            let mut interrupt = signal(SignalKind::interrupt())?;
            let mut terminate = signal(SignalKind::terminate())?;
            tokio::select! {
                _ = interrupt.recv() => {}
                _ = terminate.recv() => {}
            }
            std::io::Result::Ok(())
        };
        let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build();
        if runtime.and_then(|runtime| runtime.block_on(told)).is_ok() {
            // Files that cannot be removed stay in a folder for temporary files.
            let _: std::io::Result<()> = std::fs::remove_dir_all(logs);
            // Floor nodes see the end of their standard input; the guards end all others.
            std::process::exit(130);
        }
    });
}
