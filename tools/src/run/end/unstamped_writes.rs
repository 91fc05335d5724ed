//! The check at the end of a scenario that stores without stamps hold what they acknowledged.
//!
//! A key is judged if all of its writes were asked of nodes that still answer for them, and that are in one component:
//! the nodes hold the same by then, so one of them stands for all. A node that does not say what it holds is not judged.

use std::collections::BTreeSet;

use futures_util::future::join_all;

use crate::driver::{self, Answer as Kind, Content, Values};
use crate::run::answers::{ABSENT, CompareBy, Observed};
use crate::run::context::{ASKS_AT_ONCE, RunContext};
use crate::run::laws::{Breach, HeldKey, Law, nothing_lost_unstamped, shortened};
use crate::run::results::StepFailure;
use crate::run::state::{Life, RunState, UnstampedWrite};
use crate::text::value;
use crate::world::{Answer, NodeIndex, Value};

/// A key that can be judged.
struct Question {
    witness: NodeIndex,
    key: String,
    writes: Vec<UnstampedWrite>,
}

impl RunContext {
    /// Checks that every key has a value that may be the last, if its nodes acknowledged a write of it.
    pub(in crate::run) async fn check_unstamped_writes(&self) -> Result<(), StepFailure> {
        let mut questions = questions(&self.executor.state());
        questions.retain(|question| !self.loads.borrow().keys.contains(&question.key));
        let mut lost = Vec::new();
        for batch in questions.chunks(ASKS_AT_ONCE) {
            let asked = batch.iter().map(async |question| {
                let words = ["get".to_owned(), question.key.clone()];
                self.ask(question.witness, &words).await.observed
            });
            let told = join_all(asked).await;
            for (question, observed) in batch.iter().zip(told) {
                let values = self.values(question.witness);
                let held = match &observed {
                    // Whatever the node holds, this is not it.
                    Observed::Answered(Answer { value: Value::Done, .. }) => {
                        self.add_unsaid(question);
                        continue;
                    }
                    Observed::Answered(Answer { value, .. }) => {
                        Some(CompareBy::of(Kind::Value, values).key(value))
                    }
                    Observed::Refused { code, .. } if code == ABSENT => None,
                    _ => {
                        self.add_unsaid(question);
                        continue;
                    }
                };
                let writes: Vec<UnstampedWrite> =
                    question.writes.iter().map(|write| written(write, values)).collect();
                let mut state = self.executor.state_mut();
                state.unstamped.was_judged = true;
                let held = HeldKey {
                    key: &question.key,
                    witness: state.network.name(question.witness),
                    held: held.as_deref(),
                    writes: &writes,
                };
                lost.extend(nothing_lost_unstamped(&[held], |write| state.network.name(write.by).to_owned()));
            }
        }
        let message = match lost.len() {
            0 => return Ok(()),
            1 => "an acknowledged write is lost".to_owned(),
            count => format!("{count} acknowledged writes are lost"),
        };
        let evidence = shortened(lost);
        Err(self.broken(Breach { law: Law::NothingLost, message, findings: Vec::new(), evidence }))
    }

    fn add_unsaid(&self, question: &Question) {
        let mut state = self.executor.state_mut();
        let witness = state.network.name(question.witness).to_owned();
        let key = &question.key;
        let note =
            format!("{witness} did not say at the end what it holds of `{key}`: its writes are not judged");
        state.history.add_note(note);
    }
}

/// Returns true if the content of a node is compared with that of others at the end.
fn shows_keys(state: &RunState, node: NodeIndex) -> bool {
    let driver = driver::declaration_of(&state.network.node(node).spec.driver);
    driver.is_some_and(|driver| driver.content == Content::Keys)
}

/// Returns a write with its value as answers are compared.
fn written(write: &UnstampedWrite, values: Values) -> UnstampedWrite {
    let compared = |word: &String| match values {
        Values::Json => value::canonical(word),
        Values::Text => value::text_of(word).unwrap_or_else(|| word.clone()),
    };
    UnstampedWrite { value: write.value.as_ref().map(compared), ..write.clone() }
}

/// Returns the keys that can be judged, each with a node to be asked.
fn questions(state: &RunState) -> Vec<Question> {
    let lasts = |write: &UnstampedWrite| {
        let node = state.network.node(write.by);
        node.life == Life::Running && (!write.acknowledged || write.custody.lasts(node))
    };
    let question = |(key, writes): (&str, &[UnstampedWrite])| {
        let by: BTreeSet<NodeIndex> = writes.iter().map(|write| write.by).collect();
        let component = state.network.component_of(*by.first()?);
        let is_judged = writes.iter().any(|write| write.acknowledged)
            && writes.iter().all(lasts)
            && by.iter().all(|node| component.contains(node))
            // Nodes that were not compared before may still be on their way to the same.
            && (component.len() == 1 || component.iter().all(|node| shows_keys(state, *node)));
        let witness = *component.first()?;
        is_judged.then(|| Question { witness, key: key.to_owned(), writes: writes.to_vec() })
    };
    state.unstamped.keys().filter_map(question).collect()
}
