//! The watch over a run's events, which notes its features.

use std::collections::{BTreeMap, BTreeSet};

use super::feature::FeatureKind;
use super::features::{Features, clip};
use crate::journal::{
    JournalEntry, JournalEvent, LinkChangeKind, LinkEntry, MessageClass, NodeLife, Party, Recorder,
};
use crate::world::{NodeIndex, OpId, Signal, Value};

/// The most events of which the order is noted. Chosen: 190 orders of two.
const ORDERED_MAX: usize = 20;
/// The most nodes of a network in which pairs of nodes are told apart.
const PAIRED_MAX: usize = 12;
/// The most operations, messages and steps that are remembered until they end.
const PENDING_MAX: usize = 4_096;
/// The most keys of which the winning write is noted.
const KEYS_MAX: usize = 64;
/// The most characters of a command, a value or a reason.
const WORDS_MAX: usize = 40;

/// The watch over the events of one run. It is handed every entry, and gives the features at the end.
#[derive(Debug, Default)]
pub struct FeatureWatch {
    features: Features,
    names: BTreeMap<NodeIndex, String>,
    file: String,
    /// The lines of steps, and whether each is an expectation, by number.
    steps: BTreeMap<u64, (String, bool)>,
    /// The asks under way: the node and the command.
    asks: BTreeMap<OpId, (NodeIndex, Vec<String>)>,
    /// The messages under way, in words.
    messages: BTreeMap<u64, String>,
    /// The writes of each key: the nodes that took them, and the greatest rank with its write.
    writes: BTreeMap<String, (BTreeSet<NodeIndex>, String, String)>,
    /// The things that happened, each in the order of its first time.
    ordered: Vec<String>,
}

impl FeatureWatch {
    /// Returns the features of the run.
    #[must_use]
    pub fn finish(mut self) -> Features {
        let nodes = self.names.len();
        self.features.add(FeatureKind::Size, &format!("{nodes} nodes take part"));
        for words in std::mem::take(&mut self.messages).into_values() {
            self.features.add(FeatureKind::Loss, &format!("{words} is under way at the end"));
        }
        for (nodes, _, write) in std::mem::take(&mut self.writes).into_values() {
            if nodes.len() > 1 {
                self.features
                    .add(FeatureKind::Winner, &format!("{write} wins over all other writes of its key"));
            }
        }
        for (at, later) in self.ordered.iter().enumerate() {
            for first in &self.ordered[..at] {
                self.features.add_order(first, later);
            }
        }
        self.features
    }

    /// Takes an event.
    pub fn take(&mut self, event: &JournalEvent) {
        match event {
            JournalEvent::Plan { file, .. } => self.file.clone_from(file),
            JournalEvent::Node { node, name } => {
                self.names.insert(*node, clip(name, WORDS_MAX));
            }
            JournalEvent::Step { step, kind, file, line, .. } if self.steps.len() < PENDING_MAX => {
                let place = if *file == self.file { String::new() } else { format!("{file}:") };
                self.steps.insert(*step, (format!("{place}{line}"), kind == "expect"));
            }
            JournalEvent::StepEnded { step, .. } => {
                self.steps.remove(step);
            }
            JournalEvent::Chosen { who, nodes, step } => self.on_chosen(who, nodes, *step),
            JournalEvent::Ask { op, node, words, step } => self.on_ask(*op, *node, words, *step),
            JournalEvent::Answer { .. }
            | JournalEvent::Refused { .. }
            | JournalEvent::Unknown { .. }
            | JournalEvent::Failed { .. } => self.on_outcome(event),
            JournalEvent::Sent { .. }
            | JournalEvent::Arrived { .. }
            | JournalEvent::Lost { .. }
            | JournalEvent::Delayed { .. } => self.on_message(event),
            _ => self.on_fault(event),
        }
    }

    fn on_chosen(&mut self, who: &str, nodes: &[NodeIndex], step: Option<u64>) {
        let line = step.and_then(|step| self.steps.get(&step));
        let place = line.map(|(line, _)| format!(" of line {line}")).unwrap_or_default();
        let verb = if nodes.len() == 1 { "is" } else { "has" };
        for node in nodes {
            let text = format!("`{}`{place} {verb} {}", clip(who, WORDS_MAX), self.name(*node));
            self.features.add(FeatureKind::Choice, &text);
        }
    }

