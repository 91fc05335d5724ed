//! The text of a plan: a scenario file.

use std::fmt::{self, Write as _};

use super::plan::{
    Ask, Chosen, Expect, Key, Node, NodeOption, Plan, Shape, Step, Topology, Turn, Value, Way, visit,
};
use super::state;
use crate::world::HERE;

/// The longest line of the comment on top, in characters. Chosen: about the width of this code.
const WIDTH: usize = 100;

impl Plan {
    /// Returns the scenario, with `about` as a comment on top, then as many headers as it needs.
    #[must_use]
    pub fn text(&self, about: &str) -> String {
        let mut out = comment(about);
        let mut headers = String::new();
        let (settle_ms, timeout_ms) = state::times_ms(self);
        if timeout_ms > state::TIMEOUT_MS {
            headers.push_str(&format!("timeout {}\n", duration(timeout_ms)));
        }
        if settle_ms > state::SETTLE_MS {
            headers.push_str(&format!("settle {}\n", duration(settle_ms)));
        }
        let needs = self.needs();
        let able: Vec<&str> = HERE
            .iter()
            .filter(|world| needs.iter().all(|ability| world.can(*ability)))
            .map(|world| world.name)
            .collect();
        if able.len() < HERE.len() {
            headers.push_str(&format!("worlds {}\n", able.join(", ")));
        }
        for part in [headers, self.options_text(), steps_text(&self.steps)] {
            if !part.is_empty() {
                out.push('\n');
                out.push_str(&part);
            }
        }
        out
    }

    fn options_text(&self) -> String {
        let mut out = String::new();
        for (who, option) in &self.options {
            let option = match option {
                NodeOption::Oldest => "policy=oldest".to_owned(),
                NodeOption::Disk => "data=disk".to_owned(),
                NodeOption::Clock(ms) => format!("clock={}", shift(*ms)),
            };
            let _: fmt::Result = writeln!(out, "node {who} {option}");
        }
        out
    }
}

/// Returns each line of a text as a comment, folded at [`WIDTH`].
fn comment(about: &str) -> String {
    let mut out = String::new();
    for line in about.lines() {
        // A command to be copied into a terminal stays in one line.
        if line.starts_with(' ') || line.is_empty() {
            let _: fmt::Result = writeln!(out, "{}", format!("# {line}").trim_end());
            continue;
        }
        let mut folded = String::from("#");
        for word in line.split(' ') {
            if folded.chars().count() + 1 + word.chars().count() > WIDTH && folded != "#" {
                let _: fmt::Result = writeln!(out, "{folded}");
                folded = String::from("#");
            }
            folded.push(' ');
            folded.push_str(word);
        }
        let _: fmt::Result = writeln!(out, "{folded}");
    }
    out
}

fn steps_text(steps: &[Step]) -> String {
    let mut out = String::new();
    write_steps(&mut out, steps, 0);
    out
}

fn write_steps(out: &mut String, steps: &[Step], depth: usize) {
    for step in steps {
        let indent = "  ".repeat(depth);
        let _: fmt::Result = write!(out, "{indent}{}", Head(step));
        if let Some(block) = step.block() {
            out.push_str(" {\n");
            write_steps(out, block, depth + 1);
            let _: fmt::Result = write!(out, "{indent}}}");
        }
        out.push('\n');
    }
}

/// A step without its block.
struct Head<'a>(&'a Step);

impl fmt::Display for Head<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            Step::Network(topology) => write!(f, "network {topology}"),
            Step::Ask { attempt, who, ask } => {
                f.write_str(if *attempt { "try " } else { "" })?;
                write!(f, "{who}: {ask}")
            }
            Step::Expect(expect) => write!(f, "expect {expect}"),
            Step::Signal(verb, nodes) => write!(f, "{} {}", verb.word(), list(nodes)),
            Step::Cut(ways) => write!(f, "cut {}", list(ways)),
            Step::Join(ways) => write!(f, "join {}", list(ways)),
            Step::Break(ways) => write!(f, "break {}", list(ways)),
            Step::Partition(sets) => {
                let sets: Vec<String> = sets.iter().map(|set| list(set)).collect();
                write!(f, "partition {} | rest", sets.join(" | "))
            }
            Step::Heal => f.write_str("heal"),
            Step::Link { ways, shapes } => {
                let ways = if ways.is_empty() { "all".to_owned() } else { list(ways) };
                if shapes.is_empty() {
                    return write!(f, "link {ways} clear");
                }
                let shapes: Vec<String> = shapes.iter().map(Shape::to_string).collect();
                write!(f, "link {ways} {}", shapes.join(" "))
            }
            Step::Clock(node, ms) => write!(f, "clock {node} {}", shift(*ms)),
            Step::Disk { node, full } => write!(f, "disk {node} {}", if *full { "full" } else { "free" }),
            Step::Wait(ms) => write!(f, "wait {}", duration(*ms)),
            Step::Together(_) => f.write_str("together"),
            Step::Do(_) => f.write_str("do"),
            Step::Repeat { count, rate, block } => {
                f.write_str("repeat")?;
                if let Some(count) = count {
                    write!(f, " {count}")?;
                }
                if let Some(rate) = rate {
                    write!(f, " at {rate}/s")?;
                }
                let mut counts = false;
                visit(block, &mut |step| counts |= uses_turn(step));
                f.write_str(if counts { " as i" } else { "" })
            }
        }
    }
}

