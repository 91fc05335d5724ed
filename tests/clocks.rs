//! Tests of `clock` for programs that are not ours: they load libfaketime, or are refused before anything starts.

use crate::networks;
use crate::story::{Tools, has, skipped};

/// The node that answers by how many seconds its clock is ahead of the kernel's, and its description.
const NODE: &str = include_str!("clocks/time.js");
const DRIVER: &str = include_str!("clocks/time.toml");

/// A scenario that shifts clocks forwards and back, at the start, while nodes run and while one does not.
const SHIFTS: &str = "\
node all driver=time.toml
node b clock=-1h
network a, b
expect a: ahead == 0
expect b: ahead == -3600
clock a +10s
expect a: ahead == 10
expect b: ahead == -3600
clock all +1h
expect a: ahead == 3610
expect b: ahead == 0
clock a -3615s
expect a: ahead == -5
kill a
clock a +25s
start a
expect a: ahead == 20
";

/// Returns a folder with the node; none if this machine cannot shift its clock.
fn service() -> Option<Tools> {
    if !has("node") {
        return None;
    }
    let tools = Tools::new().file("time.js", NODE).file("time.toml", DRIVER).file("shifts.scn", SHIFTS);
    let checked = tools.run("check shifts.scn");
    if checked.err.contains("is not installed") {
        skipped("this machine has no libfaketime");
        return None;
    }
    checked.code(0);
    Some(tools)
}

#[test]
fn the_clock_of_a_program_goes_forwards_and_back_and_its_timers_go_on() {
    let Some(tools) = service() else { return };
    tools.run("test shifts.scn").code(0);
    tools.expect_nothing_left();
}

#[test]
fn the_clock_of_a_program_is_shifted_in_a_network_of_its_own() {
    if !networks::can() {
        return;
    }
    let Some(tools) = service() else { return };
    tools.run("test shifts.scn --world netns").code(0);
    tools.expect_nothing_left();
}

#[test]
fn a_network_shifts_clocks_by_hand_only_if_it_was_started_for_that() {
    let Some(tools) = service() else { return };
    tools.run("run a,b --driver time.toml --detach").code(0);
    let refused = tools.run("do 'clock a +10s'");
    assert!(refused.err.contains("start it with `tools run --clocks`"), "{refused:#?}");
    refused.code(2);
    tools.run("stop").code(0);
    tools.run("run a,b --driver time.toml --clocks --detach").code(0);
    tools.run("do 'clock a +10s' 'expect a: ahead == 10' 'expect b: ahead == 0'").code(0);
    tools.run("stop").code(0);
    tools.expect_nothing_left();
}

#[test]
fn a_program_that_runs_without_the_library_is_named() {
    let Some(tools) = service() else { return };
    // The environment is cleared before the node runs, which no file tells.
    let driver = DRIVER.replace("\"node {folder}", "\"env -u LD_PRELOAD node {folder}");
    let text = "node a driver=bare.toml\nnetwork a\nclock a +10s\n";
    let tools = tools.file("bare.toml", &driver).file("bare.scn", text);
    let ended = tools.run("test bare.scn");
    assert!(
        ended.out.contains("its clock cannot be shifted") && ended.out.contains("without libfaketime"),
        "{ended:#?}"
    );
    assert_ne!(ended.code, Some(0));
    tools.expect_nothing_left();
}
