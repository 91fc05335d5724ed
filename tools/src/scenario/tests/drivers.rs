//! Checks of the kinds of nodes: their drivers, their programs, and what each kind lacks.

use std::collections::BTreeMap;

use super::checks::SETTING;
use super::examples::check_in;
use super::{brief, read};
use crate::scenario::{Fit, Setting, fit};
use crate::text::Diagnostic;
use crate::world::{ClockError, ClockReach, NETNS, SIM};

const PYTHON: &str = "node all driver=maelstrom exec=x\nnetwork a-b\n";

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    check_in(&SETTING, text, expected);
}

#[test]
fn who_is_not_ours_needs_a_program() {
    check(
        "node all driver=maelstrom\nnetwork a-b\na: generate\nexpect any all: generate",
        &[
            "2:1-11 no program is given for the `maelstrom` nodes a, b (`--exec \"PROGRAM ARGS\"` for all, or `node a \
           exec=\"PROGRAM ARGS\"` before this step)",
        ],
    );
    check(
        "node a driver=ask exec=x\nnetwork a\nexpect a: get k == v",
        &[
            "2:1-9 `a` is an `ask` node, and no program is given that asks it (`--adapter PROGRAM` for all, or `node a \
           adapter=PROGRAM` before this step)",
        ],
    );
    check("node a driver=ask exec=x adapter=y ready=/health\nnetwork a\nexpect a: get k == v", &[]);
    check(
        "node a driver=ask exec=x adapter=y ready=soon\nnetwork a\nexpect a: get k == v",
        &[
            "1:42-4 `soon` does not say how a node is known to be ready: `port`, `log:REGEX`, or the path of a page \
           that it serves, such as `/health`",
        ],
    );
}

#[test]
fn the_command_line_wins() {
    let options =
        BTreeMap::from([("driver".to_owned(), "native".to_owned()), ("exec".to_owned(), "x".to_owned())]);
    let setting = Setting { options: &options, ..SETTING };
    check_in(&setting, "node all driver=maelstrom\nnetwork a-b\nexpect all: get k == v", &[]);
    check_in(
        &Setting { world: &SIM, ..setting },
        "network a-b\nexpect all: get k == v",
        &["1:1-11 the world `sim` cannot run other programs (worlds that can: process, netns)"],
    );
}

#[test]
fn nodes_of_some_kinds_cannot_be_linked() {
    check(
        "node b driver=maelstrom exec=x\nnetwork a-b\nexpect all: log is empty",
        &[
            "2:1-11 `a`, a `native` node, cannot be linked to `b`, a `maelstrom` node (`native` nodes are linked to: \
           native, byc)",
        ],
    );
}

#[test]
fn messages_that_the_harness_carries_have_no_connection() {
    let whole = |step: &str| format!("{PYTHON}{step}\nexpect all: log is empty");
    check(&whole("link all loss 5% delay 10ms duplicate 1%"), &[]);
    check(&whole("partition a | b\nheal\ncut a->b"), &[]);
    check(
        &whole("break a-b"),
        &[
            "3:1-9 nothing can be broken here: messages that the harness carries have no connection (`cut` silences \
           a link)",
        ],
    );
    check(
        "network a-b\nlink a-b duplicate 1%\nexpect converged",
        &[
            "2:1-21 messages are doubled only where the harness carries them: here they have connections (it works \
           with nodes of the driver `maelstrom`, and for packets of all nodes in `--world netns`)",
        ],
    );
}

#[test]
fn what_nodes_do_not_tell_cannot_be_expected() {
    check(
        "node all driver=maelstrom exec=x workload=echo\nnetwork a-b\nexpect converged within 1s",
        &[
            "3:1-16 `a` does not say what it holds: the workload `echo` has no such question (the workloads that have \
           one: broadcast, g-set, g-counter, pn-counter)",
        ],
    );
    check(
        &format!("{PYTHON}measure m {{ a: broadcast 1 }}\nexpect m.messages < 5\nexpect m.payloads < 5"),
        &["5:8-10 `m.payloads` is not known: `a`, a `maelstrom` node, does not tell what it is made of"],
    );
    check(
        "node all driver=maelstrom exec=x workload=brodcast\nnetwork a\nexpect a: read is empty",
        &["1:43-8 unknown workload `brodcast` (did you mean `broadcast`?)"],
    );
}

