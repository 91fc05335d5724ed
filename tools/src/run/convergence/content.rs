//! The content of nodes that do not tell of changes. They are asked for it, and so are the nodes of
//! their component, in the same words.

use std::collections::BTreeSet;
use std::time::Duration;

use futures_util::future::join_all;

use super::Convergence;
use crate::driver::{self, Values};
use crate::run::answers::{ABSENT, Asked, Asks, CompareBy, Observed};
use crate::run::context::{ASKS_AT_ONCE, RunContext};
use crate::run::state::Content;
use crate::world::{NodeIndex, Value};

/// The note on a comparison that left out what nodes held before the run.
const OLDER: &str = "at the end the nodes were compared by what this run wrote, and not by what they held before: \
                     `expect converged` compares everything";

/// The result of a look at the content of nodes.
#[derive(Debug, Default)]
pub(in crate::run) struct ContentLook {
    /// True if some nodes do not tell, and were asked.
    pub polled: bool,
    /// True if some node said something else than before.
    pub changed: bool,
    /// True if some nodes could not be asked in time: then the look says nothing.
    pub cut_short: bool,
    /// The asks that the look took.
    pub asks: Asks,
}

impl RunContext {
    /// Asks for the content of all nodes in components where some do not tell. No question is put after
    /// `until`. If a component could not be asked whole, the content found before stays.
    pub(in crate::run) async fn look_at_contents(
        &self,
        convergence: &Convergence,
        until: Option<Duration>,
    ) -> ContentLook {
        let mut looked = ContentLook::default();
        let components = convergence.untold(&self.executor.state().network);
        for component in &components {
            let judged = |node: &NodeIndex| convergence.is_asked_for() || self.can_be_read(*node);
            let (component, unjudged): (Vec<NodeIndex>, Vec<NodeIndex>) =
                component.iter().copied().partition(judged);
            for node in unjudged {
                let unsaid = Content::Unsaid("what it is for was not said".to_owned());
                let mut state = self.executor.state_mut();
                let now = state.now;
                state.network.record_content(node, unsaid, now);
            }
            // If one of the nodes knows only text, only texts can be compared.
            let as_text = component.iter().any(|node| self.values(*node) == Values::Text);
            let by = if as_text { CompareBy::Text } else { CompareBy::Value };
            let written = self.compared_keys(convergence, &component, by);
            let found = self.contents(&component, (by, written.as_ref()), until, &mut looked.asks).await;
            looked.polled = true;
            let Some(found) = found else {
                looked.cut_short = true;
                continue;
            };
            let mut state = self.executor.state_mut();
            let now = state.now;
            for (node, content) in component.iter().zip(found) {
                looked.changed |= state.network.node(*node).content != content;
                state.network.record_content(*node, content, now);
            }
        }
        looked
    }

    /// Returns true if the node is known to answer an ask for its content: many programs do not answer
    /// commands that they do not know.
    fn can_be_read(&self, node: NodeIndex) -> bool {
        let workloads = match self.driver(node).content {
            driver::Content::Keys | driver::Content::Read { workloads: None } => return true,
            driver::Content::Hidden => return false,
            driver::Content::Read { workloads: Some(workloads) } => workloads,
        };
        let state = self.executor.state();
        let workload = state.network.node(node).spec.workload.as_deref();
        workload.is_some_and(|workload| workloads.contains(&workload))
    }

    /// Returns the keys, or the elements, by which these nodes are compared; none for all. What a node that ran before
    /// held then is compared only if a step asks for it.
    fn compared_keys(
        &self,
        convergence: &Convergence,
        component: &[NodeIndex],
        by: CompareBy,
    ) -> Option<BTreeSet<String>> {
        let state = self.executor.state();
        let ran_before = component.iter().any(|node| state.network.node(*node).spec.at.is_some());
        let written = || state.written().map(|key| by.item(key)).collect();
        (ran_before && !convergence.is_asked_for()).then(written)
    }

