//! The first words of doc comments.
//!
//! A doc comment opens with a noun (for a type, a module, a field) or with a verb in the third person (for a
//! function). The cheap half of this is kept here: none opens with a question word, none is a single word.

use std::path::Path;
use std::sync::LazyLock;

use regex::Regex;

use super::sources::{paths, workspace};

/// Words that open a question, alone or behind one verb ("Tells what…"). A thing behind them has no name.
static QUESTION: LazyLock<Regex> = LazyLock::new(|| {
    let words = "what|whatever|how|whether|who|whoever|whom|whose|which|where|when|why";
    Regex::new(&format!(r"^(?i:{words})\b|^[A-Z][a-z]*s (?:{words})\b")).expect("a valid pattern")
});

/// A doc comment that may open so: its file, its first words, and the reason.
struct Exception {
    file: &'static str,
    opening: &'static str,
    reason: &'static str,
}

/// The greatest number of exceptions.
const EXCEPTIONS_MAX: usize = 10;

const EXCEPTIONS: &[Exception] = &[];

/// Returns each doc comment of a text as its first line, with the number of that line and the number of words in
/// the whole comment.
fn doc_comments(text: &str) -> Vec<(usize, &str, usize)> {
    let mut comments: Vec<(usize, &str, usize)> = Vec::new();
    let mut before = None;
    for (at, line) in text.lines().enumerate() {
        let line = line.trim_start();
        // Four slashes are an ordinary comment.
        let mark =
            ["///", "//!"].into_iter().find(|mark| line.starts_with(mark) && !line.starts_with("////"));
        let Some(mark) = mark else {
            before = None;
            continue;
        };
        let words = &line[mark.len()..];
        let count = words.split_whitespace().count();
        match comments.last_mut() {
            Some(last) if before == Some(mark) => last.2 += count,
            _ => comments.push((at + 1, words.trim(), count)),
        }
        before = Some(mark);
    }
    comments
}

/// Returns the doc comments of a text that break the rule: the line, its number, and the fault.
fn faults(text: &str) -> Vec<(usize, &str, &'static str)> {
    let comments = doc_comments(text).into_iter();
    let fault = |(at, first, words): (usize, _, _)| {
        let fault = if QUESTION.is_match(first) {
            "opens with a question word: open with a noun or a verb"
        } else if words < 2 {
            "is a single word: say the unit, the bound or the meaning"
        } else {
            return None;
        };
        Some((at, first, fault))
    };
    comments.filter_map(fault).collect()
}

/// Returns the path of a file from the workspace.
fn shown(path: &Path) -> String {
    path.strip_prefix(workspace()).unwrap_or(path).display().to_string()
}

#[test]
fn doc_comments_open_with_a_noun_or_a_verb() {
    let mut wrong = Vec::new();
    let mut unused: Vec<&str> = EXCEPTIONS.iter().map(|exception| exception.opening).collect();
    let mut comments = 0;
    for folder in ["node", "tools", "tests"] {
        for path in paths(&workspace().join(folder)) {
            let text = std::fs::read_to_string(&path).expect("a source file is text");
            comments += doc_comments(&text).len();
            for (at, first, fault) in faults(&text) {
                let file = shown(&path);
                let excepted = |one: &&Exception| one.file == file && first.starts_with(one.opening);
                match EXCEPTIONS.iter().find(excepted) {
                    Some(exception) => unused.retain(|opening| *opening != exception.opening),
                    None => wrong.push(format!("{file}:{at}: `{first}` {fault}")),
                }
            }
        }
    }
    assert!(comments > 5_000, "the doc comments are read: {comments}");
    assert!(wrong.is_empty(), "{wrong:#?}");
    assert!(unused.is_empty(), "these need no exception: {unused:?}");
}

#[test]
fn exceptions_are_few_and_have_reasons() {
    assert!(EXCEPTIONS.len() <= EXCEPTIONS_MAX, "{}", EXCEPTIONS.len());
    assert!(EXCEPTIONS.iter().all(|exception| exception.reason.split_whitespace().count() > 3));
}

#[track_caller]
fn check(text: &str, expected: &[usize]) {
    let lines: Vec<usize> = faults(text).into_iter().map(|(at, ..)| at).collect();
    assert_eq!(lines, expected, "{text}");
}

#[test]
fn question_words_and_single_words_are_found() {
    check("//! What it is.\n\n/// The node.\nstruct A;", &[1]);
    check("/// The node.\nstruct A {\n    /// Whether it runs.\n    b: bool,\n}", &[3]);
    check("/// Whatever is left.\nfn f() {}\n/// Tells what is left.\nfn g() {}", &[1, 3]);
    check("/// Nodes.\nstruct A;", &[1]);
    check("/// Nodes.\n///\n/// Each has a name.\nstruct A;", &[]);
    check("/// Returns the node.\nfn f() {}\n// What is left.\n//// Which?", &[]);
    check("/// Whole numbers only.\nstruct A;\n/// Whereabouts of a node.\nstruct B;", &[]);
    check("//! A module.\n/// How long.\nfn f() {}", &[2]);
}
