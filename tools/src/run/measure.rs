//! `measure`: what a stretch of a scenario cost, and how fast it spread.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use futures_util::future::join_all;

use super::environment::Environment;
use super::judge::Observed;
use super::network::Network;
use super::record::RunEvent;
use super::report::Figures;
use super::session::{Run, Stop};
use super::steps::Over;
use crate::scenario::Step;
use crate::world::{NodeIndex, Value};

/// The counters of nodes that a measure reads, and the figures they make.
const COUNTERS: [(&str, &str); 3] =
    [("payloads_sent", "payloads"), ("messages_sent", "messages"), ("bytes_sent", "bytes")];

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
    by_key: BTreeMap<String, Vec<usize>>,
    /// The greatest rank that a node is known to hold of a key, and since when.
    held: BTreeMap<(NodeIndex, String), (String, Duration)>,
    unreached: usize,
}

#[derive(Debug)]
struct Write {
    rank: String,
    acknowledged: Duration,
    waiting: BTreeSet<NodeIndex>,
    last_reached: Duration,
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
    pub(super) fn acknowledged(&mut self, key: &str, rank: &str, now: Duration, component: &[NodeIndex]) {
        for active in &mut self.active {
            let mut write = Write {
                rank: rank.to_owned(),
                acknowledged: now,
                waiting: BTreeSet::new(),
                last_reached: now,
            };
            for &node in component {
                match active.held.get(&(node, key.to_owned())) {
                    Some((held, since)) if held.as_str() >= rank => {
                        write.last_reached = write.last_reached.max(*since);
                    }
                    _ => {
                        write.waiting.insert(node);
                    }
                }
            }
            active.unreached += usize::from(!write.waiting.is_empty());
            active.by_key.entry(key.to_owned()).or_default().push(active.writes.len());
            active.writes.push(write);
        }
    }

    /// Notes that a node stored a version; whether a write has now reached its last node.
    pub(super) fn stored(&mut self, node: NodeIndex, key: &str, rank: &str, now: Duration) -> bool {
        let mut reached = false;
        for active in &mut self.active {
            active.held.insert((node, key.to_owned()), (rank.to_owned(), now));
            for &index in active.by_key.get(key).map(Vec::as_slice).unwrap_or_default() {
                let write = &mut active.writes[index];
                if write.rank.as_str() <= rank && write.waiting.remove(&node) {
                    write.last_reached = write.last_reached.max(now);
                    if write.waiting.is_empty() {
                        active.unreached -= 1;
                        reached = true;
                    }
                }
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
            by_key: BTreeMap::new(),
            held: BTreeMap::new(),
            unreached: 0,
        });
        self.last
    }

    fn unreached(&self, number: u64) -> usize {
        self.active.iter().find(|active| active.number == number).map_or(0, |active| active.unreached)
    }

    /// Which acknowledged writes have not reached which nodes, a few of them, in words.
    pub(super) fn waiting(&self, network: &Network) -> Vec<String> {
        const SHOWN: usize = 5;
        let mut lines = Vec::new();
        for active in &self.active {
            for (key, indices) in &active.by_key {
                let waiting = indices.iter().flat_map(|index| &active.writes[*index].waiting);
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
        name: &str,
        block: &[Step],
        environment: &Environment,
        over: Option<&Over>,
    ) -> Result<(), Stop> {
        let (number, running) = {
            let mut state = self.desk.state_mut();
            (state.measures.begin(), state.network.running())
        };
        join_all(running.iter().map(|node| self.watch(*node))).await;
        let before = self.counters().await;
        let began = self.desk.now();
        self.block(block, &mut environment.clone(), over).await?;
        while self.desk.state().measures.unreached(number) > 0 {
            let seen = self.desk.changes();
            self.desk.changed(seen).await;
        }
        let duration = self.desk.now().saturating_sub(began);
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
        self.desk.record(RunEvent::Measured { name: name.to_owned(), figures: figures.clone() });
        self.desk.state_mut().measures.finished.push((name.to_owned(), figures));
        Ok(())
    }

    /// The counters of every running node.
    async fn counters(&self) -> BTreeMap<NodeIndex, [u64; COUNTERS.len()]> {
        let running = self.desk.state().network.running();
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

    #[test]
    fn a_percentile_is_one_of_the_times() {
        let times: Vec<Duration> = (1..=100).map(Duration::from_millis).collect();
        assert_eq!(percentile(&times, 50), Duration::from_millis(50));
        assert_eq!(percentile(&times, 99), Duration::from_millis(99));
        assert_eq!(percentile(&times, 100), Duration::from_millis(100));
        assert_eq!(percentile(&times[..1], 50), Duration::from_millis(1));
        assert_eq!(percentile(&[], 50), Duration::ZERO);
    }

    #[test]
    fn a_write_has_reached_a_node_that_holds_it_or_a_greater_version() {
        let mut measures = Measures::default();
        let number = measures.begin();
        let [a, b, c] = [0, 1, 2].map(NodeIndex);
        let ms = Duration::from_millis;
        measures.stored(a, "k", "5", ms(1));
        measures.acknowledged("k", "5", ms(2), &[a, b, c]);
        assert_eq!(measures.unreached(number), 1);
        assert!(!measures.stored(b, "k", "4", ms(3)));
        assert!(!measures.stored(b, "k", "6", ms(4)));
        assert!(measures.stored(c, "k", "5", ms(7)));
        assert_eq!(measures.unreached(number), 0);
        let figures = measures.end(number);
        assert!((figures["spread_max"] - 0.005).abs() < 1e-9, "{figures:?}");
        assert!((figures["updates"] - 1.0).abs() < 1e-9);
    }
}
