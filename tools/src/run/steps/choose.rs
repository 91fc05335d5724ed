//! The choice of nodes for a step: made when the step begins, in order of appearance.

use std::collections::BTreeSet;

use crate::journal::JournalEvent;
use crate::random::Seed;
use crate::run::context::RunContext;
use crate::run::environment::{Environment, SelectionError, resolve};
use crate::run::executor::Executor;
use crate::run::results::{Failure, FailureKind, StepFailure};
use crate::run::state::Life;
use crate::scenario::{At, Pick, Subject, Verb, Who};
use crate::world::NodeIndex;

/// The purpose of a choice: it decides which nodes `all` and `random` mean.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::run) enum Purpose {
    /// Nodes to be asked, watched or counted: running ones.
    Ask,
    /// Nodes to be changed by a verb: those in a state that permits it.
    Verb(Verb),
    /// Nodes to be named, in any state.
    Name,
}

impl Purpose {
    fn fits(self, life: Life) -> bool {
        match self {
            Self::Ask | Self::Verb(Verb::Kill | Verb::Pause | Verb::Stop | Verb::Restart) => {
                life == Life::Running
            }
            Self::Verb(Verb::Start) => matches!(life, Life::Stopped | Life::Exited(_)),
            Self::Verb(Verb::Resume) => life == Life::Paused,
            Self::Name => true,
        }
    }

    fn wanted(self) -> &'static str {
        match self {
            Self::Ask | Self::Verb(_) if !matches!(self, Self::Verb(Verb::Start | Verb::Resume)) => "running",
            Self::Verb(Verb::Start) => "stopped",
            Self::Verb(Verb::Resume) => "paused",
            _ => "known",
        }
    }
}

impl RunContext {
    /// Chooses nodes, or fails at this step.
    pub(in crate::run) fn choose(
        &self,
        at: &At,
        environment: &Environment,
        who: &Who,
        purpose: Purpose,
    ) -> Result<Vec<NodeIndex>, StepFailure> {
        choose(&self.executor, environment, self.options.seed, who, purpose).map_err(|message| {
            self.fail_at_word(At { source: who.at.source.clone(), span: who.at.span }, message.into(), at)
        })
    }

    fn fail_at_word(&self, place: At, message: String, step: &At) -> StepFailure {
        let at = if place.span.start == place.span.end { step.clone() } else { place };
        Failure::new(FailureKind::Step, Some(&at), self.executor.now(), message).into()
    }
}

/// Returns the nodes that `who` means.
///
/// # Errors If it means no node, names one that is unknown, or draws more than there are.
fn choose(
    executor: &Executor,
    environment: &Environment,
    seed: u64,
    who: &Who,
    purpose: Purpose,
) -> Result<Vec<NodeIndex>, SelectionError> {
    let (chosen, drawn) = {
        let state = executor.state();
        let among = |subject: &Subject| -> Result<Vec<NodeIndex>, SelectionError> {
            let network = &state.network;
            let fits = |node: &NodeIndex| purpose.fits(network.node(*node).life);
            Ok(match subject {
                Subject::Everyone if purpose.fits(Life::Running) && purpose != Purpose::Name => {
                    network.running().to_vec()
                }
                Subject::Everyone => network.indices().filter(fits).collect(),
                Subject::Of(items) => {
                    resolve(network, environment, items)?.into_iter().filter(fits).collect()
                }
                Subject::But(items) => {
                    let but: BTreeSet<NodeIndex> =
                        resolve(network, environment, items)?.into_iter().collect();
                    network.indices().filter(fits).filter(|node| !but.contains(node)).collect()
                }
            })
        };
        let draw = |from: Vec<NodeIndex>, count: usize| {
            let At { source, span } = &who.at;
            let mut rng = Seed(seed).place(source.name(), span.start, &environment.iteration);
            rng.sample_few(&from, count)
        };
        match &who.pick {
            Pick::All(subject) => (among(subject)?, false),
            Pick::Random(count, subject) => {
                let from = among(subject)?;
                let count = usize::try_from(*count).unwrap_or(usize::MAX);
                if from.len() < count {
                    let found = from.len();
                    return Err(SelectionError::TooFew { count, found });
                }
                (draw(from, count), true)
            }
            Pick::RandomHalf(subject) => {
                let from = among(subject)?;
                let count = from.len().div_ceil(2);
                (draw(from, count), true)
            }
            Pick::Items(items) => (resolve(&state.network, environment, items)?, false),
        }
    };
    if chosen.is_empty() {
        return Err(SelectionError::Nobody { state: purpose.wanted() });
    }
    if drawn {
        let words = who.at.source.at(who.at.span).to_owned();
        let step = executor.current_step();
        executor.journal(|| JournalEvent::Chosen { who: words, nodes: chosen.clone(), step });
    }
    Ok(chosen)
}
