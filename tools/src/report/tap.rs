//! Reports for consumers of TAP, the Test Anything Protocol, version 14.
//!
//! There is one test point for each case, with its diagnostics as YAML. A scenario that was run with many
//! seeds is one test point for all of them, and one more for each of its first failing seeds. The plan comes
//! last, so that points can be written as runs end.
//!
//! Text of strangers stays within its place: a description has neither line ends nor a bare `#`, which would
//! begin a directive, and every YAML scalar is quoted.

use std::fmt::Write as _;

use super::case::{Case, cases};
use super::style::Style;
use super::sweep::Sweep;
use super::terminal::{excused, failure, measures, notes};
use super::wording::attempts;
use crate::run::{Report, Verdict};
use crate::text::{is_plain, readable};

/// The test points of one document, which are numbered as they come.
#[derive(Debug, Clone, Default)]
pub struct TapPoints {
    written: u64,
    /// True once a run was interrupted.
    interrupted: bool,
}

impl TapPoints {
    /// Returns the line that opens the document.
    #[must_use]
    pub fn version(&self) -> &'static str {
        "TAP version 14\n"
    }

    /// Returns the test point of a single run.
    pub fn run(&mut self, report: &Report) -> String {
        self.point(&Case::single(report))
    }

    /// Returns the test points of a scenario with many seeds.
    pub fn sweep(&mut self, sweep: &Sweep) -> String {
        self.interrupted |= sweep.interrupted > 0;
        cases(&[], std::slice::from_ref(sweep)).iter().map(|case| self.point(case)).collect()
    }

    /// Returns the plan, which closes the document. After an interrupt it has the points so far, and a line before it
    /// tells readers that the test was broken off: of what follows a plan at the end, some take no notice.
    #[must_use]
    pub fn plan(&self) -> String {
        let bail_out = if self.interrupted { "Bail out! interrupted\n" } else { "" };
        match self.written {
            0 => "1..0 # SKIP no scenario was run\n".to_owned(),
            written => format!("{bail_out}1..{written}\n"),
        }
    }

    fn point(&mut self, case: &Case<'_>) -> String {
        self.written += 1;
        self.interrupted |= case.report.verdict == Verdict::Interrupted;
        let result = if case.counts_as_failed() { "not ok" } else { "ok" };
        let mut name = escaped(&case.name());
        if let Some(made) = &case.report.attempts {
            name += &format!(" ({})", attempts(made));
        }
        if let Verdict::Skipped(reason) = &case.report.verdict {
            return format!("{result} {} - {name} # SKIP {}\n", self.written, escaped(reason));
        }
        format!("{result} {} - {name}\n{}", self.written, diagnostics(case))
    }
}

/// Returns the reports, then those of scenarios with many seeds, as one document.
#[must_use]
pub fn tap(reports: &[Report], sweeps: &[Sweep]) -> String {
    let mut points = TapPoints::default();
    let mut text = points.version().to_owned();
    for case in cases(reports, sweeps) {
        text += &points.point(&case);
    }
    text + &points.plan()
}

/// Returns the YAML block of a test point.
fn diagnostics(case: &Case<'_>) -> String {
    let report = case.report;
    let mut yaml = "  ---\n".to_owned();
    // Writing to a string does not fail.
    let mut field = |name: &str, value: &str| {
        let _ = writeln!(yaml, "  {name}: {value}");
    };
    field("verdict", &quoted(report.verdict.word()));
    if let Some(reason) = case.reason() {
        field("message", &quoted(&reason));
        field("kind", &quoted(case.kind()));
    }
    if let Some(place) = case.place() {
        field("file", &quoted(place.file));
        field("line", &place.line.to_string());
        field("column", &place.column.to_string());
    }
    field("world", &quoted(&report.world));
    if case.sweep.is_none() {
        field("seed", &report.seed.to_string());
    }
    field("duration_ms", &case.duration().as_millis().to_string());
    field("again", &quoted(&case.again()));
    let text = details(case);
    if !text.is_empty() {
        field("details", "");
        for line in text.lines() {
            let _ = writeln!(yaml, "    - {}", quoted(line));
        }
    }
    // No space stands behind a key without a value on its line.
    yaml.replace("  details: \n", "  details:\n") + "  ...\n"
}

/// Returns the text that a person reads at a terminal below the line of the run.
fn details(case: &Case<'_>) -> String {
    let report = case.report;
    if case.sweep.is_some() {
        return String::new();
    }
    let text = measures(report, Style::PLAIN) + &notes(report);
    if report.verdict.failure().is_some() {
        text + &failure(report, Style::PLAIN)
    } else {
        text + &excused(report, Style::PLAIN)
    }
}

/// Returns a text for a description or the reason of a directive: on one line, with `\` and `#` escaped.
fn escaped(text: &str) -> String {
    readable(text).replace('\\', "\\\\").replace('#', "\\#")
}

/// Returns a text as a double-quoted YAML scalar on one line. Characters that are not plain are escaped in
/// the form of YAML.
fn quoted(text: &str) -> String {
    let mut scalar = String::with_capacity(text.len() + 2);
    scalar.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => scalar.extend(['\\', character]),
            // The last two of each plane are no characters, and YAML readers refuse some of them.
            _ if is_plain(character) && u32::from(character) & 0xfffe != 0xfffe && character != '\t' => {
                scalar.push(character);
            }
            _ => {
                let _ = match u32::from(character) {
                    number @ ..=0xff => write!(scalar, "\\x{number:02x}"),
                    number @ ..=0xffff => write!(scalar, "\\u{number:04x}"),
                    number => write!(scalar, "\\U{number:08x}"),
                };
            }
        }
    }
    scalar.push('"');
    scalar
}

#[cfg(test)]
mod tests;
