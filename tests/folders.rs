//! Tests of log folders: the harness removes and overwrites only files that a run wrote.

use std::os::unix::fs::PermissionsExt as _;

use crate::story::Tools;

const SCENARIO: &str = "network a-b\na: set k v\nexpect all: get k == v within 30s\n";

/// Returns the permission bits of a file or folder of the story.
fn mode(tools: &Tools, name: &str) -> u32 {
    std::fs::metadata(tools.path(name)).expect("it is there").permissions().mode() & 0o777
}

#[test]
fn a_folder_that_no_run_made_is_left_as_it_is() {
    let commands = [
        ("sync", "test sync.scn --world sim --logs ."),
        ("sync", "test sync.scn --logs ."),
        ("sync.seed-7", "test sync.scn --seeds 7..8 --logs ."),
        ("maelstrom-echo", "maelstrom echo --exec ./none --time 1s --logs ."),
        ("fuzz.seed-1", "fuzz --seed 1 --world process --logs ."),
    ];
    for (folder, line) in commands {
        let thesis = format!("{folder}/src/thesis.txt");
        let tools = Tools::new().file("sync.scn", SCENARIO).file(&thesis, "precious");
        let ended = tools.run(line);
        assert_eq!(ended.code, Some(3), "{line}: {ended:#?}");
        let told = format!("{}{}", ended.out, ended.err);
        assert!(told.contains("holds `src`, which no run made: nothing was changed there"), "{line}: {told}");
        assert!(told.contains("use another folder with --logs"), "{line}: {told}");
        assert_eq!(tools.read(&thesis), "precious");
    }
}

#[test]
fn a_network_overwrites_no_file_that_no_run_made() {
    let tools = Tools::new().file("a.log", "precious").file("run.jsonl", "precious");
    let ended = tools.run("run a -p @PORT --logs . --for 1ms");
    ended.code(3);
    assert!(ended.err.contains("`.` holds `a.log`, `run.jsonl`, which no run made"), "{}", ended.err);
    assert_eq!((tools.read("a.log"), tools.read("run.jsonl")), ("precious".into(), "precious".into()));
    // Files of other names may lie in the folder of a network.
    let tools = Tools::new().file("notes.txt", "precious");
    tools.run("run a -p @PORT --logs . --for 1ms").code(0);
    tools.run("run a -p @PORT --logs . --for 1ms").code(0);
    assert_eq!(tools.read("notes.txt"), "precious");
}

#[test]
fn a_run_replaces_the_previous_run_and_refuses_a_folder_with_foreign_files() {
    let tools = Tools::new().file("sync.scn", SCENARIO);
    for line in ["test sync.scn", "test sync.scn --world sim", "test sync.scn"] {
        tools.run(line).code(0);
    }
    let tools = tools.file("logs/sync/notes.txt", "precious");
    let ended = tools.run("test sync.scn");
    ended.code(3);
    assert!(ended.out.contains("holds `notes.txt`, which no run made"), "{}", ended.out);
    assert_eq!(tools.read("logs/sync/notes.txt"), "precious");
    // A run of many seeds removes the folders of the seeds that passed, and nothing else.
    tools.run("test sync.scn --seeds 1..2").code(0);
    assert!(!tools.path("logs/sync.seed-1").exists());
}

#[test]
fn folders_and_files_are_private_to_their_owner_whatever_the_umask() {
    let tools = Tools::new().file("sync.scn", SCENARIO);
    tools.shell("umask 0; \"$TOOLS\" run a -p $PORT --detach").code(0);
    tools.shell("umask 0; \"$TOOLS\" test sync.scn").code(0);
    for folder in ["logs", "logs/sync"] {
        assert_eq!(mode(&tools, folder), 0o700, "{folder}");
    }
    assert_eq!(mode(&tools, "logs/.tools.sock"), 0o600);
    assert_eq!(mode(&tools, "logs/.tools.lock"), 0o600);
}
