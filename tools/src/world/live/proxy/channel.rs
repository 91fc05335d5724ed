//! The channels of proxies: for each direction between two nodes, its effect on traffic now.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use tokio::sync::{Notify, watch};
use tokio::time::{Instant, sleep_until};

use crate::scenario::Shape;
use crate::world::link::{Conditions, DirectionModel};
use crate::world::live::error::LinkError;
use crate::world::partition::Partition;
use crate::world::{Direction, LinkChange, NodeIndex};

/// The channel of one direction between two nodes, shared by all connections between them.
#[derive(Debug)]
pub(super) struct Channel {
    model: RefCell<DirectionModel>,
    draws: RefCell<fastrand::Rng>,
    /// The moment at which the time of the model began.
    began: Instant,
    /// True if this direction is cut, apart from partitions.
    cut: Cell<bool>,
    /// True if traffic that comes to the end of the direction waits there.
    silent: watch::Sender<bool>,
    /// The notification that the connections of the direction are reset.
    pub(super) reset: Notify,
}

impl Channel {
    fn new(draws: fastrand::Rng, silent: bool) -> Self {
        Self {
            // The proxy's own delay is enough.
            model: RefCell::new(DirectionModel::new(Conditions::IDEAL)),
            draws: RefCell::new(draws),
            began: Instant::now(),
            cut: Cell::new(false),
            silent: watch::Sender::new(silent),
            reset: Notify::new(),
        }
    }

    /// Returns the time at which so many bytes that are sent now come to the end.
    pub(super) fn send(&self, bytes: usize) -> Instant {
        let mut draws = self.draws.borrow_mut();
        let now = self.began.elapsed();
        self.began + self.model.borrow_mut().send(now, bytes, |most| draws.u64(0..=most))
    }

    /// Waits until traffic that comes to the end at that moment gets through.
    pub(super) async fn wait_for_arrival(&self, at: Instant) {
        if at > Instant::now() {
            sleep_until(at).await;
        }
        // The sender lives in this struct, so the channel cannot close.
        let _: Result<_, watch::error::RecvError> =
            self.silent.subscribe().wait_for(|silent| !silent).await.map(drop);
    }
}

/// The set of all channels, and the partition of their ends.
#[derive(Debug)]
pub(super) struct Channels {
    seed: u64,
    by_direction: BTreeMap<Direction, Rc<Channel>>,
    partition: Partition,
}

impl Channels {
    pub(super) fn new(seed: u64) -> Self {
        Self { seed, by_direction: BTreeMap::new(), partition: Partition::default() }
    }

    /// Returns the channel of a direction, and makes it where there is none yet.
    pub(super) fn get(&mut self, direction: Direction) -> Rc<Channel> {
        if let Some(channel) = self.by_direction.get(&direction) {
            return Rc::clone(channel);
        }
        let channel = Rc::new(Channel::new(direction.draws(self.seed), self.is_partitioned(direction)));
        self.by_direction.insert(direction, Rc::clone(&channel));
        channel
    }

    /// Changes the effect of one direction.
    pub(super) fn change(&mut self, change: &LinkChange) -> Result<(), LinkError> {
        match change {
            LinkChange::Cut(direction) => self.set_cut(*direction, true),
            LinkChange::Join(direction) => self.set_cut(*direction, false),
            LinkChange::Break(direction) => self.get(*direction).reset.notify_waiters(),
            LinkChange::Shape(direction, shapes) => {
                if shapes.iter().any(|shape| matches!(shape, Shape::Loss(_) | Shape::Duplicate(_))) {
                    return Err(LinkError::Lossless);
                }
                self.get(*direction).model.borrow_mut().shape(Conditions::shaped(Conditions::IDEAL, shapes));
            }
        }
        Ok(())
    }

    fn set_cut(&mut self, direction: Direction, cut: bool) {
        let channel = self.get(direction);
        channel.cut.set(cut);
        channel.silent.send_replace(cut || self.is_partitioned(direction));
    }

    /// Sets the partition, in place of the one before.
    pub(super) fn set_partition(&mut self, sets: &[Vec<NodeIndex>]) {
        self.partition = Partition::new(sets);
        for (direction, channel) in &self.by_direction {
            channel.silent.send_replace(channel.cut.get() || self.is_partitioned(*direction));
        }
    }

    /// Returns true if traffic that comes to the end of a direction waits there.
    #[cfg(test)]
    pub(super) fn is_silent(&self, direction: Direction) -> bool {
        self.by_direction.get(&direction).is_some_and(|channel| *channel.silent.borrow())
    }

    fn is_partitioned(&self, direction: Direction) -> bool {
        self.partition.separates(direction)
    }
}
