//! The node that leads the others, as they say.

use std::collections::BTreeMap;
use std::time::Duration;

use futures_util::StreamExt as _;
use futures_util::stream::FuturesUnordered;

use super::choose::Purpose;
use crate::journal::JournalEvent;
use crate::run::answers::{Asked, FilledWord, Observed};
use crate::run::context::{Pace, RunContext};
use crate::run::environment::Environment;
use crate::run::results::{Failure, FailureKind, Finding, StepFailure};
use crate::run::state::Life;
use crate::scenario::{At, LEADER, Who};
use crate::world::NodeIndex;

/// The time in which nodes have to agree who leads. Chosen: three times what an election takes in the slowest of the
/// systems that ship, after the death of a leader.
const AGREE: Duration = Duration::from_secs(30);

/// The leader, or what each node said that was asked.
type Election = Result<NodeIndex, Vec<Asked>>;

impl RunContext {
    /// Returns the running node that more than half of the running nodes name as their leader, once there is one; none if
    /// a node has that name, which wins.
    pub(super) async fn leader(&self, at: &At) -> Result<Option<NodeIndex>, StepFailure> {
        if self.executor.state().network.find(LEADER).is_some() {
            return Ok(None);
        }
        let until = self.executor.now() + self.stretch(AGREE);
        let mut pace = Pace::new(None);
        loop {
            let seen = self.executor.changes();
            let said = match self.election().await {
                Ok(leader) => {
                    self.journal_leader(leader);
                    return Ok(Some(leader));
                }
                Err(said) => said,
            };
            if self.executor.now() >= until {
                return Err(self.no_leader(at, AGREE, &said));
            }
            self.wait_for_change_or_poll(seen, Some(&mut pace)).await;
        }
    }

    /// Asks nodes that the leader is among, until all have answered: at most for this time. Who leads is asked each time.
    pub(super) async fn ask_leader_until(
        &self,
        at: &At,
        time: Duration,
        who: &Who,
        words: &[FilledWord],
        environment: &Environment,
    ) -> Result<Vec<Asked>, StepFailure> {
        let (mut environment, from) = (environment.clone(), self.executor.now());
        let until = from + self.stretch(time);
        let mut pace = Pace::new(Some((from, until)));
        let is_name = self.executor.state().network.find(LEADER).is_some();
        loop {
            let seen = self.executor.changes();
            let election = if is_name { None } else { Some(self.election().await) };
            let failure = match election {
                Some(Err(said)) => Err(self.no_leader(at, time, &said)),
                found => {
                    environment.leader = found.and_then(Result::ok);
                    let asked =
                        self.ask_each(&self.choose(at, &environment, who, Purpose::Ask)?, words).await;
                    if asked.iter().all(Asked::is_answered) {
                        environment.leader.into_iter().for_each(|leader| self.journal_leader(leader));
                        return Ok(asked);
                    }
                    Ok(asked)
                }
            };
            if self.executor.now() >= until {
                return failure;
            }
            self.wait_for_change_or_poll(seen, Some(&mut pace)).await;
        }
    }

    /// Asks all running nodes that can be asked who leads. What the others say is not waited for once one is named by more
    /// than half.
    async fn election(&self) -> Election {
        let electors: Vec<NodeIndex> = {
            let running = self.executor.state().network.running().to_vec();
            running.into_iter().filter(|node| self.driver(*node).command(LEADER).is_some()).collect()
        };
        let words = [LEADER.to_owned()];
        let mut asking: FuturesUnordered<_> = electors.iter().map(|node| self.ask(*node, &words)).collect();
        let (mut said, mut votes) = (Vec::new(), BTreeMap::new());
        while let Some(asked) = asking.next().await {
            if let Observed::Answered(answer) = &asked.observed {
                let state = self.executor.state();
                let named = state.network.find(&answer.value.to_string());
                if let Some(leader) = named.filter(|leader| state.network.node(*leader).life == Life::Running)
                {
                    let count = votes.entry(leader).or_insert(0);
                    *count += 1;
                    if 2 * *count > electors.len() {
                        return Ok(leader);
                    }
                }
            }
            said.push(asked);
        }
        said.sort_by_key(|asked| asked.node);
        Err(said)
    }

    fn journal_leader(&self, leader: NodeIndex) {
        let step = self.executor.current_step();
        self.executor.journal(|| JournalEvent::Chosen { who: LEADER.to_owned(), nodes: vec![leader], step });
    }

    /// Returns the failure of a step for which no node leads.
    fn no_leader(&self, at: &At, time: Duration, said: &[Asked]) -> StepFailure {
        let state = self.executor.state();
        let time = crate::text::duration(time);
        let message =
            format!("in {time} no running node was named as the leader by more than half of those that run");
        let mut failure = Failure::new(FailureKind::Step, Some(at), state.now, message);
        let finding = |asked: &Asked| Finding {
            node: state.network.name(asked.node).to_owned(),
            held: asked.observed.to_string(),
            fits: false,
            since: None,
        };
        failure.findings = said.iter().map(finding).collect();
        failure.help = Some("`until leader: … within 2m` asks for longer".to_owned());
        failure.into()
    }
}
