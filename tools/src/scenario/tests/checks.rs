//! Tests of the errors and warnings of the check, before anything starts.

mod attached;
mod links;
mod nodes;

use super::{brief, read};
use crate::scenario::{self, Setting};
use crate::text::Severity;
use crate::world::PROCESS;

pub(super) const SETTING: Setting<'_> = Setting::of(&PROCESS);

/// Checks a text against `expected`: lines of `line:column-width message (help)`, warnings with a `?` in
/// front. The warning that the scenario expects nothing is left out.
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
fn a_load_asks_nodes_that_have_its_commands() {
    check("network a-b\nworkload lin-kv { wait 1s } for 2s at 100/s", &[]);
    check("network a-b\nworkload lin-kv { } for 2s", &[]);
    check(
        "network a-b\nworkload g-set { wait 1s } for 2s",
        &[
            "2:1-14 nodes of the driver `native` have no command `add`, which `workload g-set` asks (`tools drivers` lists the drivers, and a description may define it)",
        ],
    );
    check(
        "workload lin-kv { wait 1s } for 2s",
        &["1:1-15 no node is there to be asked (begin with a network, such as `network a-b`)"],
    );
    check(
        "network a-b\nworkload lin-kv { kill c } for 2s",
        &["2:24-1 unknown node `c` (the nodes are a, b)"],
    );
    check(
        "network a-b\nworkload lin-kv { wait 1s } for 90s",
        &[
            "? 2:1-15 the scenario is ended after 60s, before this time has passed (begin the file with a longer `timeout`)",
        ],
    );
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
    check(
        "network a-b\nexpect a: get x agree",
        &["? 2:17-5 one node always agrees with itself (name several nodes, such as `all`)"],
    );
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
        &["? 2:1-11 every node and link of this network is there already (leave this step out)"],
    );
    check("timeout 2s; network a-b; expect all: get x == y within 2s", &[]);
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
    check(
        "network a-b\nexpect nodes + \"a\" == 2",
        &[
            "2:16-3 only numbers can be calculated with (write a number, a figure or a variable that holds a number)",
        ],
    );
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
    check(
        "network a-b\ntogether { }\nexpect converged",
        &["? 2:1-8 this block is empty (put steps into it, or leave it out)"],
    );
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
            "1:3-1 `native` nodes have no command `:` (the commands are get, set, delete, stamp, keys, count, peers, addPeer, nodes, ping, digest, stats and 2 more)",
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
