//! The interpreter of one connection: a conversation of the other protocol, and the timer that it needs.

use std::cell::Cell;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Notify;

use crate::core::CloseReason;
use crate::net::byc::{Conversation, CoreView, Effect};
use crate::net::write_queue::Outgoing;

/// The translator between one connection and the core.
pub(super) struct Interpreter {
    conversation: Conversation,
    /// The time at which the connection's timer wakes the conversation.
    armed: Cell<Duration>,
    rearm: Rc<Notify>,
}

impl Interpreter {
    pub(super) fn new(conversation: Conversation) -> Box<Self> {
        Box::new(Self { conversation, armed: Cell::new(Duration::MAX), rearm: Rc::default() })
    }

    /// Runs a step of the conversation and returns its effects.
    pub(super) fn run(
        &mut self,
        view: CoreView<'_>,
        step: impl FnOnce(&mut Conversation, CoreView<'_>, &mut Vec<Effect>),
    ) -> Vec<Effect> {
        let mut effects = Vec::new();
        step(&mut self.conversation, view, &mut effects);
        if self.conversation.due() < self.armed.get() {
            self.rearm.notify_one();
        }
        effects
    }

    /// Returns the time at which something is due. The caller's timer wakes the conversation then.
    pub(super) fn arm(&self) -> Duration {
        let due = self.conversation.due();
        self.armed.set(due);
        due
    }

    /// Returns the notice that something is due sooner than the timer was armed for.
    pub(super) fn rearm(&self) -> Rc<Notify> {
        Rc::clone(&self.rearm)
    }
}

/// Returns a packet of the other protocol as a frame to write.
pub(super) fn packet(text: String, weight: usize, asked: bool) -> Outgoing {
    let counted = if weight > 0 { text.len() as u64 } else { 0 };
    Outgoing { text: text.into(), weight, counted, asked }
}

/// Returns true if the other end should not connect again.
pub(super) fn is_final(reason: &CloseReason) -> bool {
    match reason {
        CloseReason::Refused(_) | CloseReason::Duplicate | CloseReason::Protocol(_) => true,
        CloseReason::Unanswered | CloseReason::Silent | CloseReason::NotReading => false,
    }
}
