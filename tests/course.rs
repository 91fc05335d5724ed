//! Tests of the harness with nodes that behave as a course's nodes do: they list neighbours for ever, answer
//! `auth` with `neighbor exists`, log each question, and know texts alone.

use crate::byc::programs;
use crate::story::{Finished, Tools};

/// Runs a scenario on such nodes. `@COURSE` stands for the command line of one, and `@BAD` for that of a node
/// that misbehaves.
#[track_caller]
fn judge(tools: Tools, steps: &str, arguments: &str) -> Option<Finished> {
    let programs = programs()?;
    let fill = |text: &str| {
        let program = |name: &str| format!("node {}/{name}", programs.display());
        text.replace("@COURSE", &format!("{} --port={{port}}", program("course.js")))
            .replace("@BAD", &format!("{} --port={{port}}", program("misbehaving.js")))
    };
    Some(tools.file("it.scn", &fill(steps)).run(&format!("test it.scn --policy oldest {}", fill(arguments))))
}

/// Runs a scenario on nodes of a step of the course, and checks the exit code and parts of the output.
#[track_caller]
fn check(step: u8, steps: &str, code: i32, said: &[&str]) -> Option<Finished> {
    let ended = judge(Tools::new(), steps, &format!("--driver byc --exec '@COURSE --step={step}'"))?;
    assert_eq!(ended.code, Some(code), "{ended:#?}");
    for part in said {
        assert!(ended.out.contains(part), "`{part}` is not said: {ended:#?}");
    }
    Some(ended)
}

/// Runs a scenario in which `b` misbehaves.
#[track_caller]
fn misbehaves(how: &str, steps: &str, code: i32, said: &[&str]) -> Option<Finished> {
    let nodes = format!("node all driver=byc exec=\"@COURSE\"\nnode b exec=\"@BAD {how}\"\n");
    let ended = judge(Tools::new(), &format!("{nodes}{steps}"), "--timeout-factor 0.3")?;
    assert_eq!(ended.code, Some(code), "{ended:#?}");
    for part in said {
        assert!(ended.out.contains(part), "`{part}` is not said: {ended:#?}");
    }
    Some(ended)
}

#[test]
fn a_link_is_up_when_both_ends_list_each_other() {
    misbehaves("late", "network b-a\nexpect a: peers == b\nexpect b: peers == a", 0, &[]);
    misbehaves("eager", "network b-a", 1, &["the link b-a did not come up: a does not list b"]);
}

/// Steps after which both ends list each other, whichever end was started again.
const RESTARTS: &str = "\
network a-b
kill b
start b
expect b: peers == a
a: set nom Reimert
expect b: get nom == Reimert within 5s
kill a
start a
expect a: peers == b
expect b: peers == a
expect converged within 5s
";

#[test]
fn a_link_that_is_listed_from_before_a_restart_is_no_error() {
    for step in [1, 2] {
        check(step, RESTARTS, 0, &[]);
    }
}

#[test]
fn a_write_has_the_stamp_of_its_node_or_none() {
    // In step 1 each node dates a value by itself: no version is older than that of the node that wrote it.
    let steps =
        "network a-b, b-c\nc: set nom Reimert\nexpect all: get nom == Reimert within 5s\nc: get nom\n";
    check(1, steps, 0, &[]);
    let steps = "\
network a-b
a: set nom Reimert
expect b: get nom == Reimert within 5s
a: set nom Damien 10000
expect a: stamp nom == 10000.0
expect b: stamp nom == 10000.0 within 5s
expect all: set nom Reimert 10001 fails exists
expect all: set nom Reimert fails exists
";
    check(2, steps, 0, &[]);
}

