//! Tests of drawn plans as a whole.

use std::collections::BTreeMap;

use super::run::Setup;
use super::{Ask, Chosen, Expect, Key, Node, NodeOption, Plan, Step, Topology, Turn, Value, Way};
use crate::scenario::{Setting, Verb, check, parse};
use crate::text::Source;
use crate::world::SIM;

/// Checks that a plan is a scenario for the simulator without mistakes or warnings, but for the warning
/// that it expects nothing.
#[track_caller]
fn check_text(plan: &Plan) {
    let text = plan.text("Drawn.");
    let source = Source::new("drawn.scn", text.as_str());
    let (scenario, mut said) = parse(&source, &BTreeMap::new(), &mut |path| Err(path.to_owned()))
        .unwrap_or_else(|wrong| panic!("seed {}: {wrong}\n{text}", plan.seed));
    let setting = Setting::of(&SIM);
    said.extend(check(&scenario, &setting));
    said.retain(|diagnostic| diagnostic.message != "this scenario expects nothing");
    assert!(said.is_empty(), "seed {}: {}\n{text}", plan.seed, said[0]);
    assert_eq!(plan.size(), text.lines().filter(|line| is_step(line)).count(), "{text}");
}

fn is_step(line: &str) -> bool {
    let line = line.trim();
    let header = ["timeout ", "settle ", "worlds "].iter().any(|word| line.starts_with(word));
    !line.is_empty() && !line.starts_with('#') && line != "}" && !header
}

#[test]
fn every_seed_is_a_scenario_that_makes_sense() {
    for seed in 0..4_000 {
        check_text(&Plan::draw(seed));
    }
}

#[test]
fn a_seed_names_one_plan_and_it_is_sound() {
    for seed in 0..500 {
        let plan = Plan::draw(seed);
        assert_eq!(plan, Plan::draw(seed));
        assert_eq!(plan, plan.mended(), "seed {seed}\n{}\n---\n{}", plan.text(""), plan.mended().text(""));
    }
}

/// Checks the text of a plan without its comment.
#[track_caller]
fn check_said(plan: &Plan, expected: &str) {
    assert_eq!(plan.text(""), expected);
    check_text(plan);
}

fn plan(steps: Vec<Step>) -> Plan {
    Plan { seed: 1, options: Vec::new(), steps }
}

fn network(links: &[(usize, usize)], nodes: usize) -> Step {
    let links = links.iter().map(|(from, to)| (Node(*from), Node(*to))).collect();
    Step::Network(Topology { written: None, nodes: (0..nodes).map(Node).collect(), links })
}

fn set(node: usize, key: u32) -> Step {
    let key = Key { number: key, turn: Turn::Alone };
    let ask = Ask::Set { key, value: Value::Number(1), date: None };
    Step::Ask { attempt: false, who: Chosen::These(vec![Node(node)]), ask }
}

#[test]
fn a_plan_reads_as_if_somebody_had_written_it() {
    let each = Key { number: 2, turn: Turn::Each };
    let ask = Ask::Set { key: each, value: Value::Turn, date: None };
    let write = Step::Ask { attempt: true, who: Chosen::These(vec![Node(1)]), ask };
    let mut plan = plan(vec![
        network(&[(0, 1), (1, 2), (0, 2)], 4),
        set(0, 1),
        Step::Cut(vec![
            Way { from: Node(0), to: Node(1), both: true },
            Way { from: Node(2), to: Node(1), both: false },
        ]),
        Step::Together(vec![
            Step::Repeat { count: None, rate: Some(50), block: vec![write] },
            Step::Do(vec![Step::Signal(Verb::Kill, vec![Node(0)]), Step::Wait(1_500)]),
        ]),
        Step::Signal(Verb::Start, vec![Node(0)]),
        Step::Heal,
        Step::Expect(Expect::Converged(5_000)),
    ]);
    plan.options.push((Chosen::All, NodeOption::Disk));
    check_said(
        &plan,
        "
node all data=disk

network a-b-c, a-c, d
a: set k1 1
cut a-b, c->b
together {
  repeat at 50/s as i {
    try b: set k2_$i $i
  }
  do {
    kill a
    wait 1500ms
  }
}
start a
heal
expect converged within 5s
",
    );
}

