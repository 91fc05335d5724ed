//! Circles of imports between the files of a package.
//!
//! A file *imports* another if it names an item that the other defines. A name is followed through `use`
//! and `pub use` to the file of its definition. So a child that uses an item of its parent imports the
//! parent only if the parent defines the item. A parent's `mod` and `pub use` of its children do not count,
//! nor does code that is compiled for tests only.
//!
//! Methods are not followed: a call of a method names no file.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::reader::{Import, imports, written_paths};
use super::sources::{File, files, workspace};

/// The path of a module from the root of its crate, with the root's name: `crate::run::steps`.
type Module = String;

/// The imports between the files of one package.
struct Graph {
    /// For each file, the files that it imports, each with one name that it uses from there.
    imports: BTreeMap<Module, BTreeMap<Module, String>>,
}

impl Graph {
    fn new(files: &[File]) -> Self {
        // The root of a binary is a crate of its own, which no file of the library can import.
        let files: BTreeMap<Module, &File> = files
            .iter()
            .filter(|file| !file.path.ends_with("main.rs"))
            .map(|file| (name(&file.module), file))
            .collect();
        // A path may begin at a child of its module.
        let from_root = |path: String, module: &str| {
            let child = path.split("::").next().map(|first| format!("{module}::{first}"));
            if child.is_some_and(|child| files.contains_key(&child)) {
                format!("{module}::{path}")
            } else {
                path
            }
        };
        let used: BTreeMap<Module, Vec<Import>> = files
            .iter()
            .map(|(module, file)| {
                let mut used = imports(&file.code, &file.module);
                for import in &mut used {
                    import.path = from_root(std::mem::take(&mut import.path), module);
                }
                (module.clone(), used)
            })
            .collect();
        let imports_of = |(module, file): (&Module, &&File)| {
            let counted =
                used[module].iter().filter(|import| !(import.public && is_below(&import.path, module)));
            let written = written_paths(&file.code, &file.module).into_iter();
            let paths =
                counted.map(|import| import.path.clone()).chain(written.map(|path| from_root(path, module)));
            let named = paths.filter_map(|path| Some((definition(&path, &used)?, path)));
            (module.clone(), named.filter(|(other, _)| other != module).collect())
        };
        Self { imports: files.iter().map(imports_of).collect() }
    }

    /// Returns the shortest circle through each file that is in one; of circles of the same files, one.
    fn circles(&self) -> Vec<Vec<Module>> {
        let mut found: BTreeMap<BTreeSet<Module>, Vec<Module>> = BTreeMap::new();
        for module in self.imports.keys() {
            if let Some(circle) = self.circle(module) {
                found.entry(circle.iter().cloned().collect()).or_insert(circle);
            }
        }
        found.into_values().collect()
    }

    /// Returns the shortest circle through a file, which stands first and last; none if it is in none.
    fn circle(&self, start: &str) -> Option<Vec<Module>> {
        let mut came_from: BTreeMap<&str, &str> = BTreeMap::new();
        let mut queue = VecDeque::from([start]);
        while let Some(at) = queue.pop_front() {
            for next in self.imports.get(at).into_iter().flat_map(BTreeMap::keys) {
                if next == start {
                    let mut circle = vec![start.to_owned()];
                    let mut before = at;
                    while before != start {
                        circle.push(before.to_owned());
                        before = came_from[before];
                    }
                    circle.push(start.to_owned());
                    circle.reverse();
                    return Some(circle);
                }
                if !came_from.contains_key(next.as_str()) {
                    came_from.insert(next, at);
                    queue.push_back(next);
                }
            }
        }
        None
    }

    /// Returns a circle in words: each import, and a name by which it happens.
    fn words(&self, circle: &[Module]) -> String {
        let steps = circle.windows(2).map(|pair| {
            let by = &self.imports[&pair[0]][&pair[1]];
            format!("{} imports {} (`{by}`)", pair[0], pair[1])
        });
        steps.collect::<Vec<_>>().join(", ")
    }
}

