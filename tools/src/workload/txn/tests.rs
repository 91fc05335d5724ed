//! Tests with a history for each anomaly, and the same without it.

use super::super::sample::Sample;
use super::super::{CheckResult, ConsistencyModel, History, Options, Workload};
use super::TxnRwRegister;
use crate::random::Rng;

/// Returns the words of a transaction: `r1=2` reads 2 of key 1, `r1` reads nothing, `w1=2` writes 2 to it.
fn txn(text: &str, answered: bool) -> String {
    let steps: Vec<String> = text
        .split(' ')
        .map(|step| {
            let (kind, rest) = step.split_at(1);
            let (key, value) = rest.split_once('=').unwrap_or((rest, "null"));
            let value = if kind == "w" || answered { value } else { "null" };
            format!("[\"{kind}\",{key},{value}]")
        })
        .collect();
    format!("[{}]", steps.join(","))
}

/// Returns a history of transactions one after another: committed, or with `!` aborted, with `?` unknown.
fn history(transactions: &[&str]) -> History {
    let mut sample = Sample::new();
    for (at, text) in transactions.iter().enumerate() {
        let plain = text.trim_start_matches(['!', '?']);
        let words = format!("txn {}", txn(plain, false));
        match text.as_bytes()[0] {
            b'!' => sample.failed(at % 3, &words, "conflict"),
            b'?' => sample.unknown(at % 3, &words),
            _ => sample.text(at % 3, &words, &txn(plain, true)),
        };
    }
    sample.history
}

fn judged(transactions: &[&str], model: ConsistencyModel) -> CheckResult {
    let options = Options { model, ..Options::default() };
    TxnRwRegister::new(&options).check(&history(transactions))
}

/// Checks that this is the only problem, and a problem only under models that forbid it.
#[track_caller]
fn check(transactions: &[&str], kind: &str, weakest: ConsistencyModel, message: &str) {
    for model in [ConsistencyModel::ReadUncommitted, ConsistencyModel::ReadCommitted] {
        let verdict = judged(transactions, model);
        let problems: Vec<(&str, &str)> =
            verdict.problems.iter().map(|problem| (problem.kind, problem.message.as_str())).collect();
        assert!(verdict.count(kind) >= Some(1), "{verdict:?}");
        if model >= weakest {
            assert!(problems.contains(&(kind, message)), "{problems:#?}");
        } else {
            assert_eq!(problems, []);
        }
    }
}

#[track_caller]
fn check_valid(transactions: &[&str]) {
    let verdict = judged(transactions, ConsistencyModel::ReadCommitted);
    assert!(verdict.is_valid(), "{verdict:#?}");
}

const UNCOMMITTED: ConsistencyModel = ConsistencyModel::ReadUncommitted;
const COMMITTED: ConsistencyModel = ConsistencyModel::ReadCommitted;

#[test]
fn what_read_committed_allows() {
    check_valid(&["r1 w1=1 r1=1", "r1=1 w1=2 w2=1", "r2=1 r1=2", "?w1=3", "r1=3 r1=2"]);
    // This checker does not look for a lost update, a skewed read or a skewed write.
    check_valid(&["w1=1", "r1=1 w1=2", "r1=1 w1=3", "r1=2", "r1=3"]);
    check_valid(&["w1=1 w2=1", "r1=1 r2"]);
    check_valid(&["r1 w2=1", "r2 w1=1"]);
    let verdict = judged(&["w1=1", "w1=2", "r1=1 r1=2"], COMMITTED);
    assert_eq!((verdict.is_valid(), verdict.count("nonrepeatable_reads")), (true, Some(1)));
}

#[test]
fn g0_is_a_circle_of_writes() {
    check(
        &["w1=1 r2=2 w2=1", "w2=2 r1=1 w1=2"],
        "G0",
        UNCOMMITTED,
        "#0 → #1 → #0: #0 wrote 1 to key 1, which #1 replaced by 2; #1 wrote 2 to key 2, which #0 replaced by 1",
    );
    check_valid(&["w1=1 w2=1", "r2=1 w2=2 r1=1 w1=2"]);
}

