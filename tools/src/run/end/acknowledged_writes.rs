//! The check at the end of a scenario that the writes that nodes answer for are held.
//!
//! The nodes of a component hold the same by then, so one of them stands for all: the *witness*.
//! Silence is no answer: a witness that does not say what it holds breaks no law, and excuses nothing.

use std::collections::BTreeMap;

use futures_util::future::join_all;

use crate::run::answers::{ABSENT, Observed};
use crate::run::context::{ASKS_AT_ONCE, RunContext};
use crate::run::laws::{Breach, HeldWrite, Law, nothing_lost, shortened, tombstones_stay};
use crate::run::results::{Failure, FailureKind, Finding, StepFailure};
use crate::run::state::{Acknowledged, Custody, Life, RunState};
use crate::text;
use crate::world::{Answer, NodeIndex};

/// The number of times that a silent witness is asked, each time with the patience of any ask. Chosen: a
/// pause of a few seconds is outlived, and a node that hangs delays the end by a quarter of a minute.
const ATTEMPTS: usize = 3;

impl RunContext {
    /// Lists the excused writes: only nodes that ended without a disk knew them. No running node
    /// answers for them, or holds a version at least as great.
    pub(in crate::run) async fn list_excused_writes(&self) -> Result<(), StepFailure> {
        let (orphans, witnesses) = {
            let state = self.executor.state();
            let components = state.network.components().iter();
            let witnesses: Vec<NodeIndex> =
                components.filter_map(|component| component.first().copied()).collect();
            (orphans(&state), witnesses)
        };
        // By key: the greatest rank that was acknowledged, and the greatest that a witness holds.
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
            let batch: Vec<(NodeIndex, &str)> =
                questions.by_ref().filter(is_open).take(ASKS_AT_ONCE).collect();
            if batch.is_empty() {
                break;
            }
            for ((_, key), holding) in batch.iter().zip(self.all_held(&batch).await?) {
                if let Some((greatest, held)) = keys.get_mut(key) {
                    let rank = match holding {
                        Holding::Nothing => None,
                        Holding::Version(rank) => Some(rank),
                        // Nothing says that the write is gone.
                        Holding::Unranked => Some((*greatest).to_owned()),
                    };
                    *held = rank.max(held.take());
                }
            }
        }
        let is_held = |orphan: &OrphanedWrite| {
            let held = keys.get(orphan.key.as_str()).and_then(|(_, held)| held.as_deref());
            held.is_some_and(|held| held >= orphan.rank.as_str())
        };
        let excused = orphans.iter().filter(|orphan| !is_held(orphan)).map(|orphan| orphan.line.clone());
        let excused = excused.collect();
        self.executor.state_mut().history.excused = excused;
        Ok(())
    }

    /// Checks that every write that a node answers for is held by all of its component. A deleted key
    /// must not have a version that loses to its tombstone.
    pub(in crate::run) async fn check_acknowledged_writes(&self) -> Result<(), StepFailure> {
        let wanted = answered_for(&self.executor.state());
        let (mut replaced, mut lost) = (Vec::new(), Vec::new());
        for batch in wanted.chunks(ASKS_AT_ONCE) {
            let questions: Vec<(NodeIndex, &str)> =
                batch.iter().map(|wanted| (wanted.witness, wanted.key.as_str())).collect();
            let held = self.all_held(&questions).await?;
            let state = self.executor.state();
            let held: Vec<HeldWrite<'_>> = batch
                .iter()
                .zip(&held)
                .filter_map(|(wanted, held)| {
                    let held = match held {
                        Holding::Nothing => None,
                        Holding::Version(rank) => Some(rank.as_str()),
                        Holding::Unranked => return None,
                    };
                    Some(HeldWrite {
                        key: &wanted.key,
                        by: state.network.name(wanted.by),
                        at: wanted.write.at,
                        acknowledged: &wanted.write.rank,
                        tombstone: wanted.write.tombstone,
                        witness: state.network.name(wanted.witness),
                        held,
                    })
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
        Err(self.broken(Breach { law, message, findings: Vec::new(), evidence }))
    }

    /// Returns the versions that these nodes hold of these keys, all asked at once.
    async fn all_held(&self, questions: &[(NodeIndex, &str)]) -> Result<Vec<Holding>, StepFailure> {
        let asked = questions.iter().map(|(node, key)| self.held(*node, key));
        join_all(asked).await.into_iter().collect()
    }

    /// Returns the version that a node holds of a key, as the node says.
    async fn held(&self, node: NodeIndex, key: &str) -> Result<Holding, StepFailure> {
        let words = ["stamp".to_owned(), key.to_owned()];
        let mut told = String::new();
        for _ in 0..ATTEMPTS {
            match self.ask(node, &words).await.observed {
                Observed::Answered(Answer { written: Some(written), .. }) => {
                    return Ok(Holding::Version(written.rank));
                }
                Observed::Answered(_) => return Ok(Holding::Unranked),
                Observed::Refused { code, .. } if code == ABSENT => return Ok(Holding::Nothing),
                other => told = other.to_string(),
            }
        }
        let state = self.executor.state();
        let node = state.network.name(node).to_owned();
        let message =
            format!("what {node} holds of `{key}` at the end is not known: it was asked {ATTEMPTS} times");
        let mut failure = Failure::new(FailureKind::Step, None, state.now, message);
        failure.findings.push(Finding { node, held: told, fits: false, since: None });
        Err(failure.into())
    }
}

/// The version that a witness holds of a key.
enum Holding {
    /// The witness holds no version.
    Nothing,
    /// The witness holds the version of this rank.
    Version(String),
    /// The witness holds a version, and its stamp is no evidence of the order of writes.
    Unranked,
}

/// The greatest write of a key that a node of a component answers for.
struct ExpectedWrite {
    key: String,
    by: NodeIndex,
    write: Acknowledged,
    /// The node that stands for that component.
    witness: NodeIndex,
}

/// Returns the writes that nodes answer for, by component and key. A node answers for a write if it
/// has run ever since or keeps the write on its disk. Writes are left out that were not yet due
/// when the nodes were found to hold all else.
fn answered_for(state: &RunState) -> Vec<ExpectedWrite> {
    let mut wanted: BTreeMap<(NodeIndex, &str), (NodeIndex, &Acknowledged)> = BTreeMap::new();
    for (node, custody, keys) in state.history.writes() {
        let entry = state.network.node(node);
        let answers = custody.lasts(entry);
        let Some(&witness) = state.network.component_of(node).first() else { continue };
        if !answers {
            continue;
        }
        for (key, write) in keys.iter().filter(|(key, write)| !state.is_undue(node, key, &write.rank)) {
            let known = wanted.entry((witness, key)).or_insert((node, write));
            if known.1.rank < write.rank {
                *known = (node, write);
            }
        }
    }
    let wanted = wanted.into_iter().map(|((witness, key), (by, write))| ExpectedWrite {
        key: key.to_owned(),
        by,
        write: write.clone(),
        witness,
    });
    wanted.collect()
}

/// A write whose node has ended and keeps nothing on disk.
struct OrphanedWrite {
    key: String,
    rank: String,
    line: String,
}

/// Returns the orphaned writes, except those of keys for which some node answers with a write at
/// least as great.
fn orphans(state: &RunState) -> Vec<OrphanedWrite> {
    let mut answered: BTreeMap<&str, &str> = BTreeMap::new();
    let mut orphans = Vec::new();
    for (node, custody, keys) in state.history.writes() {
        let entry = state.network.node(node);
        let answers = custody.lasts(entry) && (custody == Custody::Disk || entry.life == Life::Running);
        for (key, write) in keys {
            if answers {
                let best = answered.entry(key).or_default();
                *best = (*best).max(&write.rank);
            } else {
                let line =
                    format!("`{key}`, acknowledged by {} at {}", entry.name(), text::duration(write.at));
                orphans.push(OrphanedWrite { key: key.clone(), rank: write.rank.clone(), line });
            }
        }
    }
    orphans
        .retain(|orphan| answered.get(orphan.key.as_str()).is_none_or(|best| *best < orphan.rank.as_str()));
    orphans
}
