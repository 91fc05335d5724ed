//! The table of a grading as comma-separated values (RFC 4180), harmless for a spreadsheet.

use super::document::{Cell, Document};
use super::weights::points;
use crate::text::readable;

/// The characters with which a spreadsheet takes a cell for a formula, in both widths.
const FORMULA: [char; 8] = ['=', '+', '-', '@', '＝', '＋', '－', '＠'];

/// Returns the table: a row for each submission with its points, and a column for each scenario with the outcome and
/// the reason.
pub(super) fn csv(document: &Document) -> String {
    let names = document.scenarios.iter().map(|column| field(&column.name));
    let head = ["submission", "points", "of"].map(str::to_owned).into_iter().chain(names);
    let mut text = line(head);
    for row in &document.submissions {
        let cells = row.results.iter().map(|cell| cell.as_ref().map_or_else(String::new, of_cell));
        let own = [field(&row.name), points(row.points), points(row.of)];
        text += &line(own.into_iter().chain(cells));
    }
    text
}

fn of_cell(cell: &Cell) -> String {
    let word = cell.outcome.word();
    cell.reason.as_ref().map_or_else(|| word.to_owned(), |reason| field(&format!("{word}: {reason}")))
}

fn line(fields: impl Iterator<Item = String>) -> String {
    fields.collect::<Vec<_>>().join(",") + "\r\n"
}

/// Returns a text of strangers as a field: on one line, without characters that steer a terminal, and never a formula.
fn field(text: &str) -> String {
    let text = readable(text).replace('\t', " ");
    let is_formula = text.trim_start().starts_with(FORMULA);
    let text = if is_formula { format!("'{text}") } else { text };
    if text.contains(['"', ',']) { format!("\"{}\"", text.replace('"', "\"\"")) } else { text }
}

#[cfg(test)]
mod tests {
    use super::super::results::Outcome::{Failed, Passed, Stopped};
    use super::*;

    #[test]
    fn a_row_for_each_submission_and_a_column_for_each_scenario() {
        let rows: [(&str, &[_]); 2] = [
            ("ada", &[Some((Passed, "")), Some((Failed, "line 3: expected \"x\", b: nothing"))]),
            ("bob", &[Some((Stopped, "it was not done after 9 s (--time)")), None]),
        ];
        let expected = "submission,points,of,sync,crash\r\n\
            ada,1,2,passed,\"failed: line 3: expected \"\"x\"\", b: nothing\"\r\n\
            bob,0,2,stopped: it was not done after 9 s (--time),\r\n";
        assert_eq!(csv(&Document::of(&["sync", "crash"], &rows)), expected);
    }

    #[test]
    fn text_of_strangers_is_no_formula_no_line_and_steers_no_terminal() {
        for (text, expected) in [
            ("=HYPERLINK(1)", "'=HYPERLINK(1)"),
            (" +1", "' +1"),
            ("-1,2", "\"'-1,2\""),
            ("@x", "'@x"),
            ("\t=1", "' =1"),
            ("＝1", "'＝1"),
            ("a\r\n=1", "a\\r\\n=1"),
            ("\u{1b}[2J", "\\u{1b}[2J"),
            ("a=1", "a=1"),
        ] {
            assert_eq!(field(text), expected, "{text:?}");
        }
    }
}
