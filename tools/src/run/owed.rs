//! What nodes answer for at the end of a scenario, and whether it is held.
//!
//! The nodes of a component hold the same by then, so one of them stands for all: the *witness*. Silence
//! is no answer: a witness that does not say what it holds breaks no law, and excuses nothing.

use std::collections::BTreeMap;

use futures_util::future::join_all;

use super::desk::State;
use super::failure::{Failure, FailureKind, Finding};
use super::finish::{BATCH, shortened};
use super::history::Acknowledged;
use super::judge::Observed;
use super::laws::{Broken, Law, Owed, nothing_lost, tombstones_stay};
use super::network::Life;
use super::session::{Run, Stop};
use crate::text;
use crate::world::{Answer, NodeIndex};

/// How often a witness is asked that does not say what it holds, each time with the patience of any ask.
const ATTEMPTS: usize = 3;
/// The code of a refusal that says that nothing is held.
pub(super) const ABSENT: &str = "absent";

impl Run {
    /// Lists the writes that are known only to nodes that ended without a disk: nobody who runs
    /// answers for them, or holds as much or more.
    pub(super) async fn excuse(&self) -> Result<(), Stop> {
        let (orphans, witnesses) = {
            let state = self.desk.state();
            let components = state.network.components().iter();
            let witnesses: Vec<NodeIndex> =
                components.filter_map(|component| component.first().copied()).collect();
            (orphans(&state), witnesses)
        };
        // By key: the greatest rank that was acknowledged, and the greatest that somebody holds.
        let mut keys: BTreeMap<&str, (&str, Option<String>)> = BTreeMap::new();
        for orphan in &orphans {
            let (greatest, _) = keys.entry(&orphan.key).or_insert((&orphan.rank, None));
            *greatest = (*greatest).max(&orphan.rank);
        }
        let names: Vec<&str> = keys.keys().copied().collect();
        let mut questions =
            witnesses.iter().flat_map(|witness| names.iter().map(move |key| (*witness, *key)));
        loop {
            let is_open = |(_, key): &(NodeIndex, &str)| {
                keys.get(key)
                    .is_some_and(|(greatest, held)| held.as_deref().is_none_or(|held| held < *greatest))
            };
            let batch: Vec<(NodeIndex, &str)> = questions.by_ref().filter(is_open).take(BATCH).collect();
            if batch.is_empty() {
                break;
            }
            for ((_, key), rank) in batch.iter().zip(self.all_held(&batch).await?) {
                if let Some((_, held)) = keys.get_mut(key) {
                    *held = rank.max(held.take());
                }
            }
        }
        let is_held = |orphan: &Orphan| {
            let held = keys.get(orphan.key.as_str()).and_then(|(_, held)| held.as_deref());
            held.is_some_and(|held| held >= orphan.rank.as_str())
        };
        let excused = orphans.iter().filter(|orphan| !is_held(orphan)).map(|orphan| orphan.line.clone());
        let excused = excused.collect();
        self.desk.state_mut().history.excused = excused;
        Ok(())
    }

    /// Every write that a node of a component answers for is held by all of that component, and what
    /// was deleted is not replaced by what loses to its tombstone.
    pub(super) async fn acknowledged_is_held(&self) -> Result<(), Stop> {
        let wanted = self.desk.state().answered_for();
        let (mut replaced, mut lost) = (Vec::new(), Vec::new());
        for batch in wanted.chunks(BATCH) {
            let questions: Vec<(NodeIndex, &str)> =
                batch.iter().map(|wanted| (wanted.witness, wanted.key.as_str())).collect();
            let held = self.all_held(&questions).await?;
            let state = self.desk.state();
            let held: Vec<Owed<'_>> = batch
                .iter()
                .zip(&held)
                .map(|(wanted, held)| Owed {
                    key: &wanted.key,
                    by: state.network.name(wanted.by),
                    at: wanted.write.at,
                    acknowledged: &wanted.write.rank,
                    tombstone: wanted.write.tombstone,
                    witness: state.network.name(wanted.witness),
                    held: held.as_deref(),
                })
                .collect();
            replaced.extend(tombstones_stay(&held));
            lost.extend(nothing_lost(&held));
        }
        let (law, lines, message) = match (replaced.len(), lost.len()) {
            (0, 0) => return Ok(()),
            (0, 1) => (Law::NothingLost, lost, "an acknowledged write is lost".to_owned()),
            (0, count) => (Law::NothingLost, lost, format!("{count} acknowledged writes are lost")),
            (1, _) => (Law::Tombstones, replaced, "a deleted key is back".to_owned()),
            (count, _) => (Law::Tombstones, replaced, format!("{count} deleted keys are back")),
        };
        let evidence = shortened(lines);
        Err(self.broken(Broken { law, message, findings: Vec::new(), evidence }))
    }