#[test]
fn disks_of_others_are_out_of_reach_and_clocks_where_the_program_does_not_obey() {
    let text = "node b exec=\"x {data}\" data=disk\nnetwork a-b\nclock a +1s\nclock b +1s\ndisk b full\nexpect converged";
    let clock_reach: ClockReach = |program| Err(ClockError::Static(program.to_owned()));
    let static_ones = Setting { clock_reach, ..SETTING };
    check_in(&static_ones, "network a-b\nclock a +1s\nexpect converged", &[]);
    check_in(
        &static_ones,
        "node b clock=+1h exec=x\nnetwork a-b\nexpect converged",
        &[
            "1:8-9 the clock of `b` cannot be shifted: `x` is linked statically, so that it loads no libfaketime \
           (leave the clock of this node alone, or run a build of the program that is linked dynamically to the C \
           library)",
        ],
    );
    check(
        text,
        &["5:1-11 the disk of `b` is out of reach: it is a program of its own (only nodes of ours, without \
             `exec=`, can be done that to)"],
    );
}

#[test]
fn a_program_that_keeps_data_has_a_place_for_its_folder() {
    let text =
        |exec: &str| format!("node b driver=byc exec=\"{exec}\" data=disk\nnetwork b\nexpect b: get k == v");
    check(&text("x --data={data}"), &[]);
    check(
        &text("x"),
        &[
            "2:1-9 `b` is to keep data on disk, and `x` does not say where the folder for it goes (put `{data}` into \
           its command line: the harness fills in the folder)",
        ],
    );
    // A scenario that asks for a disk fits other nodes.
    let asked = "node all data=disk\nnetwork a-b\nexpect all: get k == v";
    assert!(fit_of(asked, &[("driver", "byc"), ("exec", "x")]).is_err());
    assert_eq!(fit_of(asked, &[("driver", "byc"), ("exec", "x {data}")]), Ok(true));
    assert_eq!(fit_of(asked, &[("driver", "ask")]), Ok(true));
}

#[test]
fn a_command_line_has_its_quotes_closed() {
    let help = "(close it, or write `\\'` for the character)";
    check(
        "node b driver=ask exec=\"x 'y\" adapter=\"z 'y\"\nnetwork b\nexpect b: get k == v",
        &[
            &format!("1:24-6 this command line has a quote that is not closed {help}"),
            &format!("1:39-6 this command line has a quote that is not closed {help}"),
        ],
    );
}

#[test]
fn a_link_needs_a_policy_that_both_ends_know() {
    let text = |options: &str| format!("node b driver=byc\n{options}network a-b\nexpect all: get k == v");
    check(&text("node a policy=oldest\n"), &[]);
    check(
        &text(""),
        &[
            "2:1-11 a link of `a` needs the policy `oldest`, and `a` has another (`node a policy=oldest`, or `--policy \
           oldest` for all)",
        ],
    );
    check(
        "node all driver=byc policy=last\nnetwork a-b\nexpect all: get k == v",
        &[
            "2:1-11 a link of `a` needs the policy `oldest`, and `a` has another (`node a policy=oldest`, or `--policy \
           oldest` for all)",
        ],
    );
}

#[test]
fn who_is_known_by_a_port_lives_on_one_host_with_all_others() {
    check_in(
        &Setting { world: &NETNS, ..SETTING },
        "node all driver=byc\nnetwork a-b\nexpect all: get k == v",
        &[
            "2:1-11 `a` is a `byc` node: those know each other by ports of one host (in the world `netns` each has a \
           host of its own; worlds that can: process)",
        ],
    );
}

#[test]
fn a_node_gets_one_line_in_a_write_or_many() {
    let whole = |lines: &str| {
        format!("node all driver=maelstrom exec=x lines={lines}\nnetwork a\nexpect a: echo 1 == 1")
    };
    check(&whole("many"), &[]);
    check(
        &whole("mny"),
        &["1:40-3 a node gets `one` line in a write or `many`, not `mny` (did you mean `many`?)"],
    );
}

