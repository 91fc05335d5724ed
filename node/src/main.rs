//! The node as a program of its own; `tools node` is the same thing.

use std::process::ExitCode;

use clap::Parser;
use node::net::{Arguments, run};

/// A peer-to-peer replicated key-value node
#[derive(Parser)]
#[command(name = "node", version)]
struct CommandLine {
    #[command(flatten)]
    arguments: Arguments,
}

fn main() -> ExitCode {
    run(&CommandLine::parse().arguments)
}
