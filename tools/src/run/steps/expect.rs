//! Expectations: each is evaluated at the start, at every change that is told, and at the end.

mod answers;

use std::collections::BTreeMap;
use std::pin::pin;
use std::time::Duration;

use futures_util::future::{Either, LocalBoxFuture, select};
use futures_util::stream::{FuturesUnordered, StreamExt as _};

use answers::Answers;

use super::choose::Purpose;
use super::predicate::FilledPredicate;
use super::window::Window;
use crate::driver;
use crate::journal::JournalEvent;
use crate::run::answers::{Asked, Asks, CompareBy, Observed};
use crate::run::context::{Pace, RunContext};
use crate::run::convergence::Convergence;
use crate::run::environment::{Environment, ValueError};
use crate::run::results::{Failure, FailureKind, Finding, StepFailure};
use crate::scenario::{At, Bound, Claim, Comparison, Expr};
use crate::text;
use crate::world::NodeIndex;

/// The remedy if nodes cannot all be asked in time.
const NOT_ASKED_HELP: &str = "allow more time, or ask for less: fewer nodes, or fewer keys";

/// A claim, prepared for repeated evaluation.
enum Subject<'a> {
    /// A claim about the answers of nodes.
    Answers(Box<Answers>),
    /// A claim that nodes hold the same; `polled` is true if their content can change without being told.
    Convergence {
        convergence: Convergence,
        /// True if the nodes are expected to hold something else.
        negated: bool,
        polled: bool,
        /// True if the last look found something else than the one before.
        changed: bool,
        asks: Asks,
        began: Duration,
        /// The line of the step, in words.
        place: String,
    },
    /// A claim about figures.
    Figures { left: &'a Expr, comparison: Comparison, right: &'a Expr, environment: &'a Environment },
}

/// The commands whose answers change without a word of nodes that report their changes.
const UNTOLD: [&str; 3] = ["log", "stats", "nodes"];

impl RunContext {
    pub(in crate::run) async fn expect(
        &self,
        at: &At,
        claim: &Claim,
        bound: Option<Bound>,
        environment: &Environment,
    ) -> Result<(), StepFailure> {
        let mut subject = self.subject(at, claim, environment)?;
        let began = self.executor.now();
        let window = match bound {
            None => None,
            Some(Bound::Within(time)) => {
                Some(Window { deadline: began + self.stretch(time), lasting: false })
            }
            Some(Bound::For(time)) => Some(Window { deadline: began + self.stretch(time), lasting: true }),
        };
        let deadline = window.map_or(began, |window| window.deadline);
        let lasting = window.is_some_and(|window| window.lasting);
        let mut end = self.executor.sleep_until(deadline);
        let mut pace = Pace::new(Some((began, deadline)));
        let (mut evaluations, mut held) = (0, None);
        loop {
            let seen = self.executor.changes();
            let now = self.executor.now();
            // A question put after the deadline says nothing of the time before. If every change is
            // told, the last answers are those of the deadline itself.
            let over = now > deadline && (lasting || subject.is_polled());
            if !over {
                let evaluated = self.evaluate(&mut subject, window).await;
                held = evaluated.map_err(|message| self.fail(at, message))?.or(held);
                if subject.has_changed() {
                    pace.quicken();
                }
                evaluations += 1;
            }
            let last = over || now >= deadline;
            match held {
                Some(false) if lasting || last => {
                    let waited = window.map(|_| self.executor.now().saturating_sub(began));
                    return Err(self.unmet(at, bound, waited, &subject));
                }
                Some(true) if !lasting || last => break,
                None if last => return Err(self.not_asked(at, deadline.saturating_sub(began), &subject)),
                _ => {}
            }
            let again = self.wait_for_change_or_poll(seen, subject.is_polled().then_some(&mut pace));
            select(pin!(again), &mut end).await;
        }
        self.executor.state_mut().history.held += 1;
        let line = at.source.place(at.span).line;
        let step = self.executor.current_step();
        self.executor.journal(|| JournalEvent::Held { line, evaluations, step });
        Ok(())
    }