    /// Remembers an ask. Those of expectations are as many as time allows, and no feature.
    fn on_ask(&mut self, op: OpId, node: NodeIndex, words: &[String], step: Option<u64>) {
        let expects = step.and_then(|step| self.steps.get(&step)).is_none_or(|(_, expects)| *expects);
        if !expects && self.asks.len() < PENDING_MAX {
            self.asks.insert(op, (node, words.to_vec()));
        }
    }

    fn on_outcome(&mut self, event: &JournalEvent) {
        let (JournalEvent::Answer { op, .. }
        | JournalEvent::Refused { op, .. }
        | JournalEvent::Unknown { op, .. }
        | JournalEvent::Failed { op, .. }) = event
        else {
            return;
        };
        let Some((node, words)) = self.asks.remove(op) else { return };
        let asked = format!("`{}` at {}", clip(&words.join(" "), WORDS_MAX), self.name(node));
        match event {
            JournalEvent::Answer { written: Some(written), .. } => {
                if let Some(key) = words.get(1) {
                    self.on_written(node, key, &written.rank, &asked);
                }
                self.happens(FeatureKind::Answer, &format!("{asked} is acknowledged"));
            }
            JournalEvent::Answer { value: Value::Done, .. } => {
                self.happens(FeatureKind::Answer, &format!("{asked} is done"));
            }
            JournalEvent::Answer { value: Value::Text(value) | Value::Json(value), .. } => {
                self.happens(
                    FeatureKind::Answer,
                    &format!("{asked} is answered with {}", clip(value, WORDS_MAX)),
                );
            }
            JournalEvent::Answer { value: Value::List(list), .. } => {
                let value = clip(&list.join(" "), WORDS_MAX);
                self.happens(FeatureKind::Answer, &format!("{asked} is answered with {value}"));
            }
            JournalEvent::Refused { code, .. } => {
                self.happens(FeatureKind::Answer, &format!("{asked} is refused ({code})"));
            }
            JournalEvent::Unknown { .. } => {
                self.happens(FeatureKind::Answer, &format!("{asked} has an unknown outcome"));
            }
            _ => self.happens(FeatureKind::Answer, &format!("{asked} fails")),
        }
    }

    fn on_written(&mut self, node: NodeIndex, key: &str, rank: &str, write: &str) {
        if !self.writes.contains_key(key) && self.writes.len() >= KEYS_MAX {
            return;
        }
        let (nodes, best, by) = self.writes.entry(key.to_owned()).or_default();
        nodes.insert(node);
        if rank >= best.as_str() {
            (*best, *by) = (rank.to_owned(), write.to_owned());
        }
    }

    fn on_message(&mut self, event: &JournalEvent) {
        match event {
            JournalEvent::Sent { message, from, to, kind, class, key, body, .. } => {
                let kind = clip(kind, WORDS_MAX);
                let (from, to) = (self.party(from), self.party(to));
                if self.names.len() <= PAIRED_MAX
                    && matches!(class, MessageClass::Payload | MessageClass::Graft)
                {
                    self.features.add(FeatureKind::Message, &format!("{from} sends {to} a `{kind}`"));
                }
                if self.messages.len() < PENDING_MAX {
                    let key = key.as_deref().map(|key| format!(" of {}", clip(key, WORDS_MAX)));
                    let of = key
                        .or_else(|| body.as_deref().map(|body| format!(" with {}", clip(body, WORDS_MAX))));
                    let words = format!("a `{kind}`{} from {from} to {to}", of.unwrap_or_default());
                    self.messages.insert(*message, words);
                }
            }
            JournalEvent::Lost { message, reason } => {
                if let Some(words) = self.messages.remove(message) {
                    // Further clauses of a reason explain it.
                    let reason = reason.split([',', ';']).next().unwrap_or_default();
                    self.happens(
                        FeatureKind::Loss,
                        &format!("{words} is lost ({})", clip(reason, WORDS_MAX)),
                    );
                }
            }
            JournalEvent::Delayed { message, .. } => {
                if let Some(words) = self.messages.get(message).cloned() {
                    self.happens(FeatureKind::Loss, &format!("{words} is held up"));
                }
            }
            JournalEvent::Arrived { message } => {
                self.messages.remove(message);
            }
            _ => {}
        }
    }

