//! Drawing single steps, from the state that is known at their place.

use super::{Generator, Kind};
use crate::fuzz::plan::{Ask, Chosen, Expect, Key, Node, Shape, Step, Topology, Turn, Value, Way};
use crate::fuzz::state::Life;

impl Generator {
    /// Draws some of these nodes, most often one.
    pub(super) fn pick_nodes(&mut self, nodes: &[Node], most: u64) -> Option<Vec<Node>> {
        let count = if self.rng.percent(70) { 1 } else { self.rng.within(1, most) };
        let nodes = self.rng.sample(nodes, usize::try_from(count).unwrap_or(1));
        (!nodes.is_empty()).then_some(nodes)
    }

    pub(super) fn value(&mut self) -> Value {
        self.next_value += 1;
        Value::Number(self.next_value - 1)
    }

    pub(super) fn shared_key(&mut self) -> Key {
        let number = u32::try_from(self.rng.within(1, self.shared)).unwrap_or(1);
        Key { number, turn: Turn::Alone }
    }

    pub(super) fn new_key(&mut self) -> u32 {
        self.next_key += 1;
        self.next_key - 1
    }

    /// Draws the nodes to ask: most often one that runs.
    pub(super) fn targets(&mut self) -> Option<Chosen> {
        let running = self.state.nodes(Life::Running);
        let any: Vec<Node> = self.state.lives.keys().copied().collect();
        match self.rng.below(20) {
            0 => Some(Chosen::All),
            1 => self.pick_nodes(&any, 1).map(Chosen::These),
            2..4 => self.pick_nodes(&running, 4).map(Chosen::These),
            _ => self.rng.pick(&running).map(|node| Chosen::These(vec![node])),
        }
    }

    pub(super) fn ask(&mut self, kind: Kind) -> Option<Step> {
        let who = self.targets()?;
        let key = self.shared_key();
        let ask = match kind {
            Kind::Delete => Ask::Delete(key),
            Kind::Read => match self.rng.below(10) {
                0..5 => Ask::Get(key),
                5..7 => Ask::Stamp(key),
                7 => Ask::Keys,
                8 => Ask::Count,
                _ => Ask::Peers,
            },
            _ => {
                let date = (kind == Kind::DatedSet).then(|| 10_000 + self.rng.below(5));
                Ask::Set { key, value: self.value(), date }
            }
        };
        let attempt = self.rng.percent(30);
        Some(Step::Ask { attempt, who, ask })
    }

    /// Draws a write, or a delete, of a key that only this node writes: its outcome is certain.
    pub(super) fn own_set(&mut self) -> Option<Step> {
        let running = self.state.nodes(Life::Running);
        let own: Vec<(Key, Node)> = self
            .state
            .certain
            .iter()
            .filter(|(_, certain)| running.contains(&certain.author))
            .map(|(key, certain)| (*key, certain.author))
            .collect();
        let again = self.rng.percent(50);
        let (key, author) = match self.rng.pick(&own) {
            Some(known) if again => known,
            _ => {
                let author = self.rng.pick(&running)?;
                (Key { number: self.new_key(), turn: Turn::Alone }, author)
            }
        };
        let who = Chosen::These(vec![author]);
        let ask = if self.state.certain.contains_key(&key) && self.rng.percent(30) {
            Ask::Delete(key)
        } else {
            Ask::Set { key, value: self.value(), date: None }
        };
        Some(Step::Ask { attempt: false, who, ask })
    }

    pub(super) fn expect(&mut self) -> Option<Step> {
        let own: Vec<Key> = self.state.certain.keys().copied().collect();
        Some(Step::Expect(match (self.rng.below(10), self.rng.pick(&own)) {
            (0..3, _) => Expect::Converged(0),
            (3..5, _) => {
                let nodes: Vec<Node> = self.state.lives.keys().copied().collect();
                Expect::Peers { node: self.rng.pick(&nodes)?, peers: Vec::new(), within_ms: 0 }
            }
            (_, Some(key)) => {
                let author = self.state.certain.get(&key)?.author;
                let who = if self.rng.percent(50) { Chosen::All } else { Chosen::These(vec![author]) };
                Expect::Holds { who, key, value: None, within_ms: 0 }
            }
            _ => return None,
        }))
    }

