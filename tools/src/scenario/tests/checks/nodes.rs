//! Checks of the nodes that a step names, of their commands and of their options.

use super::{SETTING, check};
use crate::driver::{self, NATIVE};
use crate::scenario::tests::{brief, read};
use crate::scenario::{self, Setting};

#[test]
fn commands_and_their_arguments() {
    check("network a-b\nc: get x", &["2:1-1 unknown node `c` (the nodes are a, b)"]);
    check("network alice-bob\nalcie: get x", &["2:1-5 unknown node `alcie` (did you mean `alice`?)"]);
    check("network a-b\na: gte x", &["2:4-3 `native` nodes have no command `gte` (did you mean `get`?)"]);
    check(
        "network a-b\na: frobnicate x",
        &[
            "2:4-10 `native` nodes have no command `frobnicate` (the commands are get, set, delete, stamp, keys, count, peers, addPeer, nodes, ping, digest, stats and 2 more)",
        ],
    );
    check("network a-b\na: set x", &["2:4-5 `set` takes KEY VALUE [DATE], not 1 argument"]);
    check("network a-b\na: set", &["2:4-3 `set` takes KEY VALUE [DATE], not nothing"]);
    check(
        "network a-b\na: set x 1 2 3",
        &["2:14-1 `set` takes KEY VALUE [DATE] (quote a value that holds blanks)"],
    );
    check("network a-b\na: set x one two", &["2:14-3 DATE is a whole number, not `two`"]);
    check("network a-b\na: set x 1 tomorrow", &["2:12-8 DATE is a whole number, not `tomorrow`"]);
    check("network a-b\na: get x y", &["2:10-1 `get` takes KEY"]);
    check(
        "network a-b\na: get x within 5s",
        &["2:10-6 `get` takes KEY (`within` belongs to an expectation, which begins with `expect`)"],
    );
    check("network a-b\na: keys x", &["2:9-1 `keys` takes nothing"]);
    check(
        "network a-b\na: stats paylods_sent",
        &["2:10-12 `stats paylods_sent`: there is no such NAME (did you mean `payloads_sent`?)"],
    );
    check(
        "network a-b\na: stats zzzzzzzzzzzzz",
        &[
            "2:10-13 `stats zzzzzzzzzzzzz`: there is no such NAME (there are announcements_sent, bytes_sent, damaged, duplicates, fetched, grafts_sent, keys, messages_sent, missing, not_due, outbox_overflows, outbox_weight and 9 more)",
        ],
    );
    check("network a-b\na: addPeer c", &["2:12-1 unknown node `c` (the nodes are a, b)"]);
    check("network a-b\na: addPeer first", &["2:12-5 unknown node `first` (the nodes are a, b)"]);
    check(
        "network a-b\nrepeat 2 as i { a: addPeer $i }",
        &["2:28-2 NODE is a node, and a number is kept here"],
    );
    check(
        "network a-b\na: set x $v",
        &[
            "2:10-2 unknown variable `$v` (`param`, `let`, `each` and `repeat … as` keep names; a dollar is `$$`)",
        ],
    );
    check(
        "converged: get x",
        &["1:1-9 unknown node `converged` (a `network` step starts nodes, such as `network a-b`)"],
    );
    check("network a-b\na: set x 1", &[]);
}

#[test]
fn nodes_that_are_not_there() {
    check(
        "network a-b\nkill rest",
        &["2:6-4 `rest` stands in a `partition` only (the other nodes are `all but …`)"],
    );
    check("kill all", &["1:6-3 no node runs yet (a `network` step starts nodes, such as `network a-b`)"]);
    check("kill first", &["1:6-5 no node runs yet (a `network` step starts nodes, such as `network a-b`)"]);
    check("network a-b\nkill b..a", &["2:6-4 `a` appears before `b` (write `a..b`)"]);
    check(
        "network a-b\nkill random 3 of a, b",
        &["2:6-16 3 nodes are drawn from 2 (draw at most 2, or start more above this step)"],
    );
    check(
        "network a-b\nkill random 3",
        &["2:6-8 3 nodes are drawn from 2 (draw at most 2, or start more above this step)"],
    );
    check(
        "network a-b\nkill all but a, b",
        &["2:6-12 this chooses nobody (leave fewer nodes out, or start more above this step)"],
    );
    check("network a-b\nkill all of c", &["2:13-1 unknown node `c` (the nodes are a, b)"]);
}

