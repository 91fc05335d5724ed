//! The steps that change links: silence, resets, partitions and shapes.

use std::collections::BTreeMap;

use futures_util::future::try_join_all;

use super::choose::Purpose;
use crate::run::context::RunContext;
use crate::run::environment::{Environment, resolve};
use crate::run::results::StepFailure;
use crate::run::state::Link;
use crate::scenario::{At, Item, LinkSet, Pick, Shape, Who};
use crate::world::{Direction, LinkChange, NodeIndex, Operation};

impl RunContext {
    /// Performs `cut` and `join`.
    pub(in crate::run) async fn cut(
        &self,
        at: &At,
        links: &LinkSet,
        environment: &Environment,
        silent: bool,
    ) -> Result<(), StepFailure> {
        let directions = self.directions(at, links, environment)?;
        self.stands_between(at, directions.iter().map(|direction| [direction.from, direction.to]))?;
        if !silent {
            self.not_bypassed(Some(at)).await?;
        }
        {
            let mut state = self.executor.state_mut();
            for direction in &directions {
                if silent { state.network.cut(*direction) } else { state.network.join(*direction) }
            }
        }
        self.executor.wake_waiters();
        let ends: Vec<NodeIndex> = directions.iter().flat_map(|way| [way.from, way.to]).collect();
        let change = if silent { LinkChange::Cut } else { LinkChange::Join };
        self.change_links(at, directions.into_iter().map(change).collect()).await?;
        if silent {
            self.fault_begun(at).await?;
        } else {
            self.fault_ended();
        }
        self.wire_pending_links(at).await?;
        if silent { Ok(()) } else { self.healthy(at, ends).await }
    }

    /// Performs `break`.
    pub(in crate::run) async fn break_links(
        &self,
        at: &At,
        links: &LinkSet,
        environment: &Environment,
    ) -> Result<(), StepFailure> {
        let directions = self.directions(at, links, environment)?;
        self.stands_between(at, directions.iter().map(|direction| [direction.from, direction.to]))?;
        self.change_links(at, directions.iter().copied().map(LinkChange::Break).collect()).await?;
        self.breaks_all(at, &directions).await
    }

    /// Performs `link`.
    pub(in crate::run) async fn shape(
        &self,
        at: &At,
        links: &LinkSet,
        shape: &[Shape],
        environment: &Environment,
    ) -> Result<(), StepFailure> {
        let directions = self.directions(at, links, environment)?;
        self.stands_between(at, directions.iter().map(|direction| [direction.from, direction.to]))?;
        if matches!(links, LinkSet::All) {
            *self.standing_shape.borrow_mut() = shape.to_vec();
        }
        self.give_shape(at, directions, shape).await
    }

    /// Gives new links the shape that `link all` gave to all.
    pub(in crate::run) async fn shape_new(&self, at: &At, links: &[Link]) -> Result<(), StepFailure> {
        let shape = self.standing_shape.borrow().clone();
        if shape.is_empty() {
            return Ok(());
        }
        let both = |link: &Link| both_ways(link.from, link.to);
        self.give_shape(at, links.iter().flat_map(both).collect(), &shape).await
    }

    async fn give_shape(
        &self,
        at: &At,
        directions: Vec<Direction>,
        shape: &[Shape],
    ) -> Result<(), StepFailure> {
        let slows = shape.iter().any(|shape| !matches!(shape, Shape::Loss(_) | Shape::Duplicate(_)));
        if !slows {
            self.not_bypassed(Some(at)).await?;
        }
        {
            let mut state = self.executor.state_mut();
            for direction in &directions {
                state.network.set_shape(*direction, shape);
            }
        }
        let change = |direction| LinkChange::Shape(direction, shape.to_vec());
        self.change_links(at, directions.into_iter().map(change).collect()).await?;
        if slows {
            return self.fault_begun(at).await;
        }
        self.fault_ended();
        Ok(())
    }