    fn on_fault(&mut self, event: &JournalEvent) {
        let text = match event {
            JournalEvent::Signal { node, signal, .. } => {
                let done = match signal {
                    Signal::Kill => "killed",
                    Signal::Stop => "stopped",
                    Signal::Pause => "frozen",
                    Signal::Resume => "thawed",
                };
                format!("{} is {done}", self.name(*node))
            }
            JournalEvent::Links { changes, .. } => return self.on_links(changes),
            JournalEvent::Partition { sets, .. } => return self.on_partition(sets),
            JournalEvent::Clock { node, offset_ms, .. } => {
                format!("the clock of {} is shifted by {offset_ms} ms", self.name(*node))
            }
            JournalEvent::Disk { node, full: true, .. } => {
                format!("the disk of {} is full", self.name(*node))
            }
            JournalEvent::Life { node, life: NodeLife::Exited } => {
                let text = format!("{} ends by itself", self.name(*node));
                return self.happens(FeatureKind::Death, &text);
            }
            JournalEvent::Misbehaved { node, .. } => {
                let text = format!("{} breaks its protocol", self.name(*node));
                return self.happens(FeatureKind::Death, &text);
            }
            JournalEvent::Flooded { node, .. } => {
                let text = format!("{} floods the harness", self.name(*node));
                return self.happens(FeatureKind::Death, &text);
            }
            _ => return,
        };
        self.happens(FeatureKind::Fault, &text);
    }

    /// Notes changes of links. Two directions with the same change are one feature.
    fn on_links(&mut self, changes: &[LinkEntry]) {
        let said = |entry: &LinkEntry| match entry {
            LinkEntry::Change { change, from, to, shapes } => {
                let verb = match change {
                    LinkChangeKind::Cut => "is cut".to_owned(),
                    LinkChangeKind::Break => "is broken".to_owned(),
                    LinkChangeKind::Shape if !shapes.is_empty() => format!("gets {}", shapes.join(", ")),
                    _ => return None,
                };
                Some((*from, *to, verb))
            }
            LinkEntry::Words(_) => None,
        };
        let changes: BTreeSet<_> = changes.iter().filter_map(said).collect();
        for (from, to, verb) in &changes {
            let both = changes.contains(&(*to, *from, verb.clone()));
            if both && to < from {
                continue;
            }
            let sign = if both { "–" } else { "→" };
            let text = format!("{}{sign}{} {verb}", self.name(*from), self.name(*to));
            self.happens(FeatureKind::Fault, &text);
        }
    }

    fn on_partition(&mut self, sets: &[Vec<NodeIndex>]) {
        if sets.is_empty() {
            return;
        }
        let side = |set: &Vec<NodeIndex>| {
            let names: Vec<String> = set.iter().take(PAIRED_MAX).map(|node| self.name(*node)).collect();
            let more = if set.len() > PAIRED_MAX { ", …" } else { "" };
            format!("{}{more}", names.join(", "))
        };
        let sides: Vec<String> = sets.iter().map(side).collect();
        self.happens(FeatureKind::Fault, &format!("the network is split {}", sides.join(" | ")));
        if self.names.len() > PAIRED_MAX {
            return;
        }
        for (at, set) in sets.iter().enumerate() {
            for one in set {
                for other in sets[..at].iter().flatten() {
                    let (first, second) = (one.min(other), one.max(other));
                    let text =
                        format!("{} and {} are on different sides", self.name(*first), self.name(*second));
                    self.features.add(FeatureKind::Fault, &text);
                }
            }
        }
    }

    /// Notes a feature whose first time has a place in the order of others.
    fn happens(&mut self, kind: FeatureKind, text: &str) {
        let Some(text) = self.features.add(kind, text) else { return };
        if self.ordered.len() < ORDERED_MAX {
            self.ordered.push(text);
        }
    }

    fn name(&self, node: NodeIndex) -> String {
        self.names.get(&node).cloned().unwrap_or_else(|| format!("node {}", node.0))
    }

    fn party(&self, party: &Party) -> String {
        match party {
            Party::Node(node) => self.name(*node),
            Party::Other(name) => clip(name, WORDS_MAX),
        }
    }
}

impl Recorder for FeatureWatch {
    fn record(&mut self, entry: &JournalEntry) {
        self.take(&entry.event);
    }
}
