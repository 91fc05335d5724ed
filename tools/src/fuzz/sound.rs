//! The mending of plans: a plan stays sound, with each step as far as it makes sense in its place.

use super::plan::{Ask, Chosen, Expect, Node, NodeOption, Plan, Shape, Step, Topology, Turn, Value, Way};
use super::state::{Life, State};
use crate::scenario::Verb;

impl Plan {
    /// Returns the plan without the parts that make no sense in it, such as the start of a running node.
    /// A sound plan is returned as it is.
    #[must_use]
    pub fn mended(&self) -> Self {
        let named = self.nodes();
        let mut options = Vec::new();
        for (who, option) in &self.options {
            let who = match who {
                Chosen::All => Chosen::All,
                Chosen::These(nodes) => {
                    let nodes: Vec<Node> =
                        nodes.iter().filter(|node| named.contains(node)).copied().collect();
                    if nodes.is_empty() {
                        continue;
                    }
                    Chosen::These(nodes)
                }
            };
            // Options are given to nodes before they start, all at once or by name.
            if !(matches!(option, NodeOption::Clock(_)) && who == Chosen::All) {
                options.push((who, *option));
            }
        }
        let mut plan = Self { seed: self.seed, options, steps: Vec::new() };
        let mut state = State::new(&plan);
        plan.steps.extend(self.steps.iter().filter_map(|step| state.apply(step)));
        plan
    }
}

impl State {
    /// Adds one step, as far as it makes sense here. Returns the part of it that does.
    pub(super) fn apply(&mut self, step: &Step) -> Option<Step> {
        if self.lives.is_empty() && !matches!(step, Step::Network(_) | Step::Link { .. }) {
            return None;
        }
        match step {
            Step::Network(topology) => self.apply_network(topology),
            Step::Ask { attempt, who, ask } => self.apply_ask(*attempt, who, *ask),
            Step::Expect(expect) => self.apply_expect(expect).map(Step::Expect),
            Step::Signal(verb, nodes) => self.apply_signal(*verb, nodes),
            Step::Cut(ways) => {
                let ways = self.ways(ways, false)?;
                self.silence(&ways, true);
                Some(Step::Cut(ways))
            }
            Step::Join(ways) => {
                let ways = self.ways(ways, false)?;
                self.silence(&ways, false);
                self.wire();
                Some(Step::Join(ways))
            }
            Step::Break(ways) => self.ways(ways, true).map(Step::Break),
            Step::Partition(sets) => {
                let known = |set: &Vec<Node>| -> Vec<Node> {
                    set.iter().filter(|node| self.lives.contains_key(node)).copied().collect()
                };
                let sets: Vec<Vec<Node>> = sets.iter().map(known).filter(|set| !set.is_empty()).collect();
                if sets.is_empty() {
                    return None;
                }
                self.partition_into(&sets);
                self.wire();
                Some(Step::Partition(sets))
            }
            Step::Heal => {
                self.heal();
                Some(Step::Heal)
            }
            Step::Link { ways, shapes } => self.apply_shape(ways, shapes),
            Step::Clock(node, ms) => {
                // The clock of a stopped or frozen node is not shifted.
                if !self.is(*node, Life::Running) || *ms == 0 {
                    return None;
                }
                self.shift(*node, *ms);
                Some(step.clone())
            }
            Step::Disk { node, full } => self.fill(*node, *full).then(|| step.clone()),
            Step::Wait(0) => None,
            Step::Wait(ms) => {
                self.elapsed_ms += ms;
                Some(step.clone())
            }
            Step::Together(sides) => self.apply_together(sides),
            Step::Do(block) => {
                let block: Vec<Step> = block.iter().filter_map(|step| self.apply(step)).collect();
                (!block.is_empty()).then_some(Step::Do(block))
            }
            Step::Repeat { count, rate, block } => {
                self.apply_repeat(Some(count.unwrap_or(10)), *rate, block, false)
            }
        }
    }

    fn apply_network(&mut self, topology: &Topology) -> Option<Step> {
        let known = |link: &(Node, Node)| self.is_linked(link.0, link.1);
        let grows = topology.nodes.iter().any(|node| !self.lives.contains_key(node))
            || topology.links.iter().any(|link| !known(link));
        if !grows {
            return None;
        }
        self.grow(topology);
        Some(Step::Network(topology.clone()))
    }

    fn apply_signal(&mut self, verb: Verb, nodes: &[Node]) -> Option<Step> {
        let nodes: Vec<Node> = nodes.iter().filter(|node| self.signal(verb, **node)).copied().collect();
        if nodes.is_empty() {
            return None;
        }
        if matches!(verb, Verb::Start | Verb::Restart | Verb::Resume) {
            self.wire();
        }
        Some(Step::Signal(verb, nodes))
    }

