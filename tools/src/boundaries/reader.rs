//! The names in a source text, as whole paths: `crate::world::Event`, `std::fs::read`, `println!`.
//!
//! The reader is no compiler. It knows comments, strings, `use` trees and paths, since a name of another
//! module appears in these only. A glob import names the module alone, and hides the items behind it. So
//! the compiler's lint on wildcard imports keeps them out.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use regex::Regex;

static PATH: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"[A-Za-z_]\w*(?:\s*::\s*[A-Za-z_]\w*)*!?").unwrap());
static USE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"(\bpub(?:\([^)]*\))?\s+)?\buse\s+([^;]+);").unwrap());
static TEST_USE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"#\[cfg\(test\)\]\s*(?:pub(?:\([^)]*\))?\s+)?use\s+[^;]+;").unwrap());
static TEST_MODULE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"#\[cfg\(test\)\]\s*(?:pub(?:\([a-z]+\))?\s+)?mod\s+(\w+)\s*([;{])").unwrap()
});

/// A name that a `use` brings into a file.
pub(super) struct Import {
    /// The path that the name stands for, from the crate's root or from another crate's.
    pub(super) path: String,
    pub(super) name: String,
    /// True for `pub use`, with any bound on who sees it.
    pub(super) public: bool,
}

/// Returns the names that the `use` declarations of a code bring into it. `module` is the code's own place.
pub(super) fn imports(code: &str, module: &[String]) -> Vec<Import> {
    let mut imports = Vec::new();
    for tree in USE.captures_iter(code) {
        for (path, name) in branches(&tree[2]) {
            let path = resolve(&path, module, &BTreeMap::new());
            imports.push(Import { path, name, public: tree.get(1).is_some() });
        }
    }
    imports
}

/// Returns the paths and macros written out in a code, its `use` declarations aside. A path that begins with an
/// imported name is returned from that name's root.
pub(super) fn written_paths(code: &str, module: &[String]) -> BTreeSet<String> {
    let known = imports(code, module).into_iter().map(|import| (import.name, import.path)).collect();
    let rest = USE.replace_all(code, ";");
    let paths = PATH.find_iter(&rest).map(|path| path.as_str().split_whitespace().collect::<String>());
    let named = paths.filter(|path| path.contains("::") || path.ends_with('!'));
    named.map(|path| resolve(&path, module, &known)).collect()
}

/// Returns all names of other modules in a code.
pub(super) fn names(code: &str, module: &[String]) -> BTreeSet<String> {
    let mut names = written_paths(code, module);
    names.extend(imports(code, module).into_iter().map(|import| import.path));
    names
}

/// The code of a source text.
pub(super) struct Code {
    /// The text without comments, contents of strings and code that is compiled for tests only.
    pub(super) text: String,
    /// The modules that the text declares for tests only.
    pub(super) test_modules: Vec<String>,
}

/// Returns the code of a source text.
pub(super) fn code(text: &str) -> Code {
    let text = without_words(text);
    let test_modules = TEST_MODULE.captures_iter(&text).map(|found| found[1].to_owned()).collect();
    let text = TEST_USE.replace_all(&without_tests(&text), "").into_owned();
    Code { text, test_modules }
}

/// Returns a text without its comments and with empty strings.
fn without_words(text: &str) -> String {
    static WORDS: LazyLock<Regex> = LazyLock::new(|| {
        let comments = r"//[^\n]*|(?s:/\*.*?\*/)";
        let raw = r##"(?s:b?r#".*?"#)|(?s:b?r"[^"]*")"##;
        let strings = r#"(?s:b?"(?:[^"\\]|\\.)*")|b?'(?:[^'\\]|\\.|\\u\{\w+\})'"#;
        Regex::new(&format!("{comments}|{raw}|{strings}")).unwrap()
    });
    WORDS.replace_all(text, "\"\"").into_owned()
}

/// Returns a text without its inline modules that are for tests only.
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

/// Returns each path of a `use` tree, and the name that it brings.
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

/// Returns a path from the crate's root, or from another crate's.
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
    assert_eq!(names(&code(text).text, &module), expected.iter().map(|name| (*name).to_owned()).collect());
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
    assert_eq!(code("#[cfg(test)]\nmod tests;\nmod other;").test_modules, ["tests"]);
}