/// Returns the file that defines the item of a path. A path that names a module alone has none, and neither has a
/// path of another crate.
fn definition(path: &str, files: &BTreeMap<Module, Vec<Import>>) -> Option<Module> {
    let mut path = path.to_owned();
    let mut seen = BTreeSet::new();
    while seen.insert(path.clone()) {
        let parts: Vec<&str> = path.split("::").collect();
        let length =
            (1..=parts.len()).rev().find(|length| files.contains_key(&parts[..*length].join("::")))?;
        let module = parts[..length].join("::");
        let item = parts.get(length)?;
        let Some(import) = files[&module].iter().find(|import| import.name == *item) else {
            return Some(module);
        };
        path = [&[import.path.as_str()], &parts[length + 1..]].concat().join("::");
    }
    None
}

/// Returns the name of a module, with its crate's root.
fn name(module: &[String]) -> Module {
    ["crate".to_owned()].iter().chain(module).map(String::as_str).collect::<Vec<_>>().join("::")
}

/// Returns true if a path lies below a module.
fn is_below(path: &str, module: &str) -> bool {
    path.strip_prefix(module).is_some_and(|rest| rest.starts_with("::"))
}

#[test]
fn files_do_not_import_each_other_in_circles() {
    for package in ["node", "tools"] {
        let graph = Graph::new(&files(&workspace().join(package).join("src")));
        let imports: usize = graph.imports.values().map(BTreeMap::len).sum();
        assert!(imports > 100, "the imports of `{package}` are read: {imports}");
        let circles: Vec<String> = graph.circles().iter().map(|circle| graph.words(circle)).collect();
        assert!(circles.is_empty(), "{package}: {circles:#?}");
    }
}

/// Checks the circles between files of these modules and texts.
#[track_caller]
fn check(texts: &[(&str, &str)], expected: &[&[&str]]) {
    let files: Vec<File> = texts
        .iter()
        .map(|(module, text)| File {
            path: format!("{module}.rs").into(),
            module: module.split("::").filter(|part| !part.is_empty()).map(str::to_owned).collect(),
            code: super::reader::code(text).text,
        })
        .collect();
    let circles = Graph::new(&files).circles();
    let circles: Vec<Vec<&str>> =
        circles.iter().map(|circle| circle.iter().map(String::as_str).collect()).collect();
    assert_eq!(circles, expected);
}

#[test]
fn circles_are_found() {
    check(&[("a", "use crate::b::B;"), ("b", "use super::a::A;")], &[&["crate::a", "crate::b", "crate::a"]]);
    check(
        &[
            ("a", "use crate::b::B;"),
            ("b", "fn f() { crate::c::g() }"),
            ("c", "use crate::a;\nfn g() { a::h() }"),
        ],
        &[&["crate::a", "crate::b", "crate::c", "crate::a"]],
    );
    check(&[("a", "use crate::b::B;"), ("b", "use crate::c::C;"), ("c", "struct C;")], &[]);
}

#[test]
fn a_parent_that_gathers_its_children_imports_none() {
    let parent = "mod b;\nmod c;\npub use b::B;\npub(crate) use self::c::C;";
    check(&[("a", parent), ("a::b", "use super::C;"), ("a::c", "struct C;")], &[]);
    check(
        &[("a", parent), ("a::b", "use super::C;"), ("a::c", "use super::B;")],
        &[&["crate::a::b", "crate::a::c", "crate::a::b"]],
    );
}

#[test]
fn a_child_that_uses_an_item_of_the_parent_imports_it() {
    let parent = "mod b;\npub struct A;\n";
    check(&[("a", parent), ("a::b", "use super::A;")], &[]);
    let circle: &[&[&str]] = &[&["crate::a", "crate::a::b", "crate::a"]];
    check(&[("a", &format!("{parent}fn f() {{ b::g() }}")), ("a::b", "use super::A;")], circle);
    check(&[("a", &format!("{parent}use b::B;")), ("a::b", "fn f() { super::A }")], circle);
}

#[test]
fn tests_and_other_crates_are_in_no_circle() {
    check(&[("a", "use crate::b::B;"), ("b", "#[cfg(test)]\nmod tests { use crate::a::A; }")], &[]);
    check(&[("a", "use crate::b::B;"), ("b", "#[cfg(test)]\nuse crate::a::A;")], &[]);
    check(&[("a", "use crate::b::B;"), ("b", "use a::A; use std::fmt;")], &[]);
}
