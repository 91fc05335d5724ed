//! The steps of a recording as text that repeats them.

use std::collections::BTreeSet;

use crate::driver;
use crate::scenario::{Ask, Effort, Part, Pick, Step, StepKind, Who};
use crate::text::value;
use crate::text::{Source, Span};
use crate::topology::{self, Graph};
use crate::world::NodeIndex;

/// The result of a step that was done by hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::cli) enum StepResult {
    /// The step succeeded.
    Succeeded,
    /// The step failed.
    Failed,
}

/// A step that was done by hand.
#[derive(Debug)]
pub(in crate::cli) struct DoneStep<'s> {
    /// The step.
    pub step: &'s Step,
    /// The result.
    pub result: StepResult,
    /// The nodes of each of its draws, in the order of the draws.
    pub draws: Vec<Vec<NodeIndex>>,
}

/// Returns a topology as it was typed, if that fits on one line, else its nodes and links.
pub(super) fn on_one_line(typed: &str, graph: &Graph) -> String {
    let typed = typed.trim();
    let source = Source::new("step", format!("network {typed}"));
    let none = &mut |_: &str| Err(String::new());
    let same = !typed.contains('\n')
        && crate::scenario::parse_steps(&source, none).is_ok_and(|(scenario, _)| {
            matches!(scenario.steps.as_slice(), [Step { kind: StepKind::Network(other), .. }]
                if other.nodes().iter().map(topology::Node::name).eq(graph.nodes().iter().map(topology::Node::name))
                    && other.links().iter().map(|link| (link.from, link.to))
                        .eq(graph.links().iter().map(|link| (link.from, link.to))))
        });
    if same {
        return typed.to_owned();
    }
    let nodes = graph.nodes().iter().map(|node| node.name().to_owned());
    let links = graph.links().iter().map(|link| format!("{}-{}", graph.name(link.from), graph.name(link.to)));
    nodes.chain(links).collect::<Vec<_>>().join(", ")
}

/// Returns a text as a word of the language, quoted where it has to be.
pub(super) fn word(text: &str) -> String {
    let plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ',' | ':' | '/' | '+' | '@');
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    // The language has the escapes of JSON.
    serde_json::Value::from(text).to_string().replace('$', "$$")
}

/// Returns a value of the language that was typed as a bare word: unchanged if it is JSON.
fn value(bare: &str) -> String {
    let opens = bare.trim_start().starts_with(['[', '{', '"']);
    if opens && *value::json(bare) == *bare.trim() && !bare.contains('\n') {
        return bare.trim().replace('$', "$$");
    }
    word(bare)
}

/// Returns an ask of a node as a step.
pub(in crate::cli) fn ask_text(node: &str, words: &[String]) -> String {
    let arguments = words
        .first()
        .and_then(|command| driver::NATIVE.command(command))
        .map_or(&[][..], |command| command.arguments);
    let is_value = |word_index: usize| {
        let argument = word_index.checked_sub(1).and_then(|index| arguments.get(index));
        argument.is_some_and(|argument| argument.value)
    };
    let one = |(index, text): (usize, &String)| if is_value(index) { value(text) } else { word(text) };
    let words: Vec<String> = words.iter().enumerate().map(one).collect();
    format!("{node}: {}", words.join(" "))
}

/// Returns an ask of a node as a step. An ask that failed, or only reads, becomes a `try`.
pub(in crate::cli) fn replay_ask(node: &str, words: &[String], result: StepResult) -> String {
    let step = ask_text(node, words);
    let only_reads = words.first().is_some_and(|command| only_reads(command));
    if result == StepResult::Failed || only_reads { attempt(&step) } else { step }
}

/// Returns a step that asks and lets errors pass.
fn attempt(step: &str) -> String {
    format!("try {step}")
}

/// Returns true if a command changes nothing. A person looks a moment later than the replay, which leaves
/// short pauses out; so the replay does not expect the answer that the person saw.
fn only_reads(name: &str) -> bool {
    driver::NATIVE.commands.iter().any(|command| command.name == name && !command.changes)
}

/// Returns the step for a node that died and that no step had killed.
pub(in crate::cli) fn death(name: &str) -> String {
    format!("kill {name}  # it died unasked")
}

