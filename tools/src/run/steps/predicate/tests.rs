use super::*;
use crate::driver::{Answer as Kind, Values};
use crate::run::answers::agree;
use crate::world::Answer;

fn answered(value: Value) -> Observed {
    Observed::Answered(Answer { value, written: None })
}

/// Returns the answer of a node that holds this JSON.
fn json(json: &str) -> Observed {
    answered(Value::of_json(json))
}

/// Parses words as they stand in a scenario: those in quotes are text.
fn words(text: &str) -> Vec<FilledWord> {
    let word = |word: &str| match word.strip_prefix('"').and_then(|word| word.strip_suffix('"')) {
        Some(text) => FilledWord { value: value::of_text(text).into_owned(), text: text.to_owned() },
        None => FilledWord { value: word.to_owned(), text: word.to_owned() },
    };
    text.split(' ').map(word).collect()
}

fn list(text: &str) -> Observed {
    answered(Value::List(text.split(' ').map(str::to_owned).collect()))
}

const JSON: CompareBy = CompareBy::Value;

#[track_caller]
fn check(judge: &FilledPredicate, observed: &Observed, by: CompareBy, expected: bool) {
    assert_eq!(judge.fits(observed, by), expected, "{judge:?} of {observed:?}");
}

#[track_caller]
fn check_equal(held: &str, word: &str, by: CompareBy, expected: bool) {
    // The text is one word here: blanks in quotes belong to it.
    let filled = match word.strip_prefix('"').and_then(|word| word.strip_suffix('"')) {
        Some(text) => FilledWord { value: value::of_text(text).into_owned(), text: text.to_owned() },
        None => FilledWord { value: word.to_owned(), text: word.to_owned() },
    };
    check(&FilledPredicate::Compare(Comparison::Equal, vec![filled.clone()]), &json(held), by, expected);
    check(&FilledPredicate::Compare(Comparison::NotEqual, vec![filled.clone()]), &json(held), by, !expected);
    check(&FilledPredicate::In(true, vec![filled]), &json(held), by, expected);
}

#[test]
fn the_items_of_a_list_are_compared_by_value_where_values_are() {
    check(&FilledPredicate::Compare(Comparison::Equal, words("1 2")), &list("2.0 1"), JSON, true);
    check(&FilledPredicate::Contains(true, words("1")[0].clone()), &list("2 1.0"), JSON, true);
    assert!(agree([&list("1.0 2"), &list("2 1")], JSON));
    check(&FilledPredicate::Compare(Comparison::Equal, words("1")), &list("1.0"), CompareBy::Text, false);
}

#[test]
fn an_answer_is_equal_by_type_and_value() {
    check_equal("1234", "\"01234\"", JSON, false);
    check_equal("1234", "01234", JSON, false);
    check_equal("\"007\"", "7", JSON, false);
    check_equal("\" 7\"", "7", JSON, false);
    check_equal("7", "\"7\"", JSON, false);
    check_equal("\"7\"", "\"7\"", JSON, true);
    check_equal("1.0", "1", JSON, true);
    check_equal("9007199254740992", "9007199254740993", JSON, false);
    check_equal("true", "true", JSON, true);
    check_equal("true", "\"true\"", JSON, false);
    check_equal("null", "null", JSON, true);
    check_equal("[1,2]", "[1,2]", JSON, true);
    check_equal("[1,2]", "[2,1]", JSON, false);
    check_equal("\"Reimert\"", "Reimert", JSON, true);
}

#[test]
fn a_store_that_knows_text_alone_is_compared_as_text() {
    let by = CompareBy::of(Kind::Value, Values::Text);
    check_equal("\"7\"", "7", by, true);
    check_equal("7", "\"7\"", by, true);
    check_equal("true", "true", by, true);
    check_equal("\"007\"", "7", by, false);
    check_equal("\"1.0\"", "1", by, false);
    check(&FilledPredicate::Compare(Comparison::Less, words("10")), &json("\"9\""), by, true);
    assert_eq!(CompareBy::of(Kind::Number, Values::Text), CompareBy::Value, "a count is a number");
    assert_eq!(CompareBy::of(Kind::Text, Values::Json), CompareBy::Text, "a digest is text");
}

