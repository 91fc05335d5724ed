//! Redaction of output: parts that differ from run to run are replaced by names, so that the rest is
//! compared exactly.

use std::path::Path;
use std::sync::LazyLock;

use regex::{Captures, Regex};

use crate::ports::{BLOCK, Ports};

/// A redactor of a story's folder and ports, and of all times, process ids, stamps and drawn ids.
pub(crate) struct Redactor {
    folder: String,
    first_port: Option<u16>,
}

/// The patterns and their replacements, in the order in which they are applied.
static RULES: LazyLock<Vec<(Regex, &str)>> = LazyLock::new(|| {
    [
        // Moments and durations that were measured, but not those that a scenario gives.
        (r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d+Z", "[when]"),
        (r"\b(ready in|since|when:) [0-9.]+ m?s\b", "$1 [time]"),
        (r"\bsince \[time\] to [0-9.]+ m?s\b", "since [time]"),
        (r"\b(after waiting) [0-9.]+ m?s\b", "$1 [time]"),
        (r"\b(not ready within) [0-9.]+ m?s\b", "$1 [time]"),
        (r"\b(acknowledged by \S+ at) [0-9.]+ m?s\b", "$1 [time]"),
        (r"(?m)^(\S+ \S+) [0-9.]+ s ·", "$1 [time] ·"),
        (r"\([0-9.]+ s\), seed", "([time]), seed"),
        (r"[0-9.]+ simulated seconds in [0-9.]+ s\b", "[time] simulated in [time]"),
        (r"\bseed(s?) [0-9]{2,}\b", "seed$1 [seed]"),
        (r"--seed [0-9]{2,}\b", "--seed [seed]"),
        // Stamps and ids.
        (r"\b\d{13}\.\d+\b", "[stamp]"),
        (r"\b[0-9a-f]{64}\b", "[digest]"),
        (r"\bid [0-9a-f]{32}\b", "id [id]"),
        (r"\bnetwork [0-9a-f]{16}\b", "network [network]"),
        // Ports that the harness chose, and process ids.
        (r"127\.0\.0\.1:[1-9]\d+", "127.0.0.1:[port]"),
        (r"(?m)^(\S+ +\[port\+\d+\]) +\d+ ", "$1  [pid]  "),
        (r"\bprocess \d+", "process [pid]"),
    ]
    .into_iter()
    .map(|(pattern, name)| (Regex::new(pattern).expect("a pattern"), name))
    .collect()
});

impl Redactor {
    pub(crate) fn new(folder: &Path, ports: Option<&Ports>) -> Self {
        Self { folder: folder.display().to_string(), first_port: ports.map(Ports::first) }
    }

    pub(crate) fn redact(&self, text: &str) -> String {
        static NUMBER: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\b\d{4,5}\b").expect("a pattern"));
        let text = text.replace(&self.folder, "[folder]");
        let mut text = NUMBER
            .replace_all(&text, |number: &Captures<'_>| {
                let port: Option<u16> = number[0].parse().ok();
                let place = port.zip(self.first_port).and_then(|(port, first)| port.checked_sub(first));
                match place {
                    Some(place) if place < BLOCK => format!("[port+{place}]"),
                    _ => number[0].to_owned(),
                }
            })
            .into_owned();
        for (pattern, name) in RULES.iter() {
            text = pattern.replace_all(&text, *name).into_owned();
        }
        text.split_inclusive('\n').map(narrow).collect()
    }
}

/// Separates the cells of a table row by two blanks, because the width of a column depends on what was
/// redacted.
fn narrow(line: &str) -> String {
    let is_row = line.starts_with("NODE ") || line.contains("  [pid]  ");
    if !is_row {
        return line.to_owned();
    }
    let cells = line.split("  ").map(str::trim_start).filter(|cell| !cell.is_empty());
    cells.collect::<Vec<_>>().join("  ")
}

#[track_caller]
fn check(text: &str, expected: &str) {
    let redactor = Redactor { folder: "/tmp/x".to_owned(), first_port: Some(4_096) };
    crate::story::same("the text", &redactor.redact(text), expected);
}

#[test]
fn measured_values_are_redacted_and_given_values_stay() {
    check("a     4097  31337  b c   /tmp/x/logs/a.log", "a  [port+1]  [pid]  b c  [folder]/logs/a.log");
    check("3 nodes and 3 links ready in 27 ms", "3 nodes and 3 links ready in [time]");
    check("ok sync 0.41 s · 3 nodes", "ok sync [time] · 3 nodes");
    check("expected == 1 within 5 s", "expected == 1 within 5 s");
    check("after the run began, after waiting 5 s", "after the run began, after waiting [time]");
    check("c, d  1  since 0.11 s to 2 s", "c, d  1  since [time]");
}