    /// Draws new nodes, linked to old ones, or links between old ones.
    pub(super) fn growth(&mut self) -> Option<Topology> {
        let known: Vec<Node> = self.state.lives.keys().copied().collect();
        super::net::growth(&mut self.rng, &known, |one, other| self.state.is_linked(one, other))
    }

    /// Draws some links, one way or both.
    pub(super) fn ways(&mut self, most: u64, one_way: bool) -> Option<Vec<Way>> {
        let links: Vec<(Node, Node)> = self.state.links.iter().copied().collect();
        let count = usize::try_from(self.rng.within(1, most)).unwrap_or(1);
        let chosen = self.rng.sample(&links, count);
        let ways = chosen.into_iter().map(|(from, to)| match self.rng.below(4) {
            0 if one_way => Way { from, to, both: false },
            1 if one_way => Way { from: to, to: from, both: false },
            _ => Way { from, to, both: true },
        });
        let ways: Vec<Way> = ways.collect();
        (!ways.is_empty()).then_some(ways)
    }

    /// Draws one of the cuts, to be joined.
    pub(super) fn joined(&mut self) -> Option<Vec<Way>> {
        let cut: Vec<(Node, Node)> = self.state.cut.iter().copied().collect();
        let (from, to) = self.rng.pick(&cut)?;
        Some(vec![Way { from, to, both: self.rng.percent(60) }])
    }

    pub(super) fn partition(&mut self) -> Step {
        let nodes: Vec<Node> = self.state.lives.keys().copied().collect();
        let count = 1 + self.rng.index(nodes.len().saturating_sub(1).max(1));
        let first = self.rng.sample(&nodes, count);
        let others: Vec<Node> = nodes.iter().filter(|node| !first.contains(node)).copied().collect();
        let mut sets = vec![first];
        if others.len() > 2 && self.rng.percent(25) {
            let count = 1 + self.rng.index(others.len() - 1);
            sets.push(self.rng.sample(&others, count));
        }
        Step::Partition(sets)
    }

    pub(super) fn shape(&mut self) -> Step {
        let ways = if self.rng.percent(40) { Vec::new() } else { self.ways(3, true).unwrap_or_default() };
        if self.rng.percent(20) {
            return Step::Link { ways, shapes: Vec::new() };
        }
        // A link has five seconds to come up, and that takes three round trips: a lost segment must
        // find the time to be sent again, and again.
        let mut shapes = Vec::new();
        if self.rng.percent(60) {
            shapes.push(Shape::Delay(self.rng.pick(&[5, 20, 50, 100]).unwrap_or(20)));
        }
        if self.rng.percent(40) {
            shapes.push(Shape::Jitter(self.rng.pick(&[5, 20, 50]).unwrap_or(20)));
        }
        if self.rng.percent(25) {
            shapes.push(Shape::Loss(self.rng.pick(&[1, 2, 3]).unwrap_or(1)));
        }
        if shapes.is_empty() || self.rng.percent(15) {
            shapes.push(Shape::Rate(self.rng.pick(&[1, 5, 50]).unwrap_or(5)));
        }
        Step::Link { ways, shapes }
    }

    /// Draws the shift of a clock, in milliseconds: seldom so far that writes are put off.
    pub(super) fn offset_ms(&mut self) -> i64 {
        let ms = self.rng.pick(&[50, 500, 1_000, 2_000, 3_000, 4_000, 7_000]).unwrap_or(500);
        if self.rng.percent(50) { ms } else { -ms }
    }

    pub(super) fn wait(&mut self) -> Step {
        Step::Wait(self.rng.pick(&[5, 20, 100, 300, 700, 1_000, 2_000, 5_000, 12_000]).unwrap_or(100))
    }

