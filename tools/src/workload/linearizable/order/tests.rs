//! Tests with histories by hand, and drawn ones that are compared with every choice of calls.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::workload::linearizable::{Linearizability, judge};

fn call(call: Call, begin: u64, end: impl Into<Option<u64>>) -> Interval {
    let at = Duration::from_millis;
    Interval { call, begin: at(begin), end: end.into().map(at) }
}

fn read(value: Value, begin: u64, end: u64) -> Interval {
    call(Call::Read(value), begin, end)
}

fn write(value: Value, begin: u64, end: u64) -> Interval {
    call(Call::Write(value), begin, end)
}

#[track_caller]
fn check(history: &[Interval], order: &[usize], misfits: &[usize]) {
    let expected = LongestOrder { order: order.to_vec(), misfits: misfits.to_vec() };
    let found = longest_order(history).expect("an order");
    assert_eq!(found, expected);
    check_legal(history, &found);
}

/// Checks that an order has each call once, is legal for a register and respects real time.
#[track_caller]
fn check_legal(history: &[Interval], found: &LongestOrder) {
    let mut value = NOTHING;
    for (place, index) in found.order.iter().enumerate() {
        match history[*index].call {
            Call::Read(read) => assert_eq!(read, value, "call {index} in {found:?} of {history:?}"),
            Call::Write(to) => value = to,
            Call::Exchange { from, to } => {
                assert_eq!(from, value, "call {index} in {found:?} of {history:?}");
                value = to;
            }
        }
        let ended_before = |later: &&usize| {
            history[**later].end.is_some_and(|end| end.max(history[**later].begin) < history[*index].begin)
        };
        let late = found.order[place + 1..].iter().find(ended_before);
        assert_eq!(late, None, "it ended before call {index} began: {found:?} of {history:?}");
    }
    let mut all: Vec<usize> = found.order.iter().chain(&found.misfits).copied().collect();
    all.sort_unstable();
    let count = all.len();
    all.dedup();
    assert_eq!(all.len(), count, "a call comes twice in {found:?}");
    let ended = (0..history.len()).filter(|index| history[*index].end.is_some());
    assert!(ended.into_iter().all(|index| all.contains(&index)), "{found:?} lacks a call of {history:?}");
    assert!(found.misfits.iter().all(|index| history[*index].end.is_some()), "{found:?}");
}

#[test]
fn a_history_with_an_order_has_no_misfits() {
    check(&[], &[], &[]);
    check(&[read(0, 0, 1), write(1, 2, 3), read(1, 4, 5)], &[0, 1, 2], &[]);
    // The read takes effect before the write that began before it.
    check(&[write(1, 0, 9), read(0, 1, 2), read(1, 3, 4)], &[1, 0, 2], &[]);
}

#[test]
fn a_stale_read_does_not_fit() {
    check(&[write(1, 0, 1), write(2, 2, 3), read(1, 4, 5)], &[0, 1], &[2]);
    check(&[write(1, 0, 1), read(0, 2, 3), read(1, 4, 5)], &[0, 2], &[1]);
}

#[test]
fn a_write_that_was_lost_does_not_fit_and_the_reads_do() {
    let reads = [read(1, 4, 5), read(1, 6, 7), read(1, 8, 9)];
    let history = [&[write(1, 0, 1), write(2, 2, 3)][..], &reads].concat();
    check(&history, &[0, 2, 3, 4], &[1]);
}

#[test]
fn a_call_without_an_end_is_in_the_order_if_another_needs_it() {
    let endless = call(Call::Write(1), 0, None);
    check(&[endless, read(0, 1, 2)], &[1], &[]);
    check(&[endless, read(1, 1, 2), write(2, 3, 4), read(1, 5, 6)], &[0, 1, 2], &[3]);
    // It does not take effect before it began.
    check(&[call(Call::Write(1), 5, None), read(1, 1, 2)], &[], &[1]);
    let passed_on = call(Call::Exchange { from: 1, to: 2 }, 0, None);
    check(&[endless, passed_on, read(2, 5, 6), read(1, 7, 8)], &[0, 1, 2], &[3]);
}

#[test]
fn a_search_that_costs_too_much_gives_nothing() {
    // Each of these may come before each other one, and all leave different values.
    let writes = (0..60).map(|value| write(value + 1, 0, 1_000));
    let history: Vec<Interval> = writes.chain([read(99, 2_000, 2_001)]).collect();
    assert_eq!(longest_order(&history), None);
    let endless = (0..70).map(|_| call(Call::Write(1), 0, None));
    let history: Vec<Interval> = endless.chain([read(1, 5, 6)]).collect();
    assert_eq!(longest_order(&history), None);
}

#[test]
fn a_long_history_with_few_mistakes_is_ordered_at_once() {
    let mut history = Vec::new();
    for at in 0..3_000_u64 {
        let value = Value::try_from(at % 5 + 1).unwrap();
        history.push(write(value, 10 * at, 10 * at + 15));
        // Every thousandth read sees a value of which nobody knows.
        let seen = if at % 1_000 == 999 { 77 } else { value };
        history.push(read(seen, 10 * at + 2, 10 * at + 8));
    }
    let found = longest_order(&history).unwrap();
    check_legal(&history, &found);
    assert_eq!(found.misfits, [1_999, 3_999, 5_999]);
}

/// Returns the least number of calls that have to go so that the others have an order.
fn least_misfits(history: &[Interval]) -> usize {
    let ended: Vec<usize> = (0..history.len()).filter(|index| history[*index].end.is_some()).collect();
    let has_order = |left_out: u32| {
        let is_left_out = |index: usize| {
            ended.iter().position(|one| *one == index).is_some_and(|place| left_out >> place & 1 == 1)
        };
        let rest: Vec<Interval> =
            (0..history.len()).filter(|index| !is_left_out(*index)).map(|index| history[index]).collect();
        judge(&rest) == Linearizability::Linearizable
    };
    let choices = (0..1_u32 << ended.len()).filter(|left_out| has_order(*left_out));
    choices.map(u32::count_ones).min().expect("no call has an order") as usize
}

fn intervals() -> impl Strategy<Value = Vec<Interval>> {
    let calls = prop_oneof![
        3 => (0_u32..4).prop_map(Call::Read),
        2 => (1_u32..4).prop_map(Call::Write),
        2 => (0_u32..4, 1_u32..4).prop_map(|(from, to)| Call::Exchange { from, to }),
    ];
    let one = (calls, 0_u64..20, 0_u64..8, prop::bool::weighted(0.15))
        .prop_map(|(of, begin, length, endless)| call(of, begin, (!endless).then_some(begin + length)));
    prop::collection::vec(one, 0..8)
}

proptest! {
    #[test]
    fn the_order_is_legal_and_as_long_as_one_can_be(history in intervals()) {
        let found = longest_order(&history).expect("a small history is searched to its end");
        check_legal(&history, &found);
        prop_assert_eq!(found.misfits.len(), least_misfits(&history), "{:?} of {:?}", found, history);
        let has_order = judge(&history) == Linearizability::Linearizable;
        prop_assert_eq!(has_order, found.misfits.is_empty());
    }
}
