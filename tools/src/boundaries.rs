//! Who may know whom: reads the sources of the workspace and looks up what each file names.
//!
//! A name is found wherever it stands, in a `use` or in the middle of an expression, whole or by way
//! of a name that a `use` has given it. What is only compiled for tests is left out.

mod reader;
mod rules;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use reader::names;
use rules::{RULES, Rule};

/// A source file, and the module that it is.
struct File {
    path: PathBuf,
    module: Vec<String>,
    text: String,
}

/// The files of a crate, those that hold nothing but tests aside.
fn files(source: &Path) -> Vec<File> {
    let mut files = Vec::new();
    let mut folders = vec![source.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let text = std::fs::read_to_string(&path).unwrap();
                let folder = path.parent().unwrap().strip_prefix(source).unwrap();
                let mut module: Vec<String> =
                    folder.iter().map(|part| part.to_str().unwrap().to_owned()).collect();
                if !matches!(name.as_str(), "mod" | "lib" | "main") {
                    module.push(name);
                }
                files.push(File { path, module, text });
            }
        }
    }
    let tests: BTreeSet<Vec<String>> = files
        .iter()
        .flat_map(|file| {
            reader::test_modules(&file.text)
                .into_iter()
                .map(|name| [file.module.clone(), vec![name]].concat())
        })
        .collect();
    files.retain(|file| !tests.iter().any(|module| file.module.starts_with(module)));
    files
}

/// What a file names that a rule forbids it.
fn broken(rule: &Rule, file: &File) -> Vec<String> {
    let module = file.module.join("::");
    if !rule.is_about(&module) {
        return Vec::new();
    }
    let named = names(&file.text, &file.module);
    let forbidden = named.into_iter().filter(|name| rule.forbids(name));
    forbidden.map(|name| format!("{}: `{name}`: {}", file.path.display(), rule.why)).collect()
}

#[test]
fn nobody_knows_whom_it_may_not() {
    let workspace = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
    let mut wrong = Vec::new();
    for package in ["node", "tools"] {
        let files = files(&workspace.join(package).join("src"));
        assert!(files.len() > 20, "the sources of `{package}` are read: {}", files.len());
        for rule in RULES.iter().filter(|rule| rule.package == package) {
            let about = files.iter().filter(|file| rule.is_about(&file.module.join("::"))).count();
            assert!(about > 0, "a rule is about nothing: {rule:?}");
            wrong.extend(files.iter().flat_map(|file| broken(rule, file)));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What the rules say to a file of this text at this place.
fn said(package: &str, module: &str, text: &str) -> Vec<String> {
    let module = module.split("::").map(str::to_owned).collect();
    let file = File { path: PathBuf::from("made-up"), module, text: text.to_owned() };
    RULES.iter().filter(|rule| rule.package == package).flat_map(|rule| broken(rule, &file)).collect()
}

#[track_caller]
fn check_refused(package: &str, module: &str, text: &str, name: &str) {
    let said = said(package, module, text);
    assert!(said.iter().any(|line| line.contains(&format!("`{name}`"))), "{said:?}");
}

#[track_caller]
fn check_allowed(package: &str, module: &str, text: &str) {
    assert_eq!(said(package, module, text), Vec::<String>::new());
}

#[test]
fn an_offending_file_is_found() {
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
fn what_is_allowed_is_not_refused() {
    check_allowed("tools", "cli::run", "fn f() { println!(\"x\"); std::process::exit(1) }");
    check_allowed("tools", "world::live", "use tokio::net::TcpStream; use node::wire::Command;");
    check_allowed("tools", "run", "use crate::world::{World, Event}; // never crate::world::process");
    check_allowed("tools", "run", "const A: &str = \"std::fs::read\"; /* std::fs */");
    check_allowed("tools", "run", "#[cfg(test)]\nmod tests { use std::fs::File; }");
    check_allowed("node", "core", "use std::time::Duration; struct Instant;");
    // A module of one's own may bear the name of a crate.
    check_allowed("tools", "run", "use super::network::node; fn f() { node::x() }");
}