    fn subject<'a>(
        &self,
        at: &At,
        claim: &'a Claim,
        environment: &'a Environment,
    ) -> Result<Subject<'a>, StepFailure> {
        Ok(match claim {
            Claim::Ask { any, who, ask, predicate } => {
                let nodes = self.choose(at, environment, who, Purpose::Ask)?;
                let words = environment
                    .all_filled(&ask.words, &self.executor.state())
                    .map_err(|message| self.fail(at, message))?;
                let judge = FilledPredicate::new(predicate.as_ref(), environment, &self.executor.state())
                    .map_err(|message| self.fail(at, message))?;
                let command = words.first().map(|word| word.text.as_str()).unwrap_or_default();
                let drivers = nodes.iter().map(|node| self.driver(*node));
                let kind = drivers.clone().find_map(|driver| driver.command(command));
                let kind = kind.map_or(driver::Answer::Text, |command| command.answer);
                let told = !UNTOLD.contains(&command) && drivers.clone().all(|driver| driver.tells);
                let each_by: BTreeMap<NodeIndex, CompareBy> =
                    nodes.iter().map(|node| (*node, CompareBy::of(kind, self.values(*node)))).collect();
                // If one of the nodes knows only text, only texts can be compared.
                let as_text = each_by.values().find(|by| **by == CompareBy::Text);
                let by = as_text.or(each_by.values().next()).copied().unwrap_or(CompareBy::Text);
                let answers = Answers {
                    any: *any,
                    nodes,
                    words,
                    by,
                    each_by,
                    judge,
                    polled: !told,
                    latest: BTreeMap::new(),
                    asks: Asks::default(),
                    changed: false,
                };
                Subject::Answers(Box::new(answers))
            }
            Claim::Converged { who, negated } => {
                let convergence = match who {
                    None => Convergence::of_all(),
                    Some(who) => Convergence::of(self.choose(at, environment, who, Purpose::Ask)?),
                };
                let place = format!("at line {}", at.source.place(at.span).line);
                let (began, asks) = (self.executor.now(), Asks::default());
                let negated = *negated;
                self.executor.state_mut().ends_apart = negated;
                Subject::Convergence {
                    convergence,
                    negated,
                    polled: false,
                    changed: false,
                    asks,
                    began,
                    place,
                }
            }
            Claim::Figures { left, comparison, right } => {
                Subject::Figures { left, comparison: *comparison, right, environment }
            }
        })
    }

    /// Returns true if the claim holds, by the answers that count; none if they do not decide it.
    async fn evaluate(
        &self,
        subject: &mut Subject<'_>,
        window: Option<Window>,
    ) -> Result<Option<bool>, ValueError> {
        match subject {
            Subject::Answers(answers) => Ok(self.evaluate_answers(answers, window).await),
            Subject::Convergence { convergence, negated, polled, changed, asks, began, place } => {
                let looked = self.look_at_contents(convergence, window.map(|window| window.deadline)).await;
                (*polled, *changed, *asks) = (looked.polled, looked.changed, looked.asks);
                if *negated {
                    let differ = convergence.nodes_differ(&self.executor.state().network);
                    return Ok((!looked.cut_short).then_some(differ));
                }
                let mut holds = convergence.holds(&self.executor.state().network);
                let now = self.executor.now();
                let waited = match window {
                    None => Some(Duration::ZERO),
                    Some(window) if window.lasting => Some(Duration::MAX),
                    // Until the deadline nodes may come to hold the same by themselves.
                    Some(window) => (now >= window.deadline).then(|| now.saturating_sub(*began)),
                };
                if let Some(waited) = waited.filter(|_| !holds) {
                    holds = self.holds_what_is_due(convergence, waited, place).await;
                }
                let astride =
                    window.is_some_and(|window| window.lasting && self.executor.now() > window.deadline);
                Ok((!looked.cut_short && (holds || !looked.polled || !astride)).then_some(holds))
            }
            Subject::Figures { left, comparison, right, environment } => {
                let (left, right) = (
                    environment.value(left, &self.executor.state())?,
                    environment.value(right, &self.executor.state())?,
                );
                let holds = match left.order(&right) {
                    Some(ordering) => comparison.holds(ordering),
                    None => *comparison == Comparison::NotEqual,
                };
                Ok(Some(holds))
            }
        }
    }

    /// Asks again those nodes whose answers may have changed, and judges all answers together.
    async fn evaluate_answers(&self, answers: &mut Answers, window: Option<Window>) -> Option<bool> {
        let asked_at = self.executor.changes();
        let stale: Vec<NodeIndex> = {
            let state = self.executor.state();
            let is_stale = |node: &&NodeIndex| {
                answers.polled
                    || answers.latest.get(node).is_none_or(|latest| {
                        state.network.node(**node).changed_at > latest.asked_at
                            || !matches!(latest.observed, Observed::Answered(_))
                    })
            };
            answers.nodes.iter().filter(is_stale).copied().collect()
        };
        (answers.asks, answers.changed) = (Asks::default(), false);
        // If every change is told, the last question is that of the deadline itself.
        let until = window.filter(|_| answers.polled).map(|window| window.deadline);
        let words = answers.words.clone();
        let asking = |node| {
            let words = self.words_for(node, &words);
            Box::pin(async move { self.ask_until(node, &words, until).await }) as LocalBoxFuture<'_, Asked>
        };
        let mut under_way: FuturesUnordered<_> = stale.into_iter().map(asking).collect();
        let (mut whole, mut broken) = (true, false);
        let lasting = window.is_some_and(|window| window.lasting);
        let joint = answers.any || answers.judge.is_agree();
        while let Some(asked) = self.next_answer(answers, window, &mut under_way).await {
            answers.asks.add(&asked);
            let fits = answers.fits(asked.node, &asked.observed);
            let counts = window.is_none_or(|window| window.counts(&asked, fits));
            // A node that stays silent for all the time of an ask was not asked too late.
            let silent = matches!(asked.observed, Observed::Silent(_));
            if !counts && (!silent || answers.latest.contains_key(&asked.node)) {
                whole = false;
                continue;
            }
            answers.store_latest(asked, asked_at, &self.executor.state().network);
            broken |= lasting && !fits && !joint;
        }
        let missing = answers.nodes.iter().any(|node| !answers.latest.contains_key(node));
        let holds = answers.hold();
        if broken {
            return Some(false);
        }
        // Answers of different moments do not decide a joint claim.
        if (missing && (holds || answers.any)) || (lasting && joint && !whole && !holds) {
            return None;
        }
        Some(holds)
    }

    /// Returns the next answer; none once all have come, or none is needed any more.
    async fn next_answer(
        &self,
        answers: &Answers,
        window: Option<Window>,
        under_way: &mut FuturesUnordered<LocalBoxFuture<'_, Asked>>,
    ) -> Option<Asked> {
        let known = || answers.nodes.iter().all(|node| answers.latest.contains_key(node));
        match window.filter(|window| window.lasting && answers.polled && known()) {
            None => under_way.next().await,
            Some(window) => {
                match select(under_way.next(), self.executor.sleep_until(window.deadline)).await {
                    Either::Left((asked, _)) => asked,
                    Either::Right(((), _)) => None,
                }
            }
        }
    }

    /// Returns the failure of an expectation for which nodes could not all be asked in time.
    fn not_asked(&self, at: &At, time: Duration, subject: &Subject<'_>) -> StepFailure {
        let (asks, mut findings) = match subject {
            Subject::Answers(answers) => (answers.asks, self.findings(answers)),
            Subject::Convergence { convergence, asks, .. } => {
                (*asks, convergence.divergence(&self.executor.state().network).0)
            }
            Subject::Figures { .. } => (Asks::default(), Vec::new()),
        };
        // No node is to blame for it.
        for finding in &mut findings {
            finding.fits = true;
        }
        let message = format!("not asked in time: {}", asks.misfit(time));
        let mut failure = Failure::new(FailureKind::NotAsked, Some(at), self.executor.now(), message);
        failure.waited = Some(time);
        failure.findings = findings;
        failure.help = Some(NOT_ASKED_HELP.to_owned());
        failure.into()
    }

    /// Returns the failure of an expectation that did not hold.
    fn unmet(
        &self,
        at: &At,
        bound: Option<Bound>,
        waited: Option<Duration>,
        subject: &Subject<'_>,
    ) -> StepFailure {
        let time = match bound {
            None => String::new(),
            Some(Bound::Within(duration)) => format!(" within {}", text::duration(duration)),
            Some(Bound::For(duration)) => format!(" for {}", text::duration(duration)),
        };
        let (message, findings, apart) = match subject {
            Subject::Answers(answers) => {
                let message = format!("expected {}{time}", answers.judge.describe(answers.by));
                (message, self.findings(answers), Vec::new())
            }
            Subject::Convergence { negated: true, convergence, .. } => {
                let findings = convergence.contents(&self.executor.state().network);
                ("no two nodes are known to hold something else".to_owned(), findings, Vec::new())
            }
            Subject::Convergence { convergence, .. } => {
                let (findings, apart) = convergence.divergence(&self.executor.state().network);
                (format!("the nodes did not hold the same{time}"), findings, apart)
            }
            Subject::Figures { left, comparison, right, environment } => {
                let show = |expr: &Expr| {
                    environment
                        .value(expr, &self.executor.state())
                        .map_or_else(|error| error.to_string(), |value| value.to_string())
                };
                let (left, sign, right) = (show(left), comparison.sign(), show(right));
                (format!("expected{time} {left} {sign} {right}, which does not hold"), Vec::new(), Vec::new())
            }
        };
        let mut failure = Failure::new(FailureKind::Expectation, Some(at), self.executor.now(), message);
        if let Subject::Figures { left, right, .. } = subject {
            let measures = &self.executor.state().measures;
            let read = [left.measures(), right.measures()].concat();
            let note = read.into_iter().find_map(|name| measures.note(name));
            failure.help = note.map(str::to_owned);
        }
        failure.waited = waited;
        failure.findings = findings;
        StepFailure { apart, ..failure.into() }
    }

    fn findings(&self, answers: &Answers) -> Vec<Finding> {
        let state = self.executor.state();
        let agreed = answers.judge.is_agree() && answers.hold();
        let finding = |node: &NodeIndex| {
            let node_name = state.network.name(*node).to_owned();
            let Some(latest) = answers.latest.get(node) else {
                let held = Observed::Unasked.to_string();
                return Finding { node: node_name, held, fits: true, since: None };
            };
            Finding {
                node: node_name,
                held: answers.by.shown(&latest.observed),
                fits: if answers.judge.is_agree() { agreed } else { answers.fits(*node, &latest.observed) },
                since: matches!(latest.observed, Observed::Answered(_)).then_some(latest.since),
            }
        };
        answers.nodes.iter().map(finding).collect()
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

    /// Returns true if the last look found something else than the one before.
    fn has_changed(&self) -> bool {
        match self {
            Self::Answers(answers) => answers.changed,
            Self::Convergence { changed, .. } => *changed,
            Self::Figures { .. } => false,
        }
    }
}
