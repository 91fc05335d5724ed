//! Tests of `tools fuzz`: its summary, the plans that it draws, shrinking, and refused usage.

use std::cell::RefCell;
use std::rc::Rc;

use rustix::process::Signal;
use tools::fuzz::Plan;
use tools::fuzz::run::Setup;

use crate::story::Tools;

#[test]
fn a_sweep_of_seeds_ends_with_a_summary() {
    let ended = Tools::new().run("fuzz --seeds 1..20");
    ended.code(0);
    assert_eq!(ended.err, "");
    let out = ended.raw.trim_end();
    let middle =
        out.strip_prefix("seeds 1..20\n20 seeds hold (").and_then(|out| out.strip_suffix(" runs a second)"));
    assert!(middle.is_some_and(|middle| middle.contains(" simulated seconds in ")), "{out}");
}

#[test]
fn the_scenario_of_one_seed_is_printed_and_passes_in_test() {
    let tools = Tools::new();
    let ended = tools.run("fuzz --seed 7");
    ended.code(0);
    assert!(ended.raw.starts_with("# Drawn by `tools fuzz --seed 7`"), "{}", ended.raw);
    assert!(ended.err.starts_with("seed 7 holds: "), "{}", ended.err);
    assert_eq!(tools.run("fuzz --seed 7").raw, ended.raw);
    let tools = tools.file("seven.scn", &ended.raw);
    tools.run("check seven.scn --world sim").code(0);
    tools.run("test seven.scn --world sim --seed 7").code(0);
}

#[test]
fn a_plan_observed_as_in_test_leaves_the_same_trace_in_test() {
    let trace = |setup: Setup, text: &str, seed| {
        let lines = Rc::new(RefCell::new(String::new()));
        let take = Rc::clone(&lines);
        let tracer = Box::new(move |line: &str| *take.borrow_mut() += &format!("{line}\n"));
        assert!(setup.run_traced(text, seed, tracer).unwrap().broken.is_none());
        lines.take()
    };
    for seed in [1, 7, 12] {
        let text = Plan::draw(seed).text("A comment of any length.");
        let tools = Tools::new().file("drawn.scn", &text);
        tools.run(&format!("test drawn.scn --world sim --seed {seed} --trace trace.jsonl")).code(0);
        let whole = tools.read("trace.jsonl");
        // The first line names the run, which differs.
        let there = whole.split_once('\n').unwrap().1;
        let as_test = Setup::default().as_test();
        assert!(trace(as_test, &text, seed) == there, "seed {seed} is another run");
        assert!(trace(Setup::default(), &text, seed) != there, "seed {seed} is watched no closer");
    }
}

#[test]
fn a_seed_that_holds_has_nothing_to_shrink() {
    let tools = Tools::new();
    for line in ["fuzz --seed 7 --shrink", "fuzz --seed 7 --shrink -o found.scn"] {
        let ended = tools.run(line);
        ended.code(0);
        assert!(ended.raw.starts_with("seed 7 holds: "), "{}", ended.raw);
        assert!(
            ended.raw.ends_with(" steps; there is nothing to make small, and nothing is written\n"),
            "{}",
            ended.raw
        );
        assert!(!tools.path("found.scn").exists());
    }
}

#[test]
fn ctrl_c_ends_a_sweep_with_a_summary() {
    let tools = Tools::new();
    let mut fuzz = tools.begin("fuzz --seeds 1..10000000");
    fuzz.line("seeds 1..10000000");
    fuzz.signal(Signal::INT);
    let ended = fuzz.ended();
    ended.code(130);
    assert!(ended.out.contains(" hold"), "{}", ended.out);
    assert!(ended.out.ends_with(" not run: interrupted\n"), "{}", ended.out);
}

#[test]
fn an_existing_file_is_replaced_only_with_force() {
    let tools = Tools::new().file("found.scn", "mine\n");
    let kept = "error: found.scn exists and is kept: choose another name, or replace it with --force\n";
    tools.run("fuzz --seed 7 --shrink -o found.scn").check(2, "", kept);
    assert_eq!(tools.read("found.scn"), "mine\n");
    let ended = tools.run("fuzz --seed 7 -o found.scn --force");
    ended.code(0);
    assert!(ended.raw.ends_with("written to found.scn\n"), "{}", ended.raw);
    assert_eq!(tools.read("found.scn"), tools.run("fuzz --seed 7").raw);
    let nowhere = tools.run("fuzz --seed 7 -o no/such/found.scn");
    nowhere.code(3);
    assert!(nowhere.err.starts_with("error: cannot write no/such/found.scn: "), "{}", nowhere.err);
}

#[test]
fn plans_for_processes_omit_steps_that_processes_cannot_do() {
    let tools = Tools::new();
    // The plan of this seed writes, kills and changes links, and waits for nothing long.
    let ended = tools.run("fuzz --world process --seed 7");
    ended.code(0);
    assert!(ended.err.starts_with("seed 7 holds: "), "{}", ended.err);
    assert!(!tools.path("logs/fuzz.seed-7").exists(), "what holds leaves nothing behind");
    for seed in 1..=60 {
        let drawn = Plan::draw(seed).fitting(&tools::world::PROCESS).text("");
        assert!(!drawn.contains(" loss "), "{drawn}");
        let tools = Tools::new().file("drawn.scn", &drawn);
        tools.run("check drawn.scn --world process").code(0);
    }
}

#[test]
fn wrong_usage() {
    let tools = Tools::new();
    for (line, told) in [
        ("fuzz", "<--seeds <A..B>|--seed <N>>"),
        ("fuzz --seeds 9..3", "the range 9..3 is reversed: did you mean 3..9?"),
        ("fuzz --seeds ..", "a seed is a number, a range two of them: 5, or 1..200"),
        ("fuzz --seeds ''", "a seed is a number, a range two of them: 5, or 1..200"),
        ("fuzz --seeds five", "`five` is no seed"),
        ("fuzz --seeds 1..99999999", "has more than 10000000 seeds"),
        ("fuzz --seeds 1..5 --shrink", "cannot be used with"),
        ("fuzz --seeds 1..5 -o found.scn", "cannot be used with"),
        ("fuzz --seeds 1..5 --seed 3", "cannot be used with"),
        ("fuzz --seed 3 --fail-fast", "cannot be used with"),
        ("fuzz --seed 3 --force", "--output"),
        ("fuzz --seed 3 --shrink --world process", "there is nothing to shrink by"),
    ] {
        let ended = tools.run(line);
        assert_eq!((ended.code, ended.out.as_str()), (Some(2), ""), "{line}: {ended:#?}");
        assert!(ended.err.contains(told), "{line}: {}", ended.err);
    }
}
