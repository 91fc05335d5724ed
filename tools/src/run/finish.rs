//! What is checked at the end of every scenario, unasked: that the nodes converge, and that no
//! acknowledged write is lost.

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{join_all, select};

use super::converge::Convergence;
use super::desk::State;
use super::failure::{Failure, FailureKind};
use super::judge::Observed;
use super::network::Life;
use super::session::{Run, Stop};
use crate::text;
use crate::world::NodeIndex;

/// How many nodes or keys are asked at once.
const BATCH: usize = 256;
/// The most missing writes that a report lists.
const SHOWN: usize = 20;

impl Run {
    /// Waits for convergence for up to `settle`, then looks for every acknowledged write.
    pub(super) async fn finish(&self, settle: Duration) -> Result<(), Stop> {
        let began = self.desk.now();
        let deadline = began + settle;
        let everyone = Convergence::of_all();
        let mut end = self.desk.until(deadline);
        loop {
            let seen = self.desk.changes();
            if everyone.holds(&self.desk.state().network) {
                break;
            }
            if self.desk.now() >= deadline {
                let message = format!(
                    "at the end the nodes do not hold the same, {} after the last step",
                    text::duration(settle)
                );
                let mut failure = Failure::new(FailureKind::End, None, self.desk.now(), message);
                (failure.findings, failure.differences) = self.divergence(&everyone).await;
                failure.waited = Some(settle);
                failure.help = Some("`settle 10s` at the top of the file gives them more time".to_owned());
                return Err(Box::new(failure));
            }
            select(pin!(self.desk.changed(seen)), &mut end).await;
        }
        self.excuse().await;
        self.nothing_lost().await
    }

    /// Lists the writes that are known only to nodes that ended without a disk: nobody who runs
    /// answers for them, or holds as much or more.
    async fn excuse(&self) {
        let (orphaned, witnesses) = {
            let state = self.desk.state();
            let witnesses: Vec<NodeIndex> = state
                .network
                .components()
                .iter()
                .filter_map(|component| component.first().copied())
                .collect();
            (orphaned(&state), witnesses)
        };
        let mut excused = Vec::new();
        for batch in orphaned.chunks(BATCH) {
            let held = join_all(batch.iter().map(async |orphan| {
                for witness in &witnesses {
                    if self.held(*witness, &orphan.key).await.is_some_and(|rank| rank >= orphan.rank) {
                        return true;
                    }
                }
                false
            }));
            let unheld = batch.iter().zip(held.await).filter(|(_, held)| !held);
            excused.extend(unheld.map(|(orphan, _)| orphan.line.clone()));
        }
        self.desk.state_mut().history.excused = excused;
    }

    /// The rank of the version that a node holds of a key.
    async fn held(&self, node: NodeIndex, key: &str) -> Option<String> {
        match self.ask(node, &["stamp".to_owned(), key.to_owned()]).await.observed {
            Observed::Answered(answer) => answer.written.map(|written| written.rank),
            Observed::Refused { .. } | Observed::Silent(_) => None,
        }
    }

    /// Every write that a node of a component answers for is held by all of that component. They
    /// hold the same, so one of them stands for all.
    async fn nothing_lost(&self) -> Result<(), Stop> {
        let components = self.desk.state().network.components();
        let mut missing = Vec::new();
        for component in components {
            let Some(&witness) = component.first() else { continue };
            let mut wanted: BTreeMap<String, (String, NodeIndex, Duration)> = BTreeMap::new();
            {
                let state = self.desk.state();
                for (node, incarnation, keys) in state.history.writes() {
                    let entry = state.network.node(node);
                    let answers = entry.spec.disk || entry.incarnation == incarnation;
                    if !answers || !component.contains(&node) {
                        continue;
                    }
                    for (key, write) in keys {
                        let known = wanted.get(key).is_some_and(|(rank, ..)| *rank >= write.rank);
                        if !known {
                            wanted.insert(key.clone(), (write.rank.clone(), node, write.at));
                        }
                    }
                }
            }
            let wanted: Vec<_> = wanted.into_iter().collect();
            for batch in wanted.chunks(BATCH) {
                let held = join_all(batch.iter().map(|(key, _)| self.held(witness, key))).await;
                for ((key, (rank, node, at)), held) in batch.iter().zip(held) {
                    if held.as_ref() < Some(rank) {
                        let state = self.desk.state();
                        missing.push(format!(
                            "`{key}`, acknowledged by {} at {}: {} holds {}",
                            state.network.name(*node),
                            text::duration(*at),
                            state.network.name(witness),
                            if held.is_some() { "an older version" } else { "nothing" },
                        ));
                    }
                }
            }
        }
        if missing.is_empty() {
            return Ok(());
        }
        let count = missing.len();
        let message = match count {
            1 => "an acknowledged write is lost".to_owned(),
            _ => format!("{count} acknowledged writes are lost"),
        };
        if count > SHOWN {
            missing.truncate(SHOWN);
            missing.push(format!("… and {} more", count - SHOWN));
        }
        let mut failure = Failure::new(FailureKind::End, None, self.desk.now(), message);
        failure.differences = missing;
        Err(Box::new(failure))
    }
}

/// A write whose node has ended and keeps nothing on disk.
struct Orphan {
    key: String,
    rank: String,
    line: String,
}

/// The orphaned writes for which no other node answers, having acknowledged as much or more.
fn orphaned(state: &State) -> Vec<Orphan> {
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
