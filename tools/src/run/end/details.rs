//! The details of a failure's report: nodes are asked for them once the failure itself is known.
//!
//! The steps and their time are over by then. Nothing that is found or happens here changes the
//! failure, and all of it is bounded.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{join_all, select};

use crate::driver;
use crate::run::answers::{ABSENT, CompareBy, Observed};
use crate::run::context::{ASKS_AT_ONCE, RunContext};
use crate::run::results::{Apart, Failure, FailureKind, LogExcerpt};
use crate::world::{NodeIndex, Operation, Outcome, Value};

/// The time that it may take to ask nodes for their differences: three times that of one ask.
const PATIENCE: Duration = Duration::from_secs(15);
/// The most differing keys that a report lists. Chosen: a person reads them on one screen.
const KEYS_SHOWN: usize = 20;
/// The most keys that are compared. Chosen: of two groups these are 64 batches of asks, which fit into
/// the time above.
const KEYS_COMPARED: usize = 4_096;
/// The most groups of one component that are compared: those with the most nodes.
/// Chosen: a person compares no more of them on one line.
const GROUPS_COMPARED: usize = 8;
/// The most nodes of a group that are named. Chosen: they fit on one line.
const NAMES_SHOWN: usize = 6;
/// The most nodes with logs in a report; chosen, since a person reads it.
const LOGS: usize = 4;
/// The lines from the start of a log, and from its end; chosen, since a person reads them.
const LOG_LINES: usize = 8;

impl RunContext {
    /// Adds the differences between nodes that a failure found apart. Lines found before time is up stay.
    pub(in crate::run) async fn add_differences(&self, failure: &RefCell<Failure>, apart: &[Apart]) {
        let compare = async {
            let mut differences = Differences { failure, shown: 0, keys_left: KEYS_COMPARED };
            for groups in apart {
                self.compare(groups, &mut differences).await;
                if differences.shown > KEYS_SHOWN {
                    break;
                }
            }
        };
        let end = self.executor.sleep_until(self.executor.now() + self.stretch(PATIENCE));
        select(pin!(compare), end).await;
    }

    /// Compares the nodes of one component, key by key. One node stands for all with its digest. A node
    /// that does not answer is asked no more.
    async fn compare(&self, groups: &[Vec<NodeIndex>], differences: &mut Differences<'_>) {
        let mut compared = self.compared_groups(groups, differences);
        let mut keys = self.keys_of_all(&mut compared, differences).await.into_iter();
        while compared.len() > 1 {
            // Each key is two asks to every group.
            let count = (ASKS_AT_ONCE / 2 / compared.len()).min(differences.keys_left);
            let batch: Vec<String> = keys.by_ref().take(count).collect();
            if batch.is_empty() {
                break;
            }
            differences.keys_left -= batch.len();
            let of_all = batch
                .iter()
                .map(|key| join_all(compared.iter().map(move |group| self.answer_about(group[0], key))));
            let held = join_all(of_all).await;
            for (key, held) in batch.iter().zip(&held) {
                self.add_difference(key, &compared, held, differences);
                if differences.shown > KEYS_SHOWN {
                    return;
                }
            }
            let mut place = 0;
            compared.retain(|_| {
                place += 1;
                held.iter().all(|held| held[place - 1].answered)
            });
        }
        let rest = keys.count();
        if rest > 0 && compared.len() > 1 {
            differences.add(format!("… and {rest} keys that were not compared"));
        }
    }

