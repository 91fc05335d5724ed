//! Tests of types on their way from the text of a scenario to the ask of a node.

use super::*;
use crate::world::{Answer, Value};

/// Returns the words of each `set` that is submitted.
fn sets(text: &str) -> Vec<Vec<String>> {
    let (verdict, told) = run(text, Options::default(), |_, operation| match operation {
        Operation::Ask { words, .. } if words[0] == "get" => {
            let value = Value::of_json(if words[1] == "n" { "5" } else { "\"5\"" });
            Reaction::outcome(Outcome::Answered(Answer { value, written: None }))
        }
        _ => Reaction::default(),
    });
    assert_eq!(verdict, Verdict::Passed);
    told.iter().filter_map(|(_, operation)| asks(operation, "set").map(<[String]>::to_vec)).collect()
}

#[track_caller]
fn check_set(before: &str, word: &str, value: &str) {
    let sets = sets(&format!("{before}network a\nlet n = a: get n\nlet t = a: get t\na: set 5 {word}\n"));
    assert_eq!(sets, [["set", "5", value]], "{word}");
}

#[test]
fn set_sends_type_and_value() {
    for (word, value) in [
        ("5", "5"),
        ("\"5\"", "\"5\""),
        ("01234", "01234"),
        ("\" 7\"", "\" 7\""),
        ("[1, \"x y\"]", "[1, \"x y\"]"),
        ("{\"a\": $n}", "{\"a\": 5}"),
        ("Reimert", "Reimert"),
        ("$n", "5"),
        ("\"$n\"", "\"5\""),
        ("$t", "\"5\""),
        ("v$t", "v5"),
    ] {
        check_set("", word, value);
    }
}

#[test]
fn a_store_that_knows_text_alone_is_told_text() {
    let ask = "node all driver=ask exec=x adapter=y\n";
    check_set(ask, "\"5\"", "5");
    check_set(ask, "5", "5");
    check_set(&ask.replace('\n', " values=json\n"), "\"5\"", "\"5\"");
}

#[test]
fn what_is_kept_of_an_answer_has_its_type() {
    for (claim, holds) in [
        ("$n == 5", true),
        ("$n == 5.0", true),
        ("$n == \"5\"", false),
        ("$t == \"5\"", true),
        ("$t != 5", true),
        ("$n + 1 == 6", true),
    ] {
        let text = format!("network a\nlet n = a: get n\nlet t = a: get t\nexpect {claim}\n");
        let (verdict, _) = run(&text, Options::default(), |_, operation| match operation {
            Operation::Ask { words, .. } if words[0] == "get" => {
                let value = Value::of_json(if words[1] == "n" { "5" } else { "\"5\"" });
                Reaction::outcome(Outcome::Answered(Answer { value, written: None }))
            }
            _ => Reaction::default(),
        });
        assert_eq!(verdict == Verdict::Passed, holds, "{claim}");
    }
}
