//! What each direction between two nodes does to traffic, now.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until};

use super::super::sides::Sides;
use crate::scenario::Shape;
use crate::world::link::{Lane, Manner};
use crate::world::{Direction, LinkChange, NodeIndex};

/// One direction between two nodes. All connections between them share it.
#[derive(Debug)]
pub(super) struct Road {
    lane: RefCell<Lane>,
    draws: RefCell<fastrand::Rng>,
    /// When the time of its lane began.
    began: Instant,
    /// Whether it is cut by itself.
    cut: Cell<bool>,
    /// Whether what comes to its end waits there.
    silent: watch::Sender<bool>,
    /// Told when its connections are reset.
    pub(super) reset: Notify,
}

impl Road {
    fn new(draws: fastrand::Rng, silent: bool) -> Self {
        Self {
            // What a proxy costs is enough.
            lane: RefCell::new(Lane::new(Manner::PLAIN)),
            draws: RefCell::new(draws),
            began: Instant::now(),
            cut: Cell::new(false),
            silent: watch::Sender::new(silent),
            reset: Notify::new(),
        }
    }

    /// When so many bytes that are sent now come to its end.
    pub(super) fn send(&self, bytes: usize) -> Instant {
        let mut draws = self.draws.borrow_mut();
        let now = self.began.elapsed();
        self.began + self.lane.borrow_mut().send(now, bytes, |most| draws.u64(0..=most))
    }

    /// Waits until what comes to its end at that moment gets through.
    pub(super) async fn arrival(&self, at: Instant) {
        if at > Instant::now() {
            sleep_until(at).await;
        }
        // Its other end is right here.
        let _: Result<_, watch::error::RecvError> =
            self.silent.subscribe().wait_for(|silent| !silent).await.map(drop);
    }
}

/// All roads, and what stands between their ends.
#[derive(Debug)]
pub(super) struct Roads {
    seed: u64,
    by_direction: BTreeMap<Direction, Rc<Road>>,
    sides: Sides,
}

impl Roads {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, by_direction: BTreeMap::new(), sides: Sides::default() }
    }

    /// The road of a direction, made where there is none yet.
    pub(super) fn get(&mut self, direction: Direction) -> Rc<Road> {
        if let Some(road) = self.by_direction.get(&direction) {
            return Rc::clone(road);
        }
        let road = Rc::new(Road::new(direction.draws(self.seed), self.is_parted(direction)));
        self.by_direction.insert(direction, Rc::clone(&road));
        road
    }

    /// Changes what one direction does. The reason why not is for people.
    pub(super) fn change(&mut self, change: &LinkChange) -> Result<(), String> {
        match change {
            LinkChange::Cut(direction) => self.cut(*direction, true),
            LinkChange::Join(direction) => self.cut(*direction, false),
            LinkChange::Break(direction) => self.get(*direction).reset.notify_waiters(),
            LinkChange::Shape(direction, shapes) => {
                if shapes.iter().any(|shape| matches!(shape, Shape::Loss(_) | Shape::Duplicate(_))) {
                    return Err("links of this world lose and double nothing: loopback does not".to_owned());
                }
                self.get(*direction).lane.borrow_mut().shape(Manner::shaped(Manner::PLAIN, shapes));
            }
        }
        Ok(())
    }

    fn cut(&mut self, direction: Direction, cut: bool) {
        let road = self.get(direction);
        road.cut.set(cut);
        road.silent.send_replace(cut || self.is_parted(direction));
    }

    /// Puts sets of nodes apart, in the place of those before.
    pub(super) fn part(&mut self, sets: &[Vec<NodeIndex>]) {
        self.sides = Sides::new(sets);
        for (direction, road) in &self.by_direction {
            road.silent.send_replace(road.cut.get() || self.is_parted(*direction));
        }
    }

    /// Whether what comes to the end of a direction waits there.
    #[cfg(test)]
    pub(super) fn is_silent(&self, direction: Direction) -> bool {
        self.by_direction.get(&direction).is_some_and(|road| *road.silent.borrow())
    }

    fn is_parted(&self, direction: Direction) -> bool {
        self.sides.part(direction)
    }
}