    /// Performs `partition`; a new partition replaces the old one.
    pub(in crate::run) async fn partition(
        &self,
        at: &At,
        sets: &[Who],
        environment: &Environment,
    ) -> Result<(), StepFailure> {
        let mut sides = BTreeMap::new();
        let is_rest = |who: &Who| matches!(&who.pick, Pick::Items(items) if items.contains(&Item::Rest));
        for (side, who) in sets.iter().enumerate().filter(|(_, who)| !is_rest(who)) {
            for node in self.choose(at, environment, who, Purpose::Name)? {
                if sides.insert(node, side).is_some_and(|other| other != side) {
                    let name = self.executor.state().network.name(node).to_owned();
                    return Err(self.fail(at, format!("`{name}` is on two sides of the partition")));
                }
            }
        }
        let indices = self.executor.state().network.indices();
        if let Some(rest) = sets.iter().position(is_rest) {
            for node in indices {
                sides.entry(node).or_insert(rest);
            }
        }
        let mut apart = vec![Vec::new(); sets.len()];
        for (node, side) in &sides {
            apart[*side].push(*node);
        }
        let pairs = apart.iter().enumerate().flat_map(|(place, side)| {
            let others = apart[place + 1..].iter().flatten();
            others.flat_map(move |other| side.iter().map(move |node| [*node, *other]))
        });
        self.stands_between(at, pairs)?;
        // The new partition ends the one before.
        self.not_bypassed(Some(at)).await?;
        self.executor.state_mut().network.set_sides(sides);
        self.executor.wake_waiters();
        self.perform_operation(at, Operation::Partition(apart)).await?;
        self.fault_begun(at).await?;
        self.wire_pending_links(at).await
    }

    /// Performs `heal`, and waits until the permitted links are up and the nodes healthy.
    pub(in crate::run) async fn heal(&self, at: &At) -> Result<(), StepFailure> {
        self.not_bypassed(Some(at)).await?;
        let cut = self.executor.state_mut().network.heal();
        self.executor.wake_waiters();
        self.perform_operation(at, Operation::Partition(Vec::new())).await?;
        self.change_links(at, cut.into_iter().map(LinkChange::Join).collect()).await?;
        self.fault_ended();
        let open: Vec<Link> = {
            let state = self.executor.state();
            let network = &state.network;
            self.pending_links.borrow_mut().retain(|link| !network.is_open(*link));
            network.links().iter().copied().filter(|link| network.is_open(*link)).collect()
        };
        try_join_all(open.iter().map(|link| self.wire(at, *link))).await?;
        let nodes = self.executor.state().network.indices();
        self.healthy(at, nodes).await
    }

    /// Fails if two of these nodes, which are to be kept apart or slowed, both ran before: no proxy is between them.
    fn stands_between(
        &self,
        at: &At,
        mut pairs: impl Iterator<Item = [NodeIndex; 2]>,
    ) -> Result<(), StepFailure> {
        let message = {
            let network = &self.executor.state().network;
            let attached = |node: &NodeIndex| network.node(*node).spec.at.is_some();
            pairs.find(|pair| pair.iter().all(attached)).map(|pair| {
                let [one, other] = pair.map(|node| network.name(node).to_owned());
                format!("the harness does not stand between `{one}` and `{other}`: both ran before")
            })
        };
        message.map_or(Ok(()), |message| Err(self.fail(at, message)))
    }

    async fn change_links(&self, at: &At, changes: Vec<LinkChange>) -> Result<(), StepFailure> {
        if changes.is_empty() {
            return Ok(());
        }
        self.perform_operation(at, Operation::Links(changes)).await
    }

    /// Returns the directions that a choice of links means, in order.
    fn directions(
        &self,
        at: &At,
        links: &LinkSet,
        environment: &Environment,
    ) -> Result<Vec<Direction>, StepFailure> {
        let state = self.executor.state();
        let ways = match links {
            LinkSet::All => {
                return Ok(state
                    .network
                    .links()
                    .iter()
                    .flat_map(|link| both_ways(link.from, link.to))
                    .collect());
            }
            LinkSet::Ways(ways) => ways,
        };
        let mut directions = Vec::new();
        for way in ways {
            let end = |item: &Item| {
                let nodes = resolve(&state.network, environment, std::slice::from_ref(item))?;
                nodes.first().copied().ok_or_else(|| "this names nobody".to_owned())
            };
            match (end(&way.from), end(&way.to)) {
                (Ok(from), Ok(to)) if way.both => directions.extend(both_ways(from, to)),
                (Ok(from), Ok(to)) => directions.push(Direction { from, to }),
                (Err(message), _) | (_, Err(message)) => {
                    drop(state);
                    return Err(self.fail(at, message));
                }
            }
        }
        Ok(directions)
    }
}

fn both_ways(from: NodeIndex, to: NodeIndex) -> [Direction; 2] {
    [Direction { from, to }, Direction { from: to, to: from }]
}
