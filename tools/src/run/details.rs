//! What nodes are asked for the report of a failure, once the failure itself is known.
//!
//! The steps are over by then and so is their time: nothing that is found or happens here changes what
//! failed, and all of it is bounded.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{join_all, select};

use super::converge::Apart;
use super::failure::{Failure, LogExcerpt};
use super::finish::BATCH;
use super::judge::Observed;
use super::session::Run;
use crate::driver;
use crate::world::{NodeIndex, Operation, Outcome, Value};

/// How long it may take to ask nodes how they differ.
const PATIENCE: Duration = Duration::from_secs(15);
/// The most differing keys that a report lists.
const KEYS_SHOWN: usize = 20;
/// The most keys that are compared.
const KEYS_COMPARED: usize = 4_096;
/// The most groups of one component that are compared, those of the most nodes.
const GROUPS_COMPARED: usize = 8;
/// The most nodes of a group that are named.
const NAMES_SHOWN: usize = 6;
/// The logs of a few nodes, the end of each: a report is read by a person.
const LOGS: usize = 4;
const LOG_LINES: usize = 8;

impl Run {
    /// Adds how the nodes differ that a failure found apart. What is known when time is up stays.
    pub(super) async fn add_differences(&self, failure: &RefCell<Failure>, apart: &[Apart]) {
        let compare = async {
            let (mut shown, mut left) = (0, KEYS_COMPARED);
            for groups in apart {
                self.compare(groups, failure, &mut shown, &mut left).await;
                if shown > KEYS_SHOWN {
                    break;
                }
            }
        };
        let end = self.desk.until(self.desk.now() + self.stretch(PATIENCE));
        select(pin!(compare), end).await;
    }

    /// How the nodes of one component differ, key by key. One node stands for all of its digest; one
    /// that does not answer is asked no more.
    async fn compare(
        &self,
        groups: &[Vec<NodeIndex>],
        failure: &RefCell<Failure>,
        shown: &mut usize,
        left: &mut usize,
    ) {
        let tell = |line: String| failure.borrow_mut().differences.push(line);
        // Whoever is only read has told all that it holds already.
        let keyed = |group: &&[NodeIndex]| self.driver(group[0]).content == driver::Content::Keys;
        let mut compared: Vec<&[NodeIndex]> = groups.iter().map(Vec::as_slice).filter(keyed).collect();
        compared.sort_by_key(|group| std::cmp::Reverse(group.len()));
        if compared.len() > GROUPS_COMPARED {
            tell(format!(
                "of {} groups of nodes that differ, {GROUPS_COMPARED} are compared",
                compared.len()
            ));
            compared.truncate(GROUPS_COMPARED);
        }
        let asked = join_all(compared.iter().map(|group| self.keys_of(group[0]))).await;
        let mut keys = BTreeSet::new();
        let mut asked = asked.into_iter();
        compared.retain(|group| match asked.next() {
            Some(Ok(held)) => {
                keys.extend(held);
                true
            }
            Some(Err(told)) => {
                tell(format!("{}: {told}", self.named(group)));
                false
            }
            None => false,
        });
        let mut keys = keys.into_iter();
        while compared.len() > 1 {
            // Each key is two asks to every group.
            let batch: Vec<String> = keys.by_ref().take((BATCH / 2 / compared.len()).min(*left)).collect();
            if batch.is_empty() {
                break;
            }
            *left -= batch.len();
            let held = join_all(
                batch
                    .iter()
                    .map(|key| join_all(compared.iter().map(move |group| self.told_of(group[0], key)))),
            );
            let held = held.await;
            for (key, held) in batch.iter().zip(&held) {
                let mut sides: BTreeMap<&str, Vec<NodeIndex>> = BTreeMap::new();
                for (group, held) in compared.iter().zip(held) {
                    sides.entry(&held.what).or_default().extend(*group);
                }
                if sides.len() < 2 {
                    continue;
                }
                *shown += 1;
                if *shown > KEYS_SHOWN {
                    return tell("… and more keys".to_owned());
                }
                let sides = sides.into_iter().map(|(what, nodes)| format!("{}: {what}", self.named(&nodes)));
                tell(format!("`{key}` is {}", sides.collect::<Vec<_>>().join("; ")));
            }
            let mut place = 0;
            compared.retain(|_| {
                place += 1;
                held.iter().all(|held| held[place - 1].answered)
            });
        }
        let rest = keys.count();
        if rest > 0 && compared.len() > 1 {
            tell(format!("… and {rest} keys that were not compared"));
        }
    }