    /// Returns the content of these nodes; none if one of them could not be asked in time.
    async fn contents(
        &self,
        nodes: &[NodeIndex],
        (by, only): (CompareBy, Option<&BTreeSet<String>>),
        until: Option<Duration>,
        asks: &mut Asks,
    ) -> Option<Vec<Content>> {
        let mut older = 0;
        let words = |node: &NodeIndex| match self.driver(*node).content {
            // A node that does not say what it holds refuses this.
            driver::Content::Keys | driver::Content::Hidden => "keys",
            driver::Content::Read { .. } => "read",
        };
        let mut contents: Vec<(Content, Vec<String>)> = Vec::with_capacity(nodes.len());
        for batch in nodes.chunks(ASKS_AT_ONCE) {
            let asked = batch.iter().map(|node| self.ask_plainly(*node, vec![words(node).to_owned()], until));
            for asked in join_all(asked).await {
                asks.add(&asked);
                contents.push(first(asked.observed, (by, only), &mut older));
            }
        }
        if older > 0 {
            self.executor.state_mut().history.add_note(OLDER.to_owned());
        }
        // Nodes with different keys differ, whatever their values are: values are asked for only if all
        // keys are equal. A node that does not say what it holds is left out of this.
        let mut said =
            contents.iter().map(|(content, _)| content).filter(|one| matches!(one, Content::Is(_)));
        let one = said.next();
        if one.is_some() && said.all(|content| Some(content) == one) {
            let keyed = |node: NodeIndex| self.driver(node).content == driver::Content::Keys;
            let values =
                nodes.iter().zip(&mut contents).filter(|(node, (_, keys))| keyed(**node) && !keys.is_empty());
            let values = values.map(async |(node, (content, keys))| {
                let (held, asks) = self.values_of(*node, keys, by, until).await;
                *content = held;
                asks
            });
            join_all(values).await.into_iter().for_each(|each| asks.join(each));
        }
        let contents: Vec<Content> = contents.into_iter().map(|(content, _)| content).collect();
        (!contents.contains(&Content::Unasked)).then_some(contents)
    }

    /// Asks a node for the values of these keys. Returns its content.
    async fn values_of(
        &self,
        node: NodeIndex,
        keys: &[String],
        by: CompareBy,
        until: Option<Duration>,
    ) -> (Content, Asks) {
        let (mut held, mut asks) = (Vec::with_capacity(2 * keys.len()), Asks::default());
        let (mut silent, mut unasked) = (None, false);
        for batch in keys.chunks(ASKS_AT_ONCE) {
            let asked =
                batch.iter().map(|key| self.ask_plainly(node, vec!["get".to_owned(), key.clone()], until));
            for (key, asked) in batch.iter().zip(join_all(asked).await) {
                asks.add(&asked);
                match asked.observed {
                    Observed::Answered(answer) => held.extend([key.clone(), by.key(&answer.value)]),
                    Observed::Refused { code, .. } if code == ABSENT => {}
                    other @ (Observed::Refused { .. } | Observed::Silent(_)) => {
                        silent = Some(format!("get {key}: {other}"));
                    }
                    Observed::Unasked => unasked = true,
                }
            }
            if let Some(why) = silent {
                return (Content::Silent(why), asks);
            }
        }
        if unasked {
            return (Content::Unasked, asks);
        }
        (Content::Is(format!("holds {}, hash {}", counted(keys.len()), hash(&held))), asks)
    }

    async fn ask_plainly(&self, node: NodeIndex, words: Vec<String>, until: Option<Duration>) -> Asked {
        self.ask_until(node, &words, until).await
    }
}

/// Returns the content according to a node's first answer, and the keys to ask for.
/// Items that are not among `only` are left out, and counted in `older`.
fn first(
    observed: Observed,
    (by, only): (CompareBy, Option<&BTreeSet<String>>),
    older: &mut usize,
) -> (Content, Vec<String>) {
    match observed {
        Observed::Answered(answer) => match answer.value {
            Value::List(items) => {
                let mut items: Vec<String> = items.iter().map(|item| by.item(item)).collect();
                let all = items.len();
                items.retain(|item| only.is_none_or(|only| only.contains(item)));
                *older += all - items.len();
                items.sort_unstable();
                items.dedup();
                (Content::Is(shown(&items)), items)
            }
            value @ (Value::Text(_) | Value::Json(_)) => {
                (Content::Is(format!("holds {}", by.key(&value))), Vec::new())
            }
            Value::Done => (Content::Is("holds nothing".to_owned()), Vec::new()),
        },
        refused @ Observed::Refused { .. } => (Content::Unsaid(refused.to_string()), Vec::new()),
        silent @ Observed::Silent(_) => (Content::Silent(silent.to_string()), Vec::new()),
        Observed::Unasked => (Content::Unasked, Vec::new()),
    }
}

/// Describes items in words: all if they are few, else the first ones and a hash of all.
fn shown(items: &[String]) -> String {
    const SHOWN: usize = 20;
    let count = counted(items.len());
    if items.len() <= SHOWN {
        return format!("holds {count}: {}", items.join(" "));
    }
    format!("holds {count}: {} …, hash {}", items[..SHOWN].join(" "), hash(items))
}

/// Returns a hash that only equal items share.
fn hash(items: &[String]) -> String {
    let mut hasher = blake3::Hasher::new();
    for item in items {
        hasher.update(&(item.len() as u64).to_be_bytes());
        hasher.update(item.as_bytes());
    }
    hasher.finalize().to_hex()[..16].to_owned()
}

fn counted(count: usize) -> String {
    match count {
        1 => "1 item".to_owned(),
        count => format!("{count} items"),
    }
}
