//! The harness is tested too: of every mistake that is planted in the node, `fuzz` has to find a
//! scenario that shows it, and make that small; and real processes that make those of durability have
//! to fail the shipped scenario on crashes.

use std::path::Path;
use std::process::{Command, Output};
use std::{fs, thread};

use tools::fuzz::run::Setup;
use tools::fuzz::shrink::Budget;
use tools::fuzz::{Plan, Signature};
use tools::world::Mutant;

/// What is left of a plan has at most so many steps.
const STEPS_MAX: usize = 10;

/// A mistake breaks a law within so many seeds. When this was written it took, sorted, 1, 1, 1,
/// 3, 11, 13, 24, 28 and 44 of them.
fn seeds_max(mutant: Mutant) -> u64 {
    match mutant {
        Mutant::ArrivalOrder | Mutant::OneSidedPeers => 10,
        Mutant::UnreconciledLink => 30,
        Mutant::SkippedRange | Mutant::ForgottenTombstone | Mutant::UnkeptTombstone => 60,
        Mutant::IgnoredGraft | Mutant::EarlyAcknowledgement => 100,
        Mutant::ForgetfulClock => 300,
    }
}

/// A scenario that shows a mistake.
struct Found {
    seed: u64,
    signature: Signature,
    drawn: usize,
    plan: Plan,
    runs: usize,
}

/// The law that a plan breaks. One that fails otherwise shows less.
fn broken_law(setup: Setup, plan: &Plan) -> Option<Signature> {
    setup.signature(plan).filter(|signature| matches!(signature, Signature::Law(_)))
}

/// Looks for a seed that shows the mistake, and makes it small. The error is for a person.
fn find(mutant: Mutant) -> Result<Found, String> {
    let with = Setup { mutant: Some(mutant), ..Setup::default() };
    let most = seeds_max(mutant);
    let mut plans = (1..=most).map(Plan::draw);
    let Some((plan, signature)) =
        plans.find_map(|plan| broken_law(with, &plan).map(|signature| (plan, signature)))
    else {
        return Err(format!("{mutant}: no law is broken by the seeds 1..{most}"));
    };
    let (seed, drawn) = (plan.seed, plan.size());
    let (with, shrunk) = with.shrink(&plan, &signature, Budget::default());
    let (plan, runs) = (shrunk.plan, shrunk.runs);
    let text = plan.text("");
    let same = with.run_text(&text, seed)?.broken.map(|broken| broken.signature);
    if same.as_ref() != Some(&signature) {
        return Err(format!("{mutant}: what is left of seed {seed} does not fail any more:\n{text}"));
    }
    if let Some(broken) = (Setup { mutant: None, ..with }).run_text(&text, seed)?.broken {
        let why = format!("{}: {}", broken.signature, broken.message);
        return Err(format!(
            "{mutant}: what is left of seed {seed} fails without the mistake, {why}\n{text}"
        ));
    }
    if plan.size() > STEPS_MAX {
        let steps = plan.size();
        return Err(format!("{mutant}: of seed {seed}, {steps} steps are left after {runs} runs:\n{text}"));
    }
    Ok(Found { seed, signature, drawn, plan, runs })
}

/// A file that says how `tools test` runs it does fail there, and in the way that it says.
#[test]
fn what_is_left_fails_for_tools_test_as_it_says() {
    let folder = tempfile::tempdir().unwrap();
    let tools = |line: &str| {
        let words = line.split_whitespace();
        let mut command = Command::new(env!("CARGO_BIN_EXE_tools"));
        command.args(words).current_dir(folder.path()).output().unwrap()
    };
    let mut named = 0;
    for mutant in Mutant::ALL {
        let seed = find(mutant).unwrap().seed;
        let file = format!("{mutant}.scn");
        let made = tools(&format!("fuzz --seed {seed} --mutant {mutant} --shrink -o {file}"));
        assert_eq!(made.status.code(), Some(1), "{}", String::from_utf8_lossy(&made.stderr));
        let text = fs::read_to_string(folder.path().join(&file)).unwrap();
        let Some(again) = text.lines().find_map(|line| line.strip_prefix("#   tools test ")) else {
            continue;
        };
        named += 1;
        let ended = tools(&format!("test {again}"));
        let out = String::from_utf8_lossy(&ended.stdout);
        assert_eq!(ended.status.code(), Some(1), "{out}");
        let law = text.strip_prefix("# Breaks ").and_then(|text| text.split_once(':')).unwrap().0;
        assert!(out.contains(law), "{law} in\n{out}\n{text}");
    }
    assert!(named > Mutant::ALL.len() / 2, "{named} say how");
}

#[test]
fn every_planted_bug_is_found_and_made_small() {
    let found: Vec<(Mutant, Result<Found, String>)> = thread::scope(|scope| {
        let searches = Mutant::ALL.map(|mutant| (mutant, scope.spawn(move || find(mutant))));
        let join = |(mutant, search): (Mutant, thread::ScopedJoinHandle<'_, _>)| {
            (mutant, search.join().unwrap_or_else(|_| Err(format!("{mutant}: the search panicked"))))
        };
        searches.into_iter().map(join).collect()
    });
    let mut missed = Vec::new();
    for (mutant, found) in found {
        match found {
            Ok(Found { seed, signature, drawn, plan, runs }) => {
                let steps = plan.size();
                println!(
                    "{mutant}: {seed} seeds, breaks {signature}, {steps} of {drawn} steps left after {runs} runs\n{}",
                    plan.text("")
                );
            }
            Err(why) => missed.push(why),
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n\n"));
}

/// Runs the shipped scenario on crashes on real processes, up to the first seed that fails.
fn crash(seeds: u64, mutant: Option<Mutant>) -> Output {
    let folder = tempfile::tempdir().expect("a folder");
    let scenario = Path::new(env!("CARGO_MANIFEST_DIR")).join("../scenarios/crash.scn");
    let mut command = Command::new(env!("CARGO_BIN_EXE_tools"));
    command.arg("test").arg(scenario).current_dir(folder.path());
    command.args(["--fail-fast", "--timeout-factor", "3", "--seeds", &format!("1..{seeds}")]);
    command.args(mutant.iter().flat_map(|mutant| ["--mutant".to_owned(), mutant.to_string()]));
    command.output().expect("the binary under test")
}

/// What a disk is for is tried by killing what has one. Whether a kill meets a write that was said to be
/// kept and is not is up to the machine: each of six seeds showed it, when this was written.
#[test]
fn mistakes_of_durability_are_caught_on_real_processes_by_the_scenario_on_crashes() {
    for (mutant, seeds) in [(Mutant::UnkeptTombstone, 1), (Mutant::EarlyAcknowledgement, 10)] {
        let ended = crash(seeds, Some(mutant));
        let out = String::from_utf8_lossy(&ended.stdout);
        assert_eq!(ended.status.code(), Some(1), "{mutant}: {out}");
        println!("{mutant}: {}", out.lines().find(|line| line.contains("failed")).unwrap_or_default());
    }
    let ended = crash(2, None);
    assert_eq!(ended.status.code(), Some(0), "{}", String::from_utf8_lossy(&ended.stdout));
}
