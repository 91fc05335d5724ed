//! What is refused, or warned of, before anything starts.

use super::examples::check_in;
use super::{brief, read};
use crate::driver::{self, NATIVE};
use crate::scenario::{self, Setting};
use crate::text::Severity;
use crate::world::{Ability, NETNS, PROCESS, PROCESS_DIRECT};

pub(super) const SETTING: Setting<'_> = Setting::of(&PROCESS);

/// `expected` are lines of `line:column-width message (help)`, warnings with a `?` in front. That
/// nothing is expected is not among them.
#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let (scenario, mut diagnostics) = read(text).unwrap_or_else(|diagnostic| panic!("{diagnostic}"));
    diagnostics.extend(scenario::check(&scenario, &SETTING));
    let lines: Vec<String> = diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.message != "this scenario expects nothing")
        .map(|diagnostic| {
            format!(
                "{}{}",
                if diagnostic.severity == Severity::Warning { "? " } else { "" },
                brief(diagnostic)
            )
        })
        .collect();
    assert_eq!(lines, expected);
}

#[test]
fn expectations_that_cannot_hold() {
    check(
        "network a-b\na: set x 1\nexpect c: get x == 1\nnetwork b-c",
        &[
            "3:8-1 the node `c` starts only at line 4 (move this step below the `network` step that starts it)",
        ],
    );
    check(
        "network a-b\nexpect any all: get x agree",
        &["2:23-5 `agree` compares all answers, and `any` needs one (leave out `any`)"],
    );
    check("network a-b\nexpect a: get x agree", &["? 2:17-5 one node always agrees with itself"]);
    check(
        "network a-b\nexpect a: keys < x",
        &[
            "2:16-3 `keys` answers with a list, which `<` does not fit (use `==`, `!=`, `contains` or `is empty`)",
        ],
    );
    check(
        "network a-b\nexpect a: count is empty",
        &[
            "2:17-8 `count` answers with a number, which `is empty` does not fit (use `==`, `<` and the like, or `in`)",
        ],
    );
    check(
        "network a-b\nexpect a: count == many",
        &["2:20-4 `count` answers with a number, and `many` is none"],
    );
    check(
        "network a-b\nexpect a: count contains 5",
        &[
            "2:17-10 `count` answers with a number, which `contains` does not fit (use `==`, `<` and the like, or `in`)",
        ],
    );
    check(
        "network a-b\nexpect a: keys in x y",
        &[
            "2:16-6 `keys` answers with a list, which is `in` nothing (compare lists with `==`, or use `contains`)",
        ],
    );
    check(
        "network a-b\nexpect a: keys matches /x/",
        &[
            "2:16-11 `keys` answers with a list, which `matches` does not fit (use `==`, `!=`, `contains` or `is empty`)",
        ],
    );
    check("network a-b\nexpect a: peers == b c", &["2:22-1 unknown node `c` (the nodes are a, b)"]);
    check(
        "network a-b\nexpect a: peers contains c within 5s",
        &["2:26-1 unknown node `c` (the nodes are a, b)"],
    );
    check(
        "network a-b\nexpect a: get x == b c",
        &[
            r#"2:20-3 `get` answers with one value, not with a list (quote a value that holds blanks: `"b c"`; one of several is `in`)"#,
        ],
    );
}

