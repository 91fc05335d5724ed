//! The effects of handlers: messages, requests, replies, closes and log events, as outputs.

use std::sync::Arc;

use super::io::{CloseReason, ConnId, Output};
use super::links::Offered;
use super::log::LogEvent;
use super::state::Core;
use crate::wire::{Command, Frame, Message, Refusal, Reply, RequestId};

impl Core {
    /// Sends a message to a neighbour.
    pub(super) fn send_message(&mut self, conn: ConnId, message: Message) {
        self.send_frame(conn, Arc::new(Frame::Message(message)));
    }

    /// Sends a message that other neighbours may share.
    pub(super) fn send_frame(&mut self, conn: ConnId, frame: Arc<Frame>) {
        let Some(link) = self.links.get_mut(&conn) else { return };
        match link.outbox.offer(frame, self.now.monotonic, &self.config.limits) {
            Offered::Ready(frame) => {
                self.counters.sent(&frame);
                self.out.push(Output::Send { conn, frame });
            }
            Offered::Queued => {}
            Offered::Overflow => {
                let peer = link.label();
                self.counters.overflows += 1;
                self.rounds.mark(conn, false);
                self.log(LogEvent::Overflow { peer });
            }
        }
    }

    /// Handles a report of the socket of a link: its credit grows, and queued frames may follow.
    pub(super) fn on_written(&mut self, conn: ConnId, weight: usize, bytes: u64) {
        self.counters.bytes_sent += bytes;
        let Some(link) = self.links.get_mut(&conn) else { return };
        link.outbox.written(weight, self.now.monotonic, &self.config.limits);
        while let Some(frame) = link.outbox.next(self.now.monotonic, &self.config.limits) {
            self.counters.sent(&frame);
            self.out.push(Output::Send { conn, frame });
        }
    }

    /// Sends a request to a neighbour and returns its id.
    pub(super) fn send_request(&mut self, conn: ConnId, command: Command) -> RequestId {
        self.next_request += 1;
        let id = self.next_request;
        self.out.push(Output::Send { conn, frame: Arc::new(Frame::Request { id, command }) });
        id
    }

    /// Sends the reply to a request.
    pub(super) fn send_reply(&mut self, conn: ConnId, id: RequestId, result: Result<Reply, Refusal>) {
        self.out.push(Output::Send { conn, frame: Arc::new(Frame::Reply { id, result }) });
    }

    /// Closes a connection, after the frames that were sent on it.
    pub(super) fn close(&mut self, conn: ConnId, reason: CloseReason) {
        // `Input::Closed` need not follow a close from this end.
        self.watchers.remove(conn);
        self.out.push(Output::Close { conn, reason });
    }

    /// Logs an event.
    pub(super) fn log(&mut self, event: LogEvent) {
        self.out.push(Output::Log(event));
    }
}
