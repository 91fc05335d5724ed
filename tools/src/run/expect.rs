//! Expectations: evaluated at the start, at every change that is told, and at the end.

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::select;

use super::choose::Purpose;
use super::converge::Convergence;
use super::environment::Environment;
use super::failure::{Failure, FailureKind, Finding};
use super::judge::{Judge, Observed, agree, order};
use super::record::RunEvent;
use super::session::{Run, Stop};
use crate::driver;
use crate::scenario::{At, Bound, Claim, Comparison, Expr};
use crate::text;
use crate::world::NodeIndex;

/// A claim made ready to be evaluated again and again.
enum Subject<'a> {
    /// About what nodes answer.
    Answers(Box<Answers>),
    /// About what nodes hold, and whether that can change without being told.
    Convergence { convergence: Convergence, polled: bool },
    /// About figures.
    Figures { left: &'a Expr, comparison: Comparison, right: &'a Expr, environment: &'a Environment },
}

struct Answers {
    any: bool,
    nodes: Vec<NodeIndex>,
    words: Vec<String>,
    kind: driver::Answer,
    judge: Judge,
    /// Whether the answer can change without a change being told.
    polled: bool,
    latest: BTreeMap<NodeIndex, Latest>,
}

/// What a node answered last.
struct Latest {
    observed: Observed,
    /// Since when it has answered that.
    since: Duration,
    /// The count of changes when it was asked.
    asked_at: u64,
}

impl Run {
    pub(super) async fn expect(
        &self,
        at: &At,
        claim: &Claim,
        bound: Option<Bound>,
        environment: &Environment,
    ) -> Result<(), Stop> {
        let mut subject = self.subject(at, claim, environment)?;
        let began = self.desk.now();
        let mut evaluations = 0;
        let deadline = match bound {
            None => began,
            Some(Bound::Within(duration) | Bound::For(duration)) => began + self.stretch(duration),
        };
        let lasting = matches!(bound, Some(Bound::For(_)));
        let mut end = self.desk.until(deadline);
        loop {
            let seen = self.desk.changes();
            let last = self.desk.now() >= deadline;
            let holds = self
                .evaluate(&mut subject, bound.map(|_| deadline))
                .await
                .map_err(|message| self.fail(at, message))?;
            evaluations += 1;
            if !holds && (lasting || last) {
                let waited = bound.map(|_| self.desk.now().saturating_sub(began));
                return Err(self.unmet(at, bound, waited, &subject));
            }
            if holds && (!lasting || last) {
                break;
            }
            let again = self.told_or_polled(seen, subject.is_polled());
            select(pin!(again), &mut end).await;
        }
        self.desk.state_mut().history.held += 1;
        let line = at.source.place(at.span).line;
        self.desk.record(|| RunEvent::Held { line, evaluations });
        Ok(())
    }

