//! The check of variables: their names, and the blocks in which each is known.

use super::checker::Checker;
use super::scope::{Gone, Kind};
use crate::driver::Answer;
use crate::scenario::ast::NAMED;
use crate::text::{Span, nearest};

impl Checker<'_> {
    /// Walks a block with names of its own; `concurrent` is true if other blocks run at the same time.
    pub(super) fn scoped(&mut self, concurrent: bool, walk: impl FnOnce(&mut Self)) {
        self.scope.open();
        walk(self);
        self.scope.close(if concurrent { Gone::Concurrent } else { Gone::Ended });
    }

    /// Stores the kind of a variable under a name, in the innermost block.
    pub(super) fn store_variable(&mut self, name: &str, kind: Kind, span: Span) {
        if self.name_is_free(name, span) {
            self.scope.insert(name, kind);
        }
    }

    /// Returns true if a variable or a measure may have the name; reports an error otherwise.
    pub(super) fn name_is_free(&mut self, name: &str, span: Span) -> bool {
        let taken = if self.scope.kind_of(name).is_some() {
            format!("something is kept as `{name}` already")
        } else if self.scenario.params.contains_key(name) {
            format!("`{name}` is a parameter already")
        } else if NAMED.contains(&name) {
            format!("`{name}` is a figure that is always there")
        } else {
            return true;
        };
        let error = self.error(span, taken);
        self.report(error.help("choose another name"));
        false
    }

    /// Returns the kind of a variable, and reports an error if it is not known. The name is written with a
    /// dollar or, in an expression, without.
    pub(super) fn variable(&mut self, name: &str, span: Span) -> Option<Kind> {
        if let Some(kind) = self.scope.kind_of(name) {
            return Some(kind.clone());
        }
        let dollar = if self.source.at(span).starts_with('$') { "$" } else { "" };
        let error = match self.scope.gone(name) {
            Some(Gone::Concurrent) => self
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
        self.report(error);
        None
    }

    /// Returns true if a variable holds exactly one node.
    pub(super) fn is_one_node(&self, name: &str) -> bool {
        matches!(
            self.scope.kind_of(name),
            Some(Kind::Nodes { one: true, .. } | Kind::Answer(Answer::Text | Answer::Value | Answer::Node))
        )
    }
}
