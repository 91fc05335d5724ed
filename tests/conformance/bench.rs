//! What a world is tried on: submits operations, and keeps account of what comes of each.

use std::any::Any;
use std::collections::BTreeMap;
use std::time::Duration;

use tools::world::{
    Ability, Answer, Event, NodeIndex, NodeSpec, Occurrence, OpId, Operation, Outcome, Signal, Value, World,
};

use crate::worlds::Made;

/// Longer than anything here takes on the slowest machine.
pub(crate) const PATIENCE: Duration = Duration::from_mins(1);

/// A timer that ends when a check should long have ended: what never ends is told, not waited for.
const WATCHDOG: OpId = OpId(u64::MAX);

/// A world under test.
pub(crate) struct Bench {
    world: Option<Box<dyn World>>,
    last: u64,
    now: Duration,
    under_way: BTreeMap<OpId, Operation>,
    ended: BTreeMap<OpId, Outcome>,
    /// All that happened, in order.
    pub(crate) happened: Vec<Occurrence>,
    _kept: Box<dyn Any>,
}

impl Bench {
    /// None where this machine cannot make such a world, which has been said then.
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

    /// Whether the world declares this; what it does not, is not asked of it.
    pub(crate) fn can(&self, ability: Ability) -> bool {
        self.world().declaration().can(ability)
    }

    /// Whether its time is virtual: then it can be said how long something takes at most.
    pub(crate) fn is_virtual(&self) -> bool {
        self.world().declaration().virtual_time
    }

    fn world(&self) -> &dyn World {
        self.world.as_deref().expect("it is there until the end")
    }

    /// The world's time at the last event.
    pub(crate) fn now(&self) -> Duration {
        self.now
    }

    /// When patience has run out.
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

    /// The next thing that happens.
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
        // Whoever runs the tests wants them to end.
        if occurrence.event == Event::Interrupted {
            std::process::exit(130);
        }
        self.happened.push(occurrence.clone());
        occurrence.event
    }

    /// What comes of an operation; takes in what happens until then.
    #[track_caller]
    pub(crate) fn outcome(&mut self, id: OpId) -> Outcome {
        while !self.ended.contains_key(&id) {
            self.next();
        }
        self.ended[&id].clone()
    }

    /// Does one thing to its end.
    #[track_caller]
    pub(crate) fn perform(&mut self, operation: Operation) -> Outcome {
        let id = self.submit(operation);
        self.outcome(id)
    }

    /// Takes in what happens until something holds of all that did.
    #[track_caller]
    pub(crate) fn until(&mut self, holds: impl Fn(&[Occurrence]) -> bool) {
        while !holds(&self.happened) {
            self.next();
        }
    }

    /// Starts a node.
    #[track_caller]
    pub(crate) fn launch_as(&mut self, node: NodeIndex, spec: NodeSpec) -> NodeIndex {
        let deadline = self.patience();
        assert_eq!(self.perform(Operation::Launch { node, spec, deadline }), Outcome::Done);
        node
    }

    /// Begins to ask.
    pub(crate) fn begin_ask(&mut self, node: NodeIndex, words: &str) -> OpId {
        let deadline = self.patience();
        self.begin_ask_until(node, words, deadline)
    }

    pub(crate) fn begin_ask_until(&mut self, node: NodeIndex, words: &str, deadline: Duration) -> OpId {
        let words = words.split_whitespace().map(str::to_owned).collect();
        self.submit(Operation::Ask { node, words, deadline })
    }

    #[track_caller]
    pub(crate) fn ask(&mut self, node: NodeIndex, words: &str) -> Outcome {
        let id = self.begin_ask(node, words);
        self.outcome(id)
    }

    /// The answer to an ask, as text.
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

    /// The place of what first matches, among all that happened.
    pub(crate) fn place(&self, matches: impl Fn(&Event) -> bool) -> Option<usize> {
        self.happened.iter().position(|occurrence| matches(&occurrence.event))
    }

    /// The place of an operation's end.
    #[track_caller]
    pub(crate) fn end_of(&self, id: OpId) -> usize {
        self.place(|event| matches!(event, Event::Ended { id: ended, .. } if *ended == id))
            .expect("it has ended")
    }

    /// Waits for the ends of all operations, and a little longer: none may end twice.
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
            // Of operations whose end nobody waited for, too, none may end twice.
            while !self.under_way.is_empty() {
                self.next();
            }
        }
        // The world ends before its folder does.
        self.world.take();
    }
}

/// A node of ours, with nothing special about it.
pub(crate) fn spec(name: &str) -> NodeSpec {
    NodeSpec { name: name.to_owned(), driver: "native".to_owned(), ..NodeSpec::default() }
}

/// A text among the answers.
pub(crate) fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}
