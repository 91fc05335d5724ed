//! Tests of stores that have a network of their own, and of the faults of nodes.

use super::*;

const STORE: Protocol = Protocol::Store { is_linked: true, is_text: true };

/// Returns a plan for stores of text.
fn store_plan() -> Plan {
    Plan { protocol: STORE, quiet: Duration::ZERO, ..plan(Kind::LinKv) }
}

/// Returns the nodes of a single copy, which know `get`, `set` and `cas` and answer with text.
fn single_copy() -> Double {
    let mut held: BTreeMap<String, String> = BTreeMap::new();
    Double::new(move |_, words, _| {
        let refused = |code: &str| Outcome::Refused { code: code.to_owned(), message: String::new() };
        let outcome = match words.iter().map(String::as_str).collect::<Vec<_>>().as_slice() {
            ["get", key] => {
                held.get(*key).map_or(refused("absent"), |value| answered(Value::Text(value.clone())))
            }
            ["set", key, value] => {
                held.insert((*key).to_owned(), (*value).to_owned());
                Outcome::Done
            }
            ["cas", key, from, to] if held.get(*key).is_some_and(|value| value == from) => {
                held.insert((*key).to_owned(), (*to).to_owned());
                Outcome::Done
            }
            ["cas", key, ..] => {
                refused(if held.contains_key(*key) { "precondition_failed" } else { "absent" })
            }
            _ => refused("unknown_command"),
        };
        Some((1, outcome))
    })
}

#[test]
fn a_store_is_asked_in_its_own_words_and_linked_by_a_command() {
    let mut world = single_copy();
    let report = run(&mut world, &store_plan(), &mut |_| {});
    let End::Judged(verdict) = &report.end else { panic!("{:?}", report.end) };
    assert!(verdict.is_valid() && verdict.count("judged").is_some_and(|judged| judged > 300), "{verdict:?}");
    assert!(report.history.of_kind("read").count() > 200, "the history has the words of the workload");
    assert!(report.figures.are_messages_unknown);
    // That a key is absent, or holds another value, is an answer.
    assert!((report.figures.availability - 1.0).abs() < f64::EPSILON, "{:?}", report.figures);
    let told = |is: &dyn Fn(&Operation) -> bool| world.told.iter().filter(|operation| is(operation)).count();
    assert_eq!(told(&|operation| matches!(operation, Operation::Wire { .. })), 2);
    assert_eq!(told(&|operation| matches!(operation, Operation::Members(_))), 0);
}

#[test]
fn registers_without_exchanges_are_read_and_written_only() {
    let options = Options { exchanges: false, ..Options::default() };
    let report = run(&mut single_copy(), &Plan { options, ..store_plan() }, &mut |_| {});
    let kinds: BTreeSet<&str> =
        report.history.operations().iter().map(crate::workload::Operation::kind).collect();
    assert_eq!(kinds, BTreeSet::from(["read", "write"]));
}

#[test]
fn a_killed_node_is_away_for_a_while_and_all_run_at_the_end() {
    let plan = Plan { node_faults: vec![NodeFault::Kill], ..store_plan() };
    let mut world = single_copy();
    let mut recorded = 0;
    let mut count = |entry: &JournalEntry| {
        recorded += usize::from(matches!(entry.event, JournalEvent::Operation { .. }));
    };
    let report = super::super::run(&mut world, &plan, &mut count, &mut |_| {});
    // What was not asked since nobody was there is in the record as well.
    assert_eq!(recorded, report.history.operations().len());
    assert!(matches!(report.end, End::Judged(_)), "{:?}", report.end);
    let faults: Vec<&str> =
        report.faults.iter().map(|(_, fault)| fault.split(' ').next().unwrap_or_default()).collect();
    assert_eq!(faults.len(), 10, "{:?}", report.faults);
    assert!(faults.chunks(2).all(|pair| pair == ["kill", "start"]), "{:?}", report.faults);
    let launched =
        world.told.iter().filter(|operation| matches!(operation, Operation::Launch { .. })).count();
    assert_eq!(launched, 3 + 5);
    // The seed brings the same kills back.
    let again = run(&mut single_copy(), &plan, &mut |_| {});
    assert_eq!(again.faults, report.faults);
}

#[test]
fn nodes_are_paused_and_clocks_are_shifted_and_all_is_right_at_the_end() {
    let node_faults = vec![NodeFault::Kill, NodeFault::Pause, NodeFault::Clock];
    let plan = Plan {
        node_faults,
        node_faults_every: Duration::from_millis(200),
        partitions: Some(Duration::from_millis(700)),
        ..store_plan()
    };
    let mut world = single_copy();
    let report = run(&mut world, &plan, &mut |_| {});
    assert!(matches!(report.end, End::Judged(_)), "{:?}", report.end);
    let told: Vec<&str> = report.faults.iter().map(|(_, fault)| fault.as_str()).collect();
    for (begin, end) in [("kill ", "start "), ("pause ", "resume "), ("clock ", " right")] {
        let count = |part: &str| told.iter().filter(|fault| fault.contains(part)).count();
        let begun =
            told.iter().filter(|fault| fault.starts_with(begin) && !fault.ends_with(" right")).count();
        assert!(begun > 2 && begun == count(end), "{begin}: {told:?}");
    }
    let shifts = world.told.iter().filter_map(|operation| match operation {
        Operation::Clock { offset_ms, .. } => Some(*offset_ms),
        _ => None,
    });
    assert_eq!(shifts.sum::<i64>(), 0, "{told:?}");
    let frozen = world.told.iter().fold(0, |frozen, operation| match operation {
        Operation::Signal { signal: Signal::Pause, .. } => frozen + 1,
        Operation::Signal { signal: Signal::Resume, .. } => frozen - 1,
        _ => frozen,
    });
    assert_eq!(frozen, 0, "{told:?}");
    // A fault is in force until its own end, whatever ends meanwhile.
    let struck: Vec<&(Duration, String)> =
        report.faults.iter().filter(|(_, fault)| fault.starts_with("kill ")).collect();
    assert!(struck.iter().all(|(at, fault)| {
        report.fault_at(*at).is_some_and(|found| found == fault || found.starts_with("partition"))
    }));
    assert_eq!(report.fault_at(report.duration), None);
}

#[test]
fn a_number_that_comes_back_as_text_is_the_number() {
    let number = || Value::Text("5".to_owned());
    assert_eq!(STORE.value(number()), Value::Json("5".to_owned()));
    let list = "[[\"r\", 1, 5]]".to_owned();
    assert_eq!(STORE.value(Value::Text(list.clone())), Value::Json(list));
    assert_eq!(STORE.value(Value::Text("five".to_owned())), Value::Text("five".to_owned()));
    assert_eq!(Protocol::Routed.value(number()), number());
    let words = |words: &str| words.split(' ').map(str::to_owned).collect::<Vec<_>>();
    assert_eq!(STORE.words(&words("read 1")), ["get", "1"]);
    assert_eq!(STORE.words(&words("read")), ["read"]);
    assert_eq!(STORE.words(&words("write 1 2")), ["set", "1", "2"]);
    assert_eq!(Protocol::Routed.words(&words("write 1 2")), ["write", "1", "2"]);
}
