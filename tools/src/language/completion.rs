//! The words that may stand at a place of a text.

use super::document::Document;
use super::table;
use crate::driver;
use crate::scenario::{
    HEADERS, MEASURED, NAMED, NameKind, NodeOption, PREDICATES, SHAPES, UNITS, step_names,
};
use crate::topology::generators;
use crate::workload::Kind;
use crate::world;

/// A word that may stand at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    /// The word.
    pub word: String,
    /// The kind of the word.
    pub kind: WordKind,
    /// The explanation, in Markdown; empty if there is none.
    pub about: &'static str,
}

/// The kind of a word.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WordKind {
    /// A word of the language.
    Keyword,
    /// A command of nodes.
    Command,
    /// A node.
    Node,
    /// A variable, a parameter or a measure.
    Variable,
    /// A number with a unit.
    Unit,
}

/// Words that choose nodes.
const CHOICES: [&str; 10] = ["all", "random", "half", "first", "last", "rest", "leader", "of", "but", "any"];

/// Returns the words that may stand at a byte. The caller leaves out those that do not fit what is typed of the
/// word already.
#[must_use]
pub fn completions(document: &Document, byte: usize) -> Vec<Completion> {
    let Some(before) = document.text().get(..byte) else { return Vec::new() };
    let line = before.rsplit('\n').next().unwrap_or_default();
    if line.trim_start().starts_with('#') || line.contains(" #") {
        return Vec::new();
    }
    let mut words = Words::default();
    let step = line.rsplit([';', '}']).next().unwrap_or_default();
    let (head, typed) =
        step.split_at(step.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || c == '_').len());
    if head.ends_with('$') || head.ends_with("${") {
        words.variables(document);
    } else if let Some(number) = number(typed) {
        words.units(number, head);
    } else {
        // Behind the brace of a block a step begins; the brace of an object stands in an ask.
        let head = head.rsplit("{ ").next().unwrap_or_default().trim_start_matches('{');
        words.of_step(document, head.trim_start(), before);
    }
    words.0
}

/// Returns the digits of a number whose unit is being typed.
fn number(typed: &str) -> Option<&str> {
    let digits = typed.len() - typed.trim_start_matches(|c: char| c.is_ascii_digit()).len();
    (digits > 0).then(|| &typed[..digits])
}

#[derive(Default)]
struct Words(Vec<Completion>);

impl Words {
    fn add(&mut self, kind: WordKind, words: impl IntoIterator<Item = impl Into<String>>) {
        self.0.extend(words.into_iter().map(|word| Completion { word: word.into(), kind, about: "" }));
    }

    fn variables(&mut self, document: &Document) {
        let declared = document.names(&[NameKind::Variable, NameKind::Param]);
        let mut names: Vec<&str> = declared.map(|name| document.name(name)).collect();
        names.sort_unstable();
        names.dedup();
        self.add(WordKind::Variable, names);
    }

    fn units(&mut self, number: &str, head: &str) {
        let before = head.split_whitespace().next_back().unwrap_or_default();
        let units: &[&str] = match before {
            "rate" => UNITS.speed,
            "loss" | "duplicate" => UNITS.share,
            "at" => UNITS.rate,
            "wait" | "within" | "for" | "delay" | "jitter" | "exponential" | "timeout" | "settle" => {
                UNITS.time
            }
            _ if before.ends_with(['+', '-']) => UNITS.time,
            _ => return,
        };
        self.add(WordKind::Unit, units.iter().map(|unit| format!("{number}{unit}")));
    }

    fn nodes(&mut self, document: &Document) {
        self.add(WordKind::Node, document.nodes());
        self.add(WordKind::Keyword, CHOICES);
    }

    fn commands(&mut self) {
        let commands = driver::DEFAULT.commands.iter().chain(driver::OF_THE_WORLD);
        self.add(WordKind::Command, commands.map(|command| command.name));
    }

    /// Adds the words that may follow the beginning of a step.
    fn of_step(&mut self, document: &Document, head: &str, before: &str) {
        let Some(first) = head.split_whitespace().next() else { return self.beginning(document, before) };
        let last = head.split_whitespace().next_back().unwrap_or_default();
        if head.trim_end().ends_with(':') && !head.starts_with("network") {
            return self.commands();
        }
        let asks = head.contains(':');
        match first {
            "network" => {
                self.add(WordKind::Node, document.nodes());
                self.add(WordKind::Keyword, generators().map(|name| format!("{name}(")));
            }
            "worlds" => self.add(WordKind::Keyword, world::NAMES.iter().copied()),
            "expect" if asks => {
                self.add(WordKind::Keyword, PREDICATES.into_iter().chain(["empty", "within", "for"]));
            }
            "expect" if head.trim() == "expect" || last == "any" => {
                self.add(WordKind::Keyword, ["converged", "diverged"]);
                self.nodes(document);
                self.figures(document);
            }
            "expect" => {
                self.add(WordKind::Keyword, ["within", "for"]);
                self.nodes(document);
                self.figures(document);
            }
            "link" => {
                self.add(WordKind::Keyword, SHAPES);
                self.nodes(document);
            }
            "disk" => {
                self.add(WordKind::Keyword, ["full", "free"]);
                self.nodes(document);
            }
            "node" => {
                self.add(WordKind::Keyword, NodeOption::NAMES.iter().map(|name| format!("{name}=")));
                self.nodes(document);
            }
            "repeat" => self.add(WordKind::Keyword, ["at", "as"]),
            "workload" => self.add(WordKind::Keyword, Kind::ALL.iter().map(|(name, _)| *name)),
            "each" if !head.contains(" in ") => self.add(WordKind::Keyword, ["in"]),
            "wait" | "timeout" | "settle" | "tags" | "param" | "include" | "measure" | "do" | "together"
            | "heal" => {}
            _ if asks => {}
            _ => self.nodes(document),
        }
    }

