//! Tests of `tools new node`: what it writes works as it is, and leaves the exercise to do.

use crate::story::{Tools, has};

/// Writes the node of a language, and checks its two scenarios.
fn check(language: &str, program: &str) {
    if !has(program) {
        return;
    }
    let tools = Tools::new();
    let written = tools.run(&format!("new node {language} 'my node'"));
    written.code(0);
    assert!(written.out.contains("\nTry it:\n"), "{written:#?}");
    if language == "rust" {
        let built = tools.shell("cargo build --release --offline --manifest-path 'my node/Cargo.toml'");
        built.code(0);
    }
    let alone = tools.run("test 'my node/alone.scn' --driver 'my node/node.toml'");
    alone.code(0);
    let together = tools.run("test 'my node/together.scn' --driver 'my node/node.toml' --timeout-factor 0.1");
    together.code(1);
    assert!(together.out.contains("together failed: expected == first within 5 s"), "{together:#?}");
    let again = tools.run(&format!("new node {language} 'my node'"));
    again.code(2);
    assert!(again.err.contains("is there already: nothing was written"), "{again:#?}");
    tools.expect_nothing_left();
}

#[test]
fn a_node_in_javascript_to_start_from() {
    check("js", "node");
}

#[test]
fn a_node_in_python_to_start_from() {
    check("python", "python3");
}

#[test]
fn a_node_in_rust_to_start_from() {
    check("rust", "cargo");
}

#[test]
fn a_description_is_written_with_the_programs_beside_it() {
    let tools =
        Tools::new().file("one.scn", "# One node.\nnetwork a\na: set k v\nexpect a: get k == v within 5s\n");
    let written = tools.run("drivers gun --to my/gun");
    written.check(
        0,
        "my/gun/gun.toml\nmy/gun/gun.cjs\n\nUse it:\n    tools test my.scn --driver my/gun/gun.toml\n",
        "",
    );
    // It is read whole: the file beside it is looked for.
    tools.run("check one.scn --driver my/gun/gun.toml").code(0);
    std::fs::remove_file(tools.path("my/gun/gun.cjs")).expect("a file");
    tools.run("check one.scn --driver my/gun/gun.toml").code(2);
    let again = tools.run("drivers gun --to my/gun");
    again.check(
        2,
        "",
        "error: my/gun/gun.toml is there already: nothing was written\n  = help: name another folder\n",
    );
    tools.run("drivers native --to my/native").code(2);
    assert!(!tools.path("my/native").exists());
    tools.run("drivers --to my/native").code(2);
}