    fn subject<'a>(
        &self,
        at: &At,
        claim: &'a Claim,
        environment: &'a Environment,
    ) -> Result<Subject<'a>, Stop> {
        Ok(match claim {
            Claim::Ask { any, who, ask, predicate } => {
                let nodes = self.choose(at, environment, who, Purpose::Ask)?;
                let words =
                    environment.words(&ask.words, &self.desk).map_err(|message| self.fail(at, message))?;
                let judge = Judge::new(predicate.as_ref(), environment, &self.desk)
                    .map_err(|message| self.fail(at, message))?;
                let command = words.first().map(String::as_str).unwrap_or_default();
                let drivers = nodes.iter().map(|node| self.driver(*node));
                let kind = drivers.clone().find_map(|driver| driver.command(command));
                let kind = kind.map_or(driver::Answer::Text, |command| command.answer);
                let told =
                    command != "log" && command != "stats" && drivers.clone().all(|driver| driver.tells);
                let answers =
                    Answers { any: *any, nodes, words, kind, judge, polled: !told, latest: BTreeMap::new() };
                Subject::Answers(Box::new(answers))
            }
            Claim::Converged(who) => {
                let convergence = match who {
                    None => Convergence::of_all(),
                    Some(who) => Convergence::of(self.choose(at, environment, who, Purpose::Ask)?),
                };
                Subject::Convergence { convergence, polled: false }
            }
            Claim::Figures { left, comparison, right } => {
                Subject::Figures { left, comparison: *comparison, right, environment }
            }
        })
    }

    async fn evaluate(&self, subject: &mut Subject<'_>, deadline: Option<Duration>) -> Result<bool, String> {
        match subject {
            Subject::Answers(answers) => Ok(self.evaluate_answers(answers, deadline).await),
            Subject::Convergence { convergence, polled } => {
                *polled = self.look(convergence, deadline).await;
                Ok(convergence.holds(&self.desk.state().network))
            }
            Subject::Figures { left, comparison, right, environment } => {
                let (left, right) =
                    (environment.value(left, &self.desk)?, environment.value(right, &self.desk)?);
                let ordering = match (left.number(), right.number()) {
                    (Ok(left), Ok(right)) => left.partial_cmp(&right),
                    _ => order(&left.to_string(), &right.to_string(), driver::Answer::Text),
                };
                Ok(ordering.is_some_and(|ordering| comparison.holds(ordering)))
            }
        }
    }

    /// Asks those nodes again whose answers may have changed, and judges all answers together.
    async fn evaluate_answers(&self, answers: &mut Answers, deadline: Option<Duration>) -> bool {
        let patience = self.patience(deadline);
        let asked_at = self.desk.changes();
        let stale: Vec<NodeIndex> = {
            let state = self.desk.state();
            let is_stale = |node: &&NodeIndex| {
                answers.polled
                    || answers.latest.get(node).is_none_or(|latest| {
                        state.network.node(**node).changed_at > latest.asked_at
                            || !matches!(latest.observed, Observed::Answered(_))
                    })
            };
            answers.nodes.iter().filter(is_stale).copied().collect()
        };
        for asked in self.ask_all_within(&stale, &answers.words, patience).await {
            let now = self.desk.now();
            let since = match answers.latest.get(&asked.node) {
                Some(latest) if latest.observed.says_the_same(&asked.observed) => latest.since,
                Some(_) => now,
                None => self.desk.state().network.node(asked.node).since,
            };
            answers.latest.insert(asked.node, Latest { observed: asked.observed, since, asked_at });
        }
        answers.hold()
    }

    /// The report of an expectation that did not hold.
    fn unmet(&self, at: &At, bound: Option<Bound>, waited: Option<Duration>, subject: &Subject<'_>) -> Stop {
        let time = match bound {
            None => String::new(),
            Some(Bound::Within(duration)) => format!(" within {}", text::duration(duration)),
            Some(Bound::For(duration)) => format!(" for {}", text::duration(duration)),
        };
        let (message, findings, apart) = match subject {
            Subject::Answers(answers) => {
                let message = format!("expected {}{time}", answers.judge.describe());
                (message, self.findings(answers), Vec::new())
            }
            Subject::Convergence { convergence, .. } => {
                let (findings, apart) = convergence.divergence(&self.desk.state().network);
                (format!("the nodes did not hold the same{time}"), findings, apart)
            }
            Subject::Figures { left, comparison, right, environment } => {
                let show = |expr: &Expr| {
                    environment.value(expr, &self.desk).map_or_else(|error| error, |value| value.to_string())
                };
                let (left, sign, right) = (show(left), comparison.sign(), show(right));
                (format!("expected{time} {left} {sign} {right}, which does not hold"), Vec::new(), Vec::new())
            }
        };
        let mut failure = Failure::new(FailureKind::Expectation, Some(at), self.desk.now(), message);
        failure.waited = waited;
        failure.findings = findings;
        Stop { apart, ..failure.into() }
    }

    fn findings(&self, answers: &Answers) -> Vec<Finding> {
        let state = self.desk.state();
        let agreed = answers.judge.is_agree() && answers.hold();
        let finding = |node: &NodeIndex| {
            let latest = answers.latest.get(node)?;
            Some(Finding {
                node: state.network.name(*node).to_owned(),
                held: latest.observed.to_string(),
                fits: if answers.judge.is_agree() {
                    agreed
                } else {
                    answers.judge.fits(&latest.observed, answers.kind)
                },
                since: matches!(latest.observed, Observed::Answered(_)).then_some(latest.since),
            })
        };
        answers.nodes.iter().filter_map(finding).collect()
    }
}

impl Subject<'_> {
    fn is_polled(&self) -> bool {
        match self {
            Self::Answers(answers) => answers.polled,
            Self::Convergence { polled, .. } => *polled,
            Self::Figures { .. } => false,
        }
    }
}

impl Answers {
    /// Whether the answers, taken together, satisfy the claim.
    fn hold(&self) -> bool {
        let observed =
            || self.nodes.iter().filter_map(|node| self.latest.get(node)).map(|latest| &latest.observed);
        if self.judge.is_agree() {
            return agree(observed());
        }
        let mut fitting = observed().map(|observed| self.judge.fits(observed, self.kind));
        if self.any { fitting.any(|fits| fits) } else { fitting.all(|fits| fits) }
    }
}