#[test]
fn options_that_do_not_exist_or_come_too_late() {
    check(
        "node a policy=newest\nnetwork a-b",
        &["1:15-6 `native` nodes have no policy `newest` (did you mean `oldest`?)"],
    );
    check("node a polisy=last\nnetwork a-b", &["1:8-6 unknown option `polisy` (did you mean `policy`?)"]);
    check("node a data=tape\nnetwork a-b", &["1:13-4 data is kept in `memory` or on `disk`, not in `tape`"]);
    check("node a data=disk\nnetwork a-b", &[]);
    check("node a driver=nativ\nnetwork a-b", &["1:15-5 unknown driver `nativ` (did you mean `native`?)"]);
    check(
        "node a clock=10\nnetwork a-b",
        &["1:14-2 a bare number is no duration: `10` (such as `clock=+10s` or `clock=-500ms`)"],
    );
    check("node a clock=+10s\nnetwork a-b", &[]);
    check(
        "node a policy=last policy=oldest\nnetwork a-b",
        &["1:20-13 `policy` is given twice (keep one of the two)"],
    );
    check("node c policy=last\nnetwork a-b", &["1:6-1 unknown node `c` (the nodes are a, b)"]);
    check(
        "node random policy=last\nnetwork a-b",
        &["1:6-6 options are given before there are nodes to draw from (name the nodes, or `all`)"],
    );
    check(
        "node first policy=last\nnetwork a-b",
        &["1:6-5 options are given before there is a first or last node (name the nodes, or `all`)"],
    );
    check(
        "node all policy=last",
        &["1:6-3 no node ever starts (a `network` step starts nodes, such as `network a-b`)"],
    );
    check(
        "network a-b\nnode a policy=last",
        &[
            "2:6-1 options are given before nodes start, and `a` runs (move this step above the `network` step that starts it)",
        ],
    );
    check(
        "network a-b\nnode all policy=last",
        &[
            "2:6-3 options are given before nodes start, and `a` runs (move this step up, or name the nodes that start later)",
        ],
    );
    check("network a-b\nnode c policy=last\nnetwork b-c", &[]);
}

/// A driver whose nodes have fewer commands than ours.
const FOREIGN: driver::Declaration = driver::Declaration {
    name: "foreign",
    about: "",
    install: "",
    program: "",
    asked_directly: false,
    simulated: false,
    commands: &[driver::Command {
        name: "blink",
        arguments: &[],
        changes: false,
        answer: driver::Answer::Text,
    }],
    wiring: driver::Wiring::ByThemselves,
    ours: false,
    is_told_members: false,
    dials_by_itself: &[],
    grows: false,
    restarted_for: &[],
    readiness: driver::Readiness::Seen,
    start_within: driver::START_WITHIN,
    healthy_within: None,
    tells: false,
    content: driver::Content::Keys,
    needs: &[],
    takes: &[],
    implied_workloads: &[],
    by_port: false,
    link_policy: None,
    links_to: &["foreign"],
    values: &[driver::Values::Json],
    policies: &[],
    bounds: &[],
    ports: &[],
    asked: 0,
    further_asked: &[],
    dial_path: "",
    codes: &["broken"],
};

#[track_caller]
fn check_foreign(text: &str, expected: &[&str]) {
    let setting = Setting { drivers: &[&NATIVE, &FOREIGN], ..SETTING };
    let (scenario, _) = read(text).unwrap_or_else(|diagnostic| panic!("{diagnostic}"));
    let diagnostics: Vec<String> = scenario::check(&scenario, &setting).iter().map(brief).collect();
    assert_eq!(diagnostics, expected);
}

/// Nodes that are started again as their network grows.
const RESTARTED: driver::Declaration = driver::Declaration {
    name: "restarted",
    grows: true,
    restarted_for: &[driver::Growth::Neighbour],
    links_to: &["restarted"],
    ..FOREIGN
};

#[test]
fn nodes_are_restarted_as_a_network_grows_only_where_they_may_end() {
    let check = |text: &str, expected: &[&str]| {
        let setting = Setting { drivers: &[&RESTARTED], ..SETTING };
        let (scenario, _) = read(text).unwrap_or_else(|diagnostic| panic!("{diagnostic}"));
        let diagnostics: Vec<String> = scenario::check(&scenario, &setting).iter().map(brief).collect();
        assert_eq!(diagnostics, expected);
    };
    check("network a-b\nnetwork b-c\nexpect a: blink == x", &[]);
    check(
        "network a-b\nmeasure m { network b-c }\nexpect a: blink == x",
        &["2:13-11 no node may end inside `measure`, and `a` is restarted as the network grows \
           (move the step out of the block)"],
    );
    check(
        "node a at=127.0.0.1:7000\nnetwork a-b\nnetwork b-c\nexpect a: blink == x",
        &["3:1-11 `a` ran before, and is not started again as the network grows \
           (name all nodes and links in the first `network` step)"],
    );
}

#[test]
fn what_nodes_can_depends_on_their_driver() {
    check_foreign(
        "node b driver=foreign\nnetwork a, b\nexpect b: blink == x\nexpect b: log is empty\nall: get x\n\
         b: blink\na: blink\nexpect b: blink fails absent",
        &[
            "5:6-3 `foreign` nodes have no command `get` (the commands are blink, log, state)",
            "7:4-5 `native` nodes have no command `blink` (the commands are get, set, delete, stamp, keys, count, peers, \
             addPeer, nodes, ping, digest, stats and 2 more)",
            "8:23-6 unknown error code `absent` (the codes are broken, no_answer)",
        ],
    );
    check_foreign(
        "node all driver=foreign policy=last\nnetwork a-b\nnetwork c\nexpect converged",
        &[
            "1:32-4 `foreign` nodes have no policy `last` (they have none at all)",
            "3:1-9 a network of `foreign` nodes cannot grow (name all nodes and links in the first `network` step)",
        ],
    );
}