#[test]
fn shipped_scenarios_run_on_the_nodes_of_the_second_step() {
    let Some(programs) = programs() else { return };
    let tools = crate::shipped::shipped();
    let course = format!("node {}/course.js --port={{port}}", programs.display());
    let named = ["oldest", "names", "restart", "star", "sync"].map(|name| format!("scenarios/{name}.scn"));
    let line = |named: &str| format!("test {named} --driver byc --exec '{course}'");
    let ended = tools.run(&line(&named.join(" ")));
    assert!(ended.out.contains("5 passed"), "{ended:#?}");
    ended.code(0);
    // The program has no place for a folder of data.
    let ended = tools.run(&line("scenarios/rolling.scn"));
    let why = "`a` is to keep data on disk, and `node ";
    assert!(ended.err.contains(why) && ended.err.contains("put `{data}` into"), "{ended:#?}");
    ended.code(2);
}

#[test]
fn the_questions_of_the_harness_do_not_fill_the_log_that_is_shown() {
    let steps = "network a, b\na: set prenom Damien\nexpect a: get nom == Reimert within 2s\n";
    let tools = Tools::new();
    let Some(ended) = judge(tools, steps, "--driver byc --exec '@COURSE'") else { return };
    assert_eq!(ended.code, Some(1), "{ended:#?}");
    assert!(ended.out.contains("a new connection\n    set prenom : Damien\n    … without"), "{ended:#?}");
    assert!(!ended.out.contains("Error: Field nom not exists"), "{ended:#?}");
    // Ten times a second and not a hundred, since nothing changes.
    let shown = ended.out.lines().find_map(|line| line.trim().strip_prefix("… without ")?.split_once(' '));
    let lines: u32 = shown.expect("a number of lines").0.parse().expect("a number");
    assert!(lines < 500, "{lines} lines of stacks: {ended:#?}");
}

#[test]
fn the_lines_of_an_earlier_life_are_not_shown() {
    let steps = "\
network b
b: set early here
kill b
start b
b: set later there
expect b: get early == here
";
    let Some(ended) = check(2, steps, 1, &["set later : there"]) else { return };
    let log = ended.out.split_once("b's log").expect("a log is shown").1;
    assert!(!log.contains("set early"), "{ended:#?}");
    assert_eq!(log.matches("listening on").count(), 1, "{ended:#?}");
}

#[test]
fn a_start_that_fails_shows_the_lines_of_that_start() {
    let program = "sh -c 'echo this is a life; test -e gone && exit 3; touch gone; exec @COURSE'";
    let steps = format!("node b driver=byc exec=\"{program}\"\nnetwork b\nkill b\nstart b\n");
    let Some(ended) = judge(Tools::new(), &steps, "") else { return };
    assert_eq!(ended.code, Some(3), "{ended:#?}");
    assert!(ended.out.contains("it ended with exit code 3 before it was ready; its log:"), "{ended:#?}");
    // Once in the reason, and once as the log.
    assert_eq!(ended.out.matches("    this is a life\n").count(), 2, "{ended:#?}");
}

#[test]
fn a_death_is_reported_alike_whether_the_connection_or_the_process_is_noticed_first() {
    for how in ["dies", "closes"] {
        let said = ["it failed: node `b` died unasked: exit code 7", "this is where it ends"];
        let Some(ended) = misbehaves(how, "network b, a\nb: set nom Reimert", 1, &said) else { return };
        assert_eq!(ended.out.matches("died unasked").count(), 1, "{ended:#?}");
        assert!(!ended.out.contains("connection"), "{ended:#?}");
    }
}

#[test]
fn a_node_that_writes_very_much_is_noted_and_the_run_goes_on() {
    let steps =
        "network b, a\nexpect b: log contains \"much was written\" within 100s\nexpect b: count == 0\n";
    let Some(ended) = misbehaves("noisy", steps, 0, &[]) else { return };
    let noted = ended.out.lines().find(|line| line.starts_with("note: `b` wrote about "));
    assert!(noted.is_some_and(|line| line.ends_with(" thousand lines a second to its log")), "{ended:#?}");
}