    /// The ranks of the versions that these nodes hold of these keys, all asked at once.
    async fn all_held(&self, questions: &[(NodeIndex, &str)]) -> Result<Vec<Option<String>>, Stop> {
        let asked = questions.iter().map(|(node, key)| self.held(*node, key));
        join_all(asked).await.into_iter().collect()
    }

    /// The rank of the version that a node holds of a key, none if it says that it holds nothing.
    async fn held(&self, node: NodeIndex, key: &str) -> Result<Option<String>, Stop> {
        let words = ["stamp".to_owned(), key.to_owned()];
        let mut told = String::new();
        for _ in 0..ATTEMPTS {
            match self.ask(node, &words).await.observed {
                Observed::Answered(Answer { written: Some(written), .. }) => return Ok(Some(written.rank)),
                Observed::Refused { code, .. } if code == ABSENT => return Ok(None),
                other => told = other.to_string(),
            }
        }
        let state = self.desk.state();
        let node = state.network.name(node).to_owned();
        let message =
            format!("what {node} holds of `{key}` at the end is not known: it was asked {ATTEMPTS} times");
        let mut failure = Failure::new(FailureKind::Step, None, state.now, message);
        failure.findings.push(Finding { node, held: told, fits: false, since: None });
        Err(failure.into())
    }
}

/// The greatest write of a key that somebody in a component answers for.
struct Wanted {
    key: String,
    by: NodeIndex,
    write: Acknowledged,
    /// Who stands for that component.
    witness: NodeIndex,
}

impl State {
    /// The writes that nodes answer for, by component and key: those of a node that has run ever since
    /// or keeps them on its disk.
    fn answered_for(&self) -> Vec<Wanted> {
        let mut wanted: BTreeMap<(NodeIndex, &str), (NodeIndex, &Acknowledged)> = BTreeMap::new();
        for (node, incarnation, keys) in self.history.writes() {
            let entry = self.network.node(node);
            let answers = entry.spec.disk || entry.incarnation == incarnation;
            let Some(&witness) = self.network.component_of(node).first() else { continue };
            if !answers {
                continue;
            }
            for (key, write) in keys {
                let known = wanted.entry((witness, key)).or_insert((node, write));
                if known.1.rank < write.rank {
                    *known = (node, write);
                }
            }
        }
        let wanted = wanted.into_iter().map(|((witness, key), (by, write))| Wanted {
            key: key.to_owned(),
            by,
            write: write.clone(),
            witness,
        });
        wanted.collect()
    }
}

/// A write whose node has ended and keeps nothing on disk.
struct Orphan {
    key: String,
    rank: String,
    line: String,
}

/// The orphaned writes for which no other node answers, having acknowledged as much or more.
fn orphans(state: &State) -> Vec<Orphan> {
    let mut answered: BTreeMap<&str, &str> = BTreeMap::new();
    let mut orphans = Vec::new();
    for (node, incarnation, keys) in state.history.writes() {
        let entry = state.network.node(node);
        let answers = entry.spec.disk || (entry.life == Life::Running && entry.incarnation == incarnation);
        for (key, write) in keys {
            if answers {
                let best = answered.entry(key).or_default();
                *best = (*best).max(&write.rank);
            } else {
                let line =
                    format!("`{key}`, acknowledged by {} at {}", entry.name(), text::duration(write.at));
                orphans.push(Orphan { key: key.clone(), rank: write.rank.clone(), line });
            }
        }
    }
    orphans
        .retain(|orphan| answered.get(orphan.key.as_str()).is_none_or(|best| *best < orphan.rank.as_str()));
    orphans
}