#[test]
fn a_comment_is_folded_and_commands_are_not() {
    let text =
        plan(vec![network(&[(0, 1)], 2)]).text(&format!("{}\n\n  tools fuzz", "word ".repeat(30).trim_end()));
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], format!("# {}", "word ".repeat(19).trim_end()));
    assert_eq!(lines[1], format!("# {}", "word ".repeat(11).trim_end()));
    assert_eq!(lines[2..], ["#", "#   tools fuzz", "", "network a-b"]);
}

/// Checks the text of a plan of these steps after it was mended.
#[track_caller]
fn check_mended(steps: Vec<Step>, expected: &str) {
    let mended = plan(steps).mended();
    assert_eq!(mended.text("").trim(), expected);
    assert_eq!(mended, mended.mended());
    check_text(&mended);
}

#[test]
fn what_makes_no_sense_is_left_out() {
    let of = |node| vec![Node(node)];
    check_mended(
        vec![
            Step::Heal,
            network(&[(0, 1)], 2),
            Step::Signal(Verb::Start, of(0)),
            Step::Signal(Verb::Kill, vec![Node(0), Node(5)]),
            Step::Signal(Verb::Pause, of(0)),
            Step::Cut(vec![Way { from: Node(0), to: Node(7), both: true }]),
            Step::Clock(Node(0), 50),
            Step::Expect(Expect::Peers { node: Node(1), peers: Vec::new(), within_ms: 1 }),
            Step::Signal(Verb::Start, of(0)),
        ],
        "network a-b\nkill a\nstart a",
    );
}

#[test]
fn what_a_fault_may_make_fail_is_only_attempted() {
    let key = Key { number: 1, turn: Turn::Alone };
    let get =
        |node: usize| Step::Ask { attempt: false, who: Chosen::These(vec![Node(node)]), ask: Ask::Get(key) };
    check_mended(
        vec![
            network(&[(0, 1)], 2),
            set(0, 1),
            get(0),
            get(1),
            Step::Signal(Verb::Kill, vec![Node(0)]),
            set(0, 1),
            get(0),
        ],
        "network a-b\na: set k1 1\na: get k1\ntry b: get k1\nkill a\ntry a: set k1 1\ntry a: get k1",
    );
}

#[test]
fn disks_are_filled_of_those_who_have_one_and_then_nothing_is_certain_to_be_taken() {
    let disk = |node: usize, full: bool| Step::Disk { node: Node(node), full };
    let steps = vec![
        network(&[(0, 1)], 2),
        disk(1, true),
        disk(0, false),
        set(0, 1),
        disk(0, true),
        disk(0, true),
        set(0, 2),
        disk(0, false),
        set(0, 3),
        set(1, 4),
    ];
    let mut drawn = plan(steps);
    drawn.options.push((Chosen::These(vec![Node(0)]), NodeOption::Disk));
    assert_eq!(
        drawn.mended().text(""),
        "\nnode a data=disk\n\nnetwork a-b\na: set k1 1\ndisk a full\ntry a: set k2 1\ndisk a free\n\
         try a: set k3 1\nb: set k4 1\n"
    );
}

#[test]
fn clocks_that_lie_are_given_their_time() {
    let text = plan(vec![network(&[(0, 1)], 2), Step::Clock(Node(0), 7_000), set(0, 1)]).mended().text("");
    assert_eq!(text, "\nsettle 10s\n\nnetwork a-b\nclock a +7s\ntry a: set k1 1\n");
}

#[test]
fn plans_hold_in_virtual_time() {
    let mut simulated = std::time::Duration::ZERO;
    for seed in 1..=100 {
        let outcome = Setup::default().run(&Plan::draw(seed)).unwrap();
        let broken = outcome.broken.map(|broken| (broken.signature, broken.message));
        assert_eq!(broken, None, "seed {seed}");
        simulated += outcome.took;
    }
    assert!(simulated > std::time::Duration::from_mins(5), "hardly anything happens in {simulated:?}");
}
