//! What was done by hand to a network, as a scenario that does it again.
//!
//! It is bounded. What comes when it is full is counted and not kept, so that what is kept begins with
//! the network and can be replayed.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

use crate::driver;
use crate::scenario::{Ask, Part, Pick, Step, StepKind, Who};
use crate::text::{Source, Span};
use crate::topology::{self, Graph};
use crate::world::NodeIndex;

/// The most steps that are kept.
const STEPS: usize = 10_000;
/// The most bytes that they have together.
const BYTES: usize = 4 << 20;
/// Shorter pauses are left out, and others rounded to as much.
const PAUSE: Duration = Duration::from_millis(100);
/// What a scenario may take beside what it took by hand, in seconds: as much as one that says nothing.
const SPARE_SECS: u64 = 60;

/// What was done by hand, so far.
#[derive(Debug, Default)]
pub(super) struct Recording {
    options: BTreeMap<String, String>,
    /// The topology that the network was started with.
    network: Option<String>,
    /// Steps that belong together, with the pause before them.
    entries: Vec<(Duration, String)>,
    steps: usize,
    bytes: usize,
    dropped: u64,
    /// When the network was ready, and when the last of them had ended.
    began: Duration,
    ended: Duration,
}

/// How a step that was done by hand came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CameOut {
    /// As it was to.
    Well,
    /// Not.
    Badly,
}

impl Recording {
    /// Of a network whose nodes all have these options, by name as in `node`.
    pub(super) fn new(options: BTreeMap<String, String>) -> Self {
        Self { options, ..Self::default() }
    }

    /// The network has started.
    pub(super) fn network(&mut self, source: &Source, graph: &Graph, ready: Duration) {
        self.network = Some(on_one_line(source.text(), graph));
        (self.began, self.ended) = (ready, ready);
    }

    /// Steps were done, from when until when.
    pub(super) fn done(&mut self, began: Duration, ended: Duration, steps: &[String]) {
        let text = steps.join("\n");
        let full = self.steps + steps.len() > STEPS || self.bytes + text.len() > BYTES;
        // What comes after a gap could mean something else.
        if full || self.dropped > 0 {
            return self.missed(steps.len() as u64);
        }
        let pause = began.saturating_sub(self.ended);
        (self.steps, self.bytes) = (self.steps + steps.len(), self.bytes + text.len());
        self.entries.push((pause, text));
        self.ended = ended;
    }

    /// Steps were done that nobody took note of.
    pub(super) fn missed(&mut self, steps: u64) {
        self.dropped += steps;
    }

    /// The scenario; none where the network was not started by hand.
    pub(super) fn text(&self) -> Option<String> {
        let network = self.network.as_ref()?;
        let mut text = "# What was done to this network by hand.\n\n".to_owned();
        let took = self.ended.saturating_sub(self.began).as_secs();
        if took > SPARE_SECS / 2 {
            // Writing to a string does not fail.
            let _ = write!(text, "timeout {}s\n\n", took + SPARE_SECS);
        }
        for (name, value) in &self.options {
            let _ = writeln!(text, "node all {name}={}", word(value));
        }
        let _ = writeln!(text, "network {network}");
        for (pause, steps) in &self.entries {
            let tenths = (pause.as_millis() + PAUSE.as_millis() / 2) / PAUSE.as_millis();
            if *pause >= PAUSE {
                let _ = writeln!(text, "wait {}ms", tenths * PAUSE.as_millis());
            }
            let _ = writeln!(text, "{steps}");
        }
        if self.dropped > 0 {
            let _ = writeln!(
                text,
                "# {} later steps were not kept: at most {STEPS} are, and none after one that was missed.",
                self.dropped
            );
        }
        text.push_str("expect converged within 5s\n");
        Some(text)
    }
}

/// A topology as it was typed, where that fits on one line; else its nodes and links.
fn on_one_line(typed: &str, graph: &Graph) -> String {
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

/// A word of the language.
fn word(text: &str) -> String {
    let plain =
        |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '.' | ',' | ':' | '/' | '+' | '@');
    if !text.is_empty() && text.chars().all(plain) {
        return text.to_owned();
    }
    // Its escapes are those of JSON.
    serde_json::Value::from(text).to_string().replace('$', "$$")
}

/// What was asked of a node, as a step.
pub(super) fn ask(node: &str, words: &[String], came_out: CameOut) -> String {
    let words: Vec<String> = words.iter().map(|text| word(text)).collect();
    let step = format!("{node}: {}", words.join(" "));
    let only_reads = words.first().is_some_and(|command| only_reads(command));
    if came_out == CameOut::Badly || only_reads { attempt(&step) } else { step }
}

/// A step that asks, with errors let pass.
fn attempt(step: &str) -> String {
    format!("try {step}")
}

