//! Drawing a plan from a seed.
//!
//! Every seed first draws which kinds of steps it has at all, and how often each (swarm testing:
//! Groce, Zhang, Eide, Chen, Regehr, 2012): where everything always occurs, nothing is ever done
//! twenty times in a row, and what needs the absence of something is never met.

mod motif;
mod net;
mod step;

use super::plan::{Chosen, Expect, NodeOption, Plan, Step};
use super::state::{Life, State};
use crate::chance::Chance;
use crate::scenario::Verb;

/// The kinds of what is drawn: single steps, and short sequences that are unlikely to come about by
/// single steps.
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
    /// All kinds, with the share of plans that have them and how often those draw them.
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

/// How many steps, or short sequences of steps, follow the network.
const LENGTH: (u64, u64) = (3, 22);

impl Plan {
    /// The plan of a seed: the same on every machine.
    #[must_use]
    pub fn draw(seed: u64) -> Self {
        let mut draw = Draw::new(seed);
        draw.network();
        let length = draw.chance.within(LENGTH.0, LENGTH.1);
        for _ in 0..length {
            if let Some(kind) = draw.chance.weighted(&draw.mix.clone()) {
                draw.kind(kind);
            }
        }
        draw.ending();
        draw.plan.mended()
    }
}

/// A plan that grows.
struct Draw {
    chance: Chance,
    plan: Plan,
    state: State,
    mix: Vec<(Kind, u64)>,
    /// How many keys several nodes write.
    shared: u64,
    /// The next key that belongs to one step alone.
    next_key: u32,
    next_value: u32,
}

impl Draw {
    fn new(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let mut mix = Vec::new();
        for (kind, share, weight) in Kind::ALL {
            if chance.percent(share) {
                mix.push((kind, chance.within(1, 2 * weight)));
            }
        }
        let shared = chance.within(1, 4);
        let plan = Plan { seed, options: Vec::new(), steps: Vec::new() };
        let state = State::new(&plan);
        // Keys that are shared have the numbers up to four.
        Self { chance, plan, state, mix, shared, next_key: 5, next_value: 1 }
    }

    /// Takes a step, as far as it makes sense; whether anything of it does.
    fn step(&mut self, step: &Step) -> bool {
        match self.state.take(step) {
            Some(step) => {
                self.plan.steps.push(step);
                true
            }
            None => false,
        }
    }

    /// Options and the network.
    fn network(&mut self) {
        if self.chance.percent(15) {
            self.plan.options.push((Chosen::All, NodeOption::Oldest));
        }
        let topology = net::draw(&mut self.chance);
        match self.chance.below(10) {
            0..4 => self.plan.options.push((Chosen::All, NodeOption::Disk)),
            4..6 => {
                let count = 1 + self.chance.index(topology.nodes.len());
                let nodes = self.chance.some(&topology.nodes, count);
                self.plan.options.push((Chosen::These(nodes), NodeOption::Disk));
            }
            _ => {}
        }
        if self.chance.percent(8)
            && let Some(node) = self.chance.one(&topology.nodes)
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
                let verb = if self.chance.percent(70) { Verb::Kill } else { Verb::Stop };
                self.of(&running, 3).map(|nodes| Step::Signal(verb, nodes))
            }
            Kind::Start => {
                let stopped = self.state.nodes(Life::Stopped);
                self.of(&stopped, 3).map(|nodes| Step::Signal(Verb::Start, nodes))
            }
            Kind::Restart => self.of(&running, 2).map(|nodes| Step::Signal(Verb::Restart, nodes)),
            Kind::Pause => self.of(&running, 2).map(|nodes| Step::Signal(Verb::Pause, nodes)),
            Kind::Resume => {
                let paused = self.state.nodes(Life::Paused);
                self.of(&paused, 3).map(|nodes| Step::Signal(Verb::Resume, nodes))
            }
            Kind::Cut => self.ways(3, true).map(Step::Cut),
            Kind::Join => self.joined().map(Step::Join),
            Kind::Break => self.ways(3, false).map(Step::Break),
            Kind::Partition => Some(self.partition()),
            Kind::Heal => (!self.state.cut.is_empty() || !self.state.sides.is_empty()).then_some(Step::Heal),
            Kind::Shape => Some(self.shape()),
            Kind::Clock => {
                let ms = self.offset_ms();
                self.chance.one(&running).map(|node| Step::Clock(node, ms))
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

    /// What most plans end with: everybody runs, all is healed.
    fn ending(&mut self) {
        if self.chance.percent(20) {
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
        if self.chance.percent(30) {
            let wait = self.wait();
            self.step(&wait);
        }
        if self.chance.percent(60) {
            self.step(&Step::Expect(Expect::Converged(0)));
            for _ in 0..2 {
                if let Some(step) = self.expect() {
                    self.step(&step);
                }
            }
        }
    }
}
