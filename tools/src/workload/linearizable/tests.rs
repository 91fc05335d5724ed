//! Tests with histories by hand, and drawn ones that are compared with a checker of every order.

use std::time::Duration;

use proptest::prelude::*;

use super::*;
use crate::random::Rng;

fn at(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

fn call(call: Call, begin: u64, end: impl Into<Option<u64>>) -> Interval {
    Interval { call, begin: at(begin), end: end.into().map(at) }
}

fn read(value: Value, begin: u64, end: u64) -> Interval {
    call(Call::Read(value), begin, end)
}

fn write(value: Value, begin: u64, end: u64) -> Interval {
    call(Call::Write(value), begin, end)
}

fn exchange(from: Value, to: Value, begin: u64, end: u64) -> Interval {
    call(Call::Exchange { from, to }, begin, end)
}

/// Tries every order (Wing, Gong 1993), without any optimisation.
fn by_trying(history: &[Interval]) -> bool {
    fn from(history: &[Interval], done: u32, value: Value) -> bool {
        let left = || (0..history.len()).filter(|index| done >> index & 1 == 0);
        if left().all(|index| history[index].end.is_none()) {
            return true;
        }
        let first_end = left().filter_map(|index| history[index].end).min();
        left().any(|index| {
            let one = history[index];
            let may_be_next = first_end.is_none_or(|end| one.begin <= end);
            let then = match one.call {
                Call::Read(read) => (read == value).then_some(value),
                Call::Write(to) => Some(to),
                Call::Exchange { from, to } => (from == value).then_some(to),
            };
            may_be_next && then.is_some_and(|value| from(history, done | 1 << index, value))
        })
    }
    from(history, 0, NOTHING)
}

#[track_caller]
fn check(history: &[Interval], expected: &Linearizability) {
    assert_eq!(judge(history), *expected);
    if *expected != (Linearizability::Undecided { at: 0 }) {
        assert_eq!(by_trying(history), *expected == Linearizability::Linearizable);
    }
}

#[track_caller]
fn check_not(history: &[Interval], at: usize, possible: &[Value], concurrent: &[usize]) {
    let contradiction = Contradiction { at, possible: possible.to_vec(), concurrent: concurrent.to_vec() };
    check(history, &Linearizability::Not(contradiction));
}

#[test]
fn one_after_another() {
    check(&[], &Linearizability::Linearizable);
    check(&[read(NOTHING, 0, 1), write(1, 2, 3), read(1, 4, 5)], &Linearizability::Linearizable);
    check_not(&[write(1, 0, 1), write(2, 2, 3), read(1, 4, 5)], 2, &[2], &[]);
    check_not(&[write(1, 0, 1), read(NOTHING, 2, 3)], 1, &[1], &[]);
}

#[test]
fn what_is_concurrent_may_come_in_either_order() {
    check(&[write(1, 0, 9), read(NOTHING, 1, 2), read(1, 3, 4)], &Linearizability::Linearizable);
    check_not(&[write(1, 0, 9), read(1, 1, 2), read(NOTHING, 3, 4)], 2, &[1], &[0]);
    // Two readers do not agree on the order of two writes.
    let readers = [write(1, 0, 9), write(2, 0, 9), read(1, 1, 2), read(2, 3, 4), read(1, 5, 6)];
    check_not(&readers, 4, &[2], &[0, 1]);
    check(&readers[..4], &Linearizability::Linearizable);
}

#[test]
fn an_exchange_takes_what_it_found() {
    check(&[write(1, 0, 1), exchange(1, 2, 2, 3), read(2, 4, 5)], &Linearizability::Linearizable);
    check_not(&[write(1, 0, 1), exchange(1, 2, 2, 9), exchange(1, 3, 3, 8)], 1, &[3], &[]);
    check(
        &[write(1, 0, 9), exchange(1, 2, 0, 9), exchange(2, 3, 0, 9), read(3, 5, 6)],
        &Linearizability::Linearizable,
    );
}

#[test]
fn what_is_overwritten_at_once_needs_no_trace() {
    check(&[write(1, 0, 9), write(2, 1, 2), read(2, 3, 4), read(2, 10, 11)], &Linearizability::Linearizable);
    check(&[write(1, 0, 9), write(2, 1, 2), read(2, 3, 4), read(1, 10, 11)], &Linearizability::Linearizable);
    check_not(&[write(1, 0, 9), write(2, 1, 2), read(1, 3, 4), read(2, 10, 11)], 3, &[1], &[]);
}

#[test]
fn a_value_may_be_written_again_while_it_is_there() {
    let again = [write(2, 0, 0), exchange(2, 1, 5, 7), write(2, 5, 7), exchange(1, 1, 8, 8)];
    check(&again, &Linearizability::Linearizable);
}

#[test]
fn what_never_ended_may_take_effect_late_or_never() {
    let endless = call(Call::Write(1), 0, None);
    check(&[endless, read(NOTHING, 1, 2), read(NOTHING, 3, 4)], &Linearizability::Linearizable);
    check(&[endless, read(NOTHING, 1, 2), write(2, 3, 4), read(1, 5, 6)], &Linearizability::Linearizable);
    // A call without an end takes effect only once.
    let again = [endless, read(1, 1, 2), write(2, 3, 4), read(1, 5, 6)];
    check_not(&again, 3, &[2], &[0]);
    let mut twice = again.to_vec();
    twice.push(call(Call::Write(1), 0, None));
    check(&twice, &Linearizability::Linearizable);
    // The value goes through an exchange that never ended either.
    let passed_on = [endless, call(Call::Exchange { from: 1, to: 2 }, 0, None), read(2, 5, 6)];
    check(&passed_on, &Linearizability::Linearizable);
    check_not(&[endless, passed_on[1], read(2, 5, 6), read(1, 7, 8)], 3, &[2], &[0, 1]);
    // A call does not take effect before it began.
    check_not(&[call(Call::Write(1), 5, None), read(1, 1, 2)], 1, &[NOTHING], &[]);
}

/// Draws a history of this many calls, with values from few. Each call gets values that it could have seen,
/// so that the history is linearizable by construction.
fn made(rng: &mut Rng, calls: usize, clients: usize, values: u64, endless: u64) -> Vec<Interval> {
    let mut value = NOTHING;
    let mut free = vec![0_u64; clients];
    let mut history = Vec::new();
    let mut now = 0;
    for _ in 0..calls {
        now += rng.below(4);
        // A call takes effect at any moment between its beginning and its end.
        let client = (0..clients).min_by_key(|client| free[*client]).unwrap();
        now = now.max(free[client] + 1);
        let to = u32::try_from(1 + rng.below(values)).unwrap();
        let kind = match rng.below(4) {
            0 => Call::Write(to),
            1 if value != NOTHING => Call::Exchange { from: value, to },
            _ => Call::Read(value),
        };
        let lost = rng.below(1_000) < endless;
        let happens = !lost || rng.percent(50);
        if let (Call::Write(to) | Call::Exchange { to, .. }, true) = (kind, happens) {
            value = to;
        }
        let end = now + rng.below(6 * clients as u64);
        history.push(call(kind, now - rng.below(now - free[client]).min(40), (!lost).then_some(end)));
        free[client] = end;
    }
    history
}

#[test]
fn drawn_histories_are_judged_as_by_trying() {
    let mut rng = Rng::new(1);
    let mut counts = [0, 0];
    for _ in 0..6_000 {
        let mut history = made(&mut rng, 7, 4, 2, 250);
        if rng.percent(70) {
            let spoilt = rng.index(history.len());
            history[spoilt].call = match history[spoilt].call {
                Call::Read(_) => Call::Read(u32::try_from(rng.below(3)).unwrap()),
                Call::Write(to) => Call::Exchange { from: 1, to },
                Call::Exchange { to, .. } => Call::Exchange { from: 3 - to, to },
            };
        }
        let expected = by_trying(&history);
        assert_eq!(judge(&history) == Linearizability::Linearizable, expected, "{history:#?}");
        counts[usize::from(expected)] += 1;
    }
    assert!(counts.iter().all(|count| *count > 500), "{counts:?}");
}

fn calls() -> impl Strategy<Value = Call> {
    let value = 0_u32..4;
    prop_oneof![
        value.clone().prop_map(Call::Read),
        (1_u32..4).prop_map(Call::Write),
        (value, 1_u32..4).prop_map(|(from, to)| Call::Exchange { from, to }),
    ]
}

fn intervals() -> impl Strategy<Value = Interval> {
    (calls(), 0_u64..12, proptest::option::weighted(0.8, 0_u64..8))
        .prop_map(|(kind, begin, length)| call(kind, begin, length.map(|length| begin + length)))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4_000))]

    #[test]
    fn any_history_is_judged_as_by_trying(history in proptest::collection::vec(intervals(), 0..8)) {
        let judged = judge(&history);
        prop_assert_eq!(judged == Linearizability::Linearizable, by_trying(&history), "{:?}", judged);
    }

    /// The calls before the contradiction are linearizable if all later ends are unknown.
    #[test]
    fn a_contradiction_is_the_first(history in proptest::collection::vec(intervals(), 0..8)) {
        if let Linearizability::Not(found) = judge(&history) {
            let end = history[found.at].end;
            let mut before = history.clone();
            for (index, one) in before.iter_mut().enumerate() {
                if one.end > end || index >= found.at && one.end == end {
                    one.end = None;
                }
            }
            prop_assert!(by_trying(&before), "{:?}", found);
        }
    }
}

