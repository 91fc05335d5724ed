//! Reports for a person at a terminal.

mod compared;
mod failure;
mod likelihood;
mod measures;
mod seeds;

pub use compared::compared;
pub use failure::{excused, explain, failure};
pub use likelihood::likelihood;
pub use measures::{measures, notes};
pub use seeds::{failing_seed, sweep, sweeps_summary};

use std::collections::BTreeSet;
use std::time::Duration;

use super::style::Style;
use super::wording::{USUAL_WORLD, attempts, count, is_virtual, seconds, simulated};
use crate::run::{Report, Verdict};
use crate::text::readable;

/// Returns one line a scenario: `ok latency[net=line(26)] 0.41 s · 26 nodes · 3 expectations`.
///
/// The time is the world's. A world other than the default is named, since its time may be virtual.
#[must_use]
pub fn line(report: &Report, style: Style) -> String {
    let word = mark(&report.verdict, style);
    let name = style.strong(readable(&report.scenario));
    if let Verdict::Skipped(reason) = &report.verdict {
        return format!("{word} {name}: {}", readable(reason));
    }
    let held = if report.verdict == Verdict::Passed { "" } else { " held" };
    let mut facts = vec![
        seconds(report.duration),
        count(report.nodes as u64, "node"),
        format!("{}{held}", count(report.held, "expectation")),
    ];
    if let Some(made) = &report.attempts {
        facts.push(attempts(made));
    }
    if report.world != USUAL_WORLD {
        facts.push(format!("in {}", readable(&report.world)));
    }
    format!("{word} {name} {}", style.faint(facts.join(" · ")))
}

/// Returns the number of scenarios by verdict, the time that they took, and the seed: `12 passed, 1 failed
/// (0.9 s), seed 417`. For virtual time it has the sum of that as well:
/// `17 passed (63.1 simulated seconds in 0.2 s), seed 417`.
#[must_use]
pub fn summary(reports: &[Report], wall: Duration, style: Style) -> String {
    if reports.is_empty() {
        return style.neither("no scenario was run");
    }
    let verdicts = || reports.iter().map(|report| &report.verdict);
    let of = |word: &str| verdicts().filter(|verdict| verdict.word() == word).count();
    let parts = [
        (of("passed"), "passed", Style::good as fn(Style, String) -> String),
        (of("failed"), "failed", Style::bad),
        (of("flaky"), "flaky", Style::neither),
        (of("broken"), "broken", Style::bad),
        (of("interrupted"), "interrupted", Style::neither),
        (of("skipped"), "skipped", Style::neither),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(number, ..)| *number > 0)
        .map(|(number, word, paint)| paint(style, format!("{number} {word}")))
        .collect();
    let seeds: BTreeSet<u64> = reports.iter().map(|report| report.seed).collect();
    format!("{} ({}), {}", parts.join(", "), took(reports, wall), said_seeds(&seeds))
}

/// Returns the time that the runs took, with the sum of their own time if that is virtual.
fn took(reports: &[Report], wall: Duration) -> String {
    if reports.iter().all(|report| is_virtual(&report.world)) {
        let duration = reports.iter().map(|report| report.duration).sum();
        return format!("{} in {}", simulated(duration), seconds(wall));
    }
    seconds(wall)
}

fn said_seeds(seeds: &BTreeSet<u64>) -> String {
    match (seeds.first(), seeds.last()) {
        (Some(first), Some(last)) if first == last => format!("seed {first}"),
        (Some(first), Some(last)) if last - first == seeds.len() as u64 - 1 => {
            format!("seeds {first} to {last}")
        }
        _ => count(seeds.len() as u64, "seed"),
    }
}

fn mark(verdict: &Verdict, style: Style) -> String {
    match verdict {
        Verdict::Passed => style.good("ok"),
        Verdict::Failed(_) => style.bad("FAILED"),
        Verdict::Flaky(_) => style.neither("FLAKY"),
        Verdict::Broken(_) => style.bad("BROKEN"),
        Verdict::Interrupted => style.neither("interrupted"),
        Verdict::Skipped(_) => style.neither("skipped"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn one_line_says_how_a_scenario_came_out() {
        let plain = |report: &Report| line(report, Style::PLAIN);
        assert_eq!(
            plain(&sample::passed()),
            "ok latency[net=line(26),policy=last] 0.41 s · 26 nodes · 3 expectations"
        );
        assert_eq!(plain(&sample::failed()), "FAILED sync 5.12 s · 26 nodes · 1 expectation held");
        assert_eq!(plain(&sample::broken()), "BROKEN sync 0.02 s · 1 node · 0 expectations held · in netns");
        assert_eq!(
            plain(&sample::skipped()),
            "skipped loss: the world `process` cannot lose packets; `netns` and `sim` can"
        );
        let interrupted = Report { verdict: Verdict::Interrupted, ..sample::passed() };
        assert_eq!(
            plain(&interrupted),
            "interrupted latency[net=line(26),policy=last] 0.41 s · 26 nodes · 3 expectations held"
        );
        assert_eq!(
            line(&sample::passed(), Style::COLOUR),
            "\u{1b}[32mok\u{1b}[0m \u{1b}[1mlatency[net=line(26),policy=last]\u{1b}[0m \
             \u{1b}[2m0.41 s · 26 nodes · 3 expectations\u{1b}[0m"
        );
    }

    #[test]
    fn a_summary_counts_what_there_is() {
        let wall = Duration::from_millis(900);
        let said = |reports: &[Report]| summary(reports, wall, Style::PLAIN);
        assert_eq!(said(&[]), "no scenario was run");
        assert_eq!(said(&[sample::passed()]), "1 passed (0.9 s), seed 417");
        let all = [
            sample::skipped(),
            sample::broken(),
            sample::passed(),
            sample::failed(),
            sample::passed(),
            Report { verdict: Verdict::Interrupted, ..sample::passed() },
        ];
        assert_eq!(said(&all), "2 passed, 1 failed, 1 broken, 1 interrupted, 1 skipped (0.9 s), seed 417");
    }

    #[test]
    fn a_summary_says_how_much_time_was_simulated() {
        let virtually = |report: Report| Report { world: "sim".to_owned(), ..report };
        let reports = [virtually(sample::passed()), virtually(sample::failed())];
        assert_eq!(
            summary(&reports, Duration::from_millis(12), Style::PLAIN),
            "1 passed, 1 failed (5.53 simulated seconds in 0.012 s), seed 417"
        );
    }

    #[test]
    fn a_summary_says_which_seeds() {
        let said = |seeds: &[u64]| {
            let reports: Vec<Report> =
                seeds.iter().map(|seed| Report { seed: *seed, ..sample::passed() }).collect();
            let text = summary(&reports, Duration::ZERO, Style::PLAIN);
            text.rsplit(", ").next().map(str::to_owned).unwrap()
        };
        assert_eq!(said(&[3, 1, 2, 2]), "seeds 1 to 3");
        assert_eq!(said(&[1, 7]), "2 seeds");
        assert_eq!(said(&[0, u64::MAX]), "2 seeds");
    }
}
