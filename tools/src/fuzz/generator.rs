//! Drawing a plan from a seed.
//!
//! Every seed first draws the kinds of steps that its plan has, and the weight of each (swarm testing:
//! Groce, Zhang, Eide, Chen, Regehr, 2012). If everything always occurred, nothing would ever be done
//! twenty times in a row. A fault that needs the absence of something would never be met.

mod motif;
mod net;
mod step;

use super::plan::{Chosen, Expect, NodeOption, Plan, Step};
use super::state::{Life, State};
use crate::random::Rng;
use crate::scenario::Verb;

/// A kind of draw: a single step, or a short sequence that single steps are unlikely to make.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Set,
    OwnSet,
    DatedSet,
    Delete,
    Read,
    Expect,
    Grow,
    End,
    Start,
    Restart,
    Pause,
    Resume,
    Cut,
    Join,
    Break,
    Partition,
    Heal,
    Shape,
    Clock,
    Disk,
    Wait,
    Together,
    Repeat,
    Burst,
    Motif,
}

impl Kind {
    /// All kinds, each with the share of plans that have it, in percent, and half the greatest weight
    /// that it gets in those.
    const ALL: [(Self, u64, u64); 25] = [
        (Self::Set, 90, 10),
        (Self::OwnSet, 80, 8),
        (Self::DatedSet, 20, 3),
        (Self::Delete, 60, 6),
        (Self::Read, 60, 5),
        (Self::Expect, 70, 5),
        (Self::Grow, 45, 3),
        (Self::End, 50, 4),
        (Self::Start, 80, 4),
        (Self::Restart, 35, 3),
        (Self::Pause, 30, 3),
        (Self::Resume, 80, 4),
        (Self::Cut, 40, 4),
        (Self::Join, 60, 3),
        (Self::Break, 35, 3),
        (Self::Partition, 40, 3),
        (Self::Heal, 70, 3),
        (Self::Shape, 35, 2),
        (Self::Clock, 25, 3),
        (Self::Disk, 30, 3),
        (Self::Wait, 70, 5),
        (Self::Together, 50, 4),
        (Self::Repeat, 60, 4),
        (Self::Burst, 35, 2),
        (Self::Motif, 60, 4),
    ];
}

/// The least and the most steps, or short sequences of steps, that follow the network. Chosen: few enough to
/// read, and enough that several faults meet.
const LENGTH: (u64, u64) = (3, 22);

impl Plan {
    /// Returns the plan of a seed: the same on every machine.
    #[must_use]
    pub fn draw(seed: u64) -> Self {
        let mut generator = Generator::new(seed);
        generator.network();
        let length = generator.rng.within(LENGTH.0, LENGTH.1);
        for _ in 0..length {
            if let Some(kind) = generator.rng.pick_weighted(&generator.mix.clone()) {
                generator.kind(kind);
            }
        }
        generator.ending();
        generator.plan.mended()
    }
}

/// A plan under construction.
struct Generator {
    rng: Rng,
    plan: Plan,
    state: State,
    mix: Vec<(Kind, u64)>,
    /// The number of keys that several nodes write.
    shared: u64,
    /// The next key that belongs to one step alone.
    next_key: u32,
    next_value: u32,
}

