//! The table of a grading for people: a line for each submission, then the reasons.

use unicode_width::UnicodeWidthStr as _;

use super::document::{Cell, Document, Row};
use super::results::Outcome;
use super::weights::points;
use crate::cli::table::align;
use crate::text::readable;

/// Returns the table, and below it the reason of each failure. Where the names of scenarios do not fit the terminal,
/// columns have numbers, which are explained.
pub(super) fn table(document: &Document, fit: Option<usize>) -> String {
    let names: Vec<String> = document.scenarios.iter().map(|column| readable(&column.name)).collect();
    let whole = aligned(document, &names);
    let is_wide = |text: &str| fit.is_some_and(|columns| text.lines().any(|line| line.width() > columns));
    let mut text = if is_wide(&whole) {
        let numbers: Vec<String> = (1..=names.len()).map(|number| number.to_string()).collect();
        let legend = numbers.iter().zip(&names).map(|(number, name)| format!("{number} {name}"));
        format!("{}\n{}\n", aligned(document, &numbers), legend.collect::<Vec<_>>().join("\n"))
    } else {
        whole
    };
    for row in &document.submissions {
        text += &reasons(row, &names);
    }
    text
}

fn aligned(document: &Document, heads: &[String]) -> String {
    let mut head = vec!["SUBMISSION".to_owned(), "POINTS".to_owned()];
    head.extend(heads.iter().cloned());
    let row = |row: &Row| {
        let mut cells = vec![row.name.clone(), format!("{}/{}", points(row.points), points(row.of))];
        let word = |cell: &Cell| if cell.outcome == Outcome::Passed { "ok" } else { cell.outcome.word() };
        cells.extend(row.results.iter().map(|cell| cell.as_ref().map_or("-", word).to_owned()));
        cells
    };
    let rows: Vec<Vec<String>> = std::iter::once(head).chain(document.submissions.iter().map(row)).collect();
    align(&rows)
}

/// Returns the reasons of a submission, by scenario; nothing if all passed.
fn reasons(row: &Row, names: &[String]) -> String {
    let failed = row.results.iter().zip(names).filter_map(|(cell, name)| {
        let cell = cell.as_ref()?;
        Some(format!("  {name} {}: {}\n", cell.outcome.word(), readable(cell.reason.as_ref()?)))
    });
    let reasons: String = failed.collect();
    if reasons.is_empty() { reasons } else { format!("\n{}\n{reasons}", readable(&row.name)) }
}

#[cfg(test)]
mod tests {
    use super::super::results::Outcome::{Failed, Passed, Unfit};
    use super::*;

    fn document() -> Document {
        let rows: [(&str, &[_]); 2] = [
            ("ada", &[Some((Passed, "")), Some((Passed, ""))]),
            ("b\u{1b}b", &[Some((Failed, "line 3: x\u{7}")), Some((Unfit, "no `stats`"))]),
        ];
        Document::of(&["sync", "crash_and_come_back"], &rows)
    }

    #[test]
    fn a_line_for_each_submission_and_the_reasons_below() {
        let expected = "SUBMISSION  POINTS  sync    crash_and_come_back
ada         2/2     ok      ok
b\\u{1b}b    0/2     failed  unfit

b\\u{1b}b
  sync failed: line 3: x\\u{7}
  crash_and_come_back unfit: no `stats`
";
        assert_eq!(table(&document(), None), expected);
        assert_eq!(table(&document(), Some(80)), expected);
    }

    #[test]
    fn on_a_narrow_terminal_columns_have_numbers() {
        let text = table(&document(), Some(40));
        assert!(text.starts_with("SUBMISSION  POINTS  1       2\n"), "{text}");
        assert!(text.contains("\n1 sync\n2 crash_and_come_back\n"), "{text}");
    }
}
