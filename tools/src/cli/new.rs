//! `tools new`: files to start from, with comments, that work as they are.

pub mod node_project;

use std::io::Write;

use clap::{Args, Subcommand, ValueEnum};

use super::exit::Exit;
use super::failure::Failure;

/// Print a file to start from: a scenario, the description of a driver, or the steps of a CI; or write a small node
#[derive(Debug, Clone, Args)]
#[command(after_help = "Such as: `tools new driver http > kv.toml`.")]
pub struct Arguments {
    /// The kind of file
    #[command(subcommand)]
    pub what: What,
}

/// The kinds of files.
#[derive(Debug, Clone, Subcommand)]
pub enum What {
    /// A scenario that passes
    Scenario,
    /// The description of a driver, for programs that are asked in this way
    Driver {
        /// The way in which a node is asked
        #[arg(value_enum)]
        kind: Asked,
    },
    #[expect(missing_docs, reason = "the help is that of its arguments")]
    Node(node_project::Arguments),
    /// The steps that run the scenarios of a repository in a CI
    Ci {
        /// The CI
        #[arg(value_enum)]
        service: Service,
    },
}

/// The ways in which a node is asked.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Asked {
    /// Over HTTP
    Http,
    /// By a program that is run for each request
    Exec,
}

/// The services that run CI.
#[derive(Debug, Clone, Copy, ValueEnum)]
pub enum Service {
    /// GitHub Actions
    Github,
    /// GitLab CI
    Gitlab,
}

/// Prints the file.
pub fn run(arguments: &Arguments, out: &mut dyn Write) -> Result<Exit, Failure> {
    let text = match &arguments.what {
        What::Node(arguments) => return node_project::run(arguments, out),
        What::Scenario => include_str!("new/scenario.scn"),
        What::Driver { kind: Asked::Http } => include_str!("new/http.toml"),
        What::Driver { kind: Asked::Exec } => include_str!("new/exec.toml"),
        What::Ci { service: Service::Github } => include_str!("new/github.yml"),
        What::Ci { service: Service::Gitlab } => include_str!("new/gitlab.yml"),
    };
    out.write_all(text.as_bytes())?;
    Ok(Exit::Held)
}
