//! Reports as Markdown, for the summary of a job and for comments on a change.
//!
//! Text of strangers stands in code alone: in spans whose fence is longer than any run of backticks in the
//! text, and in blocks likewise. Within them nothing is markup, a link or a mention. The text is bounded,
//! since services refuse longer ones, and says what it left out.

use std::fmt::Write as _;
use std::time::Duration;

use super::case::{Case, cases};
use super::style::Style;
use super::sweep::Sweep;
use super::terminal::failure;
use super::wording::{attempts, count, seconds};
use crate::run::{Report, Verdict};
use crate::text::readable;

/// The most bytes of the text. A summary of GitHub Actions takes 1 MiB a step, and the rest of the step may
/// need some of it.
const BYTES_MAX: usize = 512 * 1024;
/// The most rows of the table. Chosen: a table that a person scrolls through.
const ROWS_MAX: usize = 1_000;
/// The most characters of a reason in the table. Chosen: a few lines of a cell.
const REASON_MAX: usize = 200;
/// The most failures that are described. Chosen: as many as of a scenario with many seeds.
const FAILURES_MAX: usize = 20;

/// Returns the reports, then those of scenarios with many seeds, as Markdown: the numbers by verdict, the runs
/// that did not pass at length, and a table of all.
#[must_use]
pub fn markdown(reports: &[Report], sweeps: &[Sweep]) -> String {
    let cases = cases(reports, sweeps);
    let mut text = format!("## {}\n", heading(&cases));
    let bad: Vec<&Case<'_>> = cases.iter().filter(|case| is_described(case)).collect();
    let mut described = 0;
    for case in bad.iter().take(FAILURES_MAX) {
        let description = description(case);
        if text.len() + description.len() > BYTES_MAX / 2 {
            break;
        }
        text += &description;
        described += 1;
    }
    if described < bad.len() {
        let more = count((bad.len() - described) as u64, "further run");
        let _ = write!(text, "\n{more} that did not pass: only in the table below.\n");
    }
    text += &table(&cases, BYTES_MAX - text.len());
    text
}

/// Returns the number of cases by verdict.
fn heading(cases: &[Case<'_>]) -> String {
    let whole = || cases.iter().filter(|case| !case.is_part);
    let of = |word: &str| whole().filter(|case| case.report.verdict.word() == word).count();
    let parts: Vec<String> = ["passed", "failed", "flaky", "broken", "interrupted", "skipped"]
        .into_iter()
        .map(|word| (of(word), word))
        .filter(|(number, _)| *number > 0)
        .map(|(number, word)| format!("{number} {word}"))
        .collect();
    let time = whole().map(Case::duration).sum::<Duration>();
    if parts.is_empty() {
        return "no scenario was run".to_owned();
    }
    format!("{} ({} of the worlds' time)", parts.join(", "), seconds(time))
}

/// Returns true if the case has a section of its own.
fn is_described(case: &Case<'_>) -> bool {
    case.sweep.is_none() && case.report.verdict.failure().is_some()
}

/// Returns the section of a case that did not pass.
fn description(case: &Case<'_>) -> String {
    let place = case
        .place()
        .map_or_else(|| case.report.file.clone(), |place| format!("{}:{}", place.file, place.line));
    format!(
        "\n### {}: {}\n\n{}: {}\n\n{}",
        case.report.verdict.word(),
        span(&case.name()),
        span(&place),
        span(&case.reason().unwrap_or_default()),
        block(&failure(case.report, Style::PLAIN)),
    )
}

/// Returns the table of all cases, in at most so many bytes.
fn table(cases: &[Case<'_>], room: usize) -> String {
    let mut text =
        "\n| verdict | scenario | file | world | seed | time | |\n|---|---|---|---|---|---|---|\n".to_owned();
    for (index, case) in cases.iter().enumerate() {
        let row = row(case);
        // The note below takes some bytes as well.
        if index == ROWS_MAX || text.len() + row.len() + 100 > room {
            let _ = write!(text, "\n{}\n", count((cases.len() - index) as u64, "more run"));
            break;
        }
        text += &row;
    }
    text
}

fn row(case: &Case<'_>) -> String {
    let report = case.report;
    let seed = match case.sweep {
        Some(sweep) => format!("{}..{}", sweep.first, sweep.last),
        None => report.seed.to_string(),
    };
    let note = match (&report.attempts, case.reason()) {
        (Some(made), None) => attempts(made),
        (_, Some(reason)) => cell(&shortened(&reason)),
        (None, None) => String::new(),
    };
    format!(
        "| {} | {} | {} | {} | {seed} | {} | {note} |\n",
        word(&report.verdict),
        cell(&report.scenario),
        cell(&report.file),
        cell(&report.world),
        seconds(case.duration()),
    )
}

/// Returns the beginning of a reason, as much as a cell takes.
fn shortened(reason: &str) -> String {
    match reason.char_indices().nth(REASON_MAX) {
        Some((end, _)) => format!("{}…", &reason[..end]),
        None => reason.to_owned(),
    }
}

/// Returns the word for a verdict; those that ask for an eye are strong.
fn word(verdict: &Verdict) -> String {
    match verdict {
        Verdict::Passed | Verdict::Skipped(_) => verdict.word().to_owned(),
        _ => format!("**{}**", verdict.word()),
    }
}

/// Returns a text as a code span.
fn span(text: &str) -> String {
    // A tab or a line end within a span is a blank.
    let text = readable(text).replace('\t', " ");
    if text.trim().is_empty() {
        return "–".to_owned();
    }
    let fence = "`".repeat(longest_run(&text) + 1);
    // A blank on each side is not part of the span, and lets the text begin or end with a backtick.
    format!("{fence} {text} {fence}")
}

/// Returns a text as a code span in a cell of a table, where a bar would end the cell even within code.
fn cell(text: &str) -> String {
    span(text).replace('|', "\\|")
}

/// Returns a text as a code block.
fn block(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(readable).collect();
    let fence = "`".repeat(longest_run(text).max(2) + 1);
    format!("{fence}text\n{}\n{fence}\n", lines.join("\n").trim_end())
}

/// Returns the length of the longest run of backticks.
fn longest_run(text: &str) -> usize {
    text.split(|character| character != '`').map(str::len).max().unwrap_or_default()
}

#[cfg(test)]
mod tests;