    /// Adds the words that a line may begin with.
    fn beginning(&mut self, document: &Document, before: &str) {
        let keyword = |word: &str| {
            let about = table::entry(word).map_or("", |entry| entry.meaning);
            Completion { word: word.to_owned(), kind: WordKind::Keyword, about }
        };
        self.0.extend(step_names().map(keyword));
        let lines = before.lines().rev().skip(1).map(str::trim);
        let is_head = |line: &str| {
            let word = line.split_whitespace().next().unwrap_or_default();
            word.is_empty() || word.starts_with('#') || HEADERS.contains(&word)
        };
        if lines.into_iter().all(is_head) {
            self.0.extend(HEADERS.into_iter().map(keyword));
        }
        self.nodes(document);
    }

    fn figures(&mut self, document: &Document) {
        self.add(WordKind::Variable, NAMED.iter().copied());
        for name in document.names(&[NameKind::Measured]) {
            let measure = document.name(name);
            self.add(WordKind::Variable, MEASURED.iter().map(|figure| format!("{measure}.{figure}")));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Source;

    /// Checks that the words at `^` are among the completions, and that others are not.
    #[track_caller]
    fn check(text: &str, expected: &[&str], others: &[&str]) {
        let byte = text.find('^').unwrap();
        let document = Document::new(Source::new("x.scn", text.replacen('^', "", 1)));
        let found: Vec<String> = completions(&document, byte).into_iter().map(|found| found.word).collect();
        for word in expected {
            assert!(found.iter().any(|found| found == word), "`{word}` in {found:?}");
        }
        for word in others {
            assert!(!found.iter().any(|found| found == word), "`{word}` in {found:?}");
        }
    }

    #[test]
    fn a_line_begins_with_a_step_a_header_or_a_node() {
        check("^", &["network", "param", "expect", "try", "each"], &["delay", "get"]);
        check("# x\ntimeout 5s\nwo^", &["worlds", "kill"], &[]);
        check("network alice-bob\nk^", &["kill", "alice", "all"], &["param"]);
        check("network a-b\ndo { ^", &["kill", "wait"], &["param"]);
        check("network a-b; k^", &["kill"], &[]);
    }

    #[test]
    fn asks_are_completed_by_commands_and_expectations_by_predicates() {
        check("network a-b\na: ^", &["get", "set", "peers", "log"], &["kill"]);
        check("network a-b\nexpect all: g^", &["get"], &["within"]);
        check("network a-b\nexpect all: get x ^", &["contains", "within", "fails"], &["get"]);
        check("network a-b\nexpect ^", &["converged", "diverged", "any", "all", "a", "nodes"], &["get"]);
        check("measure m { a: set x 1 }\nexpect ^", &["m.payloads"], &[]);
        check("network a-b\nworkload ^", &["lin-kv", "g-set"], &["a", "kill"]);
    }

    #[test]
    fn nodes_are_those_of_the_text_and_those_that_generators_make() {
        check("network ring(3, prefix=r)\nkill ^\n", &["first", "random"], &["get"]);
        check("network ring(3, prefix=r)\nkill r^1", &["r1", "r3"], &["r4"]);
        check("network a-b\npause ^b", &["a", "b"], &[]);
    }

    #[test]
    fn variables_follow_a_dollar() {
        check("param p = 1 | 2\nlet v = random\nkill $^", &["p", "v"], &["kill"]);
        check("repeat 3 as i { a: set k${^i} 1 }", &["i"], &["a"]);
    }

    #[test]
    fn numbers_are_completed_by_units() {
        check("wait 5^", &["5ms", "5s", "5m"], &["5mbit", "5%"]);
        check("link a-b rate 1^", &["1mbit"], &["1s"]);
        check("link a-b loss 1^", &["1%"], &["1s"]);
        check("repeat at 20^", &["20/s", "20/m"], &["20s"]);
        check("a: set x 5^", &[], &["5s"]);
    }

    #[test]
    fn the_words_of_each_step_are_its_own() {
        check("network ^", &["ring(", "random("], &["kill"]);
        check("worlds ^", &["sim", "process"], &["kill"]);
        check("link a-b ^", &["delay", "loss", "clear"], &["kill"]);
        check("disk a ^", &["full", "free"], &[]);
        check("node all ^", &["policy=", "data="], &[]);
        check("# k^", &[], &["kill"]);
        check("kill a # k^", &[], &["kill"]);
        check("é^", &[], &["get"]);
    }
}