impl Generator {
    fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let mut mix = Vec::new();
        for (kind, share, weight) in Kind::ALL {
            if rng.percent(share) {
                mix.push((kind, rng.within(1, 2 * weight)));
            }
        }
        let shared = rng.within(1, 4);
        let plan = Plan { seed, options: Vec::new(), steps: Vec::new() };
        let state = State::new(&plan);
        // Shared keys have the numbers up to four.
        Self { rng, plan, state, mix, shared, next_key: 5, next_value: 1 }
    }

    /// Adds a step, as far as it makes sense. Returns true if any part of it does.
    fn step(&mut self, step: &Step) -> bool {
        match self.state.apply(step) {
            Some(step) => {
                self.plan.steps.push(step);
                true
            }
            None => false,
        }
    }

    /// Draws options and the network.
    fn network(&mut self) {
        if self.rng.percent(15) {
            self.plan.options.push((Chosen::All, NodeOption::Oldest));
        }
        let topology = net::draw(&mut self.rng);
        match self.rng.below(10) {
            0..4 => self.plan.options.push((Chosen::All, NodeOption::Disk)),
            4..6 => {
                let count = 1 + self.rng.index(topology.nodes.len());
                let nodes = self.rng.sample(&topology.nodes, count);
                self.plan.options.push((Chosen::These(nodes), NodeOption::Disk));
            }
            _ => {}
        }
        if self.rng.percent(8)
            && let Some(node) = self.rng.pick(&topology.nodes)
        {
            let ms = self.offset_ms();
            self.plan.options.push((Chosen::These(vec![node]), NodeOption::Clock(ms)));
        }
        self.state = State::new(&self.plan);
        self.step(&Step::Network(topology));
    }

    /// Draws a step of a kind.
    fn kind(&mut self, kind: Kind) {
        let running = self.state.nodes(Life::Running);
        let step = match kind {
            Kind::Set | Kind::DatedSet | Kind::Delete | Kind::Read => self.ask(kind),
            Kind::OwnSet => self.own_set(),
            Kind::Expect => self.expect(),
            Kind::Grow => self.growth().map(Step::Network),
            Kind::End => {
                let verb = if self.rng.percent(70) { Verb::Kill } else { Verb::Stop };
                self.pick_nodes(&running, 3).map(|nodes| Step::Signal(verb, nodes))
            }
            Kind::Start => {
                let stopped = self.state.nodes(Life::Stopped);
                self.pick_nodes(&stopped, 3).map(|nodes| Step::Signal(Verb::Start, nodes))
            }
            Kind::Restart => self.pick_nodes(&running, 2).map(|nodes| Step::Signal(Verb::Restart, nodes)),
            Kind::Pause => self.pick_nodes(&running, 2).map(|nodes| Step::Signal(Verb::Pause, nodes)),
            Kind::Resume => {
                let paused = self.state.nodes(Life::Paused);
                self.pick_nodes(&paused, 3).map(|nodes| Step::Signal(Verb::Resume, nodes))
            }
            Kind::Cut => self.ways(3, true).map(Step::Cut),
            Kind::Join => self.joined().map(Step::Join),
            Kind::Break => self.ways(3, false).map(Step::Break),
            Kind::Partition => Some(self.partition()),
            Kind::Heal => (!self.state.cut.is_empty() || !self.state.sides.is_empty()).then_some(Step::Heal),
            Kind::Shape => Some(self.shape()),
            Kind::Clock => {
                let ms = self.offset_ms();
                self.rng.pick(&running).map(|node| Step::Clock(node, ms))
            }
            Kind::Disk => self.disk(),
            Kind::Wait => Some(self.wait()),
            Kind::Together => self.together(),
            Kind::Repeat => self.repeat(),
            Kind::Burst => self.burst(),
            Kind::Motif => return self.motif(),
        };
        if let Some(step) = step {
            self.step(&step);
        }
    }

    /// Adds the usual end of a plan: all nodes run, and all is healed.
    fn ending(&mut self) {
        if self.rng.percent(20) {
            return;
        }
        let paused = self.state.nodes(Life::Paused);
        self.step(&Step::Signal(Verb::Resume, paused));
        let stopped = self.state.nodes(Life::Stopped);
        self.step(&Step::Signal(Verb::Start, stopped));
        if !self.state.is_whole() {
            self.step(&Step::Heal);
        }
        for node in self.state.full.clone() {
            self.step(&Step::Disk { node, full: false });
        }
        if self.rng.percent(30) {
            let wait = self.wait();
            self.step(&wait);
        }
        if self.rng.percent(60) {
            self.step(&Step::Expect(Expect::Converged(0)));
            for _ in 0..2 {
                if let Some(step) = self.expect() {
                    self.step(&step);
                }
            }
        }
    }
}
