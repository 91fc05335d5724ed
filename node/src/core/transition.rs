//! The transition function of the node: [`Core::handle`] takes the time and an input, changes the
//! state, and appends outputs.
//!
//! Each input, message and timer has one handler, in the file of its subject.

use std::sync::Arc;
use std::time::Duration;

use super::deadlines::Timer;
use super::io::{CloseReason, ConnId, Input, Now, Output};
use super::state::Core;
use crate::wire::{Frame, Message, Refusal, Reply, RequestId};

/// The delay of a wake beyond which the core assumes that its process did not run meanwhile. Then
/// it does not hold the silence of its neighbours against them.
///
/// Chosen: a shorter delay takes at most one of the seven seconds between the ping of a silent
/// neighbour and the limit of its silence.
const SUSPENDED_AFTER: Duration = Duration::from_secs(1);

impl Core {
    /// Processes one input and appends the resulting outputs to `out`.
    pub fn handle(&mut self, now: Now, input: Input, out: &mut Vec<Output>) {
        if self.wake.is_some_and(|at| now.monotonic > at + SUSPENDED_AFTER) {
            self.excuse_silence(now.monotonic);
        }
        self.now = now;
        std::mem::swap(&mut self.out, out);
        let from = self.out.len();
        match input {
            Input::Connected { conn, dial } => self.on_connected(conn, dial),
            Input::DialFailed { dial, reason } => self.on_dial_failed(dial, &reason),
            Input::Received { conn, frame } => self.on_frame(conn, frame),
            Input::Offered { conn, id, version } => self.on_offered((conn, id), version),
            Input::Closed { conn } => self.on_closed(conn),
            Input::Written { conn, weight, bytes } => self.on_written(conn, weight, bytes),
            Input::Room { conn } => self.send_stored_page(conn),
            Input::Persisted(up_to) => self.on_persisted(up_to),
            Input::PersistFailed { up_to, reason } => self.on_persist_failed(up_to, reason),
            Input::RoundDue { conn } => self.request_round(conn),
            Input::Heard { value } => self.pass_heard_on(value),
            Input::Tick => {}
        }
        for timer in self.deadlines.remove_due(now.monotonic) {
            self.on_timer(timer);
        }
        if self.announce_at.is_some_and(|at| at <= now.monotonic) {
            self.flush_all_announcements();
        }
        if self.missing.next().is_some_and(|at| at <= now.monotonic) {
            self.graft_overdue();
        }
        self.begin_round_if_due();
        self.log_stamps_ahead();
        self.finish(from);
        std::mem::swap(&mut self.out, out);
    }

    fn on_frame(&mut self, conn: ConnId, frame: Arc<Frame>) {
        if let Some(link) = self.links.get_mut(&conn) {
            link.record_frame(self.now.monotonic);
        } else if self.dials.is_provisional(conn) {
            self.promote(conn);
        }
        if let Frame::Message(message) = &*frame {
            if self.links.contains_key(&conn) {
                self.on_message(conn, message, &frame);
            } else {
                self.close(conn, CloseReason::Protocol("a message before `auth`".into()));
            }
            return;
        }
        match Arc::unwrap_or_clone(frame) {
            Frame::Request { id, command } => self.on_request(conn, id, command),
            Frame::Reply { id, result } => self.on_reply(conn, id, result),
            // This node watches no other; notices of a neighbour are ignored.
            Frame::Message(_) | Frame::Notice(_) => {}
        }
    }

    fn on_message(&mut self, conn: ConnId, message: &Message, frame: &Arc<Frame>) {
        match message {
            Message::Push(version) => self.on_push(conn, version, frame, false),
            Message::Stray(version) => self.on_push(conn, version, frame, true),
            Message::Announce(items) => self.on_announce(conn, items),
            Message::Graft(wanted) => self.on_graft(conn, *wanted),
            Message::Prune { author } => self.trees.record_prune_received(*author, conn),
            Message::Ranges { ranges, settled } => self.on_ranges(conn, ranges, *settled),
            Message::Leaves { leaves, settled, answer } => self.on_leaves(conn, leaves, *settled, *answer),
            Message::Want { keys } => self.on_want(conn, keys),
            Message::WantRange { prefix, after } => self.on_want_range(conn, *prefix, *after),
            Message::Have { versions, more } => self.on_have(conn, versions, *more),
            Message::Early { wall_ms } => self.on_early(conn, *wall_ms),
            Message::Neighbours(peers) => self.on_neighbours(peers),
            Message::Census { id } => self.on_census(conn, *id),
            Message::Counted { id, nodes, last } => self.on_counted(conn, *id, nodes, *last),
            Message::Alive { id, node, name, value } => {
                self.on_alive(conn, *id, *node, name, value.as_deref());
            }
            Message::Ping => self.send_message(conn, Message::Pong),
            Message::Pong => {}
        }
    }

    fn on_reply(&mut self, conn: ConnId, id: RequestId, result: Result<Reply, Refusal>) {
        if let Some(address) = self.dials.authenticating(conn) {
            self.on_auth_reply(conn, &address, result);
        } else {
            self.on_key_scan_reply(conn, id, result);
        }
    }

    fn on_timer(&mut self, timer: Timer) {
        match timer {
            Timer::Dial(address) => self.on_dial_timer(&address),
            Timer::KeepAlive(conn) => self.check_alive(conn),
            Timer::Provisional(conn) => self.decide_provisional(conn),
            Timer::Deferral(conn) => self.on_due(conn),
            Timer::Pull => self.on_pull_timeout(),
            Timer::MarkedRound => self.next_marked_round(),
            Timer::PeriodicRound => self.periodic_round(),
            Timer::Neighbours => self.send_neighbours(),
            Timer::Census => self.on_census_timer(),
            Timer::UnnamedVersions => self.log_unnamed(),
        }
    }

    /// Adds the remaining outputs of this call and sorts them, from the index `from` on: see
    /// [`output_order`].
    fn finish(&mut self, from: usize) {
        if !self.to_persist.is_empty() {
            let versions = std::mem::take(&mut self.to_persist);
            let id = self.pending.next_id();
            self.out.push(Output::Persist { id, versions });
        }
        self.notify_watchers();
        let Some(new) = self.out.get_mut(from..) else { return };
        if !new.is_sorted_by_key(output_order) {
            new.sort_by_key(output_order);
        }
        let next = self.wake();
        // A wake whose time has come was used up by this call.
        self.wake = self.wake.filter(|at| *at > self.now.monotonic);
        if let Some(at) = next.filter(|_| next != self.wake) {
            self.wake = next;
            self.out.push(Output::Wake(at));
        }
    }
}

/// Returns the place of an output among those of one call. Records, dials and log lines come first,
/// then notices, replies, messages, closes and the wake. A link's first frame is the reply to its
/// `auth`, so replies precede messages.
fn output_order(output: &Output) -> u8 {
    match output {
        Output::Dial { .. }
        | Output::CancelDial { .. }
        | Output::Persist { .. }
        | Output::Log(_)
        | Output::Sign { .. } => 0,
        Output::Send { frame, .. } => match **frame {
            Frame::Notice(_) => 1,
            Frame::Reply { .. } => 2,
            Frame::Request { .. } | Frame::Message(_) => 3,
        },
        Output::AwaitRoom { .. } => 3,
        Output::Close { .. } => 4,
        Output::Wake(_) => 5,
    }
}