/// Returns steps that repeat the given ones in order. Drawn nodes are named; a failed ask becomes a `try`,
/// and any other failed step a comment.
pub(in crate::cli) fn replay_steps(
    steps: &[DoneStep<'_>],
    name: impl Fn(NodeIndex) -> String,
) -> Vec<String> {
    let texts = steps.iter().map(|DoneStep { step, result, draws }| {
        let text = with_drawn_nodes(step, draws, &name);
        match (result, &step.kind) {
            (_, StepKind::Ask { effort: Effort::Try, .. })
            | (StepResult::Succeeded, StepKind::Ask { effort: Effort::Until(_), .. }) => text,
            (StepResult::Succeeded, StepKind::Ask { ask, .. }) if only_reads(&command(ask)) => attempt(&text),
            (StepResult::Succeeded, _) => text,
            (StepResult::Failed, StepKind::Ask { effort: Effort::Once, .. }) => attempt(&text),
            (StepResult::Failed, _) => format!("# This failed: {}", text.replace('\n', "\n# ")),
        }
    });
    texts.collect()
}

/// Returns the command of an ask, which holds no expression.
fn command(ask: &Ask) -> String {
    let parts = ask.words.first().into_iter().flat_map(|word| &word.parts).filter_map(|part| match part {
        Part::Text(text) => Some(text.as_str()),
        Part::Expr(_) => None,
    });
    parts.collect()
}

/// Returns the text of a step with drawn nodes by name. Where a draw depends on more than the text, as in a
/// block that is repeated, a comment names them.
fn with_drawn_nodes(step: &Step, draws: &[Vec<NodeIndex>], name: impl Fn(NodeIndex) -> String) -> String {
    let source = &step.at.source;
    let (start, end) = (step.at.span.start, end_of(step));
    let who = drawing_selectors(&step.kind);
    let names = |nodes: &[NodeIndex]| nodes.iter().map(|node| name(*node)).collect::<Vec<_>>().join(", ");
    if who.len() != draws.len() {
        let text = source.at(Span { start, end });
        let all: BTreeSet<NodeIndex> = draws.iter().flatten().copied().collect();
        if all.is_empty() {
            return text.to_owned();
        }
        let all = names(&all.into_iter().collect::<Vec<_>>());
        return format!("# What is drawn here was {all}; it may be others now.\n{text}");
    }
    let (mut text, mut from) = (String::new(), start);
    for (who, nodes) in who.iter().zip(draws) {
        let Span { start, end } = who.at.span;
        text += source.at(Span { start: from, end: start });
        text += &names(nodes);
        from = end;
    }
    text + source.at(Span { start: from, end })
}

/// Returns the selectors with which a step itself draws nodes, in the order of its text, which is that of its
/// draws.
fn drawing_selectors(step: &StepKind) -> Vec<&Who> {
    let who = match step {
        StepKind::Ask { who, .. }
        | StepKind::LetAnswer { who, .. }
        | StepKind::LetNodes { who, .. }
        | StepKind::Signal { who, .. }
        | StepKind::Clock { who, .. }
        | StepKind::Disk { who, .. } => std::slice::from_ref(who),
        StepKind::Partition(sets) => sets,
        _ => &[],
    };
    who.iter().filter(|who| matches!(who.pick, Pick::Random(..) | Pick::RandomHalf(_))).collect()
}

/// Returns the offset of a step's end: of a step with a block, the offset behind the closing brace.
fn end_of(step: &Step) -> usize {
    let Some(block) = step.kind.block() else { return step.at.span.end };
    let source = &step.at.source;
    let inside = block.iter().rev().find(|inner| inner.at.source == *source);
    let from = inside.map_or(step.at.span.end, end_of);
    // Only comments stand between the last step of a block and its brace.
    let mut comment = false;
    for (at, c) in source.text()[from..].char_indices() {
        comment = (comment || c == '#') && c != '\n';
        if c == '}' && !comment {
            return from + at + 1;
        }
    }
    source.text().len()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::parse_steps;

    #[test]
    fn words_are_quoted_where_they_have_to_be() {
        let asked = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            replay_ask("a", &words, StepResult::Failed)
        };
        assert_eq!(asked(&["set", "k", "1.5"]), "try a: set k 1.5");
        assert_eq!(asked(&["set", "k", "{\"x\": \"$y\"}"]), r#"try a: set k {"x": "$$y"}"#);
        assert_eq!(asked(&["set", "k", "\"5\""]), r#"try a: set k "5""#);
        assert_eq!(asked(&["set", "\"5\"", "[1, 2]"]), r#"try a: set "\"5\"" [1, 2]"#);
        assert_eq!(asked(&["set", "k", "[1, 2"]), r#"try a: set k "[1, 2""#);
        assert_eq!(asked(&["set", "#", ""]), r##"try a: set "#" """##);
    }

    #[track_caller]
    fn check_again(text: &str, result: StepResult, draws: &[&[usize]], expected: &str) {
        let source = Source::new("step", text);
        let (scenario, _) = parse_steps(&source, &mut |_| Err(String::new())).unwrap();
        let draws = draws.iter().map(|nodes| nodes.iter().copied().map(NodeIndex).collect());
        let draws: Vec<Vec<NodeIndex>> = draws.collect();
        let steps: Vec<_> =
            scenario.steps.iter().map(|step| DoneStep { step, result, draws: draws.clone() }).collect();
        assert_eq!(replay_steps(&steps, |node| format!("n{}", node.0)).join("\n"), expected);
    }

    #[test]
    fn steps_are_done_again_as_they_were_written() {
        let whole = "together { a: set x 1 # not }\n  b: set y \"}\" # } nor here\n} ; kill a";
        let expected = "together { a: set x 1 # not }\n  b: set y \"}\" # } nor here\n}\nkill a";
        check_again(whole, StepResult::Succeeded, &[], expected);
        check_again(
            "repeat 2 { together { } }; heal",
            StepResult::Succeeded,
            &[],
            "repeat 2 { together { } }\nheal",
        );
    }

    #[test]
    fn failed_steps_become_tries_or_comments() {
        check_again("a: get k", StepResult::Failed, &[], "try a: get k");
        check_again("a: set k v", StepResult::Failed, &[], "try a: set k v");
        check_again("try a: get k", StepResult::Failed, &[], "try a: get k");
        check_again("expect a: get k == 1", StepResult::Failed, &[], "# This failed: expect a: get k == 1");
        check_again("do {\nkill a\n}", StepResult::Failed, &[], "# This failed: do {\n# kill a\n# }");
    }

    #[test]
    fn reads_become_tries() {
        check_again("a: get k", StepResult::Succeeded, &[], "try a: get k");
        check_again("a: set k v", StepResult::Succeeded, &[], "a: set k v");
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(replay_ask("a", &words("get k"), StepResult::Succeeded), "try a: get k");
        assert_eq!(replay_ask("a", &words("delete k"), StepResult::Succeeded), "a: delete k");
    }

    #[test]
    fn drawn_nodes_are_named() {
        check_again("kill random", StepResult::Succeeded, &[&[4]], "kill n4");
        check_again("start random 2 of a..c", StepResult::Succeeded, &[&[2, 0]], "start n2, n0");
        check_again("random: set k v", StepResult::Succeeded, &[&[1]], "n1: set k v");
        check_again(
            "disk random full; clock random +1s",
            StepResult::Succeeded,
            &[&[4]],
            "disk n4 full\nclock n4 +1s",
        );
        check_again("kill all", StepResult::Succeeded, &[], "kill all");
        check_again("let v = random", StepResult::Succeeded, &[&[3]], "let v = n3");
        check_again(
            "partition random half | rest",
            StepResult::Succeeded,
            &[&[0, 1]],
            "partition n0, n1 | rest",
        );
    }

    #[test]
    fn draws_that_cannot_be_named_are_told_of() {
        let told = "# What is drawn here was n1, n4; it may be others now.\nrepeat 2 { kill random }";
        check_again("repeat 2 { kill random }", StepResult::Succeeded, &[&[4], &[1]], told);
    }

    #[test]
    fn a_let_is_replayed_before_the_steps_that_name_it() {
        check_again(
            "let v = a: get k; a: set l $v",
            StepResult::Succeeded,
            &[],
            "let v = a: get k\na: set l $v",
        );
    }
}
