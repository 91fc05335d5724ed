//! Short sequences that single steps seldom make: situations that networks of this kind
//! are known to get wrong.

use super::Generator;
use crate::fuzz::plan::{Ask, Chosen, Expect, Key, Node, Step, Turn, Value, Way};
use crate::fuzz::state::Life;
use crate::scenario::Verb;

#[derive(Debug, Clone, Copy)]
enum Motif {
    /// A node acknowledges a write, and is killed at once.
    LastWords,
    /// Many writes are made while some nodes are away; then the nodes come back.
    Away,
    /// A key is deleted while some nodes that hold it are away.
    DeletedMeanwhile,
    /// A key is written on both sides of a partition.
    BothSides,
    /// A node comes late to a network that holds much.
    Latecomer,
    /// One author writes for a while, all is quiet, and it writes again.
    Quiet,
    /// A node's clock goes back while the node is down or starts anew.
    ClockBack,
    /// A link that carried writes goes silent, while others lead round it.
    SilentLink,
    /// All nodes end at once after one has changed its mind: none is left that could remember for another.
    Blackout,
}

const ALL: [(Motif, u64); 9] = [
    (Motif::LastWords, 3),
    (Motif::Away, 3),
    (Motif::DeletedMeanwhile, 2),
    (Motif::BothSides, 2),
    (Motif::Latecomer, 3),
    (Motif::Quiet, 2),
    (Motif::ClockBack, 2),
    (Motif::SilentLink, 2),
    (Motif::Blackout, 3),
];

impl Generator {
    pub(super) fn motif(&mut self) {
        let Some(motif) = self.rng.pick_weighted(&ALL) else { return };
        // A motif that makes no sense here is left out.
        let _: Option<()> = match motif {
            Motif::LastWords => self.last_words(),
            Motif::Away => self.away(),
            Motif::DeletedMeanwhile => self.deleted_meanwhile(),
            Motif::BothSides => self.both_sides(),
            Motif::Latecomer => self.latecomer(),
            Motif::Quiet => self.quiet(),
            Motif::ClockBack => self.clock_back(),
            Motif::SilentLink => self.silent_link(),
            Motif::Blackout => self.blackout(),
        };
    }

    fn runner(&mut self) -> Option<Node> {
        let running = self.state.nodes(Life::Running);
        self.rng.pick(&running)
    }

    fn write(&mut self, node: Node, key: Key) -> bool {
        let ask = Ask::Set { key, value: self.value(), date: None };
        self.step(&Step::Ask { attempt: false, who: Chosen::These(vec![node]), ask })
    }

    fn own_key(&mut self) -> Key {
        Key { number: self.new_key(), turn: Turn::Alone }
    }

    /// Writes hundreds of keys, or a few.
    fn writes(&mut self, node: Node) -> bool {
        let key = Key { number: self.new_key(), turn: Turn::Each };
        let ask = Ask::Set { key, value: Value::Turn, date: None };
        let ask = Step::Ask { attempt: true, who: Chosen::These(vec![node]), ask };
        let count = self.rng.pick(&[2, 5, 30, 60, 150, 300, 500]);
        self.step(&Step::Repeat { count, rate: None, block: vec![ask] })
    }

    fn last_words(&mut self) -> Option<()> {
        let node = self.runner()?;
        let key = if self.rng.percent(50) { self.shared_key() } else { self.own_key() };
        self.write(node, key);
        self.step(&Step::Signal(Verb::Kill, vec![node]));
        if self.rng.percent(60) {
            self.step(&Step::Signal(Verb::Start, vec![node]));
            let who = if self.rng.percent(50) { Chosen::All } else { Chosen::These(vec![node]) };
            self.step(&Step::Expect(Expect::Holds { who, key, value: None, within_ms: 0 }));
        }
        Some(())
    }

    fn blackout(&mut self) -> Option<()> {
        let node = self.runner()?;
        let key = self.own_key();
        self.write(node, key);
        if self.rng.percent(50) {
            self.step(&Step::Expect(Expect::Holds { who: Chosen::All, key, value: None, within_ms: 0 }));
        }
        if self.rng.percent(70) {
            self.step(&Step::Ask { attempt: false, who: Chosen::These(vec![node]), ask: Ask::Delete(key) });
        }
        let running = self.state.nodes(Life::Running);
        self.step(&Step::Signal(Verb::Kill, running.clone()));
        self.step(&Step::Signal(Verb::Start, running));
        self.step(&Step::Expect(Expect::Holds { who: Chosen::All, key, value: None, within_ms: 0 }));
        Some(())
    }

