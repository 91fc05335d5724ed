//! Which names a source text uses, as whole paths: `crate::world::Event`, `std::fs::read`, `println!`.
//!
//! This is no compiler: it knows comments, strings, `use` trees and paths, which is all that names of
//! other modules come by. A glob import names the module only, so nothing here may be imported so
//! from a module with forbidden parts; the compiler's lint on wildcard imports sees to that.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

static PATH: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"[A-Za-z_]\w*(?:\s*::\s*[A-Za-z_]\w*)*!?").unwrap());
static USE: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"\buse\s+([^;]+);").unwrap());
static TEST_MODULE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"#\[cfg\(test\)\]\s*(?:pub(?:\([a-z]+\))?\s+)?mod\s+(\w+)\s*([;{])").unwrap()
});

/// The names that a text uses, what is compiled only for tests aside. `module` is where it stands.
pub(super) fn names(text: &str, module: &[String]) -> BTreeSet<String> {
    let text = without_tests(&without_words(text));
    let (mut known, mut found) = (BTreeMap::new(), BTreeSet::new());
    for tree in USE.captures_iter(&text) {
        for (path, name) in branches(&tree[1]) {
            let whole = resolve(&path, module, &BTreeMap::new());
            found.insert(whole.clone());
            known.insert(name, whole);
        }
    }
    let rest = USE.replace_all(&text, ";");
    for path in PATH.find_iter(&rest) {
        let path: String = path.as_str().split_whitespace().collect();
        if path.contains("::") || path.ends_with('!') {
            found.insert(resolve(&path, module, &known));
        }
    }
    found
}

/// The modules that a text declares for tests only.
pub(super) fn test_modules(text: &str) -> Vec<String> {
    TEST_MODULE.captures_iter(&without_words(text)).map(|found| found[1].to_owned()).collect()
}

/// A text without its comments, and with empty strings.
fn without_words(text: &str) -> String {
    static WORDS: LazyLock<Regex> = LazyLock::new(|| {
        let comments = r"//[^\n]*|(?s:/\*.*?\*/)";
        let raw = r##"(?s:b?r#".*?"#)|(?s:b?r"[^"]*")"##;
        let strings = r#"(?s:b?"(?:[^"\\]|\\.)*")|b?'(?:[^'\\]|\\.|\\u\{\w+\})'"#;
        Regex::new(&format!("{comments}|{raw}|{strings}")).unwrap()
    });
    WORDS.replace_all(text, "\"\"").into_owned()
}

/// A text without the modules in it that are for tests only.
fn without_tests(text: &str) -> String {
    let mut rest = text.to_owned();
    while let Some(found) = TEST_MODULE.captures(&rest).filter(|found| &found[2] == "{") {
        let whole = found.get(0).unwrap();
        let (start, body) = (whole.start(), whole.end());
        let mut depth = 1;
        let length = rest[body..].char_indices().find_map(|(at, c)| {
            depth += i32::from(c == '{') - i32::from(c == '}');
            (depth == 0).then_some(at + 1)
        });
        rest.replace_range(start..body + length.expect("a block that ends"), "");
    }
    rest
}

/// Each path of a `use` tree, and the name that it gives.
fn branches(tree: &str) -> Vec<(String, String)> {
    let tree = tree.trim();
    let Some(open) = tree.find('{') else {
        let (path, name) = match tree.split_once(" as ") {
            Some((path, name)) => (path.trim(), name.trim()),
            None => (tree, tree.rsplit("::").next().unwrap_or(tree)),
        };
        let path = path.trim_end_matches("::self").trim_end_matches("::*");
        let name = if name == "self" { path.rsplit("::").next().unwrap_or(path) } else { name };
        return vec![(path.to_owned(), name.to_owned())];
    };
    let stem = tree[..open].trim();
    let inner = tree[open + 1..].trim_end().trim_end_matches('}');
    let (mut parts, mut depth) = (vec![String::new()], 0);
    for c in inner.chars() {
        depth += i32::from(c == '{') - i32::from(c == '}');
        match parts.last_mut() {
            Some(part) if c != ',' || depth > 0 => part.push(c),
            _ => parts.push(String::new()),
        }
    }
    let parts = parts.iter().map(|part| part.trim()).filter(|part| !part.is_empty());
    parts.flat_map(|part| branches(&format!("{stem}{part}"))).collect()
}

/// A path from the crate's root, or from another crate's.
fn resolve(path: &str, module: &[String], known: &BTreeMap<String, String>) -> String {
    let (first, rest) = path.split_once("::").map_or((path, None), |(first, rest)| (first, Some(rest)));
    let join = |stem: &str| rest.map_or(stem.to_owned(), |rest| format!("{stem}::{rest}"));
    match first {
        "self" => join(&from_root(module)),
        "super" => {
            let outer = &module[..module.len().saturating_sub(1)];
            match rest {
                Some(rest) if rest.starts_with("super") => resolve(rest, outer, known),
                _ => join(&from_root(outer)),
            }
        }
        _ => known.get(first).map_or_else(|| path.to_owned(), |whole| join(whole)),
    }
}

fn from_root(module: &[String]) -> String {
    ["crate".to_owned()].iter().chain(module).map(String::as_str).collect::<Vec<_>>().join("::")
}

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    let module = ["run".to_owned(), "steps".to_owned()];
    assert_eq!(names(text, &module), expected.iter().map(|name| (*name).to_owned()).collect());
}

#[test]
fn trees_are_taken_apart() {
    check("use a::b;", &["a::b"]);
    check("use a::{b, c::{self, d}, e as f};", &["a::b", "a::c", "a::c::d", "a::e"]);
    check(
        "pub(crate) use super::{\n    session::Run,\n    super::x,\n};",
        &["crate::run::session::Run", "crate::x"],
    );
    check("use self::x::*;", &["crate::run::steps::x"]);
}

#[test]
fn names_are_followed_to_where_they_come_from() {
    check("use std::io; fn f() -> io::Result<()> {}", &["std::io", "std::io::Result"]);
    check("use a::{self, b as c}; fn f() { c::d::e(); a::g() }", &["a", "a::b", "a::b::d::e", "a::g"]);
    check("fn f() { super::super::x::y() ; crate::z::w!() }", &["crate::x::y", "crate::z::w!"]);
}

#[test]
fn words_and_tests_name_nothing() {
    check(
        "// a::b\n/* c::d */ const E: &str = \"f::g\"; const R: &str = r#\"h::\"i\"#; const C: char = '\"';",
        &[],
    );
    check("#[cfg(test)]\nmod tests {\n fn f() { a::b() }\n mod c { }\n}\nuse d::e;", &["d::e"]);
    assert_eq!(test_modules("#[cfg(test)]\nmod tests;\nmod other;"), ["tests"]);
}
