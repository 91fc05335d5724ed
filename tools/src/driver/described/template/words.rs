//! The words of command lines with placeholders.

use super::{Filling, Nodes, Part, Template, When};

/// The character that stands for a placeholder while a line is split: one that no text has.
const STAND_IN: char = '\u{10FFFF}';

/// The words of a command line.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(in super::super) struct CommandWords(Vec<Word>);

/// A part of a command line.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Word {
    /// One word.
    One(Template),
    /// Words for each of several nodes.
    Each(Nodes, CommandWords),
    /// Words for some nodes only.
    If(When, CommandWords),
}

impl CommandWords {
    /// Splits a command line as a shell does; none if a quote is not closed. The text in a placeholder divides no
    /// word. A condition that is a word by itself stands for all words of its text, and so does a list without
    /// `join`, for each node.
    pub(in super::super) fn of(line: &Template) -> Option<Self> {
        let text: String = line
            .parts
            .iter()
            .map(|part| if let Part::Text(text) = part { text.clone() } else { STAND_IN.to_string() })
            .collect();
        let mut slots = line.parts.iter().filter(|part| !matches!(part, Part::Text(_)));
        let word = |word: String| {
            let mut parts = Vec::new();
            for (index, text) in word.split(STAND_IN).enumerate() {
                parts.extend((index > 0).then(|| slots.next().cloned()).flatten());
                parts.extend((!text.is_empty()).then(|| Part::Text(text.to_owned())));
            }
            match &parts[..] {
                [Part::List(list)] if list.join.is_none() => Some(Word::Each(list.of, Self::of(&list.each)?)),
                [Part::Condition(condition)] => Some(Word::If(condition.when, Self::of(&condition.text)?)),
                _ => Some(Word::One(Template { parts })),
            }
        };
        Some(Self(shlex::split(&text)?.into_iter().map(word).collect::<Option<_>>()?))
    }

    /// Returns true if a placeholder of this name stands in the line.
    pub(in super::super) fn names(&self, name: &str) -> bool {
        self.0.iter().any(|word| match word {
            Word::One(word) => word.names(name),
            Word::Each(..) => false,
            Word::If(_, words) => words.names(name),
        })
    }

    /// Returns the nodes that the line names by lists, those in its conditions among them.
    pub(in super::super) fn listed(&self) -> Vec<Nodes> {
        let of_word = |word: &Word| match word {
            Word::One(word) => word.listed(),
            Word::Each(nodes, _) => vec![*nodes],
            Word::If(_, words) => words.listed(),
        };
        self.0.iter().flat_map(of_word).collect()
    }

    /// Fills in each placeholder. The error is the name of the first one for which there is no value.
    pub(in super::super) fn fill(&self, filling: &dyn Filling) -> Result<Vec<String>, String> {
        let mut words = Vec::new();
        for word in &self.0 {
            match word {
                Word::One(word) => words.push(word.fill(None, filling)?),
                Word::Each(nodes, each) => {
                    for node in filling.nodes(*nodes) {
                        words.extend(each.fill(node)?);
                    }
                }
                Word::If(when, inner) if filling.is(*when) => words.extend(inner.fill(filling)?),
                Word::If(..) => {}
            }
        }
        Ok(words)
    }
}
