//! New names for nodes.

use thiserror::Error;

use super::document::Document;
use crate::scenario::{Ask, Claim, NameKind, Predicate, Step, StepKind, Word};
use crate::text::{Source, Span};
use crate::topology::{Graph, NAME_MAX, RESERVED, is_node_name};

/// The reason why a node keeps its name.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum RenameError {
    /// No name of a node stands at the place.
    #[error("no name of a node stands here: place the cursor on one")]
    NoNode,
    /// The new name is none that a node may have.
    #[error(
        "`{0}` cannot name a node: a name is made of letters, digits and `_`, at most {NAME_MAX} of them"
    )]
    Invalid(String),
    /// The new name is a word of the language.
    #[error("`{0}` is a word that chooses nodes: take another name")]
    Reserved(String),
    /// Another node has the new name.
    #[error("there is a node `{0}` already: take another name")]
    Taken(String),
    /// A generator or a parameter makes the node.
    #[error("`{node}` is made by `{maker}`: change its `prefix` or `from`, or write the links out")]
    Generated {
        /// The node.
        node: String,
        /// The text that makes it.
        maker: String,
    },
    /// The text has mistakes, so that some appearances may not be known.
    #[error("the scenario has errors: mend them first, so that no appearance is missed")]
    Mistakes,
}

/// Returns the name of the node at a byte, if it can get another.
pub fn target(document: &Document, byte: usize) -> Result<Span, RenameError> {
    let name = document.name_at(byte).filter(|name| name.kind == NameKind::Node);
    let name = name.ok_or(RenameError::NoNode)?;
    if document.scenario.is_none() {
        return Err(RenameError::Mistakes);
    }
    let text = document.name(&name);
    for (graph, step) in document.graphs() {
        let maker = document.maker(text, graph, step).map(|maker| document.source.at(maker));
        if let Some(maker) = maker.filter(|maker| *maker != text) {
            return Err(generated(text, maker));
        }
    }
    Ok(name.span)
}

fn generated(node: &str, maker: &str) -> RenameError {
    RenameError::Generated { node: node.to_owned(), maker: maker.to_owned() }
}

/// Returns all appearances of the node at a byte, each to be replaced by the new name: as a node, in topologies,
/// and as a neighbour that is asked for or expected.
pub fn rename(document: &Document, byte: usize, new: &str) -> Result<Vec<Span>, RenameError> {
    let span = target(document, byte)?;
    let old = document.source.at(span);
    if RESERVED.contains(&new) {
        return Err(RenameError::Reserved(new.to_owned()));
    }
    if !is_node_name(new) {
        return Err(RenameError::Invalid(new.to_owned()));
    }
    let is_taken = |name: &str| {
        document.graphs().iter().any(|(graph, _)| graph.index_of(name).is_some())
            || document.names(&[NameKind::Node]).any(|other| document.name(other) == name)
    };
    if new != old && is_taken(new) {
        return Err(RenameError::Taken(new.to_owned()));
    }
    let named = document.names(&[NameKind::Node]).filter(|other| document.name(other) == old);
    let mut spans: Vec<Span> = named.map(|other| other.span).collect();
    let steps = document.scenario.as_ref().map_or(&[][..], |scenario| &scenario.steps);
    add_neighbours(steps, document, old, &mut spans);
    spans.sort();
    spans.dedup();
    match changed_topology(document, &spans, old, new) {
        Some(step) => Err(generated(old, document.source.at(step))),
        None => Ok(spans),
    }
}

/// Returns the place of a topology that makes other nodes or links when the node has the new name: a generator in
/// it makes the node once more.
fn changed_topology(document: &Document, spans: &[Span], old: &str, new: &str) -> Option<Span> {
    let mut text = document.text().to_owned();
    for span in spans.iter().rev() {
        text.replace_range(span.start..span.end, new);
    }
    let renamed = Document::new(Source::new(document.source.name(), text));
    let named =
        |graph: &Graph| -> Vec<String> { graph.nodes().iter().map(|node| node.name().to_owned()).collect() };
    let (before, after) = (document.graphs(), renamed.graphs());
    let mut pairs = before.iter().zip(after.iter().map(Some).chain(std::iter::repeat(None)));
    let changed = pairs.find(|((graph, _), after)| {
        let expected: Vec<String> =
            named(graph).into_iter().map(|node| if node == old { new.to_owned() } else { node }).collect();
        after.is_none_or(|(after, _)| named(after) != expected || after.links().len() != graph.links().len())
    });
    changed.map(|((_, step), _)| *step)
}

