//! The problems of a topology's text, each with its place and a remedy.

use thiserror::Error;

use super::generator::Kind;
use super::{LINKS_MAX, NAME_MAX, NODES_MAX};
use crate::text::{Diagnostic, Source, Span, nearest};

/// One problem of a text. A text with a problem gives no graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) span: Span,
    pub(super) kind: ProblemKind,
}

/// The kind of a problem. Texts in it are shortened by [`shown`].
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub(super) enum ProblemKind {
    /// The text has only separators and comments.
    #[error("a topology names at least one node")]
    Empty,
    /// A character that means nothing where it stands.
    #[error("`{}` cannot stand here", spelled(*.0))]
    Unexpected(char),
    /// A blank beside a dash: `a- b`.
    #[error("no blank may stand beside the `-` of a link")]
    Apart { left: String, right: String },
    /// Several dashes: `a--b`.
    #[error("`{dashes}` is no link")]
    Dashes { dashes: String, left: String, right: String },
    /// An arrow: `a->b`.
    #[error("a link is written without an arrow")]
    Arrow { from: String, to: String },
    /// A dash without a second name: `a-`.
    #[error("a node is missing behind `{0}-`")]
    MissingRight(String),
    /// A dash without a first name: `-b`.
    #[error("a node is missing before `-{0}`")]
    MissingLeft(String),
    /// A link from a node to itself: `a-a`.
    #[error("`{0}` is linked to itself")]
    SelfLink(String),
    /// A reserved word as a name: `all-b`.
    #[error("`{0}` cannot name a node: it is a word of scenarios")]
    Reserved(String),
    /// A name in a Graphviz file that a topology cannot spell.
    #[error("`{0}` cannot name a node")]
    BadName(String),
    /// A name that is too long for a file's or a host's.
    #[error("a name of {0} characters is too long")]
    LongName(usize),
    /// An unknown generator: `rnig(5)`.
    #[error("unknown generator `{0}`")]
    UnknownGenerator(String),
    /// A generator at an end of a link: `a-ring(5)`, `ring(5)-a`.
    #[error("a generator cannot be an end of a link")]
    GeneratorInChain,
    /// A parenthesis without its end: `ring(5`.
    #[error("this `(` is never closed")]
    OpenParenthesis(Kind),
    /// A blank instead of a comma between the size and an option: `tree(15 arity=2)`.
    #[error("a comma is missing before `{0}`")]
    MissingComma(String),
    /// A generator without a size: `ring()`, `ring:`.
    #[error("`{}` needs a size", .0.name())]
    MissingSize(Kind),
    /// An invalid size: `ring(x)`, `grid(5)`.
    #[error("`{1}` is no size of a {kind}", kind = .0.name())]
    BadSize(Kind, String),
    /// A size of zero: `ring(0)`.
    #[error("a {} of no nodes is no topology", .0.name())]
    NoNodes(Kind),
    /// An argument that is no option: `ring(from=d, 5)`, `ring(5, 6)`.
    #[error("`{1}` is no option")]
    StrayArgument(Kind, String),
    /// A comma without an option behind it: `ring(5, )`.
    #[error("an option is missing here")]
    MissingOption(Kind),
    /// An unknown option: `ring(5, form=d)`.
    #[error("`{kind}` has no option `{1}`", kind = .0.name())]
    UnknownOption(Kind, String),
    /// An option without a value: `ring(5, from=)`.
    #[error("option `{0}` needs a value")]
    MissingValue(String),
    /// An option that is given twice: `ring(5, from=d, from=e)`.
    #[error("option `{0}` is given twice")]
    OptionTwice(String),
    /// An invalid number: `tree(15, arity=x)`.
    #[error("option `{option}` takes a whole number from {least} on, below 2^64, not `{value}`")]
    BadNumber { option: &'static str, value: String, least: u64 },
    /// A number as the first name, without a prefix: `from=3`.
    #[error("names begin at a letter where there is no prefix, not at `{0}`")]
    FromWithoutPrefix(String),
    /// Letters as the first name, with a prefix: `prefix=n, from=d`.
    #[error("names with a prefix begin at a number, not at `{0}`")]
    FromWithPrefix(String),
    /// A degree too low to connect the nodes: `random(50, degree=1)`.
    #[error("degree {degree} is too low to connect {nodes} nodes")]
    LowDegree { degree: u64, nodes: u64 },
    /// A degree higher than that of a clique: `random(5, degree=5)`.
    #[error("degree {degree} is too high for {nodes} node{}", if *.nodes == 1 { "" } else { "s" })]
    HighDegree { degree: u64, nodes: u64 },
    /// More nodes than [`NODES_MAX`].
    #[error("{} nodes are too many", thousands(*.0))]
    ManyNodes(u128),
    /// More links than [`LINKS_MAX`].
    #[error("{} links are too many", thousands(*.0))]
    ManyLinks(u128),
    /// A brace, bracket, quote or comment of Graphviz that is open at the end.
    #[error("this `{0}` is never closed")]
    Open(&'static str),
    /// The link sign of the other kind of graph: `graph { a -> b }`, `digraph { a -- b }`.
    #[error("`{found}` is no link of a `{keyword}`")]
    Operator { found: String, keyword: &'static str },
    /// A file of another language that is not well-formed.
    #[error("this {format} cannot be read: {reason}")]
    Malformed { format: &'static str, reason: String },
    /// A keyword of Graphviz as a name: `graph { node }`.
    #[error("`{0}` sets defaults here and cannot name a node")]
    Keyword(String),
    /// Text behind the last brace.
    #[error("the graph ends before this")]
    Trailing,
}

impl ProblemKind {
    /// Returns the remedy.
    fn help(&self) -> Option<String> {
        Some(match self {
            Self::Empty => "write for example `a-b, b-c, c-a`, or `ring(5)`".to_owned(),
            Self::Unexpected(found) => unexpected(*found).to_owned(),
            Self::Apart { left, right } => format!("write `{left}-{right}`"),
            Self::Dashes { left, right, .. } => {
                format!("write `{left}-{right}`, or `graph {{ {left} -- {right} }}` as Graphviz does")
            }
            Self::Arrow { from, to } => {
                format!("write `{from}-{to}`: `{from}` dials, and traffic flows both ways")
            }
            Self::MissingRight(left) => format!("write for example `{left}-{}`", other_than(left)),
            Self::MissingLeft(right) => format!("write for example `{}-{right}`", other_than(right)),
            Self::SelfLink(name) => {
                format!("a link joins two different nodes, as `{name}-{}` does", other_than(name))
            }
            Self::Reserved(name) if name == "random" => {
                "write `random(50)` for a random topology, or choose another name".to_owned()
            }
            Self::Reserved(name) => format!("choose another name, like `{name}1`"),
            Self::BadName(_) => NAMES.to_owned(),
            Self::LongName(_) => format!("a name has at most {NAME_MAX} characters"),
            Self::ManyNodes(_) => {
                format!("a topology has at most {} nodes", thousands(NODES_MAX as u128))
            }
            Self::ManyLinks(_) => {
                format!("a topology has at most {} links", thousands(LINKS_MAX as u128))
            }
            Self::Open(opening) => format!("close it with `{}`", closing(opening)),
            Self::Operator { keyword: "graph", .. } => {
                "write `a -- b`, or begin with `digraph`, where `a -> b` says that a dials b".to_owned()
            }
            Self::Operator { .. } => "write `a -> b`: a dials b; or begin with `graph`".to_owned(),
            Self::Malformed { format, .. } => {
                format!("mend it, or write a topology; the beginning of the text says {format}")
            }
            Self::Keyword(word) => format!("write `{word} [ … ]`, or quote it: `\"{word}\"`"),
            Self::Trailing => "one text holds one graph; remove what follows the last `}`".to_owned(),
            _ => return self.generator_help(),
        })
    }

    /// Returns the remedy for a problem of a generator, or of its arguments.
    fn generator_help(&self) -> Option<String> {
        Some(match self {
            Self::UnknownGenerator(name) => match nearest(name, Kind::ALL.map(Kind::name)) {
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None => format!("there are {}", listed(&Kind::ALL.map(Kind::name))),
            },
            Self::GeneratorInChain => "name one of its nodes, as `ring(5, prefix=r), a-r1` does".to_owned(),
            Self::OpenParenthesis(kind) | Self::MissingSize(kind) => format!("write `{}`", kind.example()),
            Self::MissingComma(option) => format!("write `, {option}=…`"),
            Self::BadSize(Kind::Grid, _) => "write width and height, as in `grid(3x4)`".to_owned(),
            Self::BadSize(kind, _) => format!("write a number of nodes, as in `{}`", kind.example()),
            Self::NoNodes(kind) => format!("the smallest is `{}`", kind.smallest()),
            Self::StrayArgument(kind, _) => {
                format!("the size comes first, then options: `{}`", kind.full_example())
            }
            Self::MissingOption(kind) => format!("options are {}", listed(kind.options())),
            Self::UnknownOption(kind, option) => match nearest(option, kind.options().iter().copied()) {
                Some(nearest) => format!("did you mean `{nearest}`?"),
                None => format!("its options are {}", listed(kind.options())),
            },
            Self::MissingValue(option) => match option.as_str() {
                "from" => "write for example `from=d`".to_owned(),
                "prefix" => "write for example `prefix=n`".to_owned(),
                other => format!("write for example `{other}=3`"),
            },
            Self::OptionTwice(_) => "keep one of the two".to_owned(),
            Self::BadNumber { option: "from", .. } => {
                "write for example `prefix=n, from=3` for n3, n4, …".to_owned()
            }
            Self::BadNumber { option, .. } => format!("write for example `{option}=3`"),
            Self::FromWithoutPrefix(_) => {
                "write for example `from=d`, or `prefix=n, from=3` for n3, n4, …".to_owned()
            }
            Self::FromWithPrefix(_) => "write for example `prefix=n, from=3` for n3, n4, …".to_owned(),
            Self::LowDegree { .. } => "it takes a degree of at least 2".to_owned(),
            Self::HighDegree { nodes, .. } => {
                format!("each node can have at most {} neighbours here", nodes.saturating_sub(1))
            }
            _ => return None,
        })
    }
}

impl Problem {
    pub(super) fn new(span: Span, kind: ProblemKind) -> Self {
        Self { span, kind }
    }

    /// Creates the problem of a file that is not valid in the language that it seems to be in.
    pub(super) fn malformed(format: &'static str, reason: &(impl ToString + ?Sized), span: Span) -> Self {
        Self::new(span, ProblemKind::Malformed { format, reason: reason.to_string() })
    }

    /// Returns the problem as a diagnostic.
    pub(super) fn diagnostic(&self, source: &Source) -> Diagnostic {
        let diagnostic = Diagnostic::error(source, self.span, self.kind.to_string());
        match self.kind.help() {
            Some(help) => diagnostic.help(help),
            None => diagnostic,
        }
    }
}

pub(super) const NAMES: &str = "names are made of the letters a to z, A to Z, digits and `_`";

fn unexpected(found: char) -> &'static str {
    match found {
        '–' | '—' | '−' | '‐' | '‑' => "write the plain `-`, as in `a-b`",
        '→' | '←' | '↔' | '>' => "a link is written `a-b`: a dials b",
        '<' => "a link is written `a-b`; of XML only GraphML is read, whose text begins with `<graphml`",
        '-' => "a link is written `a-b`",
        ';' => "items are separated by `,`, a blank or a new line",
        '(' => "a `(` touches the name of a generator, as in `ring(5)`",
        ')' => "no `(` is open here",
        '{' | '}' => "braces belong to Graphviz, whose text begins with `graph {`",
        '[' | ']' => "brackets belong to Graphviz and JSON, whose texts begin with `graph {` and `{`",
        '=' => "options stand in parentheses, as in `ring(5, from=d)`",
        '#' => "a comment begins at the start of a line or after a blank",
        '@' => "`@path` reads a file, on the command line only, and is then the whole topology",
        '"' | '\'' | '`' => "names take no quotes",
        '.' => "names have no dots: `@net.txt` reads a file, and `line(4)` links a, b, c and d",
        '$' => "`$name` is known in scenarios only",
        ':' => "a size stands behind a generator's name, as in `ring:5`",
        _ => NAMES,
    }
}

/// Returns a character for a message; one that cannot be seen is escaped.
fn spelled(found: char) -> String {
    match found {
        '"' | '\'' | '\\' => found.to_string(),
        other => other.escape_debug().to_string(),
    }
}

fn closing(opening: &str) -> &'static str {
    match opening {
        "{" => "}",
        "[" => "]",
        "<" => ">",
        "/*" => "*/",
        _ => "\"",
    }
}

/// Returns a name to show beside `name`.
fn other_than(name: &str) -> &'static str {
    if name == "b" { "a" } else { "b" }
}

/// Returns words for a sentence: `a`, `b` and `c`.
fn listed(words: &[&str]) -> String {
    let quoted: Vec<String> = words.iter().map(|word| format!("`{word}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => quoted.concat(),
    }
}

/// Returns a number with commas: 4,999,950,000.
pub(super) fn thousands(number: u128) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// Returns a piece of the text for a message, cut after 40 characters: half a line of a terminal.
pub(super) fn shown(text: &str) -> String {
    const SHOWN_MAX: usize = 40;
    match text.char_indices().nth(SHOWN_MAX) {
        Some((cut, _)) => format!("{}…", &text[..cut]),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_lists_read_well() {
        assert_eq!(thousands(0), "0");
        assert_eq!(thousands(999), "999");
        assert_eq!(thousands(4_999_950_000), "4,999,950,000");
        assert_eq!(listed(&["a"]), "`a`");
        assert_eq!(listed(&["a", "b", "c"]), "`a`, `b` and `c`");
        assert_eq!(shown(&"é".repeat(50)), format!("{}…", "é".repeat(40)));
    }
}