    fn apply_shape(&mut self, ways: &[Way], shapes: &[Shape]) -> Option<Step> {
        let ways = if ways.is_empty() { Vec::new() } else { self.ways(ways, false)? };
        let delay: u64 = shapes
            .iter()
            .map(|shape| match shape {
                Shape::Delay(ms) | Shape::Jitter(ms) => *ms,
                // A segment that is lost is sent again after some hundred milliseconds.
                Shape::Loss(_) => 200,
                Shape::Rate(_) => 20,
            })
            .sum();
        self.shape(delay);
        Some(Step::Link { ways, shapes: shapes.to_vec() })
    }

    /// Returns the ways that are links. If `up` is set, they must also be links that may be up.
    fn ways(&self, ways: &[Way], up: bool) -> Option<Vec<Way>> {
        let fits = |way: &&Way| self.is_linked(way.from, way.to) && (!up || self.is_open((way.from, way.to)));
        let ways: Vec<Way> = ways.iter().filter(fits).copied().collect();
        (!ways.is_empty()).then_some(ways)
    }

    fn apply_ask(&mut self, attempt: bool, who: &Chosen, ask: Ask) -> Option<Step> {
        let (who, nodes) = match who {
            Chosen::All => (Chosen::All, self.nodes(Life::Running)),
            Chosen::These(nodes) => {
                let nodes: Vec<Node> =
                    nodes.iter().filter(|node| self.lives.contains_key(node)).copied().collect();
                (Chosen::These(nodes.clone()), nodes)
            }
        };
        if nodes.is_empty() {
            return None;
        }
        let run = nodes.iter().all(|node| self.is(*node, Life::Running));
        if nodes.iter().any(|node| self.is(*node, Life::Paused)) {
            // A frozen node is silent, and the step waits for it.
            self.elapsed_ms += 5_000;
        }
        let takes = run && nodes.iter().all(|node| self.has_room(*node));
        let alone = <[Node; 1]>::try_from(nodes.as_slice()).ok().map(|[node]| node);
        let safe = match ask {
            Ask::Keys | Ask::Count | Ask::Peers => run,
            Ask::Set { key, value, date } => {
                // Under `oldest` a key that has a value is not written again.
                let free =
                    !self.oldest || (alone.is_some() && key.turn == Turn::Alone && !self.is_known(key));
                let safe = takes && free && date.is_none() && self.is_in_time();
                match alone {
                    Some(node) => {
                        let kept = !attempt && safe && value != Value::Turn;
                        self.written(node, key, Some(value), kept);
                    }
                    None => self.doubt(key.number),
                }
                safe
            }
            Ask::Delete(key) => {
                let present = alone.is_some_and(|node| {
                    self.is_own(node, key)
                        && self.certain.get(&key).is_some_and(|certain| certain.value.is_some())
                });
                let safe = takes && present && !self.oldest && self.is_in_time();
                match alone {
                    Some(node) if safe && !attempt => self.written(node, key, None, true),
                    _ => self.doubt(key.number),
                }
                safe
            }
            Ask::Get(key) | Ask::Stamp(key) => {
                let own = alone.is_some_and(|node| self.is_own(node, key));
                run && own && self.certain.get(&key).is_some_and(|certain| certain.value.is_some())
            }
        };
        Some(Step::Ask { attempt: attempt || !safe, who, ask })
    }

    fn apply_expect(&mut self, expect: &Expect) -> Option<Expect> {
        let settle_ms = self.settle_ms();
        let expect = match expect {
            Expect::Converged(_) => Some(Expect::Converged(settle_ms)),
            Expect::Holds { who, key, .. } => {
                let certain = *self.certain.get(key)?;
                if !self.is_in_time() {
                    return None;
                }
                let value = certain.value;
                match who {
                    // All nodes hear of it in time. No step may give them less time for it than they
                    // are given to agree.
                    Chosen::All => {
                        let heard = self.is_connected();
                        let within_ms = settle_ms;
                        heard.then_some(Expect::Holds { who: who.clone(), key: *key, value, within_ms })
                    }
                    // Its author holds it at once.
                    Chosen::These(_) if self.is(certain.author, Life::Running) => {
                        let who = Chosen::These(vec![certain.author]);
                        Some(Expect::Holds { who, key: *key, value, within_ms: 0 })
                    }
                    Chosen::These(_) => None,
                }
            }
            Expect::Peers { node, .. } => {
                let peers = self.neighbours(*node);
                let fits = self.is_whole() && self.lives.contains_key(node);
                fits.then_some(Expect::Peers { node: *node, peers, within_ms: settle_ms })
            }
        }?;
        self.elapsed_ms += settle_ms;
        Some(expect)
    }

