//! Tests of nodes with networks of their own: faults that the kernel makes, the privileges, and the
//! cleanup.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use rustix::process::{Signal, geteuid};

use crate::story::{Tools, has, skipped, until};

/// Returns true if this machine can have the world `netns`. Otherwise prints a notice, or fails where no
/// test may be skipped.
pub(crate) fn can() -> bool {
    let tools = Tools::new().file("x.scn", "network a\nexpect converged\n");
    let ended = tools.run("test x.scn --world netns");
    if ended.code == Some(3) {
        skipped(ended.err.lines().next().unwrap_or("it cannot have networks"));
        return false;
    }
    ended.code(0);
    true
}

/// Returns true if the tests run as root, which can become another user. Otherwise prints a notice.
fn is_root() -> bool {
    let root = geteuid().is_root();
    if !root {
        skipped("only root becomes somebody else");
    }
    root
}

/// Steps with every fault of links, some made by the kernel and some by the harness.
const FAULTS: &str = "\
network ring(5)
link all loss 3%
link a-b delay 20ms jitter 5ms
a: set x 1
expect all: get x == 1 within 30s
partition a, b | rest
a: set x 2
c: set y 1
expect b: get x == 2 within 30s
expect c..e: get x == 1
expect a, b: get y fails absent
heal
expect all: get x == 2 within 60s
expect all: get y == 1 within 60s
link a-b clear
cut a->b
break b-c
expect converged within 60s
join a->b
expect converged within 60s
";

#[test]
fn faults_of_links_work_in_network_namespaces() {
    if !can() {
        return;
    }
    let tools = Tools::new().file("faults.scn", FAULTS);
    tools.run("test faults.scn --world netns").code(0);
}

#[test]
fn a_detached_network_is_reached_from_other_terminals() {
    if !can() {
        return;
    }
    let tools = Tools::new();
    tools.run("run a-b-c --world netns --detach").code(0);
    let ps = tools.ps();
    assert_eq!(ps["nodes"][1]["host"], "10.0.1.1", "{ps:#}");
    tools.run("cli --node a set x 1").code(0);
    tools.run("do 'expect c: get x == 1 within 30s' 'cut a-b' 'a: set x 2'").code(0);
    tools.run("do 'expect b: get x == 1' 'link a-b loss 10%' heal 'expect c: get x == 2 within 60s'").code(0);
    tools.run("cli --node c get x").check(0, "2\n", "");
    tools.run("do 'link a-b delay 5ms' 'a: set y 1' 'expect b: get y == 1 within 30s'").code(0);
    // Asks from outside are recorded with the names of the nodes.
    let recorded = tools.run("record").code(0).raw.clone();
    assert!(recorded.contains("\na: set x 1\n") && recorded.contains("\ntry c: get x\n"), "{recorded}");
    tools.run("kill b").code(0);
    let err = "error: `b` is not running\n  = help: `tools start b` starts it again\n";
    tools.run("cli --node b get x").check(3, "", err);
    tools.run("stop").code(0);
    tools.run("run a-b-c --world netns --detach --faults").code(0);
    tools.run("do 'link a-b delay 5ms' 'a: set x 1' 'expect c: get x == 1 within 30s'").code(0);
}

/// Runs nodes under a shell that prints its network interfaces. Any program that binds an address can be a
/// node there.
#[test]
fn a_node_sees_only_its_own_network() {
    if !can() {
        return;
    }
    let tools = Tools::new();
    let scenario = "network a-b\na: set x 1\nexpect all: get x == 1 within 30s\nexpect converged\n";
    let tools = tools.file("x.scn", scenario);
    let exec = "sh -c 'cat /proc/net/dev >&2; exec \"$TOOLS\" node --name {name} --listen {host}:{port}'";
    let exec = shlex::try_quote(exec).expect("no zero byte");
    tools.run(&format!("test x.scn --world netns --exec {exec}")).code(0);
    let seen = tools.read("logs/x/b.err");
    let interfaces: BTreeSet<&str> =
        seen.lines().filter_map(|line| line.trim().split_once(':')).map(|(name, _)| name).collect();
    // The node's own lines begin with a date, which contains a `-`.
    let interfaces: BTreeSet<&str> = interfaces.into_iter().filter(|name| !name.contains('-')).collect();
    assert_eq!(interfaces, BTreeSet::from(["lo", "eth0"]), "{seen}");
}

/// Returns the network namespaces of the story's processes.
fn namespaces(tools: &Tools) -> BTreeSet<String> {
    let of = |id: i32| std::fs::read_link(format!("/proc/{id}/ns/net")).ok();
    let all = tools.processes().into_iter().filter_map(|process| of(process.id));
    all.map(|path| path.display().to_string()).collect()
}

/// Returns the network namespaces of all processes on this machine.
fn all_namespaces() -> BTreeSet<String> {
    let entries = std::fs::read_dir("/proc").expect("a system with /proc").filter_map(Result::ok);
    let all = entries.filter_map(|entry| std::fs::read_link(entry.path().join("ns/net")).ok());
    all.map(|path| path.display().to_string()).collect()
}