    /// The keys that a node holds a value of, or why it does not say.
    async fn keys_of(&self, node: NodeIndex) -> Result<Vec<String>, String> {
        match self.ask(node, &["keys".to_owned()]).await.observed {
            Observed::Answered(answer) => Ok(match answer.value {
                Value::List(keys) => keys,
                Value::Text(key) => vec![key],
                Value::Done => Vec::new(),
            }),
            other => Err(other.to_string()),
        }
    }

    async fn told_of(&self, node: NodeIndex, key: &str) -> Told {
        let words = |command: &str| [command.to_owned(), key.to_owned()];
        if self.driver(node).command("stamp").is_none() {
            let observed = self.ask(node, &words("get")).await.observed;
            let answered = !matches!(observed, Observed::Silent(_));
            return Told { what: observed.to_string(), answered };
        }
        let (get, stamp) = (words("get"), words("stamp"));
        let (get, stamp) = futures_util::join!(self.ask(node, &get), self.ask(node, &stamp));
        let (get, stamp) = (get.observed, stamp.observed);
        let answered = !matches!((&get, &stamp), (Observed::Silent(_), _) | (_, Observed::Silent(_)));
        let what = match (get, stamp) {
            (Observed::Answered(value), Observed::Answered(stamp)) if value.value.to_string().is_empty() => {
                format!("an empty value (stamp {})", stamp.value)
            }
            (value @ Observed::Answered(_), Observed::Answered(stamp)) => {
                format!("{value} (stamp {})", stamp.value)
            }
            (Observed::Refused { code, .. }, Observed::Answered(stamp)) if code == "absent" => {
                format!("deleted (stamp {})", stamp.value)
            }
            (Observed::Refused { .. }, Observed::Refused { code, .. }) if code == "absent" => {
                "nothing".to_owned()
            }
            (_, wrong @ (Observed::Silent(_) | Observed::Refused { .. })) | (wrong, _) => wrong.to_string(),
        };
        Told { what, answered }
    }

    fn named(&self, nodes: &[NodeIndex]) -> String {
        let network = &self.desk.state().network;
        match nodes.len().checked_sub(NAMES_SHOWN) {
            None | Some(0) => network.names(nodes),
            Some(others) => format!("{} and {others} others", network.names(&nodes[..NAMES_SHOWN])),
        }
    }

    /// Adds the last lines of the logs of the nodes that matter.
    pub(super) async fn add_logs(&self, failure: &RefCell<Failure>) {
        let matter: Vec<NodeIndex> = {
            let (network, failure) = (&self.desk.state().network, failure.borrow());
            let unfit = failure.findings.iter().filter(|finding| !finding.fits);
            unfit.filter_map(|finding| network.find(&finding.node)).take(LOGS).collect()
        };
        for node in matter {
            if let Outcome::Lines(lines) = self.desk.submit(Operation::Log { node, lines: LOG_LINES }).await {
                let node = self.desk.state().network.name(node).to_owned();
                failure.borrow_mut().logs.push(LogExcerpt { node, lines });
            }
        }
    }
}

/// What a node told of a key.
struct Told {
    /// What it holds, in words.
    what: String,
    /// Whether it said anything at all.
    answered: bool,
}