#[test]
fn options_that_nodes_have_no_use_for_are_refused_with_their_place() {
    let whole = |options: &str| format!("{options}\nnetwork a, b\nexpect all: get k == v");
    for (option, user) in [
        ("adapter=x", "ask"),
        ("ready=port", "ask"),
        ("workload=broadcast", "maelstrom"),
        ("lines=many", "maelstrom"),
    ] {
        let name = option.split('=').next().unwrap_or_default();
        let width = option.len();
        let help = format!("(nodes of the driver `{user}` have: `driver={user}`)");
        check(
            &whole(&format!("node all {option}")),
            &[&format!("1:10-{width} `native` nodes have no use for `{name}` {help}")],
        );
        check(
            &whole(&format!("node all driver=byc {option}")),
            &[&format!("1:21-{width} `byc` nodes have no use for `{name}` {help}")],
        );
        // One of the named nodes does not use the option.
        let other = if user == "ask" { "exec=x adapter=y" } else { "exec=x" };
        let text = format!(
            "node a driver={user} {other}\nnode a, b {option}\nnetwork a, b\nexpect all: log is empty"
        );
        check(
            &text,
            &[&format!("2:11-{width} `native` nodes, such as `b`, have no use for `{name}` {help}")],
        );
    }
}

#[test]
fn the_kind_of_a_node_may_be_said_after_what_it_has_a_use_for() {
    check("node all adapter=y\nnode all driver=ask exec=x\nnetwork a-b\nexpect all: get k == v", &[]);
    // A step for `all` means the nodes that use the option.
    check(
        "node all ready=port\nnode a driver=ask exec=x adapter=y\nnetwork a, b\nexpect all: get k == v",
        &[],
    );
    check(
        "node all driver=ask exec=x adapter=y\nnode b driver=native\nnode b ready=port\nnetwork a, b\nexpect all: get \
         k == v",
        &["3:8-10 `native` nodes, such as `b`, have no use for `ready` (nodes of the driver `ask` have: \
             `driver=ask`)"],
    );
}

/// Returns true if the scenario fits nodes with these options, false if it is wrong with nodes of every kind.
/// Otherwise returns the errors of the misfit.
fn fit_of(text: &str, options: &[(&str, &str)]) -> Result<bool, Vec<String>> {
    let options = options.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let (scenario, _) = read(text).unwrap();
    let lines = |found: Vec<Diagnostic>| found.iter().map(brief).collect();
    match fit(&scenario, &Setting { options: &options, ..SETTING }) {
        Fit::Fits => Ok(true),
        Fit::Misfit(lacking) => Err(lines(lacking)),
        Fit::Wrong(_) => Ok(false),
    }
}

#[test]
fn a_scenario_fits_nodes_that_can_do_all_it_asks_for() {
    const FITS: Result<bool, Vec<String>> = Ok(true);
    const WRONG: Result<bool, Vec<String>> = Ok(false);
    let keys = "network a-b\na: set k v\nexpect b: get k == v";
    for driver in ["native", "byc", "ask"] {
        assert_eq!(fit_of(keys, &[("driver", driver)]), FITS, "{driver}");
    }
    let misfit = |text: &str, options: &[(&str, &str)], expected: &str| {
        assert_eq!(fit_of(text, options), Err(vec![expected.to_owned()]));
    };
    misfit(
        "network a-b\na: delete k\nexpect a: get k fails absent",
        &[("driver", "byc")],
        "2:4-6 `byc` nodes have no command `delete` (the commands are get, set, stamp, keys, count, peers, addPeer, \
         log, state)",
    );
    // Scenarios that name nodes of another kind, or could be only for such nodes.
    let lines = "network a-b\na: broadcast 1\nexpect all: read contains 1";
    assert_eq!(fit_of(lines, &[("driver", "maelstrom")]), FITS);
    assert!(fit_of(lines, &[("driver", "native")]).is_err());
    // A mistake is one with nodes of every kind.
    for driver in ["native", "byc", "maelstrom"] {
        assert_eq!(fit_of("network a-b\na: gte k\nb: delete k", &[("driver", driver)]), WRONG, "{driver}");
    }
    // Without nodes on the command line a scenario is judged by its own.
    assert_eq!(fit_of(lines, &[]), WRONG);
}
