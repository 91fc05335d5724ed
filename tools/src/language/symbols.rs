//! The outline of a text.

use super::document::Document;
use crate::scenario::{Step, StepKind};
use crate::text::Span;

/// The longest name in an outline, in characters. Chosen: the width of a side bar.
const NAME_MAX: usize = 60;

/// A line of an outline.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Symbol {
    /// The text of the step, cut if it is long.
    pub name: String,
    /// The kind of what it stands for.
    pub kind: SymbolKind,
    /// The place of the step, or of its head.
    pub span: Span,
    /// The steps in its block.
    pub children: Vec<Symbol>,
}

/// The kind of a symbol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SymbolKind {
    /// A parameter.
    Param,
    /// A network.
    Network,
    /// A variable.
    Variable,
    /// A block of steps.
    Block,
    /// An expectation.
    Expectation,
    /// Any other step.
    Step,
}

/// Returns the outline: parameters, then steps. It is empty while the text has mistakes.
#[must_use]
pub fn symbols(document: &Document) -> Vec<Symbol> {
    let Some(scenario) = &document.scenario else { return Vec::new() };
    let params = scenario.headers.params.iter().map(|param| Symbol {
        name: shown(document.source.at(param.span)),
        kind: SymbolKind::Param,
        span: param.span,
        children: Vec::new(),
    });
    params.chain(of_steps(&scenario.steps, document)).collect()
}

fn of_steps(steps: &[Step], document: &Document) -> Vec<Symbol> {
    let symbol = |step: &Step| Symbol {
        name: shown(document.source.at(step.at.span)),
        kind: match &step.kind {
            StepKind::Network(_) => SymbolKind::Network,
            StepKind::LetAnswer { .. } | StepKind::LetNodes { .. } => SymbolKind::Variable,
            StepKind::Expect { .. } => SymbolKind::Expectation,
            kind if kind.block().is_some() => SymbolKind::Block,
            _ => SymbolKind::Step,
        },
        span: step.at.span,
        children: step.kind.block().map_or_else(Vec::new, |block| of_steps(block, document)),
    };
    steps.iter().map(symbol).collect()
}

/// Returns a text as one line, cut if it is long. An outline has no line without text.
fn shown(text: &str) -> String {
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(NAME_MAX) {
        Some((cut, _)) => format!("{}…", &line[..cut]),
        None if line.is_empty() => "…".to_owned(),
        None => line,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Source;

    fn outline(text: &str) -> Vec<String> {
        fn lines(symbols: &[Symbol], level: usize, all: &mut Vec<String>) {
            for symbol in symbols {
                all.push(format!("{}{:?} {}", "  ".repeat(level), symbol.kind, symbol.name));
                lines(&symbol.children, level + 1, all);
            }
        }
        let mut all = Vec::new();
        lines(&symbols(&Document::new(Source::new("x.scn", text))), 0, &mut all);
        all
    }

    #[test]
    fn steps_are_outlined_with_those_in_their_blocks() {
        let text =
            "param p = 1 | 2\nnetwork a-b\nrepeat 2 as i {\n  let v = random\n  kill $v\n}\nexpect converged";
        let expected = [
            "Param param p = 1 | 2",
            "Network network a-b",
            "Block repeat 2 as i",
            "  Variable let v = random",
            "  Step kill $v",
            "Expectation expect converged",
        ];
        assert_eq!(outline(text), expected);
        let long = format!("a: set x {}", "é".repeat(100));
        assert_eq!(outline(&long), [format!("Step a: set x {}…", "é".repeat(51))]);
        assert_eq!(outline("wait 5"), Vec::<String>::new());
    }
}
