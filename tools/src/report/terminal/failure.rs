//! The failure of a scenario, for a person who does not know it, and no longer than a person reads.

use std::time::Duration;

use super::compared::shared;
use crate::report::style::Style;
use crate::report::table::{Side, pad, widest};
use crate::report::wording::{again, count, indented, is_virtual, lines_of, names, quoted, seconds};
use crate::run::{Attempts, Failure, FailureKind, Finding, Law, Report, Verdict};
use crate::text::{Diagnostic, readable};

/// The most different answers that are shown. Chosen, as the bounds below: a failure fits on a screen.
const HELD_SHOWN: usize = 12;
/// The most nodes that are named beside one answer.
const NAMES_SHOWN: usize = 6;
/// The most nodes with a fitting answer that are shown one by one.
const FITTING_SHOWN: usize = 3;
/// The most lines of one answer that are shown.
const LINES_SHOWN: usize = 6;
/// The greatest width of the answers, in columns; the text behind them begins there.
const HELD_WIDTH: usize = 48;
/// The most attempts that are listed.
const ATTEMPTS_SHOWN: usize = 6;
/// The most excused writes that are listed.
const EXCUSED_SHOWN: usize = 20;

/// Describes a failure: its place, the expectation, what each node held instead and since when, the
/// differences between nodes, the ends of the logs that matter, and the command that repeats the run. Empty
/// for a run that did not fail. Times count from the run's beginning.
///
/// ```text
/// sync failed: expected `== Reimert` within 5 s
///  --> scenarios/sync.scn:5:1
///  5 | expect all: get nom == Reimert within 5s
///    | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
///    = when: 5.12 s after the run began, after waiting 5 s
///
///   nodes
///     c, d  Reinert  since 0.11 s
///     24 others as expected
///   …
///   logs    logs/NAME.log, logs/NAME.err; merged: tools logs --err --logs logs
///   record  logs/run.jsonl
///   again   tools test scenarios/sync.scn --seed 417
/// ```
#[must_use]
pub fn failure(report: &Report, style: Style) -> String {
    let Some(failure) = report.verdict.failure() else { return String::new() };
    let came_out = match (&report.verdict, &report.attempts) {
        (Verdict::Broken(_), _) => "could not be run".to_owned(),
        (Verdict::Flaky(_), Some(made)) => {
            format!("failed in {} of {}", made.failed + made.broken, count(made.count(), "attempt"))
        }
        _ => "failed".to_owned(),
    };
    let subject = format!("{} {came_out}:", readable(&report.scenario));
    let mut lines = failure_lines(&subject, Some(&report.file), failure, style);
    let excused = excused(report, style);
    if !excused.is_empty() {
        lines.push(String::new());
        lines.extend(excused.lines().map(|line| format!("  {line}")));
    }
    lines.push(String::new());
    if let Some(logs) = &report.logs {
        let logs = logs.trim_end_matches('/');
        // In virtual time a node has no standard error.
        let merged = |flag: &str| format!("merged: tools logs {flag}--logs {}", quoted(logs));
        let (logs, title) = (readable(logs), style.faint("logs"));
        lines.push(if is_virtual(&report.world) {
            format!("  {title}    {logs}/NAME.log; {}", merged(""))
        } else {
            format!("  {title}    {logs}/NAME.log, {logs}/NAME.err; {}", merged("--err "))
        });
        lines.push(format!("  {}  {logs}/run.jsonl", style.faint("record")));
    }
    if let Some(made) = &report.attempts {
        lines.extend(attempts(made, style));
        if made.contrast.compares() {
            lines.extend(shared(&made.contrast, "the failing attempts", "attempt", style));
        }
    }
    lines.push(format!("  {}   {}", style.faint("again"), again(report)));
    lines.push(String::new());
    lines.join("\n")
}

/// Returns a line for each attempt that did not pass: the reason, and the folder of its logs.
fn attempts(made: &Attempts, style: Style) -> Vec<String> {
    let shown = made.failures.iter().take(ATTEMPTS_SHOWN).filter_map(|attempt| {
        let failure = attempt.verdict.failure()?;
        let logs = attempt.logs.as_ref().map(|logs| format!("; {}", readable(logs)));
        let message = readable(failure.message.lines().next().unwrap_or_default());
        Some(format!("  {} {message}{}", style.faint("attempt"), logs.unwrap_or_default()))
    });
    let mut lines: Vec<String> = shown.collect();
    let all = made.failed + made.broken;
    if let Some(more) = all.checked_sub(lines.len() as u64).filter(|more| *more > 0) {
        lines.push(format!("  {}", style.faint(format!("and {more} more"))));
    }
    lines
}

