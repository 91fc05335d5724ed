//! Reports on scenarios with many seeds, for a person at a terminal.

use std::time::Duration;

use super::mark;
use crate::report::style::Style;
use crate::report::sweep::Sweep;
use crate::report::wording::{USUAL_WORLD, again, count, is_virtual, seconds, simulated};
use crate::run::Report;
use crate::text::readable;

/// Returns one line for one scenario: `ok latency 81.2 s · 26 nodes · 200 seeds · in sim`. The time is that
/// of all its runs together.
#[must_use]
pub fn sweep(sweep: &Sweep, style: Style) -> String {
    let report = &sweep.gravest;
    let seeds = match sweep.passed {
        passed if passed == sweep.seeds() => count(passed, "seed"),
        passed => format!("{passed} of {} passed", count(sweep.seeds(), "seed")),
    };
    let mut facts = vec![seconds(sweep.duration), count(sweep.nodes as u64, "node"), seeds];
    if report.world != USUAL_WORLD {
        facts.push(format!("in {}", readable(&report.world)));
    }
    let name = style.strong(readable(&report.scenario));
    format!("{} {name} {}", mark(&report.verdict, style), style.faint(facts.join(" · ")))
}

/// Describes a seed with which a scenario did not pass: the reason, and the command that repeats the run.
/// Empty for a run that did not fail.
///
/// ```text
/// FAILED sync seed 417: scenarios/sync.scn:5: expected `== x` within 5 s
///   again: tools test scenarios/sync.scn --world sim --seed 417
/// ```
#[must_use]
pub fn failing_seed(report: &Report, style: Style) -> String {
    let Some(failure) = report.verdict.failure() else { return String::new() };
    let place = failure.at.as_ref().map(|at| {
        let line = at.source.place(at.span).line;
        format!("{}:{line}: ", readable(at.source.name()))
    });
    let law = failure.law.map(|law| format!(" (law: {law})"));
    format!(
        "{} {} seed {}: {}{}{}; {}: {}",
        mark(&report.verdict, style),
        style.strong(readable(&report.scenario)),
        report.seed,
        place.unwrap_or_default(),
        readable(failure.message.lines().next().unwrap_or_default()),
        law.unwrap_or_default(),
        style.faint("again"),
        again(report),
    )
}

/// Returns the number of runs that passed, the time that they took, and the virtual time of all of them:
/// `3400 runs of 17 scenarios with 200 seeds passed: 4321 simulated seconds in 12.3 s`.
#[must_use]
pub fn sweeps_summary(sweeps: &[Sweep], skipped: usize, wall: Duration, style: Style) -> String {
    let Some(first) = sweeps.first() else { return style.neither("no scenario was run") };
    let sum = |of: fn(&Sweep) -> u64| sweeps.iter().map(of).sum::<u64>();
    let (runs, passed) = (sum(Sweep::runs), sum(|sweep| sweep.passed));
    let of = format!("of {} with {}", count(sweeps.len() as u64, "scenario"), count(first.seeds(), "seed"));
    let mut text = if passed == runs {
        style.good(format!("{} {of} passed", count(runs, "run")))
    } else {
        format!("{passed} of {} {of} passed", count(runs, "run"))
    };
    let others = [
        (sum(|sweep| sweep.failed), "failed", Style::bad as fn(Style, String) -> String),
        (sum(|sweep| sweep.flaky), "flaky", Style::neither),
        (sum(|sweep| sweep.broken), "broken", Style::bad),
        (sum(|sweep| sweep.interrupted), "interrupted", Style::neither),
    ];
    for (number, word, paint) in others.into_iter().filter(|(number, ..)| *number > 0) {
        text += &format!(", {}", paint(style, format!("{number} {word}")));
    }
    if skipped > 0 {
        text += &format!(", {}", style.neither(format!("{} skipped", count(skipped as u64, "scenario"))));
    }
    let wall = seconds(wall);
    if is_virtual(&first.gravest.world) {
        let duration = sweeps.iter().map(|sweep| sweep.duration).sum();
        return format!("{text}: {} in {wall}", simulated(duration));
    }
    format!("{text} in {wall}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn a_line_says_how_many_seeds_passed() {
        let mut held = sample::sweep();
        assert_eq!(
            sweep(&held, Style::PLAIN),
            "FAILED sync 15.4 s · 26 nodes · 1 of 3 seeds passed · in sim"
        );
        held = Sweep::new((7, 7), sample::passed());
        assert_eq!(
            sweep(&held, Style::PLAIN),
            "ok latency[net=line(26),policy=last] 0.41 s · 26 nodes · 1 seed"
        );
    }

    #[test]
    fn a_failing_seed_has_its_reason_its_law_and_its_command() {
        let sweep = sample::sweep();
        let said: Vec<String> =
            sweep.failures.iter().map(|report| failing_seed(report, Style::PLAIN)).collect();
        let expected = [
            "FAILED sync seed 2: scenarios/sync.scn:5: expected `== Reimert` within 5 s; again: tools test \
             scenarios/sync.scn --world sim --seed 2",
            "FAILED sync seed 3: at the end the nodes do not hold the same, 5 s after the last step (law: \
             convergence); again: tools test scenarios/sync.scn --world sim --seed 3",
        ];
        assert_eq!(said, expected);
        assert_eq!(failing_seed(&sample::passed(), Style::PLAIN), "");
    }

    #[test]
    fn a_summary_counts_runs_and_both_times() {
        let wall = Duration::from_millis(12_345);
        let said = |sweeps: &[Sweep], skipped| sweeps_summary(sweeps, skipped, wall, Style::PLAIN);
        assert_eq!(said(&[], 0), "no scenario was run");
        assert_eq!(
            said(&[sample::sweep(), sample::sweep()], 1),
            "2 of 6 runs of 2 scenarios with 3 seeds passed, 4 failed, 1 scenario skipped: 30.72 simulated \
             seconds in 12.3 s"
        );
        let mut real = Sweep::new((1, 2), sample::passed());
        assert_eq!(said(&[real.clone()], 0), "1 run of 1 scenario with 2 seeds passed in 12.3 s");
        real.add(sample::passed());
        assert_eq!(said(&[real], 0), "2 runs of 1 scenario with 2 seeds passed in 12.3 s");
    }
}