#[track_caller]
fn check_long(clients: usize, calls: usize, values: u64, endless: u64) {
    let mut rng = Rng::new(7);
    let history = made(&mut rng, calls, clients, values, endless);
    assert_eq!(judge(&history), Linearizability::Linearizable);
    let mut stale = history;
    let last = stale.iter().rposition(|one| matches!(one.call, Call::Read(_)) && one.end.is_some()).unwrap();
    stale[last].call = Call::Read(99);
    assert!(matches!(judge(&stale), Linearizability::Not(found) if found.at == last));
}

#[test]
fn long_histories_of_one_register_are_judged() {
    check_long(10, 100_000, 5, 0);
    check_long(10, 20_000, 1_000, 1);
    check_long(10, 5_000, 5, 1);
    check_long(16, 5_000, 1_000, 0);
}

#[test]
fn many_writers_at_once_are_no_burden() {
    let mut history: Vec<Interval> = (1..=300).map(|value| write(value, 0, 1_000)).collect();
    history.extend((0..100).map(|n| read(300 - n, u64::from(2 * n + 1), u64::from(2 * n + 2))));
    assert_eq!(judge(&history), Linearizability::Linearizable);
    history.push(read(300, 300, 301));
    assert!(matches!(judge(&history), Linearizability::Not(found) if found.at == 400));
    let too_many: Vec<Interval> = (1..=1_025).map(|value| write(value, 0, 1)).collect();
    assert_eq!(judge(&too_many), Linearizability::Undecided { at: 1_024 });
}
