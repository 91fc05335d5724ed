//! Checks of steps that change links and disks.

use super::{SETTING, check};
use crate::scenario::tests::examples::check_in;
use crate::scenario::tests::{brief, read};
use crate::scenario::{self, Setting};
use crate::world::{Ability, NETNS, PROCESS, PROCESS_DIRECT};

#[test]
fn links_and_partitions() {
    check("worlds netns\nnetwork a-b\npartition a | rest", &[]);
    check(
        "worlds netns\nnetwork a-b\npartition a, b",
        &["3:1-14 a partition has at least two sets (put `|` between them: `partition a, b | rest`)"],
    );
    check(
        "worlds netns\nnetwork a-b\npartition a, rest | b, a, rest",
        &[
            "3:1-30 `rest` stands in more than one set (one set takes the nodes that no other set names)",
            "3:24-1 `a` stands in this partition twice (name it in one set)",
        ],
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
            "3:10-3 `a` is not linked to itself (a link joins two different nodes, as in `a-b`)",
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
    check("network a-b\nlet v = random\ndisk $v full", &[&memory("3:1-12", "a")]);
    // A variable of drawn nodes is judged as the draw itself is.
    check("node b data=disk\nnetwork a-b\ndisk random full", &[&memory("3:1-16", "a")]);
    check("node b data=disk\nnetwork a-b\nlet v = random\ndisk $v full", &[&memory("4:1-12", "a")]);
    check("node b data=disk\nnetwork a-b\nlet v = b\ndisk $v full", &[]);
    check("node b data=disk\nnetwork a-b\nlet v = a\ndisk all but $v full", &[]);
    // The node in an answer is known only later.
    check("node b data=disk\nnetwork a-b\nlet v = a: get x\ndisk $v full", &[]);
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
    // A later step may act on links.
    let free = "node d args=--auto-connect; network c-d";
    assert_eq!(brief_in(&PROCESS_DIRECT, free), [""; 0]);
    assert_eq!(brief_in(&PROCESS, free).len(), 1);
}

#[test]
fn nodes_that_dial_by_themselves_go_past_what_is_done_to_links() {
    let past = |place: &str, world: &str, worlds: &str| {
        format!(
            "{place} with `--auto-connect` nodes dial each other past what stands in the links of the world \
             `{world}` (leave it out where links are cut or shaped; it works in: {worlds})"
        )
    };
    let auto = "node all args=--auto-connect\nnetwork a-b\n";
    for step in ["cut a-b", "partition a | b", "heal", "break a-b", "do { cut a-b }"] {
        check(&format!("{auto}{step}"), &[&past("1:10-19", "process", "sim, netns")]);
        check_in(&Setting { world: &NETNS, ..SETTING }, &format!("{auto}{step}\nexpect converged"), &[]);
    }
    let shape = format!("{auto}link all delay 5ms");
    check(&shape, &[&past("1:10-19", "process", "sim, netns")]);
    check_in(&Setting { world: &NETNS, ..SETTING }, &format!("{shape}\nexpect converged"), &[]);
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

#[test]
fn a_partition_that_no_link_crosses_stops_nothing_where_links_hold_traffic_back() {
    let message = "no link lies between these sets, so in the world `process` this partition stops nothing \
                   (link nodes of different sets, or use a world that holds back all traffic: `--world netns`)";
    check("network a, b\npartition a | b", &[&format!("? 2:1-15 {message}")]);
    check("network a-b, c-d\npartition a, b | rest", &[&format!("? 2:1-21 {message}")]);
    for linked in [
        "network a-b\npartition a | b",
        "network a-b, c\npartition a | rest",
        "network a, b\npartition a | b\nnetwork a-b",
        "network a, b\na: addPeer b\npartition a | b",
        "network a, b\nlet v = random\npartition $v | rest",
    ] {
        check(linked, &[]);
    }
}
