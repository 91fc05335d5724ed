//! The measures of a run: the count of their asks, and the spread of their writes.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::network::Network;
use crate::run::answers::Observed;
use crate::run::results::Figures;
use crate::world::NodeIndex;

/// The measures of a run: under way, and finished.
#[derive(Debug, Default)]
pub(in crate::run) struct Measures {
    active: Vec<ActiveMeasure>,
    finished: Vec<FinishedMeasure>,
    last: u64,
    /// The number of asks begun that change something.
    pub writes_begun: u64,
    /// The number of them that have ended, or are waited for no more.
    pub writes_ended: u64,
}

/// A measure that has ended.
#[derive(Debug)]
struct FinishedMeasure {
    name: String,
    figures: Figures,
    /// The traffic that the figures count beside that of the measure's own writes, in words.
    note: Option<String>,
}

#[derive(Debug)]
struct ActiveMeasure {
    number: u64,
    ok: u64,
    refused: u64,
    unknown: u64,
    acks: Vec<Duration>,
    writes: Vec<SpreadingWrite>,
    /// The writes of each key that have not reached all nodes, by rank, then by their place in `writes`.
    spreading: BTreeMap<String, BTreeSet<(String, usize)>>,
    /// The greatest rank of each key that each node is known to hold, and the time since which it holds it.
    held: BTreeMap<String, BTreeMap<NodeIndex, (String, Duration)>>,
    /// A write and a node that it had not reached and must reach, at the last look.
    short: Cell<Option<(usize, NodeIndex)>>,
}

#[derive(Debug)]
struct SpreadingWrite {
    /// The node that acknowledged the write.
    author: NodeIndex,
    acknowledged: Duration,
    waiting: BTreeSet<NodeIndex>,
    last_reached: Duration,
}

impl ActiveMeasure {
    /// Returns true if all writes have reached all nodes that they must reach: the running ones in the
    /// component of the author. A frozen node, or one beyond a cut, is not waited for until it is back.
    fn has_reached_all(&self, network: &Network) -> bool {
        let due = |place: usize, node: NodeIndex| {
            let write = &self.writes[place];
            write.waiting.contains(&node) && network.are_together(write.author, node)
        };
        if self.short.get().is_some_and(|(place, node)| due(place, node)) {
            return false;
        }
        let short = self.spreading.values().flatten().find_map(|(_, place)| {
            let mut waiting = self.writes[*place].waiting.iter();
            waiting.find(|node| due(*place, **node)).map(|node| (*place, *node))
        });
        self.short.set(short);
        short.is_none()
    }
}

impl Measures {
    /// Returns true if any measure is under way.
    pub(in crate::run) fn is_active(&self) -> bool {
        !self.active.is_empty()
    }

    /// Returns the figures of the measures that have ended, in order.
    pub(in crate::run) fn finished(&self) -> Vec<(String, Figures)> {
        self.finished.iter().map(|one| (one.name.clone(), one.figures.clone())).collect()
    }

    /// Returns the notes on the measures that have ended, in order.
    pub(in crate::run) fn notes(&self) -> Vec<String> {
        self.finished.iter().filter_map(|one| one.note.clone()).collect()
    }

    /// Returns the note on the last measure of that name.
    pub(in crate::run) fn note(&self, measure: &str) -> Option<&str> {
        self.last_of(measure)?.note.as_deref()
    }

    fn last_of(&self, measure: &str) -> Option<&FinishedMeasure> {
        self.finished.iter().rev().find(|one| one.name == measure)
    }

    /// Returns a figure of the last measure of that name.
    pub(in crate::run) fn figure(&self, measure: &str, figure: &str) -> Option<f64> {
        self.last_of(measure)?.figures.get(figure).copied()
    }

    /// Counts an ask that changes something.
    pub(in crate::run) fn asked(&mut self, observed: &Observed, took: Duration) {
        for active in &mut self.active {
            match observed {
                Observed::Answered(_) => {
                    active.ok += 1;
                    active.acks.push(took);
                }
                Observed::Refused { .. } => active.refused += 1,
                Observed::Silent(_) => active.unknown += 1,
                Observed::Unasked => {}
            }
        }
    }