    /// Returns the groups that are compared: those with the most nodes.
    fn compared_groups<'a>(
        &self,
        groups: &'a [Vec<NodeIndex>],
        differences: &Differences<'_>,
    ) -> Vec<&'a [NodeIndex]> {
        // A node that is read, and not asked for keys, has told all its content already.
        let keyed = |group: &&[NodeIndex]| self.driver(group[0]).content == driver::Content::Keys;
        let mut compared: Vec<&[NodeIndex]> = groups.iter().map(Vec::as_slice).filter(keyed).collect();
        compared.sort_by_key(|group| std::cmp::Reverse(group.len()));
        if compared.len() > GROUPS_COMPARED {
            differences.add(format!(
                "of {} groups of nodes that differ, {GROUPS_COMPARED} are compared",
                compared.len()
            ));
            compared.truncate(GROUPS_COMPARED);
        }
        compared
    }

    /// Returns the keys that any of these groups holds. Removes the groups that do not say.
    async fn keys_of_all(
        &self,
        compared: &mut Vec<&[NodeIndex]>,
        differences: &Differences<'_>,
    ) -> BTreeSet<String> {
        let asked = join_all(compared.iter().map(|group| self.keys_of(group[0]))).await;
        let mut keys = BTreeSet::new();
        let mut asked = asked.into_iter();
        // What nodes held before the run is compared only where a step asks for it.
        let only = {
            let state = self.executor.state();
            let unasked = differences.failure.borrow().kind == FailureKind::End && state.network.ran_before();
            unasked.then(|| state.written().map(str::to_owned).collect::<BTreeSet<String>>())
        };
        let is_compared = |key: &String| only.as_ref().is_none_or(|only| only.contains(key));
        compared.retain(|group| match asked.next() {
            Some(Ok(held)) => {
                keys.extend(held.into_iter().filter(is_compared));
                true
            }
            Some(Err(told)) => {
                differences.add(format!("{}: {told}", self.named(group)));
                false
            }
            None => false,
        });
        keys
    }

    /// Adds the difference about one key, if there is one.
    fn add_difference(
        &self,
        key: &str,
        compared: &[&[NodeIndex]],
        held: &[KeyAnswer],
        differences: &mut Differences<'_>,
    ) {
        let mut sides: BTreeMap<&str, Vec<NodeIndex>> = BTreeMap::new();
        for (group, held) in compared.iter().zip(held) {
            sides.entry(&held.content).or_default().extend(*group);
        }
        if sides.len() < 2 {
            return;
        }
        differences.shown += 1;
        if differences.shown > KEYS_SHOWN {
            return differences.add("… and more keys".to_owned());
        }
        let sides = sides.into_iter().map(|(content, nodes)| format!("{}: {content}", self.named(&nodes)));
        differences.add(format!("`{key}` is {}", sides.collect::<Vec<_>>().join("; ")));
    }

    /// Returns the keys for which a node holds a value, or the reason for which it does not say.
    async fn keys_of(&self, node: NodeIndex) -> Result<Vec<String>, String> {
        match self.ask(node, &["keys".to_owned()]).await.observed {
            Observed::Answered(answer) => Ok(match answer.value {
                Value::List(keys) => keys,
                Value::Text(key) | Value::Json(key) => vec![key],
                Value::Done => Vec::new(),
            }),
            other => Err(other.to_string()),
        }
    }

    /// Asks a node for the content of a key.
    async fn answer_about(&self, node: NodeIndex, key: &str) -> KeyAnswer {
        let words = |command: &str| [command.to_owned(), key.to_owned()];
        if self.driver(node).command("stamp").is_none() {
            let observed = self.ask(node, &words("get")).await.observed;
            let answered = !matches!(observed, Observed::Silent(_));
            let by = CompareBy::of(driver::Answer::Value, self.values(node));
            return KeyAnswer { content: by.shown(&observed), answered };
        }
        let (get, stamp) = (words("get"), words("stamp"));
        let (get, stamp) = futures_util::join!(self.ask(node, &get), self.ask(node, &stamp));
        let (get, stamp) = (get.observed, stamp.observed);
        let answered = !matches!((&get, &stamp), (Observed::Silent(_), _) | (_, Observed::Silent(_)));
        let content = match (get, stamp) {
            (Observed::Answered(value), Observed::Answered(stamp)) if value.value.to_string().is_empty() => {
                format!("an empty value (stamp {})", stamp.value)
            }
            (value @ Observed::Answered(_), Observed::Answered(stamp)) => {
                format!("{} (stamp {})", CompareBy::Value.shown(&value), stamp.value)
            }
            (Observed::Refused { code, .. }, Observed::Answered(stamp)) if code == ABSENT => {
                format!("deleted (stamp {})", stamp.value)
            }
            (Observed::Refused { .. }, Observed::Refused { code, .. }) if code == ABSENT => {
                "nothing".to_owned()
            }
            (_, wrong @ (Observed::Silent(_) | Observed::Refused { .. } | Observed::Unasked))
            | (wrong, _) => wrong.to_string(),
        };
        KeyAnswer { content, answered }
    }

    fn named(&self, nodes: &[NodeIndex]) -> String {
        let network = &self.executor.state().network;
        match nodes.len().checked_sub(NAMES_SHOWN) {
            None | Some(0) => network.names(nodes),
            Some(others) => format!("{} and {others} others", network.names(&nodes[..NAMES_SHOWN])),
        }
    }

    /// Adds the first and the last lines of the logs of the nodes that matter.
    pub(in crate::run) async fn add_logs(&self, failure: &RefCell<Failure>) {
        let matter: Vec<NodeIndex> = {
            let (network, failure) = (&self.executor.state().network, failure.borrow());
            let unfit = failure.findings.iter().filter(|finding| !finding.fits);
            unfit.filter_map(|finding| network.find(&finding.node)).take(LOGS).collect()
        };
        for node in matter {
            if let Outcome::Lines(lines) =
                self.executor.submit(Operation::Excerpt { node, lines: LOG_LINES }).await
            {
                let node = self.executor.state().network.name(node).to_owned();
                failure.borrow_mut().logs.push(LogExcerpt { node, lines });
            }
        }
    }
}

/// The answer of a node about a key.
struct KeyAnswer {
    /// The content of the key, in words.
    content: String,
    /// True if the node answered at all.
    answered: bool,
}

/// The differences that a report gets.
struct Differences<'a> {
    failure: &'a RefCell<Failure>,
    /// The number of keys that were found to differ.
    shown: usize,
    /// The number of keys that may still be compared.
    keys_left: usize,
}

impl Differences<'_> {
    /// Adds a line to the report.
    fn add(&self, line: String) {
        self.failure.borrow_mut().differences.push(line);
    }
}