/// Describes a failure outside of scenarios: of a step done by hand, or of a network that did not come up.
/// Ends without a newline.
#[must_use]
pub fn explain(failure: &Failure, style: Style) -> String {
    failure_lines("error:", None, failure, style).join("\n")
}

/// Returns the lines of a failure: its opening, the content of each node, the differences, and the ends of
/// logs.
fn failure_lines(subject: &str, file: Option<&str>, failure: &Failure, style: Style) -> Vec<String> {
    let mut lines = opening(subject, file, failure, style);
    let sections = [
        ("nodes", nodes(&failure.findings, failure.kind != FailureKind::NotAsked, style)),
        (differences_title(failure), failure.differences.iter().flat_map(|text| lines_of(text)).collect()),
    ];
    for (title, section) in sections {
        add_section(&mut lines, title, section, style);
    }
    for log in &failure.logs {
        let title = format!("{}'s log", readable(&log.node));
        let section = log.lines.iter().map(|line| style.faint(readable(line))).collect();
        add_section(&mut lines, &title, section, style);
    }
    lines
}

/// Lists the acknowledged writes that no node answers for any more; empty if there are none.
#[must_use]
pub fn excused(report: &Report, style: Style) -> String {
    let excused = &report.excused;
    if excused.is_empty() {
        return String::new();
    }
    let number = count(excused.len() as u64, "acknowledged write");
    let title = format!("excused: {number}, known only to nodes that ended without a disk");
    let mut lines = vec![style.neither(title)];
    lines.extend(excused.iter().take(EXCUSED_SHOWN).map(|line| format!("  {}", readable(line))));
    if excused.len() > EXCUSED_SHOWN {
        lines.push(format!("  … and {} more", excused.len() - EXCUSED_SHOWN));
    }
    lines.push(String::new());
    lines.join("\n")
}

/// Returns the failure's message, its place, its time and the remedy.
fn opening(subject: &str, file: Option<&str>, failure: &Failure, style: Style) -> Vec<String> {
    let (first, rest) = failure.message.split_once('\n').unwrap_or((&failure.message, ""));
    let mut lines = vec![format!("{} {}", style.bad(subject), style.strong(readable(first)))];
    lines.extend(rest.lines().map(|line| indented(line, 4)));
    let digits = if let Some(at) = &failure.at {
        // The first line of a diagnostic is its message, which stands above.
        let diagnostic = Diagnostic::error(&at.source, at.span, "").to_string();
        let mut shown = diagnostic.lines().skip(1).map(str::to_owned);
        lines.extend(shown.next().map(|place| style.faint(place)));
        lines.extend(shown.next());
        lines.extend(shown.next().map(|caret| match caret.split_once('^') {
            Some((indent, _)) => format!("{indent}{}", style.bad(&caret[indent.len()..])),
            None => caret,
        }));
        at.source.place(at.span).line.to_string().len()
    } else {
        lines.extend(file.map(|file| style.faint(format!(" --> {}", readable(file)))));
        1
    };
    let margin = " ".repeat(digits + 2);
    if let Some(law) = failure.law {
        lines.push(format!("{margin}= law: {law}"));
    }
    let waited = match failure.waited {
        Some(waited) => format!(", after waiting {}", seconds(waited)),
        None => String::new(),
    };
    let when = seconds(failure.when);
    lines.push(format!("{margin}= when: {when} after the run began{waited}"));
    if let Some(help) = &failure.help {
        let mut help = help.lines();
        lines.push(format!("{margin}= help: {}", readable(help.next().unwrap_or_default())));
        lines.extend(help.map(|line| indented(line, margin.len() + 2)));
    }
    lines
}

fn differences_title(failure: &Failure) -> &'static str {
    match failure.kind {
        _ if failure.law.is_some_and(|law| !matches!(law, Law::Convergence | Law::NothingLost)) => "evidence",
        FailureKind::Timeout => "under way",
        FailureKind::End if failure.findings.is_empty() => "missing",
        _ => "how they differ",
    }
}