    /// Follows an acknowledged write to the nodes of its component.
    pub(in crate::run) fn acknowledged(
        &mut self,
        author: NodeIndex,
        key: &str,
        rank: &str,
        now: Duration,
        component: &[NodeIndex],
    ) {
        for active in &mut self.active {
            let held = active.held.get(key);
            let mut write =
                SpreadingWrite { author, acknowledged: now, waiting: BTreeSet::new(), last_reached: now };
            for &node in component {
                match held.and_then(|held| held.get(&node)) {
                    Some((held, since)) if held.as_str() >= rank => {
                        write.last_reached = write.last_reached.max(*since);
                    }
                    _ => {
                        write.waiting.insert(node);
                    }
                }
            }
            if !write.waiting.is_empty() {
                let place = active.writes.len();
                active.spreading.entry(key.to_owned()).or_default().insert((rank.to_owned(), place));
            }
            active.writes.push(write);
        }
    }

    /// Records a version that a node stored. Returns true if a write has now reached its last node.
    pub(in crate::run) fn stored(&mut self, node: NodeIndex, key: &str, rank: &str, now: Duration) -> bool {
        let mut reached = false;
        for active in &mut self.active {
            if !active.held.contains_key(key) {
                active.held.insert(key.to_owned(), BTreeMap::new());
            }
            if let Some(held) = active.held.get_mut(key) {
                held.insert(node, (rank.to_owned(), now));
            }
            let Some(spreading) = active.spreading.get_mut(key) else { continue };
            let mut ended = Vec::new();
            for entry in spreading.iter().take_while(|(wanted, _)| wanted.as_str() <= rank) {
                let write = &mut active.writes[entry.1];
                if write.waiting.remove(&node) {
                    write.last_reached = write.last_reached.max(now);
                    if write.waiting.is_empty() {
                        ended.push(entry.clone());
                    }
                }
            }
            reached |= !ended.is_empty();
            for entry in ended {
                spreading.remove(&entry);
            }
            if spreading.is_empty() {
                active.spreading.remove(key);
            }
        }
        reached
    }

    /// Begins a measure. Returns its number.
    pub(in crate::run) fn begin(&mut self) -> u64 {
        self.last += 1;
        self.active.push(ActiveMeasure {
            number: self.last,
            ok: 0,
            refused: 0,
            unknown: 0,
            acks: Vec::new(),
            writes: Vec::new(),
            spreading: BTreeMap::new(),
            held: BTreeMap::new(),
            short: Cell::new(None),
        });
        self.last
    }

    /// Returns true if every write of a measure has reached all nodes that it must reach.
    pub(in crate::run) fn has_spread(&self, number: u64, network: &Network) -> bool {
        self.active
            .iter()
            .filter(|active| active.number == number)
            .all(|active| active.has_reached_all(network))
    }

    /// Describes a few acknowledged writes that have not reached some nodes, with those nodes.
    pub(in crate::run) fn waiting(&self, network: &Network) -> Vec<String> {
        const SHOWN: usize = 5;
        let mut lines = Vec::new();
        for active in &self.active {
            for (key, writes) in &active.spreading {
                let waiting = writes.iter().flat_map(|(_, place)| &active.writes[*place].waiting);
                let nodes: BTreeSet<NodeIndex> = waiting.copied().collect();
                if !nodes.is_empty() && lines.len() < SHOWN {
                    let nodes: Vec<NodeIndex> = nodes.into_iter().collect();
                    lines.push(format!("`{key}` has not reached {}", network.names(&nodes)));
                }
            }
        }
        lines
    }