#[test]
fn g1a_is_a_read_of_what_was_aborted() {
    check(&["!w1=1", "r1=1"], "G1a", COMMITTED, "#1 read 1 of key 1, written by #0, which was aborted");
    check_valid(&["?w1=1", "r1=1"]);
}

#[test]
fn g1b_is_a_read_of_what_was_not_final() {
    check(
        &["w1=1 w1=2", "r1=1"],
        "G1b",
        COMMITTED,
        "#1 read 1 of key 1, which #0 wrote and then replaced itself",
    );
    check_valid(&["w1=1 r1=1 w1=2", "r1=2"]);
}

#[test]
fn g1c_is_a_circle_with_reads() {
    check(
        &["w1=1 r2=1", "w2=1 r1=1"],
        "G1c",
        COMMITTED,
        "#0 → #1 → #0: #0 wrote 1 to key 1, which #1 read; #1 wrote 1 to key 2, which #0 read",
    );
    // The circle goes through a third transaction, and through a write that replaces another.
    let verdict = judged(&["w1=1 r3=1", "r1=1 w1=2 w2=1", "r2=1 w3=1"], COMMITTED);
    assert_eq!((verdict.count("G1c"), verdict.count("G0")), (Some(1), Some(0)));
    check_valid(&["w1=1 r2", "w2=1 r1=1"]);
}

#[test]
fn to_contradict_oneself_is_counted_and_allowed() {
    for transactions in [&["w1=2", "w1=1 r1=2"][..], &["w1=1 r1"], &["r1=1 w1=1"]] {
        let verdict = judged(transactions, COMMITTED);
        assert_eq!((verdict.is_valid(), verdict.count("internal")), (true, Some(1)), "{verdict:#?}");
    }
}

#[test]
fn garbage_is_what_nobody_wrote() {
    check(&["w1=1", "r1=7"], "garbage_read", UNCOMMITTED, "#1 read 7 of key 1, which nobody wrote");
}

#[test]
fn a_text_is_not_the_value_that_it_spells() {
    check(&["w1=5", "r1=\"5\""], "garbage_read", UNCOMMITTED, "#1 read \"5\" of key 1, which nobody wrote");
}

#[test]
fn versions_have_an_order() {
    check(
        &["r1=2 w1=1", "r1=1 w1=2"],
        "cyclic_versions",
        UNCOMMITTED,
        "the values of key 1 have no order: #1 replaced 1 by 2; #0 replaced 2 by 1",
    );
}

#[test]
fn an_answer_is_the_transaction_that_was_asked_for() {
    let mut sample = Sample::new();
    sample.text(1, "txn [[\"w\",1,1]]", "[[\"w\",1,2]]").text(1, "txn [[\"w\",1,3]]", "ok");
    let verdict = TxnRwRegister::new(&Options::default()).check(&sample.history);
    assert_eq!(
        verdict.problems[0].message,
        "n1 was asked for #0: it answered [[\"w\",1,2]], which is another transaction"
    );
    assert_eq!((verdict.found, verdict.count("malformed")), (2, Some(2)));
}

#[test]
fn who_reads_what_a_malformed_transaction_wrote_is_not_blamed() {
    let mut sample = Sample::new();
    sample.text(1, "txn [[\"w\",1,1]]", "ok").text(0, "txn [[\"r\",1,null]]", "[[\"r\",1,1]]");
    let verdict = TxnRwRegister::new(&Options::default()).check(&sample.history);
    assert_eq!((verdict.found, verdict.count("malformed"), verdict.count("unknown")), (1, Some(1), Some(1)));
}

#[test]
fn values_are_written_once() {
    let mut workload = TxnRwRegister::new(&Options { keys: 2, writes_per_key: 3, ..Options::default() });
    let mut rng = Rng::new(1);
    let mut written = std::collections::BTreeSet::new();
    let mut longest = 0;
    for _ in 0..500 {
        let words = workload.next(&mut rng);
        let steps: Vec<(String, u64, Option<u64>)> = serde_json::from_str(&words[1]).unwrap();
        longest = longest.max(steps.len());
        for (_, key, value) in steps.into_iter().filter(|(kind, ..)| kind == "w") {
            assert!(written.insert((key, value.unwrap())) && value <= Some(3));
        }
    }
    assert_eq!(longest, 4);
}
