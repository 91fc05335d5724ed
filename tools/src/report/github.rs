//! Reports for GitHub Actions: workflow commands that annotate the lines of scenarios.
//!
//! The runner of GitHub Actions reads the standard output of a step, and carries out each line that begins
//! with `::`, leading blanks aside. Lines for people quote strangers, who could write such lines. They stand
//! therefore between [`stop_commands`] and [`resume_commands`] with a token that strangers cannot guess.

use super::case::{Case, cases};
use super::sweep::Sweep;
use crate::run::{Report, Verdict};
use crate::text::readable;

/// Returns the line behind which the runner carries out no command, until [`resume_commands`].
#[must_use]
pub fn stop_commands(token: &str) -> String {
    format!("::stop-commands::{token}\n")
}

/// Returns the line behind which the runner carries out commands again.
#[must_use]
pub fn resume_commands(token: &str) -> String {
    format!("::{token}::\n")
}

/// Returns an annotation for each run that failed (an error) or was flaky and passed in the end (a warning).
/// All seeds of a scenario have one each that failed, of the first failing ones. `folder` is the folder of the
/// command below that of the repository, or empty: the runner looks for files from there.
#[must_use]
pub fn github(reports: &[Report], sweeps: &[Sweep], folder: &str) -> String {
    cases(reports, sweeps)
        .iter()
        .filter(|case| case.sweep.is_none())
        .filter_map(|case| annotation(case, folder))
        .collect()
}

fn annotation(case: &Case<'_>, folder: &str) -> Option<String> {
    let command = match &case.report.verdict {
        Verdict::Passed | Verdict::Skipped(_) => return None,
        Verdict::Flaky(_) if !case.counts_as_failed() => "warning",
        Verdict::Failed(_) | Verdict::Flaky(_) | Verdict::Broken(_) | Verdict::Interrupted => "error",
    };
    let title = format!("{} {}", case.name(), case.report.verdict.word());
    let mut properties = vec![("title", readable(&title))];
    match case.place() {
        Some(place) => properties.extend([
            ("file", below(folder, place.file)),
            ("line", place.line.to_string()),
            ("col", place.column.to_string()),
            ("endColumn", place.end_column.to_string()),
        ]),
        None => properties.push(("file", below(folder, &case.report.file))),
    }
    let properties: Vec<String> =
        properties.iter().map(|(name, value)| format!("{name}={}", escaped_property(value))).collect();
    let mut message = readable(&case.reason()?);
    for (name, text) in findings(case.report) {
        message += &format!("\n{}: {}", readable(name), readable(text));
    }
    message += &format!("\nagain: {}", readable(&case.again()));
    Some(format!("::{command} {}::{}\n", properties.join(","), escaped_data(&message)))
}

/// The most nodes that an annotation names. Chosen: an annotation is a few lines beside the code.
const NODES_SHOWN: usize = 3;

/// Returns the first nodes that did not fit, each with its content.
fn findings(report: &Report) -> impl Iterator<Item = (&str, &str)> {
    let findings = report.verdict.failure().map_or(&[][..], |failure| &failure.findings);
    let wrong = findings.iter().filter(|finding| !finding.fits).take(NODES_SHOWN);
    wrong.map(|finding| (finding.node.as_str(), finding.held.lines().next().unwrap_or_default()))
}

/// Returns the path of a file as seen from the folder of the repository.
fn below(folder: &str, file: &str) -> String {
    let file = readable(file.strip_prefix("./").unwrap_or(file));
    if folder.is_empty() || file.starts_with('/') { file } else { format!("{folder}/{file}") }
}

/// Returns a text as the data of a command.
fn escaped_data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Returns a text as the value of a command's property.
fn escaped_property(text: &str) -> String {
    escaped_data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests;