    /// Ends a measure. Returns its figures, without those of counters.
    pub(in crate::run) fn end(&mut self, number: u64) -> Figures {
        let Some(place) = self.active.iter().position(|active| active.number == number) else {
            return Figures::new();
        };
        let active = self.active.remove(place);
        let spread =
            active.writes.iter().map(|write| write.last_reached.saturating_sub(write.acknowledged)).collect();
        let mut figures = Figures::new();
        let counts = [
            ("ok", active.ok),
            ("refused", active.refused),
            ("unknown", active.unknown),
            ("updates", active.writes.len() as u64),
        ];
        for (name, count) in counts {
            figures.insert(name.to_owned(), count as f64);
        }
        for (name, mut times) in [("ack", active.acks), ("spread", spread)] {
            times.sort_unstable();
            for (suffix, percent) in [("p50", 50), ("p99", 99), ("max", 100)] {
                figures.insert(format!("{name}_{suffix}"), percentile(&times, percent).as_secs_f64());
            }
        }
        figures
    }

    /// Adds the figures of a measure that has ended.
    pub(in crate::run) fn finish(&mut self, name: &str, figures: Figures, note: Option<String>) {
        self.finished.push(FinishedMeasure { name: name.to_owned(), figures, note });
    }
}

/// Returns the nearest-rank percentile of sorted times; zero if there are none.
fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::state::{Life, Link};
    use crate::world::{Direction, NodeSpec};

    #[test]
    fn a_percentile_is_one_of_the_times() {
        let times: Vec<Duration> = (1..=100).map(Duration::from_millis).collect();
        assert_eq!(percentile(&times, 50), Duration::from_millis(50));
        assert_eq!(percentile(&times, 99), Duration::from_millis(99));
        assert_eq!(percentile(&times, 100), Duration::from_millis(100));
        assert_eq!(percentile(&times[..1], 50), Duration::from_millis(1));
        assert_eq!(percentile(&[], 50), Duration::ZERO);
    }

    /// Returns a network of three nodes in a row, all running.
    fn network() -> (Network, [NodeIndex; 3]) {
        let mut network = Network::default();
        let nodes = ["a", "b", "c"].map(|name| {
            let (node, _) = network.add_node(NodeSpec { name: name.to_owned(), ..NodeSpec::default() });
            network.set_life(node, Life::Running, 0);
            node
        });
        for ends in nodes.windows(2) {
            network.add_link(Link { from: ends[0], to: ends[1] });
        }
        (network, nodes)
    }

    #[test]
    fn a_write_has_reached_a_node_that_holds_it_or_a_greater_version() {
        let mut measures = Measures::default();
        let number = measures.begin();
        let (network, [a, b, c]) = network();
        let ms = Duration::from_millis;
        measures.stored(a, "k", "5", ms(1));
        measures.acknowledged(a, "k", "5", ms(2), &[a, b, c]);
        assert!(!measures.has_spread(number, &network));
        assert!(!measures.stored(b, "k", "4", ms(3)));
        assert!(!measures.stored(b, "k", "6", ms(4)));
        assert!(!measures.has_spread(number, &network));
        assert!(measures.stored(c, "k", "5", ms(7)));
        assert!(measures.has_spread(number, &network));
        let figures = measures.end(number);
        assert!((figures["spread_max"] - 0.005).abs() < 1e-9, "{figures:?}");
        assert!((figures["updates"] - 1.0).abs() < 1e-9);
    }

    #[test]
    fn a_node_that_is_frozen_or_cut_off_is_not_waited_for_until_it_is_back() {
        let mut measures = Measures::default();
        let number = measures.begin();
        let (mut network, [a, b, c]) = network();
        let ms = Duration::from_millis;
        measures.acknowledged(a, "k", "5", ms(2), &[a, b, c]);
        measures.stored(a, "k", "5", ms(2));
        measures.stored(b, "k", "5", ms(3));
        assert!(!measures.has_spread(number, &network));
        network.set_life(c, Life::Paused, 0);
        assert!(measures.has_spread(number, &network));
        network.set_life(c, Life::Running, 0);
        assert!(!measures.has_spread(number, &network));
        network.cut(Direction { from: b, to: c });
        assert!(measures.has_spread(number, &network));
    }
}
