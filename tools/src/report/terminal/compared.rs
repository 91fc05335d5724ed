//! The comparison of the failing and the passing runs of one scenario, for a person at a terminal.

use crate::contrast::{Contrast, Finding};
use crate::report::reasons::Reason;
use crate::report::style::Style;
use crate::report::sweep::Sweep;
use crate::report::wording::count;
use crate::text::readable;

/// The most reasons that are listed.
const REASONS_LISTED: usize = 5;
/// The most reasons of which the runs are compared alone.
const REASONS_COMPARED: usize = 3;

/// Returns the reasons for which runs of a scenario failed, and the features that these runs share and passing ones
/// lack; empty if its runs were not compared.
///
/// ```text
/// draws: 4 of 16 runs failed
///   4 at draws.scn:4: expected == 1
///   the failing runs share, and passing ones lack (4 failing and 12 passing runs compared):
///     `random` of line 3 is c; c is killed: in all 4 failing runs, in no passing one
/// ```
#[must_use]
pub fn compared(sweep: &Sweep, style: Style) -> String {
    let contrast = sweep.contrast(None);
    if !contrast.compares() {
        return String::new();
    }
    let failed = sweep.runs() - sweep.passed - sweep.interrupted;
    let name = style.strong(readable(&sweep.gravest.scenario));
    let mut lines = vec![format!("{name}: {failed} of {} failed", count(sweep.runs(), "run"))];
    let reasons = sweep.reasons.sorted();
    lines.extend(reasons.iter().take(REASONS_LISTED).map(|(_, one)| format!("  {}", reason(one))));
    let listed: u64 = reasons.iter().take(REASONS_LISTED).map(|(_, reason)| reason.runs).sum();
    if failed > listed {
        lines.push(format!("  {} for other reasons", failed - listed));
    }
    lines.extend(shared(&contrast, "the failing runs", "run", style));
    // Runs that fail for different reasons may have little in common.
    for (index, one) in reasons.iter().take(if reasons.len() > 1 { REASONS_COMPARED } else { 0 }) {
        let alone = sweep.contrast(Some(*index));
        if !alone.findings().is_empty() {
            lines.extend(shared(&alone, &format!("those that failed {}", place(one)), "run", style));
        }
    }
    lines.join("\n") + "\n"
}

fn reason(reason: &Reason) -> String {
    let law = reason.law.map(|law| format!(" (law: {law})")).unwrap_or_default();
    format!("{} {}: {}{law}", reason.runs, place(reason), readable(&reason.message))
}

/// Returns the place of a failure in words.
fn place(reason: &Reason) -> String {
    match &reason.place {
        Some((file, line)) => format!("at {}:{line}", readable(file)),
        None => "at no step".to_owned(),
    }
}

/// Returns the features that failing runs or attempts share and passing ones lack, a line each.
pub(super) fn shared(contrast: &Contrast, who: &str, noun: &str, style: Style) -> Vec<String> {
    let passing = count(contrast.passing(), &format!("passing {noun}"));
    let runs = format!("({} failing and {passing} compared)", contrast.failing());
    let findings = contrast.findings();
    if findings.is_empty() {
        return vec![format!(
            "  nothing tells failing {noun}s from passing ones: no choice, fault, death, answer or message, and no order \
             of these {}",
            style.faint(runs)
        )];
    }
    let head = format!("  {who} share, and passing ones lack {}:", style.faint(runs));
    let finding = |one: &Finding| {
        let features: Vec<String> = one.features.iter().map(|feature| readable(feature)).collect();
        let more = if one.more > 0 { format!("; and {} more", one.more) } else { String::new() };
        let chance = if one.may_be_chance { style.faint(", which may be chance") } else { String::new() };
        format!(
            "    {}{more}: {}, {}{chance}",
            features.join("; "),
            among(["failing", noun], one.failing, contrast.failing()),
            among(["passing", noun], one.passing, contrast.passing()),
        )
    };
    std::iter::once(head).chain(findings.iter().map(finding)).collect()
}

/// Returns a number of runs in words: `in all 4 failing runs`, `in no passing one`, `in 3 of 12 passing runs`.
fn among([what, noun]: [&str; 2], some: u64, all: u64) -> String {
    match some {
        0 => format!("in no {what} one"),
        1 if all == 1 => format!("in the one {what} {noun}"),
        some if some == all => format!("in all {all} {what} {noun}s"),
        some => format!("in {some} of {all} {what} {noun}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::contrast::FeatureWatch;
    use crate::journal::JournalEntry;
    use crate::report::sample;

    fn sweep(killed: &[bool]) -> Sweep {
        let mut sweep = sample::sweep();
        for (run, killed) in killed.iter().enumerate() {
            let mut watch = FeatureWatch::default();
            if *killed {
                let line = r#"{"at_us":1,"event":"signal","op":1,"node":3,"signal":"kill"}"#;
                watch.take(&JournalEntry::parse(line).unwrap().event);
            }
            let report = if run < 2 { sweep.failures[run].clone() } else { sample::passed() };
            sweep.add_features(&report, Box::new(watch.finish()));
        }
        sweep
    }

    #[test]
    fn the_reasons_and_what_failing_runs_share_are_listed() {
        let expected = "\
sync: 2 of 3 runs failed
  1 at scenarios/sync.scn:5: expected `== Reimert` within 5 s
  1 at no step: at the end the nodes do not hold the same, 5 s after the last step (law: convergence)
  the failing runs share, and passing ones lack (2 failing and 1 passing run compared):
    node 3 is killed: in all 2 failing runs, in no passing one, which may be chance
  those that failed at scenarios/sync.scn:5 share, and passing ones lack (1 failing and 1 passing run compared):
    node 3 is killed: in the one failing run, in no passing one, which may be chance
  those that failed at no step share, and passing ones lack (1 failing and 1 passing run compared):
    node 3 is killed: in the one failing run, in no passing one, which may be chance
";
        assert_eq!(compared(&sweep(&[true, true, false]), Style::PLAIN), expected);
    }

    #[test]
    fn that_nothing_is_shared_is_said() {
        let text = compared(&sweep(&[true, false, true]), Style::PLAIN);
        assert!(text.contains("nothing tells failing runs from passing ones"), "{text}");
        assert_eq!(compared(&sample::sweep(), Style::PLAIN), "", "runs that were not compared");
    }
}
