//! Tests of the scenarios that the language was designed with.

use super::checks::SETTING;
use super::{brief, read, read_with, render};
use crate::scenario::{Setting, check};
use crate::world;

const SYNC: &str = "\
# A node that joins late learns what was set before it came.

network a-b
a: set nom Reimert
expect all: get nom == Reimert within 5s

network a-c, b-c                  # c starts now and is wired to both
a: set prenom Damien
expect all: get nom == Reimert within 5s
expect all: get prenom == Damien within 5s
expect converged within 5s
";

const LATENCY: &str = "\
# latency: both ends write at once; all agree, whatever the shape and the policy.
param net = line(26) | ring(26)
param policy = oldest | last
node all policy=$policy
network $net
together { first: set Ville Paris 10000; last: set Ville Tokio 10001 }
expect all: get Ville agree within 5s
expect all: get Ville in Paris Tokio
";

const CRASH: &str = "\
# crash: kill -9 under load loses nothing that was acknowledged.
node all data=disk
network random(7, degree=3, seed=1)
together {
  repeat 10 { let v = random; kill $v; wait 300ms; start $v }
  repeat at 200/s as i { try random: set k$i $i }
}
";

const ROLLING: &str = "\
# rolling: each node restarts in turn; the others refuse no write.
node all data=disk
network ring(5)
each v in all {
  together {
    restart $v
    repeat at 100/s as i { all but $v: set $v-$i x }
  }
}
";

#[test]
fn sync_is_read() {
    let (scenario, warnings) = read(SYNC).unwrap();
    assert_eq!(warnings, []);
    assert_eq!(scenario.about, "A node that joins late learns what was set before it came.");
    assert_eq!(
        render::block(&scenario.steps),
        "network a-b; a: |set| |nom| |Reimert|; expect all: |get| |nom| == |Reimert| within 5s; \
         network a-c, b-c; a: |set| |prenom| |Damien|; expect all: |get| |nom| == |Reimert| within 5s; \
         expect all: |get| |prenom| == |Damien| within 5s; expect converged within 5s"
    );
}

#[test]
fn latency_is_read_with_each_choice() {
    let choice = [("net", "ring(26)"), ("policy", "last")];
    let (scenario, warnings) = read_with(LATENCY, &choice, &[]).unwrap();
    assert_eq!(warnings, []);
    assert_eq!(scenario.name, "test[net=ring(26),policy=last]");
    let steps = render::block(&scenario.steps);
    assert!(steps.starts_with("node all policy=|last|; network a-b, b-c, "), "{steps}");
    assert!(
        steps.ends_with(
            "y-z, z-a; together { first: |set| |Ville| |Paris| |10000|; last: |set| |Ville| |Tokio| |10001| }; \
             expect all: |get| |Ville| agree within 5s; expect all: |get| |Ville| in |Paris| |Tokio|"
        ),
        "{steps}"
    );
}

#[test]
fn crash_is_read() {
    let (scenario, _) = read(CRASH).unwrap();
    let steps = render::block(&scenario.steps);
    assert!(
        steps.ends_with(
            "together { repeat 10 { let v = random 1; kill $v; wait 300000us; start $v }; \
             repeat at 200/s as i { try random 1: |set| |k<$i>| |<$i>| } }"
        ),
        "{steps}"
    );
}

#[test]
fn rolling_is_read() {
    let (scenario, _) = read(ROLLING).unwrap();
    assert_eq!(
        render::block(&scenario.steps),
        "node all data=|disk|; network a-b, b-c, c-d, d-e, e-a; each v in all { together { restart $v; \
         repeat at 100/s as i { all but $v: |set| |<$v>-<$i>| |x| } } }"
    );
}

/// A world that has every ability.
const ANYTHING: world::Declaration = world::Declaration {
    name: "sim",
    virtual_time: true,
    one_host: true,
    proxied: &[],
    prepared: &[],
    abilities: &[
        world::Ability::Pause,
        world::Ability::Cut,
        world::Ability::Break,
        world::Ability::Shape,
        world::Ability::Loss,
        world::Ability::Clock,
        world::Ability::Disk,
        world::Ability::Fill,
        world::Ability::Exec,
    ],
};

const NOTHING_EXPECTED: &str = "this scenario expects nothing (what is checked at every end is checked here as \
                                well: no node died, no acknowledged write is lost)";

#[track_caller]
pub(super) fn check_in(setting: &Setting<'_>, text: &str, expected: &[&str]) {
    let (scenario, _) = read(text).unwrap();
    let diagnostics: Vec<String> = check(&scenario, setting).iter().map(brief).collect();
    assert_eq!(diagnostics, expected);
}

#[test]
fn all_of_them_fit_a_world_that_can_do_everything() {
    let setting = Setting { world: &ANYTHING, ..SETTING };
    check_in(&setting, SYNC, &[]);
    check_in(&setting, LATENCY, &[]);
    check_in(&setting, CRASH, &[&format!("4:1-8 {NOTHING_EXPECTED}")]);
    check_in(&setting, ROLLING, &[&format!("4:1-13 {NOTHING_EXPECTED}")]);
}

#[test]
fn those_that_keep_data_on_disk_do_not_fit_every_world() {
    let forgets = world::Declaration { abilities: &[world::Ability::Pause], ..world::PROCESS };
    let setting = Setting { world: &forgets, ..SETTING };
    check_in(&setting, SYNC, &[]);
    check_in(&setting, LATENCY, &[]);
    let disk = "2:10-9 the world `process` cannot keep data on disk (worlds that can: process, sim, netns)";
    check_in(&setting, CRASH, &[disk, &format!("4:1-8 {NOTHING_EXPECTED}")]);
    check_in(&setting, ROLLING, &[disk, &format!("4:1-13 {NOTHING_EXPECTED}")]);
    let clock = "the world `process` cannot shift clocks (worlds that can: process, sim, netns)";
    let expected = [format!("1:8-10 {clock}"), format!("3:1-11 {clock}")];
    let shifts = "node a clock=+10s\nnetwork a-b\nclock a +5s\nexpect converged";
    check_in(&setting, shifts, &expected.each_ref().map(String::as_str));
    let elsewhere = format!("worlds sim, netns\n{CRASH}");
    check_in(&setting, &elsewhere, &[&format!("5:1-8 {NOTHING_EXPECTED}")]);
}
