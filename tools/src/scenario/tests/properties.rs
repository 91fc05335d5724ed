//! Properties that hold for any text.

use std::fmt::Write;

use proptest::prelude::*;

use super::checks::SETTING;
use super::{read, render};
use crate::scenario::check;

/// Pieces of the language, so that random texts get further than their first character.
const PIECES: &[&str] = &[
    "network ",
    "a-b",
    "a",
    "b..c",
    "all",
    "random ",
    "half",
    " of ",
    " but ",
    "first",
    ":",
    " ",
    "\n",
    ";",
    "{",
    "}",
    "together ",
    "repeat ",
    "at ",
    "5/s ",
    "as i ",
    "each ",
    "in ",
    "measure m ",
    "expect ",
    "any ",
    "get x",
    "==",
    " == 1",
    " agree",
    " within ",
    " for ",
    "5s",
    "5",
    "200ms",
    "1%",
    "$",
    "$v",
    "${",
    "${i % 10}",
    "$$",
    "\"",
    "\\",
    "\"q\"",
    "/",
    "/x/",
    "matches ",
    "is empty",
    "not ",
    "fails ",
    "let v = ",
    "try ",
    "kill ",
    "cut ",
    "->",
    "-",
    "link ",
    "delay ",
    "clear",
    "clock ",
    "disk ",
    "full",
    "+",
    "partition ",
    "|",
    "rest",
    "param p = ",
    "timeout ",
    "tags ",
    ",",
    "#",
    "# x\n",
    "include ",
    "(",
    ")",
    "m.ok",
    "1.5",
    "*",
    "é",
    "\u{feff}",
    "\r\n",
    "node ",
    "policy=",
    "wait ",
    "do ",
    "converged",
    "diverged",
];

/// Returns texts of pieces of the language.
fn pieces() -> impl Strategy<Value = String> {
    prop::collection::vec(prop::sample::select(PIECES), 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn any_text_is_read_or_refused_at_a_place_within_it(text in any::<String>()) {
        within(&text);
    }

    #[test]
    fn any_pieces_are_read_or_refused_at_a_place_within_them(text in pieces()) {
        within(&text);
    }
}

fn within(text: &str) {
    match read(text) {
        Ok((scenario, warnings)) => {
            // All steps can be rendered, and every place in a diagnostic holds text.
            render::block(&scenario.steps);
            for diagnostic in check(&scenario, &SETTING) {
                assert!(text.get(diagnostic.span.start..diagnostic.span.end).is_some(), "{diagnostic:?}");
                assert!(!diagnostic.to_string().is_empty());
            }
            for warning in &warnings {
                assert!(text.get(warning.span.start..warning.span.end).is_some(), "{warning:?}");
            }
        }
        Err(error) => {
            assert!(text.get(error.span.start..error.span.end).is_some(), "{error:?}");
            assert!(!error.message.is_empty() && !error.to_string().is_empty());
        }
    }
}

#[test]
fn a_long_scenario_is_read_in_time_linear_in_its_length() {
    let mut text = "network clique(5)\n".to_owned();
    for number in 0..20_000 {
        writeln!(text, "expect all but a, b: get key{number} == \"${{{number} % 10}}\" within 5s # {number}")
            .unwrap();
    }
    // The text is over a megabyte; if the time for a step grew with the text before it, this would take
    // minutes.
    let (scenario, _) = read(&text).unwrap();
    assert_eq!(scenario.steps.len(), 20_001);
}

#[test]
fn nesting_is_bounded_and_ambiguous_beginnings_are_not_tried_twice() {
    let error = read(&"do {".repeat(100_000)).unwrap_err();
    assert_eq!(error.message, "nested deeper than 32 levels");
    let error = read(&format!("expect {}1", "(".repeat(100_000))).unwrap_err();
    assert_eq!(error.message, "nested deeper than 32 levels");
    assert!(read(&format!("a: set x {}", "${(".repeat(10_000))).is_err());
    assert!(read(&format!("{}a: get x", "try ".repeat(100_000))).is_err());
    assert!(read(&format!("expect {}", "any ".repeat(100_000))).is_err());
    assert!(read(&"a, ".repeat(100_000)).is_err());
    assert!(read(&format!("expect {} == 1", "1 + ".repeat(100_000))).is_err());
}
