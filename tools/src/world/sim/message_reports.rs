//! The reports of the ways of messages, if the options ask for them.

use node::wire::{Frame, Policy};

use super::state::Sim;
use super::wires::UNREPORTED;
use crate::world::{DelayReason, Event, MessageEvent, NodeIndex};

impl Sim {
    /// Reports that a frame leaves a node. Returns the number by which its end is reported.
    pub(super) fn report_sent(&mut self, from: NodeIndex, to: NodeIndex, frame: &Frame, bytes: usize) -> u64 {
        let Some(messages) = &mut self.messages else { return UNREPORTED };
        if messages.are_muted {
            return messages.pass(frame);
        }
        let policy = self.nodes[from.0].core.as_ref().map_or(Policy::Last, |core| core.config().policy);
        let message = messages.next(from, to, frame, policy, bytes);
        let number = message.number;
        self.report(Event::Message(MessageEvent::Sent(message)));
        number
    }

    fn reports(&self, number: u64) -> bool {
        number != UNREPORTED && self.messages.as_ref().is_some_and(|messages| !messages.are_muted)
    }

    /// Reports that a message arrives.
    pub(super) fn report_arrived(&mut self, number: u64) {
        if self.reports(number) {
            self.report(Event::Message(MessageEvent::Arrived { number }));
        }
    }

    /// Reports that a message is lost.
    pub(super) fn report_lost(&mut self, number: u64, reason: &'static str) {
        if self.reports(number) {
            self.report(Event::Message(MessageEvent::Lost { number, reason }));
        }
    }

    /// Reports that a message waits at the end of its way.
    pub(super) fn report_delayed(&mut self, number: u64, reason: DelayReason) {
        if self.reports(number) {
            self.report(Event::Message(MessageEvent::Delayed { number, reason }));
        }
    }
}
