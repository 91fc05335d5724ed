//! The steps that ask nodes, and those that keep the answer.

use futures_util::future::join_all;

use super::choose::Purpose;
use crate::driver::{Answer, Values};
use crate::journal::JournalEvent;
use crate::run::answers::{Asked, FilledWord, Observed};
use crate::run::context::{Pace, RunContext};
use crate::run::environment::{Binding, Environment};
use crate::run::results::{Failure, FailureKind, Finding, StepFailure};
use crate::scenario::{Ask, At, Effort, Who, Word};
use crate::world::{NodeIndex, Value};

impl RunContext {
    /// Asks nodes, and binds a name to the answer.
    pub(in crate::run) async fn let_answer(
        &self,
        at: &At,
        name: &str,
        who: &Who,
        ask: &Ask,
        environment: &mut Environment,
    ) -> Result<(), StepFailure> {
        for Asked { node, observed, .. } in self.ask_step(at, Effort::Once, who, ask, environment).await? {
            if let Observed::Answered(answer) = observed {
                environment.bind(name, self.binding_of(node, ask, &answer.value));
            }
        }
        Ok(())
    }

    /// Asks all at once, and fails at the first error if the effort is to ask once. With `until`, asks those that have
    /// not answered again, at the pace of nodes that do not report changes.
    pub(in crate::run) async fn ask_step(
        &self,
        at: &At,
        effort: Effort,
        who: &Who,
        ask: &Ask,
        environment: &Environment,
    ) -> Result<Vec<Asked>, StepFailure> {
        let words = environment.all_filled(&ask.words, &self.executor.state());
        let words = words.map_err(|message| self.fail(at, message))?;
        let asked = match effort {
            Effort::Until(time) if who.names_leader() => {
                self.ask_leader_until(at, time, who, &words, environment).await?
            }
            _ => {
                let nodes = self.choose(at, environment, who, Purpose::Ask)?;
                self.ask_nodes(&nodes, effort, &words).await
            }
        };
        if effort != Effort::Try && !asked.iter().all(Asked::is_answered) {
            return Err(self.unanswered(at, effort, &words, &asked));
        }
        self.journal_shown(ask, &asked);
        Ok(asked)
    }

    /// Asks nodes, all at once, and with `until` those again that have not answered.
    async fn ask_nodes(&self, nodes: &[NodeIndex], effort: Effort, words: &[FilledWord]) -> Vec<Asked> {
        let mut asked = self.ask_each(nodes, words).await;
        let Effort::Until(time) = effort else { return asked };
        let from = self.executor.now();
        let until = from + self.stretch(time);
        let mut pace = Pace::new(Some((from, until)));
        while !asked.iter().all(Asked::is_answered) && self.executor.now() < until {
            self.wait_for_change_or_poll(self.executor.changes(), Some(&mut pace)).await;
            let missing: Vec<NodeIndex> =
                asked.iter().filter(|asked| !asked.is_answered()).map(|asked| asked.node).collect();
            for again in self.ask_each(&missing, words).await {
                if let Some(place) = asked.iter_mut().find(|asked| asked.node == again.node) {
                    *place = again;
                }
            }
        }
        asked
    }

    /// Asks nodes, all at once.
    pub(super) async fn ask_each(&self, nodes: &[NodeIndex], words: &[FilledWord]) -> Vec<Asked> {
        join_all(nodes.iter().map(async |node| {
            let words = self.words_for(*node, words);
            self.ask(*node, &words).await
        }))
        .await
    }

    /// Returns the failure of a step that was refused, or got no answer.
    fn unanswered(&self, at: &At, effort: Effort, words: &[FilledWord], asked: &[Asked]) -> StepFailure {
        let wrong = |asked: &&Asked| !asked.is_answered();
        let state = self.executor.state();
        let name = |node: NodeIndex| state.network.name(node);
        let command = words.iter().map(|word| word.text.as_str()).collect::<Vec<_>>().join(" ");
        let mut message = match asked.iter().find(wrong) {
            Some(Asked { node, observed: Observed::Refused { message, code }, .. }) => {
                format!("`{}: {command}` was refused: {message} ({code})", name(*node))
            }
            Some(Asked { node, observed, .. }) => format!("`{}: {command}` got {observed}", name(*node)),
            None => command,
        };
        if let Effort::Until(time) = effort {
            message.push_str(&format!(", also after {}", crate::text::duration(time)));
        }
        let mut failure = Failure::new(FailureKind::Step, Some(at), state.now, message);
        failure.findings = asked
            .iter()
            .map(|asked| Finding {
                node: name(asked.node).to_owned(),
                held: asked.observed.to_string(),
                fits: !wrong(&asked),
                since: None,
            })
            .collect();
        failure.help = Some(match effort {
            Effort::Until(_) => "a longer time after `within` asks for longer".to_owned(),
            _ => "`try` before the step lets errors pass, and `until … within 10s` asks again".to_owned(),
        });
        failure.into()
    }

    /// Records an answer that the harness gave in place of a node: to `log` or `state`.
    fn journal_shown(&self, ask: &Ask, asked: &[Asked]) {
        let command = ask.words.first().and_then(Word::fixed);
        if !matches!(command.as_deref(), Some("log" | "state")) {
            return;
        }
        for asked in asked {
            if let Observed::Answered(answer) = &asked.observed {
                let text = || answer.value.to_string();
                self.executor.journal(|| JournalEvent::Shown { node: asked.node, text: text() });
            }
        }
    }

    /// Returns the words of an ask in the form for this node: values as bare words, if its
    /// store tells them apart.
    pub(in crate::run) fn words_for(&self, node: NodeIndex, words: &[FilledWord]) -> Vec<String> {
        let Some((command, arguments)) = words.split_first() else { return Vec::new() };
        let declared = self.driver(node).command(&command.text).map_or(&[][..], |command| command.arguments);
        let typed = self.values(node) == Values::Json;
        let argument = |(index, word): (usize, &FilledWord)| {
            let is_value = typed && declared.get(index).is_some_and(|argument| argument.value);
            if is_value { word.value.clone() } else { word.text.clone() }
        };
        std::iter::once(command.text.clone()).chain(arguments.iter().enumerate().map(argument)).collect()
    }

    /// Returns an answer in the form in which a name keeps it.
    fn binding_of(&self, node: NodeIndex, ask: &Ask, value: &Value) -> Binding {
        let command = ask.words.first().and_then(Word::fixed).unwrap_or_default();
        let kind = self.driver(node).command(&command).map_or(Answer::Text, |command| command.answer);
        match (value, kind) {
            (_, Answer::Value | Answer::Any) if self.values(node) == Values::Text => {
                Binding::Untyped(value.to_string())
            }
            (Value::Json(_), _) => Binding::Json(value.word()),
            (value, _) => Binding::Text(value.to_string()),
        }
    }
}