fn add_section(lines: &mut Vec<String>, title: &str, section: Vec<String>, style: Style) {
    if section.is_empty() {
        return;
    }
    lines.push(String::new());
    lines.push(format!("  {}", style.strong(title)));
    lines.extend(section.into_iter().map(|line| format!("    {line}")));
}

/// A group of nodes with the same content.
struct Group<'a> {
    nodes: Vec<&'a str>,
    held: &'a str,
    fits: bool,
    /// The earliest and the latest time since which they have held it.
    since: Option<(Duration, Duration)>,
}

/// Lists the content of nodes, those with the same content on one line; first the content that does not fit.
/// If no node is to blame, the lines do not say which content fits.
fn nodes(findings: &[Finding], blames: bool, style: Style) -> Vec<String> {
    let fitting = findings.iter().filter(|finding| blames && finding.fits).count();
    let apart: Vec<&Finding> =
        findings.iter().filter(|finding| !finding.fits || fitting <= FITTING_SHOWN).collect();
    let groups = groups(&apart);
    let (shown, hidden) = groups.split_at(groups.len().min(HELD_SHOWN));
    let named: Vec<String> = shown.iter().map(|group| readable(&names(&group.nodes, NAMES_SHOWN))).collect();
    let names_width = widest(named.iter().map(String::as_str));
    let held: Vec<Vec<String>> = shown.iter().map(|group| held_lines(group.held)).collect();
    let held_width = widest(held.iter().flatten().map(String::as_str)).min(HELD_WIDTH);
    let mut lines = Vec::new();
    for ((group, named), held) in shown.iter().zip(&named).zip(&held) {
        let named = pad(named, names_width, Side::Right);
        let named = match group.fits {
            _ if !blames => named,
            true => style.good(named),
            false => style.bad(named),
        };
        let notes = notes(group, blames);
        for (number, held) in held.iter().enumerate() {
            let first = if number == 0 { named.clone() } else { " ".repeat(names_width) };
            let last = if number == 0 { notes.as_str() } else { "" };
            let line = format!("{first}  {}  {}", pad(held, held_width, Side::Right), style.faint(last));
            lines.push(line.trim_end().to_owned());
        }
    }
    let more: usize = hidden.iter().map(|group| group.nodes.len()).sum();
    if more > 0 {
        lines.push(format!("… and {more} more"));
    }
    if fitting > FITTING_SHOWN {
        let others = if fitting == findings.len() { count(fitting as u64, "node") } else { others(fitting) };
        lines.push(style.good(format!("{others} as expected")));
    }
    lines
}

fn others(number: usize) -> String {
    count(number as u64, "other")
}

/// Groups the findings with the same content, in order of appearance; those that do not fit come first.
fn groups<'a>(findings: &[&'a Finding]) -> Vec<Group<'a>> {
    let mut groups: Vec<Group<'a>> = Vec::new();
    for finding in findings {
        let place = groups.iter().position(|group| group.held == finding.held && group.fits == finding.fits);
        let since = finding.since.map(|since| (since, since));
        match place.and_then(|place| groups.get_mut(place)) {
            Some(group) => {
                group.nodes.push(&finding.node);
                group.since = match (group.since, since) {
                    (Some((first, last)), Some((since, _))) => Some((first.min(since), last.max(since))),
                    (known, since) => known.or(since),
                };
            }
            None => groups.push(Group {
                nodes: vec![&finding.node],
                held: &finding.held,
                fits: finding.fits,
                since,
            }),
        }
    }
    groups.sort_by_key(|group| group.fits);
    groups
}

/// Returns an answer as lines, cut after the first few.
fn held_lines(held: &str) -> Vec<String> {
    let mut lines: Vec<String> = held.lines().take(LINES_SHOWN).map(readable).collect();
    match held.lines().count() {
        0 => lines.push("nothing".to_owned()),
        all if all > LINES_SHOWN => {
            lines.push(format!("… and {}", count((all - LINES_SHOWN) as u64, "more line")));
        }
        _ => {}
    }
    lines
}

fn notes(group: &Group, blames: bool) -> String {
    let since = group.since.map(|(first, last)| {
        let (first, last) = (seconds(first), seconds(last));
        if first == last { format!("since {first}") } else { format!("since {first} to {last}") }
    });
    let fits = (blames && group.fits).then(|| "as expected".to_owned());
    since.into_iter().chain(fits).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests;
