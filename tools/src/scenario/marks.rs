//! The marks that a reader leaves on a text: the gaps between its words, and the names in it. A formatter and
//! an editor know from them what the syntax tree does not hold.

use super::token::is_name_char;
use crate::text::Span;

/// A gap between two words, or a brace of a block.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// The kind of the gap.
    pub kind: GapKind,
    /// The text of the gap; it may be empty.
    pub span: Span,
}

/// The kind of a gap.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GapKind {
    /// Blanks in a step, which are written as one.
    Blank,
    /// Blanks in a step, which may be left out, and are.
    Tight,
    /// Blanks and newlines within a step, behind a comma.
    Soft,
    /// A comment.
    Comment,
    /// Blanks, newlines and `;` between steps.
    Ends,
    /// The `{` of a block.
    Open,
    /// The `}` of a block.
    Close,
}

/// A name in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Name {
    /// The kind of the name.
    pub kind: NameKind,
    /// The place of the name, without a `$`.
    pub span: Span,
}

/// The kind of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameKind {
    /// A node.
    Node,
    /// A use of a variable or a parameter.
    Use,
    /// A use of a measure.
    Measure,
    /// The declaration of a parameter.
    Param,
    /// The declaration of a variable: by `let`, `each` or `as`.
    Variable,
    /// The declaration of a measure.
    Measured,
    /// The quoted name of an included file.
    Include,
}

/// All marks of a text, each list in the order of the text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Marks {
    /// The gaps, and the braces of blocks.
    pub gaps: Vec<Gap>,
    /// The names.
    pub names: Vec<Name>,
}

impl Marks {
    /// Forgets the marks from a position on, from which the text is read again.
    pub(super) fn forget_from(&mut self, position: usize) {
        while self.gaps.last().is_some_and(|gap| gap.span.start >= position) {
            self.gaps.pop();
        }
        while self.names.last().is_some_and(|name| name.span.start >= position) {
            self.names.pop();
        }
    }

    /// Adds the marks within a word of a topology: the commas, the brackets and the names of nodes.
    pub(super) fn add_topology_word(&mut self, word: &str, start: usize) {
        let mut gap = |kind, at: usize| {
            self.gaps.push(Gap { kind, span: Span { start: start + at, end: start + at } });
        };
        if word.starts_with([',', ')']) {
            gap(GapKind::Tight, 0);
        }
        for (at, _) in word.match_indices(',') {
            if word[at + 1..].starts_with(|next| !matches!(next, ',' | ')')) {
                gap(GapKind::Blank, at + 1);
            }
        }
        if word.ends_with('(') {
            gap(GapKind::Tight, word.len());
        }
    }

    /// Adds the names in a topology, given as its words with their places: of nodes, and of parameters.
    pub(super) fn add_topology_names<'a>(&mut self, words: impl Iterator<Item = (&'a str, usize)>) {
        let mut in_generator = false;
        for (word, start) in words {
            let mut at = 0;
            while let Some(next) = word[at..].chars().next() {
                let length = word[at..].find(|c| !is_name_char(c)).unwrap_or(word.len() - at);
                if length == 0 {
                    in_generator = next == '(' || (in_generator && next != ')');
                    at += next.len_utf8();
                    continue;
                }
                let end = at + length;
                let is_param = word[..at].ends_with('$');
                let makes_nodes = word[end..].starts_with(['(', ':']) || word[..at].ends_with(':');
                if is_param || !(in_generator || makes_nodes) {
                    let kind = if is_param { NameKind::Use } else { NameKind::Node };
                    self.names.push(Name { kind, span: Span { start: start + at, end: start + end } });
                }
                at = end;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_a_topology_are_those_of_nodes_and_parameters() {
        let mut marks = Marks::default();
        let text = "a-b, ring(5, prefix=r) $net line:4,x random(7, degree=$d)";
        let mut at = 0;
        let words = text.split(' ').map(|word| {
            at += word.len() + 1;
            (word, at - word.len() - 1)
        });
        marks.add_topology_names(words);
        let found: Vec<_> =
            marks.names.iter().map(|name| (name.kind, &text[name.span.start..name.span.end])).collect();
        let (node, used) = (NameKind::Node, NameKind::Use);
        assert_eq!(found, [(node, "a"), (node, "b"), (used, "net"), (node, "x"), (used, "d")]);
    }
}