/// Whether an ask changes nothing. Whoever looks by hand looks a moment later than the replay, which
/// leaves short pauses out: what was seen is not expected.
fn only_reads(name: &str) -> bool {
    driver::NATIVE.commands.iter().any(|command| command.name == name && !command.changes)
}

/// A node died, and nobody had asked for that by a step.
pub(super) fn died(name: &str) -> String {
    format!("kill {name}  # it died unasked")
}

/// Steps that were done one after another, as they can be done again: those who were drawn are named,
/// and what came out badly is only tried, or only told of. What is kept by `let` is known among them.
pub(super) fn again(
    steps: &[(&Step, CameOut, Vec<Vec<NodeIndex>>)],
    name: impl Fn(NodeIndex) -> String,
) -> Vec<String> {
    let keeps = |step: &Step| matches!(step.kind, StepKind::LetAnswer { .. } | StepKind::LetNodes { .. });
    let texts = steps.iter().map(|(step, came_out, draws)| {
        let text = named(step, draws, &name);
        match (came_out, &step.kind) {
            (_, StepKind::Ask { attempt: true, .. }) => text,
            (CameOut::Well, StepKind::Ask { ask, .. }) if only_reads(&command(ask)) => attempt(&text),
            (CameOut::Well, _) => text,
            (CameOut::Badly, StepKind::Ask { .. }) => attempt(&text),
            (CameOut::Badly, _) => format!("# This failed: {}", text.replace('\n', "\n# ")),
        }
    });
    if !steps.iter().any(|(step, ..)| keeps(step)) {
        return texts.collect();
    }
    let indented = texts.map(|text| format!("  {}", text.replace('\n', "\n  ")));
    ["do {".to_owned()].into_iter().chain(indented).chain(["}".to_owned()]).collect()
}

/// The command of an ask, which holds no expression.
fn command(ask: &Ask) -> String {
    let parts = ask.words.first().into_iter().flat_map(|word| &word.parts).filter_map(|part| match part {
        Part::Text(text) => Some(text.as_str()),
        Part::Expr(_) => None,
    });
    parts.collect()
}

