//! The report of a workload's test, for a person at a terminal.

use std::time::Duration;

use super::run::WorkloadRun;
use crate::report::style::Style;
use crate::report::wording::{count, lines_of, seconds};
use crate::text::{self, readable};
use crate::workload::Percentiles;
use crate::workload::runner::{Agreement, End, Figures};

pub(super) fn terminal(run: &WorkloadRun<'_>, style: Style) -> String {
    let mut text = headline(run, style);
    text += &why(run, style);
    if !matches!(run.report.end, End::Broken { .. }) {
        text.push('\n');
        for (name, value) in figures(run) {
            text += &format!("  {name:<15} {value}\n");
        }
        text += &format!("  {:<15} {}\n", "history", run.history.display());
    }
    text += &format!("  {:<15} {}\n", "stderr", run.stderr());
    text += &format!("  {:<15} {}\n", "again", run.again);
    text
}

/// Returns the end of the test, in a line.
fn headline(run: &WorkloadRun<'_>, style: Style) -> String {
    let word = match run.word() {
        "valid" => style.good("ok"),
        word @ ("undecided" | "interrupted") => style.neither(word),
        "broken" => style.bad("BROKEN"),
        _ => style.bad("FAILED"),
    };
    let report = run.report;
    let total = report.figures.total();
    let mut facts = Vec::new();
    if let (Some(model), End::Judged(_)) = (report.judged_up_to, &report.end) {
        let word = if run.word() == "valid" { "valid" } else { "judged" };
        facts.push(format!("{word} up to {}", model.name()));
    }
    if let Some((reached, planned)) = report.figures.rate_missed {
        facts.push(format!("{} of {} operations a second", grouped(reached), grouped(planned)));
    }
    facts.extend([
        seconds(report.duration),
        count(report.nodes as u64, "node"),
        count(total.ok + total.failed + total.unknown, "operation"),
        format!("seed {}", report.seed),
    ]);
    format!("{word} {} {}\n", style.strong(report.kind.name()), style.faint(facts.join(" · ")))
}

/// Lists the problems, with the operations that show them.
fn why(run: &WorkloadRun<'_>, style: Style) -> String {
    let mut text = String::new();
    if let Some(reason) = run.reason() {
        for line in lines_of(&reason) {
            text += &format!("{line}\n");
        }
    }
    match &run.report.end {
        End::Died { log, .. } => {
            for line in log {
                text += &format!("    {}\n", readable(line));
            }
        }
        End::Judged(verdict) => {
            for problem in &verdict.problems {
                let kind = style.bad(problem.kind.replace('_', " "));
                for (number, line) in lines_of(&problem.message).enumerate() {
                    let kind = if number == 0 { format!("{kind}: ") } else { String::new() };
                    text += &format!("{kind}{line}\n");
                }
                if let Some(misfits) = problem.misfits_in_words() {
                    text += &format!("    {misfits}\n");
                }
                if problem.kind == "lost" && !run.report.figures.unread.is_empty() {
                    text += &format!("    unread at the final reads: {}\n", unread(&run.report.figures));
                }
                for index in &problem.operations {
                    let fault = run
                        .fault_during(*index)
                        .map_or_else(String::new, |fault| format!(" (during {fault})"));
                    text += &format!("    {}{fault}\n", readable(&run.report.history.line(*index)));
                }
            }
            let more = verdict.found.saturating_sub(verdict.problems.len() as u64);
            if more > 0 {
                text += &format!("… and {}\n", count(more, "more problem"));
            }
        }
        _ => {}
    }
    text
}

