//! The test bench of a world: it submits operations and records the outcome of each.

use std::any::Any;
use std::collections::BTreeMap;
use std::time::Duration;

use tools::world::{
    Ability, Answer, Event, NodeIndex, NodeSpec, Occurrence, OpId, Operation, Outcome, Signal, Value, World,
};

use crate::worlds::Made;

/// The time-out of an operation: longer than any takes on the slowest machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// The id of a timer by which a whole check must have ended. An operation that never ends fails the check
/// then.
const WATCHDOG: OpId = OpId(u64::MAX);

/// A world under test, with the operations under way and their outcomes.
pub(crate) struct Bench {
    world: Option<Box<dyn World>>,
    last: u64,
    now: Duration,
    under_way: BTreeMap<OpId, Operation>,
    ended: BTreeMap<OpId, Outcome>,
    /// The events so far, in order.
    pub(crate) happened: Vec<Occurrence>,
    _kept: Box<dyn Any>,
}

impl Bench {
    /// Makes a world and starts the watchdog. Returns none if this machine cannot make the world; `make`
    /// has then printed a notice.
    pub(crate) fn new(make: fn() -> Option<Made>) -> Option<Self> {
        let (mut world, kept) = make()?;
        world.submit(WATCHDOG, Operation::Timer { at: 2 * PATIENCE });
        Some(Self {
            world: Some(world),
            last: 0,
            now: Duration::ZERO,
            under_way: BTreeMap::new(),
            ended: BTreeMap::new(),
            happened: Vec::new(),
            _kept: kept,
        })
    }

    /// Returns true if the world declares this ability. A check does not ask for others.
    pub(crate) fn can(&self, ability: Ability) -> bool {
        self.world().declaration().can(ability)
    }

    /// Returns true if the world's time is virtual. Only then can a check bound a duration from above.
    pub(crate) fn is_virtual(&self) -> bool {
        self.world().declaration().virtual_time
    }

    fn world(&self) -> &dyn World {
        self.world.as_deref().expect("it is there until the end")
    }

    /// Returns the world's time at the last event.
    pub(crate) fn now(&self) -> Duration {
        self.now
    }

    /// Returns the deadline for an operation that is submitted now.
    pub(crate) fn patience(&self) -> Duration {
        self.now + PATIENCE
    }

    pub(crate) fn submit(&mut self, operation: Operation) -> OpId {
        self.last += 1;
        let id = OpId(self.last);
        self.under_way.insert(id, operation.clone());
        self.world.as_deref_mut().expect("it is there until the end").submit(id, operation);
        id
    }

    /// Waits for the next event and records it.
    #[track_caller]
    pub(crate) fn next(&mut self) -> Event {
        let occurrence = self.world.as_deref_mut().expect("it is there until the end").next();
        assert!(occurrence.at >= self.now, "time goes back from {:?} to {:?}", self.now, occurrence.at);
        self.now = occurrence.at;
        if let Event::Ended { id, outcome } = &occurrence.event {
            assert!(*id != WATCHDOG, "never ended: {:#?}\nafter {:#?}", self.under_way, self.happened);
            assert!(
                self.under_way.remove(id).is_some(),
                "{id:?} ends again, or was never begun: {outcome:?}"
            );
            self.ended.insert(*id, outcome.clone());
        }
        // The interrupt comes from the person who runs the tests, who wants them to end.
        if occurrence.event == Event::Interrupted {
            std::process::exit(130);
        }
        self.happened.push(occurrence.clone());
        occurrence.event
    }

    /// Waits for the end of an operation and returns its outcome.
    #[track_caller]
    pub(crate) fn outcome(&mut self, id: OpId) -> Outcome {
        while !self.ended.contains_key(&id) {
            self.next();
        }
        self.ended[&id].clone()
    }

    /// Submits an operation and waits for its outcome.
    #[track_caller]
    pub(crate) fn perform(&mut self, operation: Operation) -> Outcome {
        let id = self.submit(operation);
        self.outcome(id)
    }

    /// Records events until a condition on all of them holds.
    #[track_caller]
    pub(crate) fn until(&mut self, holds: impl Fn(&[Occurrence]) -> bool) {
        while !holds(&self.happened) {
            self.next();
        }
    }

    /// Launches a node and waits until it is ready.
    #[track_caller]
    pub(crate) fn launch_as(&mut self, node: NodeIndex, spec: NodeSpec) -> NodeIndex {
        let deadline = self.patience();
        assert_eq!(self.perform(Operation::Launch { node, spec: Box::new(spec), deadline }), Outcome::Done);
        node
    }

    /// Submits an ask without waiting for its answer.
    pub(crate) fn begin_ask(&mut self, node: NodeIndex, words: &str) -> OpId {
        let deadline = self.patience();
        self.begin_ask_until(node, words, deadline)
    }

    pub(crate) fn begin_ask_until(&mut self, node: NodeIndex, words: &str, deadline: Duration) -> OpId {
        let words = words.split_whitespace().map(str::to_owned).collect();
        self.submit(Operation::Ask { node, words, deadline, until: None })
    }

    #[track_caller]
    pub(crate) fn ask(&mut self, node: NodeIndex, words: &str) -> Outcome {
        let id = self.begin_ask(node, words);
        self.outcome(id)
    }

    /// Returns the answer to an ask as text. Panics on any other outcome.
    #[track_caller]
    pub(crate) fn answer(&mut self, node: NodeIndex, words: &str) -> String {
        match self.ask(node, words) {
            Outcome::Answered(Answer { value, .. }) => value.to_string(),
            other => panic!("`{words}` was not answered: {other:?}"),
        }
    }

    #[track_caller]
    pub(crate) fn wire(&mut self, from: NodeIndex, to: NodeIndex) -> Outcome {
        let deadline = self.patience();
        self.perform(Operation::Wire { from, to, deadline })
    }

    #[track_caller]
    pub(crate) fn signal(&mut self, node: NodeIndex, signal: Signal) -> Outcome {
        let deadline = self.patience();
        self.perform(Operation::Signal { node, signal, deadline })
    }

    /// Returns the position of the first matching event among all events.
    pub(crate) fn place(&self, matches: impl Fn(&Event) -> bool) -> Option<usize> {
        self.happened.iter().position(|occurrence| matches(&occurrence.event))
    }

    /// Returns the position of the event that ended an operation.
    #[track_caller]
    pub(crate) fn end_of(&self, id: OpId) -> usize {
        self.place(|event| matches!(event, Event::Ended { id: ended, .. } if *ended == id))
            .expect("it has ended")
    }

    /// Waits for the ends of all operations, and 50 ms longer, so that a second end would be noticed.
    #[track_caller]
    pub(crate) fn settle(&mut self) {
        while !self.under_way.is_empty() {
            self.next();
        }
        let at = self.now + Duration::from_millis(50);
        self.perform(Operation::Timer { at });
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            // No operation may end twice, even if the check did not wait for its end.
            while !self.under_way.is_empty() {
                self.next();
            }
        }
        // The world uses its folder until it ends.
        self.world.take();
    }
}

/// Returns the specification of a native node with default options.
pub(crate) fn spec(name: &str) -> NodeSpec {
    NodeSpec { name: name.to_owned(), driver: "native".to_owned(), ..NodeSpec::default() }
}

/// Returns a number as nodes answer it.
pub(crate) fn number(number: u64) -> Value {
    Value::number(number)
}

/// Returns a text as nodes answer it.
pub(crate) fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}
