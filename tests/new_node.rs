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
