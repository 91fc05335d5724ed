//! Tests of `within` and `for` when answers take time: the answers that count, and the report if none does.

use super::super::Verdict;
use super::*;

const MS: fn(u64) -> Duration = Duration::from_millis;
/// A network of one node that tells nothing of its changes, and so is asked.
const NODE: &str = "node all driver=ask exec=x adapter=y\nnetwork a\n";

/// Runs an expectation of a node that is asked. `get` takes `takes`, and answers by the time of its question.
fn expect(claim: &str, takes: Duration, answer: impl Fn(Duration) -> Outcome + 'static) -> Verdict {
    let mut first = None;
    let script = move |now: Duration, operation: &Operation| {
        if asks(operation, "get").is_none() {
            return Reaction::default();
        }
        let began = *first.get_or_insert(now);
        Reaction::outcome(answer(now.saturating_sub(began))).after(takes)
    };
    run(&format!("{NODE}expect {claim}\n"), Options::default(), script).0
}

fn says(value: &'static str) -> impl Fn(Duration) -> Outcome {
    move |_| holds(value, "5")
}

/// Returns `old` if the question is put before `at`, and `new` after it.
fn turns(at: Duration) -> impl Fn(Duration) -> Outcome {
    move |asked| if asked < at { holds("old", "5") } else { holds("new", "6") }
}

#[track_caller]
fn not_asked(verdict: &Verdict, misfit: &str) {
    let failure = failure(verdict);
    assert_eq!(failure.kind, FailureKind::NotAsked, "{failure:?}");
    assert_eq!(failure.message, format!("not asked in time: {misfit}"));
    assert!(failure.findings.iter().all(|finding| finding.fits), "it blames a node: {failure:?}");
    assert!(failure.logs.is_empty() && failure.help.is_some(), "{failure:?}");
}

#[test]
fn an_ask_that_begins_in_a_window_has_all_of_its_own_time() {
    assert_eq!(expect("a: get k == v for 500ms", MS(400), says("v")), Verdict::Passed);
    assert_eq!(expect("a: get k == v for 100ms", MS(4_000), says("v")), Verdict::Passed);
    assert_eq!(expect("a: get k == v within 100ms", MS(4_000), says("v")), Verdict::Passed);
}

#[test]
fn within_holds_by_a_question_before_the_deadline_however_late_the_answer_comes() {
    assert_eq!(expect("a: get k == new within 500ms", MS(400), turns(MS(300))), Verdict::Passed);
    let verdict = expect("a: get k == new within 500ms", MS(100), turns(MS(600)));
    let failure = failure(&verdict);
    assert_eq!(failure.kind, FailureKind::Expectation);
    assert_eq!(failure.findings[0].held, "old");
}

#[test]
fn for_is_broken_only_by_a_false_answer_that_lies_in_the_window() {
    assert_eq!(expect("a: get k == old for 500ms", MS(200), turns(MS(350))), Verdict::Passed);
    let verdict = expect("a: get k == old for 500ms", MS(100), turns(MS(300)));
    let failure = failure(&verdict);
    assert_eq!((failure.kind, failure.findings[0].held.as_str()), (FailureKind::Expectation, "new"));
    assert!(failure.when < MS(500), "{failure:?}");
}

#[test]
fn what_had_been_answered_stays_in_the_report_with_since() {
    let answer = |asked: Duration| {
        if asked < MS(400) { holds("old", "5") } else { Outcome::Unasked }
    };
    let verdict = expect("a: get k == new within 500ms", MS(100), answer);
    let failure = failure(&verdict);
    assert_eq!(failure.kind, FailureKind::Expectation);
    assert_eq!(failure.findings[0].held, "old");
    assert!(failure.findings[0].since.is_some());
}

#[test]
fn a_subject_without_a_complete_answer_was_not_asked_in_time() {
    let verdict = expect("a: get k == v for 200ms", MS(400), says("w"));
    not_asked(&verdict, "1 ask of 400 ms does not fit into 200 ms");
    for claim in ["a: get k == v within 1s", "any a: get k == v within 1s", "a: get k == v for 1s"] {
        not_asked(&expect(claim, MS(200), |_| Outcome::Unasked), "1 ask does not fit into 1 s");
    }
}

#[test]
fn a_node_that_is_silent_for_all_the_time_of_an_ask_is_blamed_for_it() {
    let silent = |_| Outcome::Unknown { reason: "the adapter did not answer within 5 s".to_owned() };
    for claim in ["a: get k == v for 200ms", "a: get k == v within 200ms"] {
        let verdict = expect(claim, MS(5_000), silent);
        let failure = failure(&verdict);
        assert_eq!((failure.kind, failure.findings[0].fits), (FailureKind::Expectation, false), "{claim}");
    }
    assert_eq!(expect("a: get k fails no_answer for 200ms", MS(5_000), silent), Verdict::Passed);
}

/// Runs an expectation of two nodes with two keys. `get` takes `takes`; none is put later than `until`
/// after the first.
fn converged(claim: &str, takes: Duration, until: Duration, values: [&'static str; 2]) -> Verdict {
    let mut first = None;
    let script = move |now: Duration, operation: &Operation| {
        let Operation::Ask { node, words, .. } = operation else { return Reaction::default() };
        let began = *first.get_or_insert(now);
        match words[0].as_str() {
            "keys" => Reaction::outcome(lists(&["k", "l"])),
            "get" if now.saturating_sub(began) > until => Reaction::outcome(Outcome::Unasked),
            "get" => Reaction::outcome(holds(values[node.0], "5")).after(takes),
            _ => Reaction::default(),
        }
    };
    let network = NODE.replace("network a", "network a-b");
    run(&format!("{network}expect {claim}\n"), Options::default(), script).0
}

#[test]
fn nodes_that_cannot_be_asked_whole_are_neither_converged_nor_apart() {
    let ever = Duration::from_mins(1);
    assert_eq!(converged("converged within 1s", MS(3_000), ever, ["v", "v"]), Verdict::Passed);
    assert_eq!(converged("converged for 1s", MS(3_000), ever, ["v", "v"]), Verdict::Passed);
    let verdict = converged("converged within 1s", MS(200), ever, ["v", "w"]);
    assert_eq!(failure(&verdict).kind, FailureKind::Expectation);
    let never = converged("converged within 1s", MS(200), Duration::ZERO, ["v", "w"]);
    assert_eq!(failure(&never).kind, FailureKind::NotAsked);
    let at_the_end = converged("a: keys == k l", MS(200), Duration::ZERO, ["v", "w"]);
    assert_eq!(failure(&at_the_end).kind, FailureKind::NotAsked);
    assert_eq!(failure(&at_the_end).at, None);
}
