//! Checks of what nodes are: by whom they are asked, by whom started, and what each kind lacks.

use std::collections::BTreeMap;

use super::checks::SETTING;
use super::examples::check_in;
use crate::scenario::Setting;
use crate::world::{NETNS, SIM};

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
           with nodes of the driver `maelstrom`)",
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
fn clocks_and_disks_of_others_are_out_of_reach() {
    check(
        "node b exec=\"x {data}\" data=disk\nnetwork a-b\nclock a +1s\nclock b +1s\ndisk b full\nexpect converged",
        &[
            "4:1-11 the clock of `b` is out of reach: it is a program of its own (only nodes of ours, without \
             `exec=`, can be done that to)",
            "5:1-11 the disk of `b` is out of reach: it is a program of its own (only nodes of ours, without \
             `exec=`, can be done that to)",
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
