//! The questions of the pull: sent within a window, answered by batches of versions, ended in time.

use std::sync::Arc;

use super::pull::{Pull, Question};
use crate::core::deadlines::Timer;
use crate::core::figure::count;
use crate::core::io::ConnId;
use crate::core::state::Core;
use crate::wire::{Message, Prefix, Version};

/// The maximum number of questions under way at a time.
///
/// Arithmetic: four batches of 64 KiB take 52 ms at 40 Mbit/s, and so hide a round trip of 50 ms.
const WINDOW: usize = 4;

impl Core {
    /// Queues a question to a neighbour, or marks the link if another neighbour is being asked.
    pub(super) fn queue_question(&mut self, conn: ConnId, settled: bool, question: Question) {
        let pull = self.rounds.pull.get_or_insert_with(|| Pull::new(conn, self.now.monotonic));
        if pull.conn == conn {
            pull.add(question, settled);
        } else {
            self.rounds.mark(conn, settled);
        }
    }

    /// Sends as many questions as may be under way; ends the pull if there are none.
    pub(super) fn send_questions(&mut self) {
        let Some(pull) = &mut self.rounds.pull else { return };
        let conn = pull.conn;
        let mut messages = Vec::new();
        while pull.asked.len() < WINDOW
            && let Some(question) = pull.queue.pop_front()
        {
            messages.push(match &question {
                Question::Keys(keys) => Message::Want { keys: keys.clone() },
                Question::Range { prefix, after } => Message::WantRange { prefix: *prefix, after: *after },
            });
            pull.asked.push_back(question);
        }
        if pull.asked.is_empty() {
            return self.end_pull();
        }
        if !messages.is_empty() {
            self.set_pull_deadline();
        }
        for message in messages {
            self.send_message(conn, message);
        }
    }

    /// Handles a batch of versions from a neighbour.
    pub(in crate::core) fn on_have(&mut self, conn: ConnId, versions: &[Arc<Version>], more: Option<Prefix>) {
        self.counters.payloads_received += count(versions.len());
        let before = self.rounds.pull.as_ref().filter(|pull| pull.conn == conn).map_or(0, |pull| pull.learnt);
        let learnt = self.merge_fetched(conn, versions, before);
        let another_waits = self.another_link_waits(conn);
        let Some(pull) = self.rounds.pull.as_mut().filter(|pull| pull.conn == conn) else { return };
        pull.learnt += learnt;
        if let Some(question) = pull.asked.pop_front()
            && let Some(rest) = Pull::rest(question, versions, more)
        {
            pull.queue.push_front(rest);
        }
        // After its time the pull gives way, however much this neighbour still has and however
        // slowly it sends: the others may have versions that it lacks.
        pull.gives_way |= another_waits && self.now.monotonic >= pull.began + self.config.timing.pull;
        if pull.gives_way {
            pull.queue.clear();
        } else {
            self.set_pull_deadline();
        }
        self.send_questions();
    }

    /// Ends a pull whose neighbour took too long; it is marked again, behind the others.
    pub(in crate::core) fn on_pull_timeout(&mut self) {
        if let Some(pull) = &self.rounds.pull {
            let (conn, settled) = (pull.conn, pull.settled);
            self.rounds.record_turn(conn);
            self.end_pull();
            self.rounds.mark(conn, settled);
        }
    }

    /// Ends the pull. Marks the link again if versions were learnt or the pull gave way, since
    /// there may be more.
    pub(super) fn end_pull(&mut self) {
        self.deadlines.clear(&Timer::Pull);
        let Some(pull) = self.rounds.pull.take() else { return };
        self.rounds.allow_next_round();
        if pull.gives_way {
            self.rounds.record_turn(pull.conn);
        }
        if (pull.learnt > 0 || pull.gives_way) && self.links.contains_key(&pull.conn) {
            self.rounds.mark(pull.conn, pull.settled);
        }
        if pull.learnt > 0 {
            self.begin_rounds_with_others(pull.conn, pull.settled);
        }
    }

    /// Begins a round with every other neighbour that understands ranges, since it may lack the
    /// versions learnt from this one. So versions travel from node to node at the speed of the
    /// links.
    pub(super) fn begin_rounds_with_others(&mut self, from: ConnId, settled: bool) {
        let others: Vec<_> = self
            .links
            .iter()
            .filter(|(conn, link)| **conn != from && link.features.ranges)
            .map(|(conn, _)| *conn)
            .collect();
        for conn in others {
            self.begin_round(conn, settled);
        }
    }

    /// Gives the neighbour the time of [`Timing::pull`](crate::core::Timing::pull) anew.
    fn set_pull_deadline(&mut self) {
        self.deadlines.set(Timer::Pull, self.now.monotonic + self.config.timing.pull);
    }
}
