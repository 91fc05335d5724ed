//! What this node is asking a neighbour for, in reconciliation: of one neighbour at a time, a few
//! questions ahead, each answered by one batch.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use super::Core;
use super::deadlines::Timer;
use super::io::ConnId;
use super::reconcile;
use crate::wire::{KeyHash, Message, Prefix, Version};

/// How many questions are under way at a time: with batches of 64 KiB, what hides the way there
/// and back on a link of 50 ms and 40 Mbit/s.
const WINDOW: usize = 4;
/// How many questions may wait; what goes beyond is found by the next round.
const QUESTIONS: usize = 1_024;
/// How many single keys one pull asks for, so that what it remembers of them is bounded: a neighbour
/// may tell of keys for ever that nobody holds. What goes beyond is found by the next round.
const KEYS_MAX: usize = QUESTIONS * reconcile::KEYS;

/// One question.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Question {
    /// The versions of these keys.
    Keys(Vec<KeyHash>),
    /// All versions of a range, from a key on.
    Range {
        /// The range.
        prefix: Prefix,
        /// Only what comes after this.
        after: Option<KeyHash>,
    },
}

/// The pull under way.
#[derive(Debug)]
pub(super) struct Pull {
    /// Of whom.
    pub(super) conn: ConnId,
    /// Since when.
    began: Duration,
    /// Nothing more is asked, for others wait: it ends with what is under way.
    gives_way: bool,
    /// Whether all of it was found by rounds that pass over young versions.
    settled: bool,
    queue: VecDeque<Question>,
    /// Questions under way: they are answered in order.
    asked: VecDeque<Question>,
    /// The single keys asked for so far, so that none is asked for twice.
    keys: BTreeSet<KeyHash>,
    /// How many versions were learnt.
    learnt: u64,
}

impl Pull {
    fn new(conn: ConnId, began: Duration) -> Self {
        Self {
            conn,
            began,
            gives_way: false,
            settled: true,
            queue: VecDeque::new(),
            asked: VecDeque::new(),
            keys: BTreeSet::new(),
            learnt: 0,
        }
    }

    /// Takes what of a question is new.
    fn add(&mut self, question: Question, settled: bool) {
        self.settled &= settled;
        if self.gives_way || self.queue.len() >= QUESTIONS || self.keys.len() >= KEYS_MAX {
            return;
        }
        let ranges: Vec<Prefix> = self
            .queue
            .iter()
            .chain(&self.asked)
            .filter_map(|question| match question {
                Question::Range { prefix, .. } => Some(*prefix),
                Question::Keys(_) => None,
            })
            .collect();
        match question {
            Question::Keys(mut keys) => {
                keys.retain(|key| !ranges.iter().any(|range| range.contains(key)) && self.keys.insert(*key));
                if !keys.is_empty() {
                    self.queue.push_back(Question::Keys(keys));
                }
            }
            Question::Range { prefix, .. } if ranges.contains(&prefix) => {}
            question @ Question::Range { .. } => self.queue.push_back(question),
        }
    }

    /// What remains of a question after one batch of its answer.
    fn rest(question: Question, versions: &[Arc<Version>], more: Option<Prefix>) -> Option<Question> {
        let last = versions.last()?.key_hash();
        match question {
            // A batch follows the order of the hashes: what lies before its end and is not in it
            // is not held there any more.
            Question::Keys(mut keys) => {
                keys.retain(|key| *key > last);
                (!keys.is_empty()).then_some(Question::Keys(keys))
            }
            Question::Range { prefix, after } => (more == Some(prefix)
                && after.is_none_or(|after| last > after))
            .then_some(Question::Range { prefix, after: Some(last) }),
        }
    }
}

impl Core {
    /// Puts a question to a neighbour, or marks the link if another one is being asked.
    pub(super) fn want(&mut self, conn: ConnId, settled: bool, question: Question) {
        let pull = self.rounds.pull.get_or_insert_with(|| Pull::new(conn, self.now.monotonic));
        if pull.conn == conn {
            pull.add(question, settled);
        } else {
            self.rounds.mark(conn, settled);
        }
    }

    /// Sends as many questions as may be under way; without any, the pull is over.
    pub(super) fn ask_more(&mut self) {
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
            self.expect_answer();
        }
        for message in messages {
            self.tell(conn, message);
        }
    }

    /// A neighbour sends versions that were asked for.
    pub(super) fn on_have(&mut self, conn: ConnId, versions: &[Arc<Version>], more: Option<Prefix>) {
        self.stats.payloads_received += super::count(versions.len());
        let before = self.rounds.pull.as_ref().filter(|pull| pull.conn == conn).map_or(0, |pull| pull.learnt);
        let learnt = self.learn(conn, versions, before);
        let another_waits = self.another_waits(conn);
        let Some(pull) = self.rounds.pull.as_mut().filter(|pull| pull.conn == conn) else { return };
        pull.learnt += learnt;
        if let Some(question) = pull.asked.pop_front()
            && let Some(rest) = Pull::rest(question, versions, more)
        {
            pull.queue.push_front(rest);
        }
        // However much there is to be had here, and however slowly it comes: others may have what nobody
        // else has.
        pull.gives_way |= another_waits && self.now.monotonic >= pull.began + self.config.timing.pull;
        if pull.gives_way {
            pull.queue.clear();
        } else {
            self.expect_answer();
        }
        self.ask_more();
    }

    /// The neighbour has taken too long: others have their turn, and it has its again.
    pub(super) fn on_pull_timeout(&mut self) {
        if let Some(pull) = &self.rounds.pull {
            let (conn, settled) = (pull.conn, pull.settled);
            self.rounds.had_its_turn(conn);
            self.end_pull();
            self.rounds.mark(conn, settled);
        }
    }

    /// Ends the pull. Whoever learnt anything may have more to learn.
    pub(super) fn end_pull(&mut self) {
        self.deadlines.clear(&Timer::Pull);
        let Some(pull) = self.rounds.pull.take() else { return };
        self.rounds.hurry();
        if pull.gives_way {
            self.rounds.had_its_turn(pull.conn);
        }
        if (pull.learnt > 0 || pull.gives_way) && self.links.contains_key(&pull.conn) {
            self.rounds.mark(pull.conn, pull.settled);
        }
        if pull.learnt > 0 {
            self.pass_on(pull.conn, pull.settled);
        }
    }

    /// Something was learnt from a neighbour: the others may have to learn it, too. A round with
    /// each at once carries it from node to node at the speed of the links.
    pub(super) fn pass_on(&mut self, from: ConnId, settled: bool) {
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

    fn expect_answer(&mut self) {
        self.deadlines.set(Timer::Pull, self.now.monotonic + self.config.timing.pull);
    }
}