    /// Adds sides that run at the same time. One of them may do anything but expect; the others only
    /// attempt to ask.
    fn apply_together(&mut self, sides: &[Step]) -> Option<Step> {
        let acting = sides.iter().position(acts);
        let before = self.clone();
        let mut always = self.nodes(Life::Running);
        let mut taken: Vec<Option<Step>> = vec![None; sides.len()];
        if let Some(acting) = acting {
            let block = match &sides[acting] {
                Step::Do(block) => block.as_slice(),
                other => std::slice::from_ref(other),
            };
            let mut kept = Vec::new();
            for step in block {
                if matches!(step, Step::Expect(_) | Step::Together(_)) {
                    continue;
                }
                let Some(step) = self.apply(step) else { continue };
                // Writes of other sides at the same time leave nothing certain.
                kept.push(attempted(step));
                always.retain(|node| self.is(*node, Life::Running));
            }
            taken[acting] = match (&sides[acting], kept.len()) {
                (_, 0) => None,
                (Step::Do(_), _) => Some(Step::Do(kept)),
                _ => kept.pop(),
            };
        }
        let mut elapsed_ms = self.elapsed_ms - before.elapsed_ms;
        for (index, side) in sides.iter().enumerate().filter(|(_, side)| !acts(side)) {
            // Each side is taken as if it were alone: a node that does not run all the time may not answer.
            let mut beside = before.clone();
            beside.lives.retain(|node, _| before.lives.contains_key(node));
            let Some(step) = beside.apply_concurrent(side) else { continue };
            if always.is_empty() && asks_all(&step) {
                continue;
            }
            elapsed_ms = elapsed_ms.max(beside.elapsed_ms - before.elapsed_ms);
            taken[index] = Some(attempted(step));
        }
        let mut taken: Vec<Step> = taken.into_iter().flatten().collect();
        if !taken.iter().any(|side| !matches!(side, Step::Repeat { count: None, .. })) {
            for side in &mut taken {
                if let Step::Repeat { count, .. } = side {
                    *count = Some(10);
                }
            }
        }
        if taken.is_empty() {
            return None;
        }
        self.elapsed_ms = before.elapsed_ms + elapsed_ms;
        for step in &taken {
            for number in written(step) {
                self.doubt(number);
            }
        }
        Some(Step::Together(taken))
    }

    /// Adds a side that only asks.
    fn apply_concurrent(&mut self, side: &Step) -> Option<Step> {
        match side {
            Step::Repeat { count, rate, block } => self.apply_repeat(*count, *rate, block, true),
            other => self.apply(other),
        }
    }

    fn apply_repeat(
        &mut self,
        count: Option<u64>,
        rate: Option<u64>,
        block: &[Step],
        beside: bool,
    ) -> Option<Step> {
        let before = self.clone();
        let nested = |step: &&Step| matches!(step, Step::Together(_) | Step::Repeat { .. } | Step::Expect(_));
        let take = |state: &mut Self, only_asks: bool| -> Vec<Step> {
            let fits = |step: &&Step| !(nested(step) || only_asks && acts(step));
            block.iter().filter(fits).filter_map(|step| state.apply(step)).map(attempted).collect()
        };
        // With a rate, turns do not wait for each other.
        let only_asks = beside || rate.is_some();
        let mut kept = take(self, only_asks);
        if !only_asks && !self.is_like(&before) {
            *self = before.clone();
            kept = take(self, true);
        }
        if kept.is_empty() || count == Some(0) {
            *self = before;
            return None;
        }
        let turn_ms = self.elapsed_ms - before.elapsed_ms;
        let turns = count.unwrap_or(0);
        self.elapsed_ms = before.elapsed_ms
            + match rate {
                Some(rate) => turn_ms + turns * 1000 / rate.max(1),
                None => turn_ms * turns,
            };
        for step in &kept {
            for number in written(step) {
                self.doubt(number);
            }
        }
        Some(Step::Repeat { count, rate, block: kept })
    }
}

/// Returns true if a step does more than ask and wait.
fn acts(step: &Step) -> bool {
    match step {
        Step::Ask { .. } | Step::Wait(_) => false,
        Step::Together(block) | Step::Do(block) | Step::Repeat { block, .. } => block.iter().any(acts),
        _ => true,
    }
}

/// Returns true if a step asks all running nodes.
fn asks_all(step: &Step) -> bool {
    match step {
        Step::Ask { who, .. } => *who == Chosen::All,
        _ => step.block().is_some_and(|block| block.iter().any(asks_all)),
    }
}

/// Returns a step with all its asks turned to attempts, which let errors pass.
fn attempted(mut step: Step) -> Step {
    super::plan::visit_mut(std::slice::from_mut(&mut step), &mut |step| {
        if let Step::Ask { attempt, .. } = step {
            *attempt = true;
        }
    });
    step
}

/// Returns the families of keys that a step writes.
fn written(step: &Step) -> Vec<u32> {
    let mut numbers = Vec::new();
    super::plan::visit(std::slice::from_ref(step), &mut |step| {
        if let Step::Ask { ask: Ask::Set { key, .. } | Ask::Delete(key), .. } = step {
            numbers.push(key.number);
        }
    });
    numbers
}