#[test]
fn only_values_of_one_type_are_less_or_more() {
    let less = FilledPredicate::Compare(Comparison::Less, words("10"));
    check(&less, &json("9"), JSON, true);
    check(&less, &json("\"9\""), JSON, false);
    check(&FilledPredicate::Compare(Comparison::AtLeast, words("10")), &json("\"9\""), JSON, false);
    check(&FilledPredicate::Compare(Comparison::Less, words("b")), &json("\"a\""), JSON, true);
}

#[test]
fn stamps_compare_by_wall_then_counter() {
    let greater = FilledPredicate::Compare(Comparison::Greater, words("1732180000123.9"));
    let stamp = answered(Value::Text("1732180000123.10".to_owned()));
    check(&greater, &stamp, CompareBy::Stamp, true);
}

#[test]
fn keys_and_peers_compare_as_sets_and_lists_that_are_values_in_order() {
    check(&FilledPredicate::Compare(Comparison::Equal, words("b c")), &list("c b"), CompareBy::Text, true);
    check(&FilledPredicate::Compare(Comparison::Equal, words("b c")), &list("c b c"), CompareBy::Text, true);
    check(&FilledPredicate::Compare(Comparison::NotEqual, words("b")), &list("c b"), CompareBy::Text, true);
    check(&FilledPredicate::Compare(Comparison::Equal, words("5")), &list("5"), CompareBy::Text, true);
    check(&FilledPredicate::Contains(true, words("b")[0].clone()), &list("c b"), CompareBy::Text, true);
    check(&FilledPredicate::Empty(false), &list("c b"), CompareBy::Text, true);
    assert!(agree([&list("c b"), &list("b c b")], CompareBy::Text));
    assert!(!agree([&json("[\"x\",\"y\"]"), &json("[\"y\",\"x\"]")], JSON));
    assert!(agree([&json("[1.0]"), &json("[1]")], JSON));
    assert!(!agree([&json("5"), &json("\"5\"")], JSON));
    assert!(agree([&json("5"), &json("\"5\"")], CompareBy::Text));
}

#[test]
fn members_of_a_set_of_values_keep_their_types() {
    let set = list("5 \"6\"");
    check(&FilledPredicate::Compare(Comparison::Equal, words("\"6\" 5.0")), &set, JSON, true);
    check(&FilledPredicate::Compare(Comparison::Equal, words("5 6")), &set, JSON, false);
    check(&FilledPredicate::Contains(true, words("\"5\"")[0].clone()), &set, JSON, false);
    check(&FilledPredicate::Contains(true, words("1")[0].clone()), &json("[10,1]"), JSON, true);
    check(&FilledPredicate::Contains(true, words("1")[0].clone()), &json("[10]"), JSON, false);
    check(&FilledPredicate::Empty(true), &json("[]"), JSON, true);
}

#[test]
fn values_that_differ_in_type_alone_look_different() {
    assert_eq!(JSON.shown(&json("\"5\"")), "\"5\"");
    assert_eq!(JSON.shown(&json("5")), "5");
    assert_eq!(JSON.shown(&json("\"Reimert\"")), "Reimert");
    assert_eq!(CompareBy::Text.shown(&json("\"5\"")), "5");
    let judge = FilledPredicate::Compare(Comparison::Equal, words("\"5\""));
    assert_eq!(
        (judge.describe(JSON), judge.describe(CompareBy::Text)),
        ("== \"5\"".to_owned(), "== 5".to_owned())
    );
}

#[test]
fn an_error_or_silence_satisfies_no_predicate_but_fails() {
    let refused = Observed::Refused { code: "absent".to_owned(), message: "key `k` is absent".to_owned() };
    let silent = Observed::Silent("5 s passed".to_owned());
    for judge in [
        FilledPredicate::Answers,
        FilledPredicate::Compare(Comparison::NotEqual, words("x")),
        FilledPredicate::In(false, words("x")),
        FilledPredicate::Contains(false, words("x")[0].clone()),
        FilledPredicate::Empty(true),
        FilledPredicate::Empty(false),
    ] {
        check(&judge, &refused, JSON, false);
        check(&judge, &silent, JSON, false);
    }
    check(&FilledPredicate::Fails(None), &refused, JSON, true);
    check(&FilledPredicate::Fails(Some("absent".to_owned())), &refused, JSON, true);
    check(&FilledPredicate::Fails(Some("exists".to_owned())), &refused, JSON, false);
    check(&FilledPredicate::Fails(None), &silent, JSON, false);
    check(&FilledPredicate::Fails(Some("no_answer".to_owned())), &silent, JSON, true);
    assert!(!agree([&refused, &refused], JSON));
}