#[test]
fn expectations_of_the_wrong_kind() {
    check(
        "network a-b\nexpect a: state == exited 9",
        &[
            r#"2:20-8 `state` answers with one value, not with a list (quote a value that holds blanks: `"exited 9"`; one of several is `in`)"#,
        ],
    );
    check("network a-b\nexpect a: get x = 5", &["2:17-1 `get` takes KEY (to compare, write `==`)"]);
    check(
        "network a-b\nexpect a: get x == 1 withn 5s",
        &["2:20-10 `get` answers with one value, not with a list (did you mean `within`?)"],
    );
    check(
        "network a-b\nexpect a: get x fails absnt",
        &["2:23-5 unknown error code `absnt` (did you mean `absent`?)"],
    );
    check("network a-b\nexpect a: get x fails no_answer", &[]);
    check(
        "network a-b\nexpect a: get x fails zzzzzzzz within 5s",
        &[
            "2:23-8 unknown error code `zzzzzzzz` (the codes are absent, exists, neighbor_exists, refused, unavailable, no_answer)",
        ],
    );
    check(
        "network a-b\nexpect a: addPeer b == 5",
        &["2:21-4 `addPeer` answers nothing that could be compared (expect it alone, or that it `fails`)"],
    );
    check(
        "network a-b\nexpect a: set x 1 within 5s",
        &[
            "2:11-7 `set` changes something: it is sent once, and not asked again (leave out `within`, and expect the change in a step of its own)",
        ],
    );
    check(
        "network a-b\nexpect a: addPeer b fails neighbor_exists for 5s",
        &[
            "2:11-9 `addPeer` changes something: it is sent once, and not asked again (leave out `for`, and expect the change in a step of its own)",
        ],
    );
    check(
        "expect converged within 5s",
        &["1:1-16 no node runs yet (a `network` step starts nodes, such as `network a-b`)"],
    );
    check(
        "timeout 3s\nnetwork a-b\nexpect converged within 5s\nwait 4s",
        &[
            "? 3:18-9 the scenario is ended after 3s, before this time has passed (begin the file with a longer `timeout`)",
            "? 4:1-7 the scenario is ended after 3s, before this time has passed (begin the file with a longer `timeout`)",
        ],
    );
    check(
        "network a-b\nnetwork a-b\nexpect converged",
        &["? 2:1-11 every node and link of this network is there already"],
    );
    check("timeout 2s; network a-b; expect all: get x == y within 2s", &[]);
}

