//! The figures of measures, by the names that expectations use.

use crate::report::style::Style;
use crate::report::table::{Side, pad, widest};
use crate::run::{Figures, Report};
use crate::text::{self, readable};

/// The rows in which figures stand: counts of asks, then traffic, then times.
const ROWS: [&[&str]; 4] = [
    &["ok", "refused", "unknown", "updates"],
    &["payloads", "messages", "bytes", "duration"],
    &["ack_p50", "ack_p99", "ack_max"],
    &["spread_p50", "spread_p99", "spread_max"],
];

/// Returns the figures of each measure, aligned over all of them; empty if nothing was measured.
///
/// ```text
/// measure load
///   ok              1000  refused          0  unknown          0  updates     1000
///   payloads       25000  messages     26010  bytes      1250000  duration   1.2 s
///   ack_p50       850 µs  ack_p99     2.1 ms  ack_max      10 ms
///   spread_p50    4.1 ms  spread_p99   22 ms  spread_max   31 ms
/// ```
#[must_use]
pub fn measures(report: &Report, style: Style) -> String {
    let blocks: Vec<Vec<Vec<(&str, String)>>> =
        report.measures.iter().map(|(_, figures)| rows(figures)).collect();
    let columns = blocks.iter().flatten().map(Vec::len).max().unwrap_or(0);
    let cells = |column: usize| blocks.iter().flatten().filter_map(move |row| row.get(column));
    let widths: Vec<(usize, usize)> = (0..columns)
        .map(|column| {
            let names = widest(cells(column).map(|(name, _)| *name));
            (names, widest(cells(column).map(|(_, value)| value.as_str())))
        })
        .collect();
    let mut lines = Vec::new();
    for ((name, _), block) in report.measures.iter().zip(&blocks) {
        lines.push(format!("measure {}", style.strong(readable(name))));
        for row in block {
            let cells = row.iter().zip(&widths).map(|((name, value), (names, values))| {
                format!(
                    "{}  {}",
                    style.faint(pad(name, *names, Side::Right)),
                    pad(value, *values, Side::Left)
                )
            });
            lines.push(format!("  {}", cells.collect::<Vec<_>>().join("  ")));
        }
    }
    if !lines.is_empty() {
        lines.push(String::new());
    }
    lines.join("\n")
}

/// Returns the limits of what the run checked, one line each; empty if there are none.
#[must_use]
pub fn notes(report: &Report) -> String {
    let lines = report.notes.iter().flat_map(|note| ["note: ".to_owned(), readable(note), "\n".to_owned()]);
    lines.collect()
}

/// Returns the figures in rows; those without a row here come last.
fn rows(figures: &Figures) -> Vec<Vec<(&str, String)>> {
    let known = ROWS.iter().map(|row| {
        let there = row.iter().filter_map(|name| Some((*name, figures.get(*name)?)));
        there.map(|(name, figure)| (name, said(name, *figure))).collect()
    });
    let more: Vec<(&str, String)> = figures
        .iter()
        .filter(|(name, _)| !ROWS.iter().any(|row| row.contains(&name.as_str())))
        .map(|(name, figure)| (name.as_str(), said(name, *figure)))
        .collect();
    let more = more.chunks(ROWS[0].len()).map(<[_]>::to_vec);
    known.chain(more).filter(|row: &Vec<_>| !row.is_empty()).collect()
}

/// Formats a figure with its unit.
fn said(name: &str, figure: f64) -> String {
    let is_time = name == "duration" || name.starts_with("ack_") || name.starts_with("spread_");
    match std::time::Duration::try_from_secs_f64(figure) {
        Ok(time) if is_time => text::duration(time),
        _ if figure.fract() == 0.0 => format!("{figure:.0}"),
        _ => format!("{figure:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[test]
    fn notes_stand_in_lines_of_their_own() {
        let mut report = sample::passed();
        assert_eq!(notes(&report), "");
        report.notes = vec!["one".to_owned(), "\u{1b}".to_owned()];
        assert_eq!(notes(&report), "note: one\nnote: \\u{1b}\n");
    }

    #[test]
    fn figures_are_aligned_and_times_have_units() {
        let mut report = sample::passed();
        assert_eq!(measures(&report, Style::PLAIN), "");
        let mut quiet = Figures::new();
        quiet.insert("ok".to_owned(), 7.0);
        quiet.insert("payloads_per_update".to_owned(), 1.05);
        report.measures = vec![("load".to_owned(), sample::figures()), ("quiet".to_owned(), quiet)];
        insta::assert_snapshot!(measures(&report, Style::PLAIN), @"
        measure load
          ok                     1000  refused          0  unknown           2  updates    1000
          payloads              25000  messages     26010  bytes       1250000  duration  1.2 s
          ack_p50              850 µs  ack_p99     2.1 ms  ack_max       10 ms
          spread_p50           4.1 ms  spread_p99   22 ms  spread_max    31 ms
        measure quiet
          ok                        7
          payloads_per_update   1.050
        ");
    }
}
