//! The handle of a node in real time: a way to ask it, to end it, and to read what it wrote.

use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::rc::Rc;

use futures_util::future::{Either, select};
use tokio::sync::{Notify, mpsc};
use tokio::time::{Instant, timeout_at};

use super::error::ControlError;
use super::events::EventSender;
use super::health::Health;
use super::launcher::{Launcher, Running, Written};
use super::lost_requests::LostRequests;
use crate::driver::{Questions, Request};
use crate::world::{OpId, Outcome, Signal};

/// The handle of a node that was started: a way to ask it and to end it.
#[derive(Clone)]
pub(super) struct NodeHandle {
    pub requests: mpsc::UnboundedSender<Request>,
    /// True if the node takes commands for its clock and its disk from its supervisor, as our own node does.
    pub supervised: bool,
    pub life: Rc<Life>,
    /// The sign that the node serves again, if it has one.
    pub health: Option<Rc<Health>>,
}

/// The life of a node, from one start to its end.
pub(super) struct Life {
    pub running: RefCell<Option<Rc<dyn Running>>>,
    /// The amount that earlier lives had written to the log.
    pub log_start: Cell<Written>,
    pub questions: Rc<Questions>,
    pub lost: LostRequests,
    /// The notification that the start has succeeded or failed.
    pub begun: Notify,
    pub ended: Cell<bool>,
    /// The notification that the node has ended.
    pub end: Notify,
}

impl Life {
    pub(super) fn new(sender: &EventSender) -> Self {
        Self {
            running: RefCell::default(),
            log_start: Cell::default(),
            questions: Rc::default(),
            lost: LostRequests::new(sender.clone()),
            begun: Notify::new(),
            ended: Cell::new(false),
            end: Notify::new(),
        }
    }
}

impl NodeHandle {
    /// Returns true if the node has not ended yet.
    pub(super) fn is_alive(&self) -> bool {
        !self.life.ended.get()
    }

    /// Returns the first and the last lines that the node wrote in this life, without those that repeat the
    /// harness's own questions.
    pub(super) fn excerpt(&self, launcher: &dyn Launcher, name: &str, lines: usize) -> Vec<String> {
        let mut questions = self.life.questions.filter();
        let written = launcher.log(name, self.life.log_start.get());
        let mut excerpt = written
            .map(|mut part| {
                part.change(|lines| questions.apply(lines));
                part.excerpt(lines)
            })
            .concat();
        if questions.removed > 0 {
            let lines = if questions.removed == 1 { "line" } else { "lines" };
            excerpt.push(format!("… without {} {lines} about questions of the harness …", questions.removed));
        }
        excerpt
    }

    /// Waits until the node has been started; returns it while it runs.
    pub(super) async fn running(&self) -> Option<Rc<dyn Running>> {
        loop {
            let running = self.life.running.borrow().clone();
            if running.is_some() || !self.is_alive() {
                return running.filter(|_| self.is_alive());
            }
            self.life.begun.notified().await;
        }
    }

    /// Waits until the node has ended.
    async fn ended(&self) {
        while self.is_alive() {
            self.life.end.notified().await;
        }
    }

    /// Waits until the node serves again. A node without a sign of it is taken to do so.
    pub(super) async fn healthy(&self, deadline: Instant) -> Outcome {
        let Some(health) = &self.health else { return Outcome::Done };
        match select(pin!(health.returns(deadline)), pin!(self.ended())).await {
            Either::Left((Ok(()), _)) => Outcome::Done,
            Either::Left((Err(reason), _)) => Outcome::Failed { reason },
            Either::Right(_) => Outcome::Unknown { reason: "it ended before".to_owned() },
        }
    }

    /// Ends, freezes or thaws the node. A node that does not stop by the deadline is killed.
    pub(super) async fn signal(&self, id: OpId, signal: Signal, deadline: Instant, sender: &EventSender) {
        // A node that could not be started, or has ended meanwhile, needs no signal.
        let Some(running) = self.running().await else { return sender.ended(id, Outcome::Done) };
        let failed = |error: ControlError| Outcome::Failed { reason: error.to_string() };
        if let Err(error) = running.signal(signal) {
            return sender.ended(id, failed(error));
        }
        if matches!(signal, Signal::Kill | Signal::Stop) {
            let mut ended = pin!(self.ended());
            if timeout_at(deadline, ended.as_mut()).await.is_err() {
                // The node ignored the signal, so it gets one that cannot be ignored.
                if let Err(error) = running.signal(Signal::Kill) {
                    return sender.ended(id, failed(error));
                }
                ended.await;
            }
        }
        sender.ended(id, Outcome::Done);
    }
}