/// Returns true if a step contains the number of the turn.
fn uses_turn(step: &Step) -> bool {
    let Step::Ask { ask, .. } = step else { return false };
    let of_key = |key: &Key| matches!(key.turn, Turn::Each | Turn::Cycle(_));
    match ask {
        Ask::Set { key, value, .. } => of_key(key) || *value == Value::Turn,
        Ask::Delete(key) | Ask::Get(key) | Ask::Stamp(key) => of_key(key),
        Ask::Keys | Ask::Count | Ask::Peers => false,
    }
}

impl fmt::Display for Chosen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::All => f.write_str("all"),
            Self::These(nodes) => f.write_str(&list(nodes)),
        }
    }
}

impl fmt::Display for Way {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.from, if self.both { "-" } else { "->" }, self.to)
    }
}

impl fmt::Display for Shape {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Delay(ms) => write!(f, "delay {}", duration(*ms)),
            Self::Jitter(ms) => write!(f, "jitter {}", duration(*ms)),
            Self::Loss(percent) => write!(f, "loss {percent}%"),
            Self::Rate(mbit) => write!(f, "rate {mbit}mbit"),
        }
    }
}

impl fmt::Display for Ask {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Set { key, value, date: None } => write!(f, "set {key} {value}"),
            Self::Set { key, value, date: Some(date) } => write!(f, "set {key} {value} {date}"),
            Self::Delete(key) => write!(f, "delete {key}"),
            Self::Get(key) => write!(f, "get {key}"),
            Self::Stamp(key) => write!(f, "stamp {key}"),
            Self::Keys => f.write_str("keys"),
            Self::Count => f.write_str("count"),
            Self::Peers => f.write_str("peers"),
        }
    }
}

impl fmt::Display for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.turn {
            Turn::Alone => write!(f, "k{}", self.number),
            Turn::At(turn) => write!(f, "k{}_{turn}", self.number),
            Turn::Each => write!(f, "k{}_$i", self.number),
            Turn::Cycle(cycle) => write!(f, "k{}_${{i % {cycle}}}", self.number),
        }
    }
}

impl fmt::Display for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => write!(f, "{number}"),
            Self::Turn => f.write_str("$i"),
        }
    }
}

impl fmt::Display for Expect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let within = |ms: u64| if ms == 0 { String::new() } else { format!(" within {}", duration(ms)) };
        match self {
            Self::Converged(ms) => write!(f, "converged{}", within(*ms)),
            Self::Holds { who, key, value: Some(value), within_ms } => {
                write!(f, "{who}: get {key} == {value}{}", within(*within_ms))
            }
            Self::Holds { who, key, value: None, within_ms } => {
                write!(f, "{who}: get {key} fails absent{}", within(*within_ms))
            }
            Self::Peers { node, peers, within_ms } if peers.is_empty() => {
                write!(f, "{node}: peers is empty{}", within(*within_ms))
            }
            Self::Peers { node, peers, within_ms } => {
                let peers: Vec<String> = peers.iter().map(Node::to_string).collect();
                write!(f, "{node}: peers == {}{}", peers.join(" "), within(*within_ms))
            }
        }
    }
}

impl fmt::Display for Topology {
    /// Writes the text as it was drawn, else chains of links and lone nodes.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(written) = &self.written {
            return f.write_str(written);
        }
        let mut chains: Vec<Vec<Node>> = Vec::new();
        for (from, to) in &self.links {
            match chains.last_mut() {
                Some(chain) if chain.last() == Some(from) => chain.push(*to),
                _ => chains.push(vec![*from, *to]),
            }
        }
        let mut items: Vec<String> = chains
            .iter()
            .map(|chain| chain.iter().map(Node::to_string).collect::<Vec<_>>().join("-"))
            .collect();
        let lone = self
            .nodes
            .iter()
            .filter(|node| !self.links.iter().any(|(from, to)| from == *node || to == *node));
        items.extend(lone.map(Node::to_string));
        f.write_str(&items.join(", "))
    }
}

fn list<T: ToString>(items: &[T]) -> String {
    items.iter().map(T::to_string).collect::<Vec<_>>().join(", ")
}

/// Formats a time as `5s` or `1500ms`: nothing is rounded.
fn duration(ms: u64) -> String {
    if ms.is_multiple_of(1000) { format!("{}s", ms / 1000) } else { format!("{ms}ms") }
}

fn shift(ms: i64) -> String {
    let sign = if ms < 0 { '-' } else { '+' };
    format!("{sign}{}", duration(ms.unsigned_abs()))
}
