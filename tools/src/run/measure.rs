//! `measure`: what a stretch of a scenario cost, and how fast it spread.

use std::cell::Cell;
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::join_all;

use super::environment::Environment;
use super::judge::Observed;
use super::network::{Life, Network};
use super::record::RunEvent;
use super::report::Figures;
use super::session::{Run, Stop};
use super::steps::Over;
use crate::scenario::{At, Step};
use crate::world::{NodeIndex, Value};

/// The counters of nodes that a measure reads, and the figures they make.
const COUNTERS: [(&str, &str); 3] =
    [("payloads_sent", "payloads"), ("messages_sent", "messages"), ("bytes_sent", "bytes")];

/// What each node's counters were.
type Counters = BTreeMap<NodeIndex, [u64; COUNTERS.len()]>;

/// The measures of a run: under way, and finished.
#[derive(Debug, Default)]
pub(super) struct Measures {
    active: Vec<Active>,
    finished: Vec<(String, Figures)>,
    last: u64,
}

#[derive(Debug)]
struct Active {
    number: u64,
    ok: u64,
    refused: u64,
    unknown: u64,
    acks: Vec<Duration>,
    writes: Vec<Write>,
    /// The writes of each key that have not reached all nodes, by rank, then by their place in `writes`.
    spreading: BTreeMap<String, BTreeSet<(String, usize)>>,
    /// The greatest rank that nodes are known to hold of each key, and since when.
    held: BTreeMap<String, BTreeMap<NodeIndex, (String, Duration)>>,
    /// A write that has not reached a node which it has to reach, when that was looked at last.
    short: Cell<Option<(usize, NodeIndex)>>,
}

#[derive(Debug)]
struct Write {
    /// Who acknowledged it.
    author: NodeIndex,
    acknowledged: Duration,
    waiting: BTreeSet<NodeIndex>,
    last_reached: Duration,
}

impl Active {
    /// Whether a write has reached all nodes that it has to reach: those that run, in the component
    /// of its author. A frozen node or one beyond a cut is not waited for; it is again when it is
    /// back.
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
    /// Whether anything is measured just now.
    pub(super) fn is_active(&self) -> bool {
        !self.active.is_empty()
    }

    /// The measures that have ended, in order.
    pub(super) fn finished(&self) -> &[(String, Figures)] {
        &self.finished
    }

    /// A figure of the last measure of that name.
    pub(super) fn figure(&self, measure: &str, figure: &str) -> Option<f64> {
        let (_, figures) = self.finished.iter().rev().find(|(name, _)| name == measure)?;
        figures.get(figure).copied()
    }

    /// Counts an ask that changes something.
    pub(super) fn asked(&mut self, observed: &Observed, took: Duration) {
        for active in &mut self.active {
            match observed {
                Observed::Answered(_) => {
                    active.ok += 1;
                    active.acks.push(took);
                }
                Observed::Refused { .. } => active.refused += 1,
                Observed::Silent(_) => active.unknown += 1,
            }
        }
    }

    /// Follows an acknowledged write to the nodes of its component.
    pub(super) fn acknowledged(
        &mut self,
        author: NodeIndex,
        key: &str,
        rank: &str,
        now: Duration,
        component: &[NodeIndex],
    ) {
        for active in &mut self.active {
            let held = active.held.get(key);
            let mut write = Write { author, acknowledged: now, waiting: BTreeSet::new(), last_reached: now };
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

    /// Notes that a node stored a version; whether a write has now reached its last node.
    pub(super) fn stored(&mut self, node: NodeIndex, key: &str, rank: &str, now: Duration) -> bool {
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

    fn begin(&mut self) -> u64 {
        self.last += 1;
        self.active.push(Active {
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

    /// Whether every write of a measure has reached all nodes that it has to reach.
    fn has_spread(&self, number: u64, network: &Network) -> bool {
        self.active
            .iter()
            .filter(|active| active.number == number)
            .all(|active| active.has_reached_all(network))
    }

    /// Which acknowledged writes have not reached which nodes, a few of them, in words.
    pub(super) fn waiting(&self, network: &Network) -> Vec<String> {
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

    fn end(&mut self, number: u64) -> Figures {
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
}

/// The nearest-rank percentile of sorted times; zero of none.
fn percentile(sorted: &[Duration], percent: usize) -> Duration {
    let rank = (sorted.len() * percent).div_ceil(100);
    sorted.get(rank.saturating_sub(1)).copied().unwrap_or_default()
}

impl Run {
    /// Runs a block, waits until every acknowledged write in it has reached all running nodes of its
    /// component, then reads the figures.
    pub(super) async fn measure(
        &self,
        at: &At,
        name: &str,
        block: &[Step],
        environment: &Environment,
        over: Option<&Over>,
    ) -> Result<(), Stop> {
        let (number, running) = {
            let mut state = self.desk.state_mut();
            (state.measures.begin(), state.network.running().to_vec())
        };
        join_all(running.iter().map(|node| self.watch(*node))).await;
        let before = self.counters().await;
        let began = self.desk.now();
        self.block(block, &mut environment.clone(), over).await?;
        self.desk.until_state(move |state| state.measures.has_spread(number, &state.network)).await;
        let duration = self.desk.now().saturating_sub(began);
        self.all_can_be_read(at, name, &before)?;
        let after = self.counters().await;
        let mut figures = self.desk.state_mut().measures.end(number);
        figures.insert("duration".to_owned(), duration.as_secs_f64());
        for (place, (_, figure)) in COUNTERS.iter().enumerate() {
            let sum: u64 = after
                .iter()
                .map(|(node, counters)| {
                    let earlier = before.get(node).map_or(0, |counters| counters[place]);
                    counters[place].saturating_sub(earlier)
                })
                .sum();
            figures.insert((*figure).to_owned(), sum as f64);
        }
        // What not all nodes tell is not known.
        let all_give = |figure: &str| after.keys().all(|node| self.driver(*node).gives(figure));
        figures.retain(|figure, _| all_give(figure));
        self.desk.record(|| RunEvent::Measured { name: name.to_owned(), figures: figures.clone() });
        self.desk.state_mut().measures.finished.push((name.to_owned(), figures));
        Ok(())
    }

    /// A frozen node does not answer, and without its counters the sums would be too small.
    fn all_can_be_read(&self, at: &At, name: &str, before: &Counters) -> Result<(), Stop> {
        let frozen = {
            let network = &self.desk.state().network;
            let mut nodes = before.keys();
            nodes
                .find(|node| network.node(**node).life == Life::Paused)
                .map(|node| network.name(*node).to_owned())
        };
        let Some(frozen) = frozen else { return Ok(()) };
        let message =
            format!("`{frozen}` is paused at the end of `measure {name}`: its counters cannot be read");
        let mut stop = self.fail(at, message);
        stop.failure.help = Some(format!("`resume {frozen}` inside the block"));
        Err(stop)
    }

    /// The counters of every running node.
    async fn counters(&self) -> Counters {
        let running = self.desk.state().network.running().to_vec();
        let read = running.into_iter().map(async |node| {
            let mut counters = [0; COUNTERS.len()];
            for (counter, (name, _)) in counters.iter_mut().zip(COUNTERS) {
                let asked = self.ask(node, &["stats".to_owned(), name.to_owned()]).await;
                if let Observed::Answered(answer) = asked.observed
                    && let Value::Text(text) = answer.value
                {
                    *counter = text.parse().unwrap_or(0);
                }
            }
            (node, counters)
        });
        join_all(read).await.into_iter().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::run::network::Link;
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

    /// Three nodes in a row, all running.
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