/// Adds the words that name the node as a neighbour: an argument of `addPeer`, an answer of `peers`.
fn add_neighbours(steps: &[Step], document: &Document, old: &str, spans: &mut Vec<Span>) {
    let mut add = |words: &[Word]| {
        let equal = words.iter().filter(|word| document.source.at(word.span) == old);
        spans.extend(equal.map(|word| word.span));
    };
    let is = |ask: &Ask, command: &str| {
        ask.words.first().and_then(Word::fixed).is_some_and(|word| word == command)
    };
    for step in steps {
        match &step.kind {
            StepKind::Ask { ask, .. } | StepKind::LetAnswer { ask, .. } if is(ask, "addPeer") => {
                add(&ask.words[1..]);
            }
            StepKind::Expect { claim: Claim::Ask { ask, predicate, .. }, .. } => {
                if is(ask, "addPeer") {
                    add(&ask.words[1..]);
                }
                match predicate {
                    Some(Predicate::Compare(_, words) | Predicate::In { words, .. }) if is(ask, "peers") => {
                        add(words);
                    }
                    Some(Predicate::Contains { word, .. }) if is(ask, "peers") => {
                        add(std::slice::from_ref(word));
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }
    for block in steps.iter().filter_map(|step| step.kind.block()) {
        add_neighbours(block, document, old, spans);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Renames the node at `^`, and returns the text or the error.
    fn renamed(text: &str, new: &str) -> Result<String, RenameError> {
        let byte = text.find('^').unwrap();
        let mut text = text.replacen('^', "", 1);
        let document = Document::new(Source::new("x.scn", text.clone()));
        for span in rename(&document, byte, new)?.into_iter().rev() {
            text.replace_range(span.start..span.end, new);
        }
        Ok(text)
    }

    #[track_caller]
    fn check(text: &str, new: &str, expected: &str) {
        assert_eq!(renamed(text, new).as_deref(), Ok(expected));
    }

    #[test]
    fn every_appearance_gets_the_new_name() {
        check("network ^a-b, a-c\nkill a, b\ncut a->b", "x", "network x-b, x-c\nkill x, b\ncut x->b");
        check(
            "network a-b-c\nkill ^a..c\npartition a | rest",
            "x",
            "network x-b-c\nkill x..c\npartition x | rest",
        );
        check("network a-b\ndo { ^b: set b b }", "x", "network a-x\ndo { x: set b b }");
        check("network a-b\nexpect ^a: peers == b", "x", "network x-b\nexpect x: peers == b");
        check("network a-^b, c\nexpect a: peers == b", "x", "network a-x, c\nexpect a: peers == x");
        check("network a, ^b\na: addPeer b\na: set b b", "x", "network a, x\na: addPeer x\na: set b b");
        check("# é\nnetwork ^a-b\n", "x", "# é\nnetwork x-b\n");
        check("network a, ring(3, prefix=r)\nkill ^a", "x", "network x, ring(3, prefix=r)\nkill x");
    }

    #[test]
    fn names_that_cannot_be_are_refused_with_the_reason() {
        let of = |new: &str| renamed("network ^a-b", new).unwrap_err();
        assert_eq!(of("b"), RenameError::Taken("b".to_owned()));
        assert_eq!(of("all"), RenameError::Reserved("all".to_owned()));
        assert_eq!(of("x-y"), RenameError::Invalid("x-y".to_owned()));
        assert_eq!(of(""), RenameError::Invalid(String::new()));
        assert_eq!(renamed("network a^", "x"), Ok("network x".to_owned()));
        assert_eq!(renamed("wa^it 1s", "x"), Err(RenameError::NoNode));
        assert_eq!(renamed("kill ^a\nwait 5", "x"), Err(RenameError::Mistakes));
        let generated = RenameError::Generated { node: "a".to_owned(), maker: "ring(3)".to_owned() };
        assert_eq!(renamed("network ring(3)\nkill ^a", "x"), Err(generated));
        let twice = RenameError::Generated { node: "a".to_owned(), maker: "network a-x, ring(3)".to_owned() };
        assert_eq!(renamed("network ^a-x, ring(3)", "y"), Err(twice));
    }
}