/// Returns the names of the network interfaces in this test's namespace.
fn interfaces() -> BTreeSet<String> {
    let text = std::fs::read_to_string("/proc/thread-self/net/dev").expect("a system with /proc");
    text.lines().filter_map(|line| line.split_once(':')).map(|(name, _)| name.trim().to_owned()).collect()
}

#[test]
fn kill_9_leaves_no_process_namespace_interface_or_table() {
    if !can() {
        return;
    }
    let before = interfaces();
    let count_named = || Path::new("/run/netns").read_dir().map_or(0, Iterator::count);
    let named = count_named();
    let scenario =
        "timeout 20m\nnetwork ring(5)\nlink all loss 1%\npartition a | rest\na: set phase 1\nwait 10m\n";
    let tools = Tools::new().file("long.scn", scenario);
    let test = tools.begin("test long.scn --world netns");
    let log = || std::fs::read_to_string(tools.path("logs/long/a.log")).unwrap_or_default();
    assert!(until(|| log().contains("set phase")), "it has come to its wait");
    let mut own = namespaces(&tools);
    own.remove(&std::fs::read_link("/proc/self/ns/net").expect("a namespace").display().to_string());
    assert!(own.len() >= 5, "a namespace for each node: {own:?}");
    test.signal(Signal::KILL);
    assert_eq!(test.ended().code, None);
    tools.expect_nothing_left();
    // The system may give their numbers to namespaces of tests beside this one, for a while.
    assert!(until(|| own.is_disjoint(&all_namespaces())), "{own:?}");
    assert_eq!(interfaces(), before);
    assert_eq!(count_named(), named);
    if geteuid().is_root() && has("nft") {
        let tables = std::process::Command::new("nft").args(["list", "tables"]).output().expect("nft runs");
        let tables = String::from_utf8_lossy(&tables.stdout).into_owned();
        assert!(!tables.contains("table ip tools"), "{tables}");
    }
}

/// Copies the binary to a file that all users may run, in a folder where all users may write.
fn for_everybody(tools: Tools) -> Tools {
    let tools = tools.file("tools-for-everybody", "");
    let path = tools.path("tools-for-everybody");
    std::fs::copy(env!("CARGO_BIN_EXE_tools"), &path).expect("a copy");
    let open = |path: &Path| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o777)).expect("it is ours");
    };
    open(&path);
    open(path.parent().expect("a folder"));
    tools
}

#[test]
fn users_other_than_root_run_networks_in_a_user_namespace() {
    if !can() || !is_root() || !has("setpriv") {
        return;
    }
    let tools = for_everybody(Tools::new().file("faults.scn", FAULTS));
    let nobody = "setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs";
    tools.shell(&format!("{nobody} ./tools-for-everybody test faults.scn --world netns")).code(0);
    tools.shell(&format!("{nobody} ./tools-for-everybody run a-b --world netns --detach --logs up")).code(0);
    tools.shell(&format!("{nobody} ./tools-for-everybody cli --logs up --node a set x 1")).code(0);
    tools
        .shell(&format!("{nobody} ./tools-for-everybody do --logs up 'expect b: get x == 1 within 30s'"))
        .code(0);
    tools.shell(&format!("{nobody} ./tools-for-everybody stop --logs up")).code(0);
}

#[test]
fn a_setting_that_forbids_user_namespaces_is_named() {
    if !can() || !is_root() || !has("unshare") || !has("setpriv") {
        return;
    }
    let tools = Tools::new().file("x.scn", "network a\nexpect converged\n");
    // The setting belongs to the new user namespace, and changes nothing outside of it.
    let forbid = "echo 0 > /proc/sys/user/max_user_namespaces";
    let powerless = "setpriv --bounding-set=-all --inh-caps=-all";
    let line = format!("{forbid}; exec {powerless} \"$TOOLS\" test x.scn --world netns");
    let ended = tools.shell(&format!("unshare --user --map-root-user sh -c '{line}'"));
    ended.code(3);
    let told = "user.max_user_namespaces is 0\n  = help: run as root, or allow user namespaces, as root: \
                `sysctl user.max_user_namespaces=10000`; `--world process` needs no privilege\n";
    assert!(ended.err.ends_with(told), "{}", ended.err);
    assert!(!tools.path("logs").exists());
}

#[test]
fn a_missing_nft_is_reported_with_the_remedy() {
    if !can() || !is_root() || !has("unshare") || !has("mount") {
        return;
    }
    let tools = Tools::new().file("x.scn", "network a\nexpect converged\n");
    // With a device in its place, `nft` is missing for this process and its children.
    let hide = "mount --bind /dev/null \"$(command -v nft)\"";
    let ended = tools.shell(&format!(
        "unshare --mount --propagation private sh -c '{hide}; exec \"$TOOLS\" test x.scn --world netns'"
    ));
    let err = "\
error: the world `netns` needs the program `nft`
  = help: install it, on Debian with `apt install nftables`; `--world process` needs no privilege
";
    ended.check(3, "", err);
}
