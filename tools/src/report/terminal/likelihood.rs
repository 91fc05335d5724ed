//! The likelihood of a failure along a run: the answer to the question when it was lost.

use std::time::Duration;

use crate::report::style::Style;
use crate::report::table::{Side, pad};
use crate::report::wording::{again, count, seconds};
use crate::run::{Likelihood, LikelihoodPoint, Report};

/// The most points that are listed, besides those of the turn. Chosen: with the text around it a screen.
const LISTED: usize = 16;
/// The width of a bar for a share of 1, in characters.
const BAR: u64 = 20;

/// Returns the answer, with the share of failing runs at some points; empty if it was not searched for.
///
/// ```text
/// when was it lost? 230 runs drawn anew, 0.8 s
///   event          at  failed
///       0  0.000000 s    1/10  ██
///     812  1.192011 s    4/10  ████████
///     813  1.192523 s   10/10  ████████████████████
///   lost between event 812 (1.192011 s) and event 813 (1.192523 s)
///   not lost: tools test my.scn --world sim --seed 7 --reseed-at 812:1
/// ```
#[must_use]
pub fn likelihood(report: &Report, style: Style) -> String {
    let Some(likelihood) = &report.likelihood else { return String::new() };
    let points = listed(likelihood);
    let rows: Vec<[String; 3]> = points.iter().map(|point| row(point)).collect();
    let heads = ["event", "at", "failed"].map(str::to_owned);
    let width = |column: usize| {
        let cells = rows.iter().chain([&heads]).map(|row| row[column].chars().count());
        cells.max().unwrap_or_default()
    };
    let line = |row: &[String; 3]| {
        let cells = (0..3).map(|column| pad(&row[column], width(column), Side::Left));
        format!("  {}", cells.collect::<Vec<_>>().join("  "))
    };
    let cost = format!("{} drawn anew, {}", count(likelihood.runs(), "run"), seconds(likelihood.took));
    let mut lines = vec![format!("{} {}", style.strong("when was it lost?".to_owned()), style.faint(cost))];
    lines.push(style.faint(line(&heads)));
    for (row, point) in rows.iter().zip(&points) {
        lines.push(format!("{}  {}", line(row), bar(point)).trim_end().to_owned());
    }
    lines.push(format!("  {}", answer(likelihood)));
    if let Some(redraw) = spared(likelihood) {
        lines.push(format!("  not lost: {} --reseed-at {redraw}", again(report)));
    }
    lines.join("\n") + "\n\n"
}

/// Returns the points to list: those of the turn, and others at even distances.
fn listed(likelihood: &Likelihood) -> Vec<&LikelihoodPoint> {
    let (spared, certain) = likelihood.turn();
    let turn: Vec<u64> = [spared, certain].into_iter().flatten().map(|point| point.event).collect();
    let every = likelihood.points.len().div_ceil(LISTED).max(1);
    let points = likelihood.points.iter().enumerate();
    points
        .filter(|(index, point)| index % every == 0 || turn.contains(&point.event))
        .map(|(_, point)| point)
        .collect()
}

fn row(point: &LikelihoodPoint) -> [String; 3] {
    [point.event.to_string(), exact(point.at), format!("{}/{}", point.failed, point.runs)]
}

fn bar(point: &LikelihoodPoint) -> String {
    let filled = (point.failed * BAR).checked_div(point.runs).unwrap_or_default();
    "█".repeat(usize::try_from(filled).unwrap_or_default())
}

/// Formats the time of an event. Events of one millisecond are told apart.
fn exact(at: Duration) -> String {
    format!("{:.6} s", at.as_secs_f64())
}

/// Returns the answer in a sentence.
fn answer(likelihood: &Likelihood) -> String {
    let place = |point: &LikelihoodPoint| format!("event {} ({})", point.event, exact(point.at));
    let stopped = if likelihood.stopped { "; the search was stopped before it was finer" } else { "" };
    match likelihood.turn() {
        (Some(spared), Some(certain)) => {
            format!("lost between {} and {}{stopped}", place(spared), place(certain))
        }
        (Some(spared), None) => format!(
            "not lost at {}, the last point that was tried, of {}{stopped}",
            place(spared),
            count(likelihood.events, "event"),
        ),
        (None, Some(_)) => {
            "lost from the beginning: every run drawn anew fails, so that chance has no part in it".to_owned()
        }
        (None, None) => format!("no run was drawn anew{stopped}"),
    }
}

/// Returns the point and the seed of the latest run that did not fail, as `--reseed-at` takes them.
fn spared(likelihood: &Likelihood) -> Option<String> {
    let mut points = likelihood.points.iter().rev();
    points.find_map(|point| point.spared_by.map(|seed| format!("{}:{seed}", point.event)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn point(event: u64, failed: u64) -> LikelihoodPoint {
        let spared_by = (failed < 10).then_some(3);
        LikelihoodPoint { event, at: Duration::from_micros(event * 1_500), runs: 10, failed, spared_by }
    }

    #[track_caller]
    fn check(points: Vec<LikelihoodPoint>, stopped: bool, expected: &str) {
        let likelihood = Likelihood { events: 900, points, stopped, took: Duration::from_millis(820) };
        let report = Report { likelihood: Some(likelihood), ..sample::failed() };
        assert_eq!(super::likelihood(&report, Style::PLAIN), expected);
    }

    #[test]
    fn the_turn_is_named_with_a_run_that_is_not_lost() {
        let expected = "\
when was it lost? 40 runs drawn anew, 0.82 s
  event          at  failed
      0  0.000000 s    1/10  ██
    400  0.600000 s    0/10
    812  1.218000 s    4/10  ████████
    813  1.219500 s   10/10  ████████████████████
  lost between event 812 (1.218000 s) and event 813 (1.219500 s)
  not lost: tools test scenarios/sync.scn --seed 417 --reseed-at 812:3

";
        check(vec![point(0, 1), point(400, 0), point(812, 4), point(813, 10)], false, expected);
    }

    #[test]
    fn a_failure_without_chance_is_lost_from_the_beginning() {
        let expected = "\
when was it lost? 10 runs drawn anew, 0.82 s
  event          at  failed
      0  0.000000 s   10/10  ████████████████████
  lost from the beginning: every run drawn anew fails, so that chance has no part in it

";
        check(vec![point(0, 10)], false, expected);
    }

    #[test]
    fn a_search_that_was_stopped_says_so() {
        let expected = "\
when was it lost? 10 runs drawn anew, 0.82 s
  event          at  failed
      0  0.000000 s    0/10
  not lost at event 0 (0.000000 s), the last point that was tried, of 900 events; the search was stopped before it was finer
  not lost: tools test scenarios/sync.scn --seed 417 --reseed-at 0:3

";
        check(vec![point(0, 0)], true, expected);
        let nothing = likelihood(&sample::failed(), Style::PLAIN);
        assert_eq!(nothing, "");
    }

    #[test]
    fn few_points_are_listed_and_those_of_the_turn_always() {
        let points: Vec<_> = (0..200).map(|event| point(event, if event > 154 { 10 } else { 2 })).collect();
        let likelihood = Likelihood { points, ..Likelihood::default() };
        let events: Vec<u64> = listed(&likelihood).iter().map(|point| point.event).collect();
        assert!(events.len() <= LISTED + 2 && events.contains(&154) && events.contains(&155), "{events:?}");
    }
}