    /// Makes some nodes leave. Returns the steps that bring them back.
    fn leave(&mut self, stay: Node) -> Option<Vec<Step>> {
        let others: Vec<Node> =
            self.state.nodes(Life::Running).into_iter().filter(|node| *node != stay).collect();
        let away = self.pick_nodes(&others, 3)?;
        let (leave, back) = match self.rng.below(4) {
            0 => (Step::Signal(Verb::Kill, away.clone()), vec![Step::Signal(Verb::Start, away)]),
            1 => (Step::Signal(Verb::Pause, away.clone()), vec![Step::Signal(Verb::Resume, away)]),
            2 => {
                let ways: Vec<Way> = self
                    .state
                    .links
                    .iter()
                    .filter(|(from, to)| away.contains(from) != away.contains(to))
                    .map(|(from, to)| Way { from: *from, to: *to, both: true })
                    .collect();
                (Step::Cut(ways.clone()), vec![Step::Join(ways)])
            }
            _ => (Step::Partition(vec![away]), vec![Step::Heal]),
        };
        self.step(&leave);
        Some(back)
    }

    fn away(&mut self) -> Option<()> {
        let node = self.runner()?;
        let back = self.leave(node)?;
        self.writes(node);
        if self.rng.percent(40) {
            self.step(&Step::Wait(12_000));
        }
        if self.rng.percent(30)
            && let Some(other) = self.runner()
        {
            self.writes(other);
        }
        for step in &back {
            self.step(step);
        }
        self.step(&Step::Expect(Expect::Converged(0)));
        Some(())
    }

    fn deleted_meanwhile(&mut self) -> Option<()> {
        let node = self.runner()?;
        let key = self.own_key();
        self.write(node, key);
        self.step(&Step::Expect(Expect::Holds { who: Chosen::All, key, value: None, within_ms: 0 }));
        let back = self.leave(node)?;
        self.step(&Step::Ask { attempt: false, who: Chosen::These(vec![node]), ask: Ask::Delete(key) });
        if self.rng.percent(40) {
            self.step(&Step::Wait(12_000));
        }
        for step in &back {
            self.step(step);
        }
        self.step(&Step::Expect(Expect::Converged(0)));
        Some(())
    }

    fn both_sides(&mut self) -> Option<()> {
        let node = self.runner()?;
        let key = self.shared_key();
        let back = self.leave(node)?;
        for _ in 0..3 {
            if let Some(other) = self.runner() {
                let ask = if self.rng.percent(75) {
                    Ask::Set { key, value: self.value(), date: None }
                } else {
                    Ask::Delete(key)
                };
                self.step(&Step::Ask { attempt: false, who: Chosen::These(vec![other]), ask });
            }
        }
        for step in &back {
            self.step(step);
        }
        self.step(&Step::Expect(Expect::Converged(0)));
        Some(())
    }

    fn latecomer(&mut self) -> Option<()> {
        let node = self.runner()?;
        self.writes(node);
        let topology = self.growth()?;
        self.step(&Step::Network(topology));
        self.step(&Step::Expect(Expect::Converged(0)));
        Some(())
    }

    fn quiet(&mut self) -> Option<()> {
        let node = self.runner()?;
        let key = Key { number: self.new_key(), turn: Turn::Each };
        let who = Chosen::These(vec![node]);
        let ask = Step::Ask { attempt: true, who, ask: Ask::Set { key, value: Value::Turn, date: None } };
        let rate = self.rng.pick(&[10, 20, 50]);
        self.step(&Step::Repeat { count: Some(25), rate, block: vec![ask.clone()] });
        self.step(&Step::Wait(6_000));
        self.step(&Step::Repeat { count: Some(5), rate: Some(10), block: vec![ask] });
        Some(())
    }

    fn clock_back(&mut self) -> Option<()> {
        let node = self.runner()?;
        let key = self.own_key();
        self.write(node, key);
        let back_ms = self.rng.pick(&[500, 1_000, 2_000, 3_000])?;
        self.step(&Step::Clock(node, -back_ms));
        let verb = self.rng.pick(&[Verb::Restart, Verb::Kill, Verb::Stop])?;
        self.step(&Step::Signal(verb, vec![node]));
        self.step(&Step::Signal(Verb::Start, vec![node]));
        self.write(node, key);
        let who = if self.rng.percent(50) { Chosen::All } else { Chosen::These(vec![node]) };
        self.step(&Step::Expect(Expect::Holds { who, key, value: None, within_ms: 0 }));
        Some(())
    }

    fn silent_link(&mut self) -> Option<()> {
        let node = self.runner()?;
        self.writes(node);
        let ways = self.ways(2, true)?;
        self.step(&Step::Cut(ways.clone()));
        let count = self.rng.within(1, 6);
        for _ in 0..count {
            let key = self.own_key();
            self.write(node, key);
            if self.rng.percent(50) {
                self.step(&Step::Wait(1_000));
            }
        }
        self.step(&Step::Expect(Expect::Converged(0)));
        if self.rng.percent(50) {
            self.step(&Step::Join(ways));
        }
        Some(())
    }
}
