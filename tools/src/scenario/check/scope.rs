//! The names that are kept, and where each is known.

use std::collections::BTreeMap;

use super::Checker;
use crate::driver::Answer;
use crate::scenario::ast::NAMED;
use crate::text::{Span, nearest};

/// What is kept under a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// A choice of nodes.
    Nodes {
        /// Whether it is exactly one.
        one: bool,
    },
    /// An answer.
    Answer(Answer),
    /// The counter of a `repeat`.
    Counter,
}

/// Why a name that was kept is not known any more.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Gone {
    /// Its block has ended.
    Ended,
    /// It is kept by a step that runs at the same time.
    Beside,
}

/// The names that are known, block by block.
#[derive(Debug)]
pub(super) struct Scope {
    blocks: Vec<BTreeMap<String, Kind>>,
    gone: BTreeMap<String, Gone>,
}

impl Scope {
    /// The outermost block.
    pub(super) fn new() -> Self {
        Self { blocks: vec![BTreeMap::new()], gone: BTreeMap::new() }
    }

    fn get(&self, name: &str) -> Option<Kind> {
        self.blocks.iter().rev().find_map(|block| block.get(name)).copied()
    }

    fn names(&self) -> impl Iterator<Item = &str> {
        self.blocks.iter().flat_map(BTreeMap::keys).map(String::as_str)
    }
}

impl Checker<'_> {
    /// Walks a block of its own; `beside` others that run at the same time.
    pub(super) fn scoped(&mut self, beside: bool, walk: impl FnOnce(&mut Self)) {
        self.scope.blocks.push(BTreeMap::new());
        walk(self);
        let gone = if beside { Gone::Beside } else { Gone::Ended };
        for name in self.scope.blocks.pop().unwrap_or_default().into_keys() {
            self.scope.gone.insert(name, gone);
        }
    }

    /// Steps that ran at the same time have all ended.
    pub(super) fn sides_ended(&mut self) {
        for gone in self.scope.gone.values_mut() {
            *gone = Gone::Ended;
        }
    }

    /// Keeps something under a name, in the innermost block.
    pub(super) fn keep(&mut self, name: &str, kind: Kind, span: Span) {
        if self.name_is_free(name, span)
            && let Some(block) = self.scope.blocks.last_mut()
        {
            self.scope.gone.remove(name);
            block.insert(name.to_owned(), kind);
        }
    }

    /// Whether a name may be given to what is kept or measured.
    pub(super) fn name_is_free(&mut self, name: &str, span: Span) -> bool {
        let taken = if self.scope.get(name).is_some() {
            format!("something is kept as `{name}` already")
        } else if self.scenario.params.contains_key(name) {
            format!("`{name}` is a parameter already")
        } else if NAMED.contains(&name) {
            format!("`{name}` is a figure that is always there")
        } else {
            return true;
        };
        let error = self.error(span, taken);
        self.say(error.help("choose another name"));
        false
    }

    /// What is kept under a name, which is written with a dollar or, in an expression, without.
    pub(super) fn kept(&mut self, name: &str, span: Span) -> Option<Kind> {
        if let Some(kind) = self.scope.get(name) {
            return Some(kind);
        }
        let dollar = if self.source.at(span).starts_with('$') { "$" } else { "" };
        let error = match self.scope.gone.get(name) {
            Some(Gone::Beside) => self
                .error(span, format!("`{dollar}{name}` is kept by a step that runs at the same time"))
                .help("put what runs one after another into `do { … }`"),
            Some(Gone::Ended) => self
                .error(span, format!("`{dollar}{name}` is known only inside its block"))
                .help("use it before the `}` of the block that keeps it"),
            None => {
                let what = if dollar.is_empty() { "figure" } else { "variable" };
                let error = self.error(span, format!("unknown {what} `{dollar}{name}`"));
                let params = self.scenario.params.keys().map(String::as_str);
                let figures = NAMED.iter().copied().filter(|_| dollar.is_empty());
                let near = nearest(name, self.scope.names().chain(params).chain(figures));
                match near {
                    Some(near) => error.help(format!("did you mean `{dollar}{near}`?")),
                    None if dollar.is_empty() => error.help(format!("the figures are {}", NAMED.join(", "))),
                    None => {
                        error.help("`param`, `let`, `each` and `repeat … as` keep names; a dollar is `$$`")
                    }
                }
            }
        };
        self.say(error);
        None
    }
}

impl Checker<'_> {
    /// What is kept under a name, if anything; nothing is said.
    pub(super) fn kind_of(&self, name: &str) -> Option<Kind> {
        self.scope.get(name)
    }

    /// Whether exactly one node is kept under a name.
    pub(super) fn is_one_kept(&self, name: &str) -> bool {
        matches!(self.scope.get(name), Some(Kind::Nodes { one: true } | Kind::Answer(Answer::Text)))
    }
}