fn figures(run: &WorkloadRun<'_>) -> Vec<(String, String)> {
    let report = run.report;
    let figures = &report.figures;
    let mut lines = vec![
        ("operations".to_owned(), operations(figures)),
        ("availability".to_owned(), format!("{:.2} %", 100.0 * figures.availability)),
    ];
    if let Some(latency) = &figures.latency {
        lines.push(("latency".to_owned(), percentiles(latency, false)));
    }
    if let End::Judged(verdict) = &report.end {
        if !figures.are_messages_unknown {
            lines.push((
                "messages".to_owned(),
                format!(
                    "{:.2} between servers an operation, {:.2} of all kinds; {} and {}, {} sent by nodes",
                    figures.server_messages_per_operation(),
                    figures.messages_per_operation(),
                    figures.server_messages,
                    figures.messages,
                    bytes(figures.bytes),
                ),
            ));
        }
        for (name, times) in &verdict.times {
            lines.push((name.replace('_', " "), percentiles(times, true)));
        }
        let counts: Vec<String> = verdict
            .counts
            .iter()
            .map(|(name, count)| format!("{} {count}", name.replace('_', " ")))
            .collect();
        lines.push(("counts".to_owned(), counts.join(" · ")));
    }
    lines.extend(report.agreement.map(|agreement| ("agreement".to_owned(), agreed(agreement))));
    if !report.conditions.is_empty() {
        lines.push(("network".to_owned(), report.conditions.join(", ")));
    }
    if figures.ignored > 0 {
        let answers = count(figures.ignored, "answer");
        lines.push(("ignored".to_owned(), format!("{answers} that no client waited for")));
    }
    if !figures.unread.is_empty() {
        lines.push(("unread".to_owned(), unread(figures)));
    }
    if !report.faults.is_empty() {
        let at = |(at, fault): &(Duration, String)| format!("{fault} at {}", seconds(*at));
        let shown: Vec<String> = report.faults.iter().take(6).map(at).collect();
        let more = report.faults.len().saturating_sub(6);
        let more = if more > 0 { format!(", and {more} more") } else { String::new() };
        lines.push(("faults".to_owned(), shown.join(", ") + &more));
    }
    lines
}

fn operations(figures: &Figures) -> String {
    let kinds = figures.counts.iter().map(|(kind, counts)| {
        let parts = [(counts.ok, "ok"), (counts.failed, "failed"), (counts.unknown, "unknown")];
        let parts: Vec<String> = parts
            .iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        format!("{} {}", readable(kind), parts.join(", "))
    });
    let kinds: Vec<String> = kinds.collect();
    if kinds.is_empty() { "none".to_owned() } else { kinds.join(" · ") }
}

/// Lists the nodes with the messages that they had not read.
fn unread(figures: &Figures) -> String {
    let of = |(node, messages): (&String, &u64)| format!("{} of {node}", count(*messages, "message"));
    figures.unread.iter().map(of).collect::<Vec<_>>().join(", ")
}

/// Describes the agreement of nodes at the end.
fn agreed(agreement: Agreement) -> String {
    match agreement {
        Agreement::InTime(after) => {
            format!("in the final reads, {} after the last operation", seconds(after))
        }
        Agreement::Late(after) => {
            format!("only {} after the last operation, too late for the final reads", seconds(after))
        }
        Agreement::Never(within) => format!("none within {} after the last operation", seconds(within)),
    }
}

fn percentiles(times: &Percentiles, least: bool) -> String {
    let mut parts = Vec::new();
    if least {
        parts.push(("p0", times.min));
    }
    parts.extend([("p50", times.p50), ("p95", times.p95), ("p99", times.p99), ("max", times.max)]);
    let time = |time: Option<Duration>| time.map_or_else(|| "never".to_owned(), text::duration);
    let parts: Vec<String> = parts.into_iter().map(|(name, at)| format!("{name} {}", time(at))).collect();
    let never = match times.never {
        0 => String::new(),
        never => format!("; {never} of {} never ended", times.count + never),
    };
    parts.join("  ") + &never
}

/// Returns a rate as a person reads it: whole from ten on, with a comma between thousands.
fn grouped(rate: f64) -> String {
    if rate < 10.0 {
        return format!("{rate:.1}").trim_end_matches(".0").to_owned();
    }
    let digits = format!("{rate:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

fn bytes(count: u64) -> String {
    match count {
        0..10_240 => format!("{count} bytes"),
        10_240..10_485_760 => format!("{} KiB", count >> 10),
        _ => format!("{} MiB", count >> 20),
    }
}
