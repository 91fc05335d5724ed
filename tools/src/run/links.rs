//! What is done to links: silence, resets, shapes; to clocks and disks.

use std::collections::BTreeMap;

use futures_util::future::try_join_all;

use super::choose::{Purpose, resolve};
use super::environment::Environment;
use super::network::Link;
use super::session::{Run, Stop};
use crate::scenario::{At, Item, LinkSet, Pick, Shape, Who};
use crate::world::{Direction, LinkChange, NodeIndex, Operation, Outcome};

impl Run {
    /// `cut` and `join`.
    pub(super) async fn cut(
        &self,
        at: &At,
        links: &LinkSet,
        environment: &Environment,
        silent: bool,
    ) -> Result<(), Stop> {
        let directions = self.directions(at, links, environment)?;
        {
            let mut state = self.desk.state_mut();
            for direction in &directions {
                if silent { state.network.cut(*direction) } else { state.network.join(*direction) }
            }
        }
        self.desk.stir();
        let change = if silent { LinkChange::Cut } else { LinkChange::Join };
        self.change(at, directions.into_iter().map(change).collect()).await?;
        self.wire_owed(at).await
    }

    /// `break`.
    pub(super) async fn break_links(
        &self,
        at: &At,
        links: &LinkSet,
        environment: &Environment,
    ) -> Result<(), Stop> {
        let directions = self.directions(at, links, environment)?;
        self.change(at, directions.into_iter().map(LinkChange::Break).collect()).await
    }

    /// `link`.
    pub(super) async fn shape(
        &self,
        at: &At,
        links: &LinkSet,
        shape: &[Shape],
        environment: &Environment,
    ) -> Result<(), Stop> {
        let directions = self.directions(at, links, environment)?;
        if matches!(links, LinkSet::All) {
            *self.standing_shape.borrow_mut() = shape.to_vec();
        }
        self.give_shape(at, directions, shape).await
    }

    /// Gives new links the shape that `link all` gave to all.
    pub(super) async fn shape_new(&self, at: &At, links: &[Link]) -> Result<(), Stop> {
        let shape = self.standing_shape.borrow().clone();
        if shape.is_empty() {
            return Ok(());
        }
        let both = |link: &Link| both_ways(link.from, link.to);
        self.give_shape(at, links.iter().flat_map(both).collect(), &shape).await
    }

    async fn give_shape(&self, at: &At, directions: Vec<Direction>, shape: &[Shape]) -> Result<(), Stop> {
        {
            let mut state = self.desk.state_mut();
            for direction in &directions {
                state.network.set_shaped(*direction, !shape.is_empty());
            }
        }
        let change = |direction| LinkChange::Shape(direction, shape.to_vec());
        self.change(at, directions.into_iter().map(change).collect()).await
    }

    /// `partition`: a new one replaces the old.
    pub(super) async fn partition(
        &self,
        at: &At,
        sets: &[Who],
        environment: &Environment,
    ) -> Result<(), Stop> {
        let mut sides = BTreeMap::new();
        let is_rest = |who: &Who| matches!(&who.pick, Pick::Items(items) if items.contains(&Item::Rest));
        for (side, who) in sets.iter().enumerate().filter(|(_, who)| !is_rest(who)) {
            for node in self.choose(at, environment, who, Purpose::Name)? {
                if sides.insert(node, side).is_some_and(|other| other != side) {
                    let name = self.desk.state().network.name(node).to_owned();
                    return Err(self.fail(at, format!("`{name}` is on two sides of the partition")));
                }
            }
        }
        let indices = self.desk.state().network.indices();
        if let Some(rest) = sets.iter().position(is_rest) {
            for node in indices {
                sides.entry(node).or_insert(rest);
            }
        }
        let mut apart = vec![Vec::new(); sets.len()];
        for (node, side) in &sides {
            apart[*side].push(*node);
        }
        self.desk.state_mut().network.set_sides(sides);
        self.desk.stir();
        self.done(at, Operation::Partition(apart)).await?;
        self.wire_owed(at).await
    }

    /// `heal`: done when the permitted links are up.
    pub(super) async fn heal(&self, at: &At) -> Result<(), Stop> {
        let cut = self.desk.state_mut().network.heal();
        self.desk.stir();
        self.done(at, Operation::Partition(Vec::new())).await?;
        self.change(at, cut.into_iter().map(LinkChange::Join).collect()).await?;
        let open: Vec<Link> = {
            let state = self.desk.state();
            let network = &state.network;
            self.owed_links.borrow_mut().retain(|link| !network.is_open(*link));
            network.links().iter().copied().filter(|link| network.is_open(*link)).collect()
        };
        try_join_all(open.iter().map(|link| self.wire(at, *link))).await.map(drop)
    }

    /// `clock`.
    pub(super) async fn clock(
        &self,
        at: &At,
        who: &Who,
        offset_ms: i64,
        environment: &Environment,
    ) -> Result<(), Stop> {
        let nodes = self.choose(at, environment, who, Purpose::Ask)?;
        for node in &nodes {
            self.desk.state_mut().network.shift(*node, offset_ms);
        }
        try_join_all(
            nodes.into_iter().map(async |node| self.done(at, Operation::Clock { node, offset_ms }).await),
        )
        .await
        .map(drop)
    }

    /// `disk`.
    pub(super) async fn disk(
        &self,
        at: &At,
        who: &Who,
        full: bool,
        environment: &Environment,
    ) -> Result<(), Stop> {
        let nodes = self.choose(at, environment, who, Purpose::Ask)?;
        let without = {
            let network = &self.desk.state().network;
            let without = nodes.iter().map(|node| network.node(*node)).find(|node| !node.spec.disk);
            without.map(|node| node.name().to_owned())
        };
        if let Some(name) = without {
            return Err(self.fail(at, format!("`{name}` has no disk: it was not started with `data=disk`")));
        }
        try_join_all(nodes.into_iter().map(async |node| self.done(at, Operation::Disk { node, full }).await))
            .await
            .map(drop)
    }

    async fn change(&self, at: &At, changes: Vec<LinkChange>) -> Result<(), Stop> {
        if changes.is_empty() {
            return Ok(());
        }
        self.done(at, Operation::Links(changes)).await
    }

    async fn done(&self, at: &At, operation: Operation) -> Result<(), Stop> {
        match self.desk.submit(operation).await {
            Outcome::Failed { reason: message }
            | Outcome::Unknown { reason: message }
            | Outcome::Refused { message, .. } => Err(self.fail(at, message)),
            Outcome::Done | Outcome::Answered(_) | Outcome::Lines(_) => Ok(()),
        }
    }

    /// The directions that a choice of links means, in order.
    fn directions(
        &self,
        at: &At,
        links: &LinkSet,
        environment: &Environment,
    ) -> Result<Vec<Direction>, Stop> {
        let state = self.desk.state();
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