#[test]
fn commands_and_their_arguments() {
    check("network a-b\nc: get x", &["2:1-1 unknown node `c` (the nodes are a, b)"]);
    check("network alice-bob\nalcie: get x", &["2:1-5 unknown node `alcie` (did you mean `alice`?)"]);
    check("network a-b\na: gte x", &["2:4-3 `native` nodes have no command `gte` (did you mean `get`?)"]);
    check(
        "network a-b\na: frobnicate x",
        &[
            "2:4-10 `native` nodes have no command `frobnicate` (the commands are get, set, delete, stamp, keys, count, peers, addPeer, digest, stats, log, state)",
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
    check("network a-b\na: keys x", &["2:9-1 `keys` takes nothing"]);
    check(
        "network a-b\na: stats paylods_sent",
        &["2:10-12 `stats paylods_sent`: there is no such NAME (did you mean `payloads_sent`?)"],
    );
    check(
        "network a-b\na: stats zzzzzzzzzzzzz",
        &[
            "2:10-13 `stats zzzzzzzzzzzzz`: there is no such NAME (there are announcements_sent, bytes_sent, duplicates, fetched, grafts_sent, keys, messages_sent, missing, not_due, outbox_overflows, outbox_weight, outbox_weight_max and 8 more)",
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
fn names_that_are_kept() {
    check(
        "network a-b\nlet v = all\na: set x 1 $v",
        &["3:12-2 DATE is a whole number, and nodes are kept here"],
    );
    check(
        "network a-b\nlet node1 = a\nkill $node2",
        &["3:6-6 unknown variable `$node2` (did you mean `$node1`?)"],
    );
    check(
        "network a-b\ndo { let v = a }\nkill $v",
        &["3:6-2 `$v` is known only inside its block (use it before the `}` of the block that keeps it)"],
    );
    check(
        "network a-b\ntogether { let v = random; kill $v }",
        &[
            "2:33-2 `$v` is kept by a step that runs at the same time (put what runs one after another into `do { … }`)",
        ],
    );
    check(
        "network a-b\nlet v = a\nlet v = b",
        &["3:1-9 something is kept as `v` already (choose another name)"],
    );
    check(
        "network a-b\nlet v = a\neach v in all { kill $v }",
        &["3:1-13 something is kept as `v` already (choose another name)"],
    );
    check(
        "param v = a\nnetwork a-b\nlet v = $v",
        &["3:1-10 `v` is a parameter already (choose another name)"],
    );
    check(
        "network a-b\nlet nodes = a",
        &["2:1-13 `nodes` is a figure that is always there (choose another name)"],
    );
    check(
        "network a-b\nrepeat 3 as i { kill $i }",
        &["2:22-2 `$i` is a counter, not nodes (`let v = random` and `each v in all` keep nodes)"],
    );
    check(
        "network a-b\nlet n = a: count\nkill $n",
        &["3:6-2 `$n` is a number, not nodes (`let v = random` and `each v in all` keep nodes)"],
    );
    check(
        "network a-b\nlet x = all: get k",
        &["2:9-3 an answer is kept from exactly one node (name one, or choose it: `first`, `random`)"],
    );
    check(
        "network a-b\nlet x = a, b: get k",
        &["2:9-4 an answer is kept from exactly one node (name one, or choose it: `first`, `random`)"],
    );
    check(
        "network a-b\nlet x = random 2: get k",
        &["2:9-8 an answer is kept from exactly one node (name one, or choose it: `first`, `random`)"],
    );
    check(
        "network a-b\nlet v = all\nlet k = $v: get x",
        &["3:9-2 an answer is kept from exactly one node (name one, or choose it: `first`, `random`)"],
    );
    check("network a-b\neach v in all { let k = $v: get x; expect $k == 5 }", &[]);
}

#[test]
fn figures_that_are_not_there() {
    check(
        "network a-b\nexpect m.ok == 5",
        &["2:8-1 nothing is measured as `m` (`measure m { … }` takes its figures)"],
    );
    check(
        "network a-b\nmeasure m { a: set x 1 }\nexpect m.paylods == 5",
        &["3:10-7 unknown figure `paylods` (did you mean `payloads`?)"],
    );
    check(
        "network a-b\nmeasure load { a: set x 1 }\nexpect laod.ok == 5",
        &["3:8-4 nothing is measured as `laod` (did you mean `load`?)"],
    );
    check(
        "network a-b\nmeasure m { a: set x 1; expect m.ok == 1 }",
        &["2:32-1 `m` is measured until its block ends (read its figures after the `}`)"],
    );
    check(
        "network a-b\ntogether { measure m { a: set x 1 }; expect m.ok == 1 }\nexpect m.ok == 1",
        &["2:45-1 `m` is measured at the same time (read its figures after the `together`)"],
    );
    check(
        "network a-b\nmeasure m { heal }\nmeasure m { kill a }",
        &[
            "3:1-9 something is measured as `m` already (choose another name)",
            "3:13-6 no node may end inside `measure` (its figures count what reaches all running nodes; move the step out of the block)",
        ],
    );
    check("network a-b\nlet x = random: get k\nlet y = first: get k\nexpect $x == $y", &[]);
    check(
        "network a-b\nmeasure m { kill a; together { restart b }; pause a }",
        &[
            "2:13-6 no node may end inside `measure` (its figures count what reaches all running nodes; move the step out of the block)",
            "2:32-9 no node may end inside `measure` (its figures count what reaches all running nodes; move the step out of the block)",
        ],
    );
    check("wait 5s\nexpect nodes == 3", &[]);
    check(
        "network a-b\nexpect nodes == 2 within 5s",
        &["? 2:19-9 figures do not change, so there is nothing to wait for (leave out `within` and `for`)"],
    );
    check(
        "network a-b\nexpect nodes == \"a\"",
        &[
            "2:17-3 this is text, and the other side is a number (compare numbers with numbers, or texts with texts)",
        ],
    );
    check("network a-b\nexpect nodes + \"a\" == 2", &["2:16-3 only numbers can be calculated with"]);
    check(
        "network a-b\nexpect x == 2",
        &["2:8-1 unknown figure `x` (the figures are nodes, links, diameter)"],
    );
    check(
        "network a-b\nexpect $x == 2",
        &[
            "2:8-2 unknown variable `$x` (`param`, `let`, `each` and `repeat … as` keep names; a dollar is `$$`)",
        ],
    );
    check("network a-b\nexpect nods == 2", &["2:8-4 unknown figure `nods` (did you mean `nodes`?)"]);
    check(
        "network a-b\na: set x ${y + 1}",
        &["2:12-1 unknown figure `y` (the figures are nodes, links, diameter)"],
    );
}

#[test]
fn blocks_that_never_end() {
    check(
        "network a-b\nrepeat { a: get x }",
        &[
            "2:1-6 a `repeat` without a count goes on until the steps beside it have ended (give it a count, as in `repeat 10 { … }`, or put it into `together { … }`)",
        ],
    );
    check(
        "network a-b\ntogether { repeat { a: get x }; repeat at 5/s { b: get x } }",
        &[
            "2:1-8 no step of this `together` ever ends by itself (give one `repeat` a count, or add what the others accompany)",
        ],
    );
    check(
        "network a-b\ntogether { repeat 3 { repeat { a: get x } }; wait 1s }",
        &[
            "2:23-6 a `repeat` without a count goes on until the steps beside it have ended (give it a count, as in `repeat 10 { … }`, or put it into `together { … }`)",
        ],
    );
    check("network a-b\ntogether { do { wait 1s; repeat { a: get x } }; wait 1s }", &[]);
    check("network a-b\ntogether { }\nexpect converged", &["? 2:1-8 this block is empty"]);
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
    check("network a-b\nkill random 3 of a, b", &["2:6-16 3 nodes are drawn from 2"]);
    check("network a-b\nkill random 3", &["2:6-8 3 nodes are drawn from 2"]);
    check("network a-b\nkill all but a, b", &["2:6-12 this chooses nobody"]);
    check("network a-b\nkill all of c", &["2:13-1 unknown node `c` (the nodes are a, b)"]);
}

#[test]
fn links_and_partitions() {
    check("worlds netns\nnetwork a-b\npartition a | rest", &[]);
    check(
        "worlds netns\nnetwork a-b\npartition a, b",
        &["3:1-14 a partition has at least two sets (put `|` between them: `partition a, b | rest`)"],
    );
    check(
        "worlds netns\nnetwork a-b\npartition a, rest | b, a, rest",
        &["3:1-30 `rest` stands in more than one set", "3:24-1 `a` stands in this partition twice"],
    );
    check(
        "worlds netns\nnetwork a-b\npartition all but rest | a",
        &["3:11-12 `rest` stands in a `partition` only (the other nodes are `all but …`)"],
    );
    check(
        "network a-b\nkill all\npause a\ncut a-b\nbreak a-b\nlink a-b delay 5ms loss 1%\nclock a +5s",
        &["6:1-26 the world `process` cannot lose messages (worlds that can: sim, netns)"],
    );
    check("network a-b-c\ncut a-c", &["2:5-3 there is no link between `a` and `c` (`a` is linked to b)"]);
    check(
        "worlds netns\nnetwork a-b-c, d\ncut a-c, a-a, d-a, x-a",
        &[
            "3:5-3 there is no link between `a` and `c` (`a` is linked to b)",
            "3:10-3 `a` is not linked to itself",
            "3:15-3 there is no link between `d` and `a` (`d` is linked to nobody)",
            "3:20-1 unknown node `x` (the nodes are a, b, c, d)",
        ],
    );
    check(
        "worlds netns\nnetwork a-b, c\nlink b-c delay 5ms\nnetwork b-c",
        &["3:6-3 there is no link between `b` and `c` (it comes with a `network` step further down)"],
    );
    check(
        "worlds netns\nnetwork a-b, c\na: addPeer c\ncut a-c, b-c",
        &["4:10-3 there is no link between `b` and `c` (`b` is linked to a)"],
    );
    check(
        "worlds netns\nnetwork a-b-c\nlet v = all\ncut $v-a, first-last",
        &[
            "4:5-2 `$v` may be several nodes (a link's end is one node)",
            "4:11-10 there is no link between `a` and `c` (`a` is linked to b)",
        ],
    );
}

#[test]
fn a_disk_is_filled_where_there_is_one() {
    let memory = |place: &str, name: &str| {
        format!(
            "{place} `{name}` has no disk: it keeps what it holds in memory (`node {name} data=disk` before the \
             `network` step that starts it gives it one)"
        )
    };
    check("node b data=disk\nnetwork a-b\ndisk b full; disk b free", &[]);
    check("node all data=disk\nnetwork a-b\ndisk random full", &[]);
    check("network a-b\ndisk a full", &[&memory("2:1-11", "a")]);
    check("node b data=disk\nnetwork a-b\ndisk all full", &[&memory("3:1-13", "a")]);
    check(
        "node all data=disk\nnode b data=memory\nnetwork a-b\ndisk all but a full",
        &[&memory("4:1-19", "b")],
    );
    // Which it will be is known only later.
    check("node b data=disk\nnetwork a-b\nlet v = random\ndisk $v full", &[]);
    check("network a-b\nlet v = random\ndisk $v full", &[&memory("3:1-12", "a")]);
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
    check("node a policy=last policy=oldest\nnetwork a-b", &["1:20-13 `policy` is given twice"]);
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

#[test]
fn slips_that_can_be_read() {
    check("# only", &["1:7-1 this scenario has no step (begin with a network, such as `network a-b`)"]);
    check(
        "expect a: get x = 5",
        &[
            "1:8-1 unknown node `a` (a `network` step starts nodes, such as `network a-b`)",
            "1:17-1 `get` takes KEY (to compare, write `==`)",
        ],
    );
    check(
        "expect a: get x agrees",
        &[
            "1:8-1 unknown node `a` (a `network` step starts nodes, such as `network a-b`)",
            "1:17-6 `get` takes KEY (did you mean `agree`?)",
        ],
    );
    check(
        "expect all: get x == 1 withn 5s",
        &[
            "1:8-3 no node runs yet (a `network` step starts nodes, such as `network a-b`)",
            "1:22-10 `get` answers with one value, not with a list (did you mean `within`?)",
        ],
    );
    check("a: set x 1#", &["1:1-1 unknown node `a` (a `network` step starts nodes, such as `network a-b`)"]);
    check(
        "a:: get x",
        &[
            "1:1-1 unknown node `a` (a `network` step starts nodes, such as `network a-b`)",
            "1:3-1 `native` nodes have no command `:` (the commands are get, set, delete, stamp, keys, count, peers, addPeer, digest, stats, log, state)",
        ],
    );
    check(
        "cut all-b",
        &[
            "1:5-3 unknown node `all` (a `network` step starts nodes, such as `network a-b`)",
            "1:9-1 unknown node `b` (a `network` step starts nodes, such as `network a-b`)",
        ],
    );
    check(
        "node a policy=last,",
        &[
            "1:6-1 unknown node `a` (a `network` step starts nodes, such as `network a-b`)",
            "1:15-5 `native` nodes have no policy `last,` (did you mean `last`?)",
        ],
    );
    check(
        "worlds process\nnetwork a-b\nlink a-b loss 5%",
        &["3:1-16 the world `process` cannot lose messages (worlds that can: sim, netns)"],
    );
    check("param t = 5s | x\nwait $t ", &[]);
}

#[test]
fn a_running_network_is_known_before_the_first_step() {
    let graph = crate::topology::parse(&crate::text::Source::new("topology", "a-b, b-c")).unwrap().graph;
    let setting = Setting { existing: Some(&graph), ..SETTING };
    let none = &mut |_: &str| Err("none".to_owned());
    let (scenario, _) =
        scenario::parse_steps(&crate::text::Source::new("do", "kill c; network c-d; d: get x; kill e"), none)
            .unwrap();
    let diagnostics: Vec<String> = scenario::check(&scenario, &setting).iter().map(brief).collect();
    assert_eq!(diagnostics, ["1:37-1 unknown node `e` (the nodes are a, b, c, d)"]);
    let (scenario, _) = scenario::parse_steps(&crate::text::Source::new("do", ""), none).unwrap();
    assert_eq!(scenario::check(&scenario, &setting), []);
}

#[test]
fn links_of_a_running_network_are_changed_only_where_something_stands_in_them() {
    let graph = crate::topology::parse(&crate::text::Source::new("topology", "a-b, b-c")).unwrap().graph;
    let brief_in = |world, steps: &str| -> Vec<String> {
        let setting = Setting { world, existing: Some(&graph), ..SETTING };
        let none = &mut |_: &str| Err("none".to_owned());
        let (scenario, _) = scenario::parse_steps(&crate::text::Source::new("do", steps), none).unwrap();
        scenario::check(&scenario, &setting).iter().map(brief).collect()
    };
    let steps = "cut a-b; heal; break a-b; link all delay 5ms; partition a | rest";
    assert_eq!(brief_in(&PROCESS, steps), [""; 0]);
    let refused = |place: &str, what: &str| {
        format!(
            "{place} this network cannot {what} links: nothing stands between its nodes (start it with `tools \
             run --faults`)"
        )
    };
    assert_eq!(
        brief_in(&PROCESS_DIRECT, steps),
        [
            refused("1:1-7", "cut"),
            refused("1:10-4", "cut"),
            refused("1:16-9", "break"),
            refused("1:27-18", "shape"),
            refused("1:47-18", "cut"),
        ]
    );
    assert_eq!(
        brief_in(&PROCESS_DIRECT, "link a-b loss 1%"),
        ["1:1-16 the world `process` cannot lose messages (worlds that can: sim, netns)"]
    );
    // Whatever comes later may touch links.
    let free = "node d args=--auto-connect; network c-d";
    assert_eq!(brief_in(&PROCESS_DIRECT, free), [""; 0]);
    assert_eq!(brief_in(&PROCESS, free).len(), 1);
}

#[test]
fn nodes_that_dial_by_themselves_go_past_what_is_done_to_links() {
    let past = |place: &str, world: &str, worlds: &str| {
        format!(
            "{place} with `--auto-connect` nodes dial each other past what stands in the links of the world \
             `{world}` (leave it away where links are cut or shaped; it works in: {worlds})"
        )
    };
    let auto = "node all args=--auto-connect\nnetwork a-b\n";
    for step in ["cut a-b", "partition a | b", "heal", "break a-b", "do { cut a-b }"] {
        check(&format!("{auto}{step}"), &[&past("1:10-19", "process", "sim, netns")]);
        check_in(&Setting { world: &NETNS, ..SETTING }, &format!("{auto}{step}\nexpect converged"), &[]);
    }
    let shape = format!("{auto}link all delay 5ms");
    check(&shape, &[&past("1:10-19", "process", "sim")]);
    let netns = Setting { world: &NETNS, ..SETTING };
    check_in(&netns, &format!("{shape}\nexpect converged"), &[&past("1:10-19", "netns", "sim")]);
    let exec = "node a exec=\"./n {port} --auto-connect -v\"\nnetwork a-b\nrepeat 2 { heal }";
    check(exec, &[&past("1:8-35", "process", "sim, netns")]);
    check("node all args=--auto-connect\nnetwork a-b\nkill a", &[]);
    check("node all args=--verbose\nnetwork a-b\ncut a-b", &[]);
    check("worlds sim\nnode all args=--auto-connect\nnetwork a-b\ncut a-b", &[]);
}

#[test]
fn steps_that_touch_links_are_found_wherever_they_stand() {
    let touches = |steps: &str, abilities: &[Ability]| {
        let (scenario, _) = read(&format!("network a-b\n{steps}")).unwrap();
        scenario.needs_any(abilities)
    };
    let all = [Ability::Cut, Ability::Break, Ability::Shape, Ability::Loss];
    let steps = [
        ("cut a-b", Ability::Cut),
        ("join a->b", Ability::Cut),
        ("break a-b", Ability::Break),
        ("partition a | b", Ability::Cut),
        ("heal", Ability::Cut),
        ("link all clear", Ability::Shape),
        ("link all delay 5ms", Ability::Shape),
        ("link all loss 5%", Ability::Loss),
    ];
    for (step, ability) in steps {
        for around in
            ["{}", "together {{}}", "do {{}}", "repeat 2 {{}}", "each v in all {{}}", "measure m {{}}"]
        {
            let steps = around.replacen("{}", &format!(" {step} "), 1);
            assert!(touches(&steps, &[ability]), "{steps}");
            let others = all.map(|other| if other == ability { Ability::Pause } else { other });
            assert!(!touches(&steps, &others), "{steps}");
        }
    }
    assert!(touches("link all delay 5ms loss 5%", &[Ability::Loss]));
    assert!(!touches("kill a; together { start a; do { wait 1s } }", &all));
}

/// A driver whose nodes know less than ours.
const FOREIGN: driver::Declaration = driver::Declaration {
    name: "foreign",
    commands: &[driver::Command {
        name: "ping",
        arguments: &[],
        changes: false,
        answer: driver::Answer::Text,
    }],
    wiring: driver::Wiring::None,
    dials_by_itself: &[],
    grows: false,
    readiness: driver::Readiness::Seen,
    tells: false,
    content: driver::Content::Keys,
    needs: &[],
    by_port: false,
    link_policy: None,
    links_to: &["foreign"],
    policies: &[],
    bounds: &[],
    codes: &["broken"],
};

#[track_caller]
fn check_foreign(text: &str, expected: &[&str]) {
    let setting = Setting { drivers: &[&NATIVE, &FOREIGN], ..SETTING };
    let (scenario, _) = read(text).unwrap_or_else(|diagnostic| panic!("{diagnostic}"));
    let diagnostics: Vec<String> = scenario::check(&scenario, &setting).iter().map(brief).collect();
    assert_eq!(diagnostics, expected);
}

#[test]
fn what_nodes_can_depends_on_their_driver() {
    check_foreign(
        "node b driver=foreign\nnetwork a, b\nexpect b: ping == x\nexpect b: log is empty\nall: get x\n\
         b: ping\na: ping\nexpect b: ping fails absent",
        &[
            "5:6-3 `foreign` nodes have no command `get` (the commands are ping, log, state)",
            "7:4-4 `native` nodes have no command `ping` (the commands are get, set, delete, stamp, keys, count, peers, \
             addPeer, digest, stats, log, state)",
            "8:22-6 unknown error code `absent` (the codes are broken, no_answer)",
        ],
    );
    check_foreign(
        "node all driver=foreign policy=last\nnetwork a-b\nnetwork c\nexpect converged",
        &[
            "1:32-4 `foreign` nodes have no policy `last` (they have none at all)",
            "2:1-11 `foreign` nodes find each other, and cannot be linked (name the nodes without links: \
             `network a, b, c`)",
            "3:1-9 a network of `foreign` nodes cannot grow (name all nodes and links in the first `network` step)",
        ],
    );
}

#[test]
fn many_errors_are_not_all_listed() {
    let (scenario, _) = read(&"a: get x\n".repeat(10_000)).unwrap();
    let count = scenario::check(&scenario, &SETTING).len();
    assert!((100..=110).contains(&count), "{count}");
}

#[test]
fn the_place_of_an_error_in_an_included_file_is_in_that_file() {
    let files = [("load.scn", "\nb: get x\nz: get x")];
    let (scenario, _) = super::read_with("network a-b\ninclude \"load.scn\"\nq: get x", &[], &files).unwrap();
    let places: Vec<String> = scenario::check(&scenario, &SETTING)
        .iter()
        .filter(|diagnostic| diagnostic.severity == Severity::Error)
        .map(|diagnostic| format!("{}:{}", diagnostic.source.name(), brief(diagnostic)))
        .collect();
    assert_eq!(
        places,
        [
            "test.scn:3:1-1 unknown node `q` (the nodes are a, b)",
            "load.scn:3:1-1 unknown node `z` (the nodes are a, b)"
        ]
    );
}