    /// Draws a disk that runs full, or has room again.
    pub(super) fn disk(&mut self) -> Option<Step> {
        let keeping: Vec<Node> =
            self.state.lives.keys().filter(|node| self.state.has_disk(**node)).copied().collect();
        let node = self.rng.pick(&keeping)?;
        Some(Step::Disk { node, full: !self.state.full.contains(&node) })
    }

    /// Draws writes by one or several nodes: in each turn another key, or the same few again and again.
    pub(super) fn repeated(&mut self, new_keys: u64) -> Option<Vec<Step>> {
        let running = self.state.nodes(Life::Running);
        let writers = self.pick_nodes(&running, 3)?;
        let deletes = self.rng.percent(20);
        let mut block = Vec::new();
        for node in writers {
            let key = if self.rng.percent(new_keys) {
                Key { number: self.new_key(), turn: Turn::Each }
            } else if self.rng.percent(50) {
                self.shared_key()
            } else {
                let number = self.shared_key().number;
                Key { number, turn: Turn::Cycle(self.rng.within(2, 9)) }
            };
            let who = Chosen::These(vec![node]);
            block.push(Step::Ask {
                attempt: true,
                who: who.clone(),
                ask: Ask::Set { key, value: Value::Turn, date: None },
            });
            if deletes {
                block.push(Step::Ask { attempt: true, who, ask: Ask::Delete(key) });
            }
        }
        Some(block)
    }

    pub(super) fn repeat(&mut self) -> Option<Step> {
        let block = self.repeated(60)?;
        let count = self.rng.pick(&[3, 5, 10, 25, 40]);
        let rate = if self.rng.percent(60) { self.rng.pick(&[2, 10, 50, 200]) } else { None };
        Some(Step::Repeat { count, rate, block })
    }

    /// Draws writes of hundreds of keys, for which reconciliation must search many ranges.
    pub(super) fn burst(&mut self) -> Option<Step> {
        let running = self.state.nodes(Life::Running);
        let who = Chosen::These(vec![self.rng.pick(&running)?]);
        let key = Key { number: self.new_key(), turn: Turn::Each };
        let ask = Ask::Set { key, value: Value::Turn, date: None };
        let count = self.rng.pick(&[40, 100, 200, 400]);
        let rate = if self.rng.percent(30) { Some(1000) } else { None };
        Some(Step::Repeat { count, rate, block: vec![Step::Ask { attempt: true, who, ask }] })
    }

    /// Draws several asks at the same time, with faults beside them.
    pub(super) fn together(&mut self) -> Option<Step> {
        let mut sides = Vec::new();
        let asks = self.rng.within(1, 4);
        for _ in 0..asks {
            let side = if self.rng.percent(30) {
                let block = self.repeated(60)?;
                let rate = self.rng.pick(&[10, 50, 200]);
                let count = if self.rng.percent(40) { None } else { self.rng.pick(&[5, 20, 50]) };
                Some(Step::Repeat { count, rate, block })
            } else {
                let kind = self.rng.pick_weighted(&[(Kind::Set, 6), (Kind::Delete, 3), (Kind::Read, 2)])?;
                self.ask(kind)
            };
            sides.extend(side);
        }
        if self.rng.percent(60) {
            let count = self.rng.within(1, 5);
            let (mark, before) = (self.plan.steps.len(), self.state.clone());
            for _ in 0..count {
                let kinds = [
                    Kind::End,
                    Kind::Start,
                    Kind::Restart,
                    Kind::Cut,
                    Kind::Join,
                    Kind::Break,
                    Kind::Partition,
                    Kind::Heal,
                    Kind::Grow,
                    Kind::Wait,
                    Kind::Pause,
                    Kind::Resume,
                ];
                let mix: Vec<(Kind, u64)> =
                    self.mix.iter().filter(|(kind, _)| kinds.contains(kind)).copied().collect();
                if let Some(kind) = self.rng.pick_weighted(&mix) {
                    self.kind(kind);
                }
            }
            let block = self.plan.steps.split_off(mark);
            self.state = before;
            if !block.is_empty() {
                sides.push(Step::Do(block));
            }
        }
        (sides.len() > 1).then_some(Step::Together(sides))
    }
}
