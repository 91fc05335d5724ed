//! Tests of the limits of the system and of the harness: the message names the limit, and the harness never
//! panics.

use std::os::unix::fs::PermissionsExt as _;

use rustix::process::geteuid;

use crate::story::{Tools, has, skipped};

/// The text of a scenario for every world.
const SCENARIO: &str = "network a-b\na: set x 1\nexpect all: get x == 1 within 30s\n";

/// The commands that are run under a low limit.
const COMMANDS: [&str; 3] =
    ["test x.scn", "test x.scn --world sim --seeds 1..4", "fuzz --world process --seeds 1..1 --fail-fast"];

#[track_caller]
fn check(ended: &crate::story::Finished, limit: &str) {
    assert!(!ended.err.contains("panicked") && !ended.out.contains("panicked"), "{limit}: {ended:#?}");
    assert!(matches!(ended.code, Some(0 | 3)), "{limit}: {ended:#?}");
}

#[test]
fn a_low_limit_of_open_files_is_named_without_a_panic() {
    let tools = Tools::new().file("x.scn", SCENARIO);
    for command in COMMANDS {
        for files in [12, 24, 63] {
            let ended = tools.shell(&format!("ulimit -n {files}; exec \"$TOOLS\" {command}"));
            check(&ended, &format!("{command} with {files} files"));
            let told =
                format!("error: this needs 64 open files, and this system allows {files}: `ulimit -Hn 64`");
            assert!(ended.code == Some(3) && ended.err.contains(&told), "{ended:#?}");
        }
    }
}

#[test]
fn a_low_limit_of_processes_is_named_without_a_panic() {
    if !geteuid().is_root() {
        return skipped("only root becomes somebody else");
    }
    if !has("setpriv") || !has("prlimit") {
        return;
    }
    let tools = Tools::new().file("x.scn", SCENARIO).file("tools-for-all", "");
    let program = tools.path("tools-for-all");
    std::fs::copy(env!("CARGO_BIN_EXE_tools"), &program).expect("a copy");
    for path in [program.as_path(), program.parent().expect("a folder")] {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o777)).expect("it is ours");
    }
    // The limit counts all processes of a user. This user has no others.
    let user = 200_000 + i32::from(tools.port());
    for command in COMMANDS {
        let mut met = false;
        for processes in 1..8 {
            let ended = tools.shell(&format!(
                "TMPDIR=\"$PWD\" exec setpriv --reuid={user} --regid={user} --clear-groups \
                 prlimit --nproc={processes} ./tools-for-all {command}"
            ));
            check(&ended, &format!("{command} with {processes} processes"));
            let told = format!("{}{}", ended.out, ended.err);
            if ended.code == Some(3) {
                met |= told
                    .contains(&format!("processes and threads is {processes}; raise it with `ulimit -u`"));
            }
        }
        assert!(met || command.contains("sim"), "no limit was met: {command}");
    }
}

/// The text of a scenario whose program is ready at once and writes to its log without end.
const ENDLESS: &str = "settle 1s\nnode all driver=ask ready=\"log:aaa\" adapter=\"sh ./adapter.sh\" exec=\"yes aaaaaaaaaaaaaaaaaaaaaaaaaaa\"\nnetwork a\nwait 10m\n";

#[test]
fn a_log_that_grows_past_the_limit_is_cut_in_the_middle_and_fails_the_run() {
    let tools = Tools::new().file("x.scn", ENDLESS).file("adapter.sh", "echo '{\"ok\": []}'\n");
    let ended = tools.run("test x.scn --log-limit 8MiB --junit r.xml --report-json r.json");
    ended.code(1);
    let told = "node `a` floods its log: it wrote more than 8 MiB";
    assert!(ended.out.contains(told) && ended.out.contains("flooded"), "{}", ended.out);
    assert!(tools.read("r.xml").contains("type=\"flood\""), "{}", tools.read("r.xml"));
    assert!(tools.read("r.json").contains("\"kind\": \"flood\""), "{}", tools.read("r.json"));
    assert_eq!(tools.events("x", "flooded").len(), 1);
    let log = tools.read("logs/x/a.log");
    assert!(log.contains("bytes were left out here") && log.len() < 4 << 20, "{} bytes", log.len());
    assert!(log.starts_with("aaaa") && log.ends_with('\n') || log.ends_with('a'));
}

/// The source of a Maelstrom node that writes to its standard error without end.
const LOUD: &str = "yes aaaaaaaaaaaaaaaaaaaaaaaaaaa >&2 &\nexec sh @ECHO\n";

#[test]
fn a_log_that_grows_past_the_limit_fails_a_workload_as_a_flood() {
    let echo = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/maelstrom/echo.sh");
    let tools = Tools::new().file("loud.sh", &LOUD.replace("@ECHO", &echo.display().to_string()));
    let run = "maelstrom echo --exec 'sh loud.sh' --nodes 1 --time 30s --log-limit 8MiB --seed 1";
    let ended = tools.run(&format!("{run} --json --junit r.xml"));
    ended.code(1);
    let json = ended.json();
    assert_eq!(json["verdict"], "flood", "{json:#}");
    let reason = json["reason"].as_str().expect("a reason");
    assert!(reason.starts_with("node n0 flooded at ") && reason.contains("more than 8 MiB"), "{reason}");
    assert!(tools.read("r.xml").contains("type=\"flood\""), "{}", tools.read("r.xml"));
}

#[test]
fn a_log_that_grows_past_the_limit_fails_a_drawn_scenario_as_a_flood() {
    let tools = Tools::new();
    let ended = tools.run("fuzz --seeds 20..20 --world process --log-limit 4KiB");
    ended.code(1);
    assert!(ended.out.contains("floods its log: it wrote more than 4 KiB"), "{ended:#?}");
    assert!(ended.raw.contains("again: tools fuzz --seed 20 --world process --log-limit 4096"), "{ended:#?}");
}

#[test]
fn a_lack_of_descriptors_for_links_is_a_failure_of_the_environment() {
    // The limit is enough for twelve nodes, but not for 66 links with three descriptors each.
    let steps = "timeout 50s\nnetwork clique(12)\ncut a-b\njoin a-b\nexpect converged within 20s\n";
    let tools = Tools::new().file("links.scn", steps);
    let ended = tools.shell("ulimit -n 112; exec \"$TOOLS\" test links.scn --junit r.xml");
    ended.code(3);
    let told = "the limit of open files is 112; raise it with `ulimit -n`, or end other programs";
    assert!(ended.out.contains(told), "{ended:#?}");
    assert!(tools.read("r.xml").contains("type=\"environment\""), "{}", tools.read("r.xml"));
    tools.shell("ulimit -n 512; exec \"$TOOLS\" test links.scn").code(0);
}
