//! Rules about the sources of the workspace, kept by tests that read them.
//!
//! - Modules do not name what a rule forbids them (`rules.rs`). A name is found wherever it stands, in a `use`
//!   or in the middle of an expression, whole or through a name that a `use` brings.
//! - Files do not import each other in circles (`circles.rs`).
//! - Doc comments open with a noun or a verb (`docs.rs`).

mod circles;
mod docs;
mod reader;
mod rules;
mod sources;

use std::path::PathBuf;

use reader::names;
use rules::{RULES, Rule};
use sources::{File, files, workspace};

/// Returns the names in a file that a rule forbids it, each with the reason.
fn broken(rule: &Rule, file: &File) -> Vec<String> {
    let module = file.module.join("::");
    if !rule.is_about(&module) {
        return Vec::new();
    }
    let named = names(&file.code, &file.module);
    let forbidden = named.into_iter().filter(|name| rule.forbids(name));
    forbidden.map(|name| format!("{}: `{name}`: {}", file.path.display(), rule.why)).collect()
}

#[test]
fn modules_do_not_name_what_a_rule_forbids() {
    let mut wrong = Vec::new();
    for package in ["node", "tools"] {
        let files = files(&workspace().join(package).join("src"));
        assert!(files.len() > 20, "the sources of `{package}` are read: {}", files.len());
        for rule in RULES.iter().filter(|rule| rule.package == package) {
            let about = files.iter().filter(|file| rule.is_about(&file.module.join("::"))).count();
            assert!(about > 0, "a rule is about nothing: {rule:?}");
            wrong.extend(files.iter().flat_map(|file| broken(rule, file)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// Returns the names that the rules forbid to a file of this text in this module.
fn forbidden(package: &str, module: &str, text: &str) -> Vec<String> {
    let module = module.split("::").map(str::to_owned).collect();
    let file = File { path: PathBuf::from("made-up"), module, code: reader::code(text).text };
    RULES.iter().filter(|rule| rule.package == package).flat_map(|rule| broken(rule, &file)).collect()
}

#[track_caller]
fn check_refused(package: &str, module: &str, text: &str, name: &str) {
    let found = forbidden(package, module, text);
    assert!(found.iter().any(|line| line.contains(&format!("`{name}`"))), "{found:?}");
}

#[track_caller]
fn check_allowed(package: &str, module: &str, text: &str) {
    assert_eq!(forbidden(package, module, text), Vec::<String>::new());
}

#[test]
fn a_forbidden_name_is_found_wherever_it_stands() {
    check_refused("node", "core::store", "use std::{fmt, net::TcpStream};", "std::net::TcpStream");
    check_refused("node", "core", "fn f() { std::time::Instant::now(); }", "std::time::Instant::now");
    check_refused("node", "wire", "use tokio::time::sleep;", "tokio::time::sleep");
    check_refused(
        "tools",
        "run::steps",
        "use crate::world::{World, process::Lease};",
        "crate::world::process::Lease",
    );
    check_refused(
        "tools",
        "run::steps",
        "use crate::world; fn f() { world::live::x() }",
        "crate::world::live::x",
    );
    check_refused("tools", "run", "use super::world::live as l;", "crate::world::live");
    check_refused("tools", "fuzz::draw", "use crate::world::sim::Sim;", "crate::world::sim::Sim");
    check_refused("tools", "fuzz::run", "use std::time::Instant;", "std::time::Instant");
    check_refused("tools", "run", "use crate::fuzz::Plan;", "crate::fuzz::Plan");
    check_refused("tools", "report::json", "use std::fs;", "std::fs");
    check_refused("tools", "scenario", "fn f() { std::fs::read(\"x\"); }", "std::fs::read");
    check_refused("tools", "topology", "use crate::scenario::Step;", "crate::scenario::Step");
    check_refused("tools", "run", "use node::wire::Command;", "node::wire::Command");
    check_refused("tools", "world::process", "fn f() { eprintln!(\"x\"); }", "eprintln!");
    check_refused("tools", "driver", "use std::process; fn f() { process::exit(1) }", "std::process::exit");
    check_refused("tools", "run", "use std::io::{self, Write}; fn f() { io::stdout(); }", "std::io::stdout");
}

#[test]
fn allowed_names_comments_strings_and_tests_are_passed_over() {
    check_allowed("tools", "cli::run", "fn f() { println!(\"x\"); std::process::exit(1) }");
    check_allowed("tools", "world::live", "use tokio::net::TcpStream; use node::wire::Command;");
    check_allowed("tools", "run", "use crate::world::{World, Event}; // never crate::world::process");
    check_allowed("tools", "run", "const A: &str = \"std::fs::read\"; /* std::fs */");
    check_allowed("tools", "run", "#[cfg(test)]\nmod tests { use std::fs::File; }");
    check_allowed("node", "core", "use std::time::Duration; struct Instant;");
    // An own module may bear the name of a crate.
    check_allowed("tools", "run", "use super::network::node; fn f() { node::x() }");
}
