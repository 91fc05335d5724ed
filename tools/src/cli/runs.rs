//! `tools runs`: lists the runs that the index of a folder of logs has.

use std::io::{self, Write};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use super::exit::Exit;
use super::failure::Failure;
use super::run_index::{self, RunEntry};
use super::since::Since;
use super::table;
use crate::report::seconds;
use crate::text::{io_cause, utc_seconds};

/// List the runs of `tools test` and `tools maelstrom`: when, what, verdict, duration, seed
#[derive(Debug, Clone, Args)]
#[command(
    after_help = "Examples:\n  tools runs --failed --since 1d\n  tools report $(tools runs --json | jq -r .[-1].folder)"
)]
pub struct Arguments {
    /// List only runs that began since then: an age such as `2h` or `3d`, a day, or a moment
    /// (`2026-11-30T12:00`, UTC)
    #[arg(long, value_name = "WHEN")]
    pub since: Option<Since>,

    /// List only runs that did not pass
    #[arg(long)]
    pub failed: bool,

    /// Print JSON: a list with an object for each run
    #[arg(long)]
    pub json: bool,

    /// The folder of logs
    #[arg(long, value_name = "FOLDER", default_value = "logs")]
    pub logs: PathBuf,
}

/// Prints the list, the newest run last.
pub fn run(arguments: &Arguments, out: &mut dyn Write, err: &mut dyn Write) -> Result<Exit, Failure> {
    let logs = arguments.logs.display();
    let index = match run_index::read(&arguments.logs) {
        Ok(index) => index,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            return Err(Failure::usage(format!("no run is recorded in {logs}"))
                .help("`tools test` records each run there; --logs names another folder"));
        }
        Err(error) => {
            return Err(Failure::environment(format!(
                "cannot read the runs in {logs}: {}",
                io_cause(&error)
            ))
            .help("--logs names another folder"));
        }
    };
    let did_not_pass = |entry: &RunEntry| !matches!(entry.verdict.as_str(), "passed" | "skipped");
    let mut entries = index.entries;
    entries.retain(|entry| arguments.since.is_none_or(|since| since.includes(entry.began_ms)));
    entries.retain(|entry| !arguments.failed || did_not_pass(entry));
    entries.sort_by_key(|entry| entry.began_ms);
    if index.damaged > 0 {
        let (count, lines) = (index.damaged, if index.damaged == 1 { "line" } else { "lines" });
        writeln!(err, "warning: {count} damaged {lines} of {logs}/runs.jsonl passed over")?;
    }
    if arguments.json {
        writeln!(out, "{}", serde_json::to_string_pretty(&entries)?)?;
    } else if entries.is_empty() {
        writeln!(out, "no such run")?;
    } else {
        write!(out, "{}", table(&entries))?;
    }
    Ok(Exit::Held)
}

fn table(entries: &[RunEntry]) -> String {
    let header =
        ["WHEN", "VERDICT", "SCENARIO", "WORLD", "SEED", "TIME", "FOLDER"].map(str::to_owned).to_vec();
    let rows = entries.iter().map(|entry| {
        vec![
            entry.began_ms.map_or_else(|| "-".to_owned(), |ms| utc_seconds(ms) + "Z"),
            entry.verdict.clone(),
            entry.scenario.clone(),
            entry.world.clone(),
            entry.seed.to_string(),
            seconds(Duration::from_millis(entry.duration_ms)),
            entry.folder.clone(),
        ]
    });
    let rows: Vec<Vec<String>> = std::iter::once(header).chain(rows).collect();
    table::align(&rows)
}
