//! What nodes hold that do not tell: they are asked, and those beside them in the same words.

use std::pin::pin;
use std::time::Duration;

use futures_util::future::{join_all, select};

use super::converge::Convergence;
use super::finish::BATCH;
use super::judge::Observed;
use super::network::Content;
use super::owed::ABSENT;
use super::session::Run;
use super::steps::ASK;
use crate::driver;
use crate::world::{NodeIndex, Value};

/// How often what is not told is asked again.
const POLL: Duration = Duration::from_millis(10);
/// How much longer than its bound an expectation waits for what was asked before its end.
const GRACE: Duration = Duration::from_millis(250);

impl Run {
    /// Waits until a change is told or, where not all is told, until it is time to ask again.
    pub(super) async fn told_or_polled(&self, seen: u64, polled: bool) {
        let changed = self.desk.changed(seen);
        if polled {
            let again = self.desk.until(self.desk.now() + POLL);
            select(pin!(changed), again).await;
        } else {
            changed.await;
        }
    }

    /// Asks the nodes what they hold that are in a component with some that do not tell; whether there are
    /// such. What they say after the deadline no longer counts.
    pub(super) async fn look(&self, convergence: &Convergence, deadline: Option<Duration>) -> bool {
        let components = convergence.untold(&self.desk.state().network);
        for component in &components {
            let judged = |node: &NodeIndex| convergence.is_asked_for() || self.can_be_read(*node);
            let (component, unjudged): (Vec<NodeIndex>, Vec<NodeIndex>) =
                component.iter().copied().partition(judged);
            for node in unjudged {
                let unsaid = Content::Unsaid("what it is for was not said".to_owned());
                let mut state = self.desk.state_mut();
                let now = state.now;
                state.network.found(node, unsaid, now);
            }
            let found = self.contents(&component, deadline).await;
            let mut state = self.desk.state_mut();
            let now = state.now;
            for (node, content) in component.iter().zip(found) {
                state.network.found(*node, content, now);
            }
        }
        !components.is_empty()
    }

    /// Whether it is known that a node says what it holds: many programs do not answer what they do not
    /// know.
    fn can_be_read(&self, node: NodeIndex) -> bool {
        let state = self.desk.state();
        let workload = state.network.node(node).spec.workload.as_deref();
        let read = workload.is_some_and(|workload| driver::READ_WORKLOADS.contains(&workload));
        drop(state);
        read || self.driver(node).content != driver::Content::Read
    }

    /// What these nodes hold.
    async fn contents(&self, nodes: &[NodeIndex], deadline: Option<Duration>) -> Vec<Content> {
        let words = |node: &NodeIndex| match self.driver(*node).content {
            driver::Content::Keys => "keys",
            driver::Content::Read => "read",
        };
        let mut found = Vec::with_capacity(nodes.len());
        for batch in nodes.chunks(BATCH) {
            let asked =
                batch.iter().map(|node| self.ask_plainly(*node, vec![words(node).to_owned()], deadline));
            found.extend(join_all(asked).await);
        }
        let mut contents: Vec<(Content, Vec<String>)> = found.into_iter().map(first).collect();
        // Whose keys differ holds something else, whatever that is. Who does not say has no part in it.
        let mut said =
            contents.iter().map(|(content, _)| content).filter(|one| matches!(one, Content::Is(_)));
        let first = said.next();
        if first.is_some() && said.all(|content| Some(content) == first) {
            let keyed = |node: NodeIndex| self.driver(node).content == driver::Content::Keys;
            let values =
                nodes.iter().zip(&mut contents).filter(|(node, (_, keys))| keyed(**node) && !keys.is_empty());
            let values = values.map(async |(node, (content, keys))| {
                *content = self.values(*node, keys, deadline).await;
            });
            join_all(values).await;
        }
        contents.into_iter().map(|(content, _)| content).collect()
    }

    /// What a node holds of these keys.
    async fn values(&self, node: NodeIndex, keys: &[String], deadline: Option<Duration>) -> Content {
        let mut held = Vec::with_capacity(2 * keys.len());
        for batch in keys.chunks(BATCH) {
            let asked =
                batch.iter().map(|key| self.ask_plainly(node, vec!["get".to_owned(), key.clone()], deadline));
            for (key, observed) in batch.iter().zip(join_all(asked).await) {
                let value = match observed {
                    Observed::Answered(answer) => answer.value.to_string(),
                    Observed::Refused { code, .. } if code == ABSENT => continue,
                    Observed::Refused { .. } | Observed::Silent(_) => return Content::Unknown,
                };
                held.extend([key.clone(), value]);
            }
        }
        Content::Is(format!("holds {}, hash {}", counted(keys.len()), hash(&held)))
    }

    async fn ask_plainly(&self, node: NodeIndex, words: Vec<String>, deadline: Option<Duration>) -> Observed {
        self.ask_within(node, &words, self.patience(deadline)).await.observed
    }

    /// How long an ask may take whose answer is wanted by then: what is asked near the end may still be
    /// answered, but not much later.
    pub(super) fn patience(&self, deadline: Option<Duration>) -> Duration {
        let left = deadline.map(|deadline| deadline.saturating_sub(self.desk.now()) + self.stretch(GRACE));
        left.unwrap_or(Duration::MAX).min(self.stretch(ASK))
    }
}

/// What the first answer of a node says of what it holds, and the keys to be asked for.
fn first(observed: Observed) -> (Content, Vec<String>) {
    match observed {
        Observed::Answered(answer) => match answer.value {
            Value::List(mut items) => {
                items.sort_unstable();
                items.dedup();
                (Content::Is(shown(&items)), items)
            }
            Value::Text(text) => (Content::Is(format!("holds {text}")), Vec::new()),
            Value::Done => (Content::Is("holds nothing".to_owned()), Vec::new()),
        },
        refused @ Observed::Refused { .. } => (Content::Unsaid(refused.to_string()), Vec::new()),
        Observed::Silent(_) => (Content::Unknown, Vec::new()),
    }
}

/// Items in words: few as they are, of many the first ones and a hash of them all.
fn shown(items: &[String]) -> String {
    const SHOWN: usize = 20;
    let count = counted(items.len());
    if items.len() <= SHOWN {
        return format!("holds {count}: {}", items.join(" "));
    }
    format!("holds {count}: {} …, hash {}", items[..SHOWN].join(" "), hash(items))
}

/// A text that only equal items share.
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