/// The text of a step, with the names of those who were drawn. Where a draw depends on more than the
/// text, as in a block that is repeated, a comment names them.
fn named(step: &Step, draws: &[Vec<NodeIndex>], name: impl Fn(NodeIndex) -> String) -> String {
    let source = &step.at.source;
    let (start, end) = (step.at.span.start, end(step));
    let who = drawing(&step.kind);
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

/// Where a step itself draws nodes, in the order of its text, which is that of its draws.
fn drawing(step: &StepKind) -> Vec<&Who> {
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

/// Where a step ends: of one with a block, where that is closed.
fn end(step: &Step) -> usize {
    let Some(block) = step.kind.block() else { return step.at.span.end };
    let source = &step.at.source;
    let inside = block.iter().rev().find(|inner| inner.at.source == *source);
    let from = inside.map_or(step.at.span.end, end);
    // Behind its last step nothing stands in a block but comments.
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

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    fn graph(text: &str) -> (Source, Graph) {
        let source = Source::new("topology", text);
        let parsed = topology::parse(&source).unwrap();
        (source, parsed.graph)
    }

    fn recording(topology: &str) -> Recording {
        let mut recording = Recording::new(BTreeMap::from([("policy".to_owned(), "oldest".to_owned())]));
        let (source, graph) = graph(topology);
        recording.network(&source, &graph, secs(1));
        recording
    }

    #[test]
    fn steps_stand_in_their_order_with_the_pauses_between() {
        let mut recording = recording("ring:3");
        recording.done(secs(3), secs(4), &["kill c".to_owned()]);
        let soon = secs(4) + Duration::from_millis(99);
        recording.done(soon, soon, &["a: set k v".to_owned(), "start c".to_owned()]);
        let later = soon + Duration::from_millis(1_260);
        recording.done(later, later, &["a: get k".to_owned()]);
        let expected = "# What was done to this network by hand.\n\nnode all policy=oldest\nnetwork ring:3\n\
                        wait 2000ms\nkill c\na: set k v\nstart c\nwait 1300ms\na: get k\n\
                        expect converged within 5s\n";
        assert_eq!(recording.text().as_deref(), Some(expected));
    }

    #[test]
    fn a_long_recording_is_given_its_time() {
        let mut recording = recording("a-b");
        recording.done(secs(100), secs(101), &["kill b".to_owned()]);
        assert!(recording.text().unwrap().contains("\ntimeout 160s\n"));
    }

    #[test]
    fn a_topology_of_several_lines_becomes_one() {
        let text = |topology: &str| recording(topology).text().unwrap().lines().nth(3).unwrap().to_owned();
        assert_eq!(text("a-b\nc"), "network a, b, c, a-b");
        assert_eq!(text("graph { x -- y }"), "network x, y, x-y");
        assert_eq!(text("a-b, c  # why"), "network a-b, c  # why");
    }

    #[test]
    fn what_does_not_fit_is_counted_and_what_follows_it_as_well() {
        let mut recording = recording("a-b");
        recording.done(secs(1), secs(1), &vec!["kill b".to_owned(); STEPS]);
        recording.done(secs(1), secs(1), &["start b".to_owned()]);
        assert!(recording.text().unwrap().contains("# 1 later steps were not kept: at most 10000 are"));
        let mut recording = self::recording("a-b");
        recording.done(secs(1), secs(1), &["x".repeat(BYTES + 1)]);
        recording.done(secs(1), secs(1), &["start b".to_owned()]);
        assert!(recording.text().unwrap().contains("# 2 later steps were not kept"));
    }

    #[test]
    fn nothing_is_to_be_had_of_a_network_that_a_scenario_started() {
        assert_eq!(Recording::default().text(), None);
    }

    #[test]
    fn words_are_quoted_where_they_have_to_be() {
        let asked = |words: &[&str]| {
            let words: Vec<String> = words.iter().map(|word| (*word).to_owned()).collect();
            ask("a", &words, CameOut::Badly)
        };
        assert_eq!(asked(&["set", "k", "1.5"]), "try a: set k 1.5");
        assert_eq!(asked(&["set", "k", "{\"x\": \"$y\"}"]), r#"try a: set k "{\"x\": \"$$y\"}""#);
        assert_eq!(asked(&["set", "#", ""]), r##"try a: set "#" """##);
    }

    #[track_caller]
    fn check_again(text: &str, came_out: CameOut, draws: &[&[usize]], expected: &str) {
        let source = Source::new("step", text);
        let (scenario, _) = parse_steps(&source, &mut |_| Err(String::new())).unwrap();
        let draws = draws.iter().map(|nodes| nodes.iter().copied().map(NodeIndex).collect());
        let draws: Vec<Vec<NodeIndex>> = draws.collect();
        let steps: Vec<_> = scenario.steps.iter().map(|step| (step, came_out, draws.clone())).collect();
        assert_eq!(again(&steps, |node| format!("n{}", node.0)).join("\n"), expected);
    }

    #[test]
    fn steps_are_done_again_as_they_were_written() {
        let whole = "together { a: set x 1 # not }\n  b: set y \"}\" # } nor here\n} ; kill a";
        let expected = "together { a: set x 1 # not }\n  b: set y \"}\" # } nor here\n}\nkill a";
        check_again(whole, CameOut::Well, &[], expected);
        check_again("repeat 2 { together { } }; heal", CameOut::Well, &[], "repeat 2 { together { } }\nheal");
    }

    #[test]
    fn what_came_out_badly_is_tried_or_told_of() {
        check_again("a: get k", CameOut::Badly, &[], "try a: get k");
        check_again("a: set k v", CameOut::Badly, &[], "try a: set k v");
        check_again("try a: get k", CameOut::Badly, &[], "try a: get k");
        check_again("expect a: get k == 1", CameOut::Badly, &[], "# This failed: expect a: get k == 1");
        check_again("do {\nkill a\n}", CameOut::Badly, &[], "# This failed: do {\n# kill a\n# }");
    }

    #[test]
    fn what_was_seen_is_not_expected() {
        check_again("a: get k", CameOut::Well, &[], "try a: get k");
        check_again("a: set k v", CameOut::Well, &[], "a: set k v");
        let words = |text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>();
        assert_eq!(ask("a", &words("get k"), CameOut::Well), "try a: get k");
        assert_eq!(ask("a", &words("delete k"), CameOut::Well), "a: delete k");
    }

    #[test]
    fn who_was_drawn_is_named() {
        check_again("kill random", CameOut::Well, &[&[4]], "kill n4");
        check_again("start random 2 of a..c", CameOut::Well, &[&[2, 0]], "start n2, n0");
        check_again("random: set k v", CameOut::Well, &[&[1]], "n1: set k v");
        check_again(
            "disk random full; clock random +1s",
            CameOut::Well,
            &[&[4]],
            "disk n4 full\nclock n4 +1s",
        );
        check_again("kill all", CameOut::Well, &[], "kill all");
        check_again("let v = random", CameOut::Well, &[&[3]], "do {\n  let v = n3\n}");
        check_again("partition random half | rest", CameOut::Well, &[&[0, 1]], "partition n0, n1 | rest");
    }

    #[test]
    fn draws_that_cannot_be_named_are_told_of() {
        let told = "# What is drawn here was n1, n4; it may be others now.\nrepeat 2 { kill random }";
        check_again("repeat 2 { kill random }", CameOut::Well, &[&[4], &[1]], told);
    }

    #[test]
    fn what_let_keeps_is_known_to_the_steps_with_it_alone() {
        check_again(
            "let v = a: get k; a: set l $v",
            CameOut::Well,
            &[],
            "do {\n  let v = a: get k\n  a: set l $v\n}",
        );
    }
}
