//! Tests of symbolic links in a log folder: the harness never writes to their targets.

use std::os::unix::fs::symlink;

use crate::story::Tools;

/// Creates a symbolic link for each name in a folder. Its target has the same name and must not change.
fn lay(tools: &Tools, folder: &str, names: &[&str]) {
    std::fs::create_dir_all(tools.path(folder)).expect("a folder");
    std::fs::create_dir_all(tools.path("precious")).expect("a folder");
    for name in names {
        std::fs::write(tools.path(&format!("precious/{name}")), "precious").expect("a file");
        let link = tools.path(&format!("{folder}/{name}"));
        symlink(tools.path(&format!("precious/{name}")), link).expect("a link");
    }
}

#[track_caller]
fn check_precious(tools: &Tools, names: &[&str]) {
    for name in names {
        assert_eq!(tools.read(&format!("precious/{name}")), "precious", "{name} was written through a link");
    }
}

#[test]
fn a_detached_network_writes_through_no_symbolic_link_in_its_folder() {
    const NAMES: [&str; 4] = ["a.log", "a.err", "run.jsonl", ".tools.err"];
    let tools = Tools::new();
    lay(&tools, "logs", &NAMES);
    tools.up("a");
    tools.run("cli --node a set x 1").code(0);
    tools.run("kill a").code(0);
    // The second start appends to the log of the first.
    tools.run("start a").code(0);
    tools.run("stop").code(0);
    check_precious(&tools, &NAMES);
    assert_eq!(tools.read("logs/a.log").matches("listening on").count(), 2);
}

#[test]
fn a_symbolic_link_in_the_place_of_a_log_is_not_followed_by_a_restart() {
    let tools = Tools::new();
    tools.up("a");
    tools.run("kill a").code(0);
    std::fs::remove_file(tools.path("logs/a.log")).expect("the log is there");
    lay(&tools, "logs", &["a.log"]);
    let ended = tools.run("start a");
    assert!(ended.code == Some(3) && ended.err.contains("cannot write logs/a.log"), "{ended:#?}");
    check_precious(&tools, &["a.log"]);
}

#[test]
fn a_symbolic_link_is_refused_as_the_lock_of_a_folder() {
    let tools = Tools::new();
    lay(&tools, "logs", &[".tools.lock"]);
    tools.run("run a -p @PORT --detach").code(3);
    check_precious(&tools, &[".tools.lock"]);
}
