//! One node: its core, its connections, and the state beside them.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use node::core::{ConnId, Core, DialId, Level, LogEvent, Now, push_log_line};
use node::wire::RequestId;

use super::clock::WALL_MS;
use super::disk::Disk;
use super::request::{PendingAsk, Request};
use super::wires::{Arrival, ConnKey};
use crate::world::excerpt::excerpt;
use crate::world::{NodeSpec, OpId};

/// The most lines of a node's log that are kept; older lines are dropped. Chosen: some hundred bytes each, so
/// that the logs of a hundred busy nodes fit into memory.
const LOG_MAX: usize = 10_000;

/// A place for a node, in every state of its life.
pub(super) struct Node {
    pub(super) name: Arc<str>,
    pub(super) address: Arc<str>,
    pub(super) spec: NodeSpec,
    pub(super) life: Life,
    /// The number of times that the node was started.
    pub(super) lives: u64,
    /// The core; present while the node is ready.
    pub(super) core: Option<Box<Core>>,
    /// The sum of the shifts of the node's clock by steps, in milliseconds.
    pub(super) shift_ms: i64,
    pub(super) disk: Disk,
    pub(super) disk_draws: fastrand::Rng,
    /// The scheduled times of the node's wakes, the next one last. A time is added only if it is sooner than
    /// all others: a wake that comes too early looks up when the next one is due.
    pub(super) wakes: Vec<Duration>,
    pub(super) wires: BTreeMap<ConnId, ConnKey>,
    pub(super) dials: BTreeMap<DialId, ConnKey>,
    pub(super) last_conn: u64,
    /// The asks of the harness that the node has not answered.
    pub(super) asks: BTreeMap<RequestId, PendingAsk>,
    pub(super) last_request: RequestId,
    /// The events that came while the node was frozen.
    pub(super) frozen: VecDeque<Deferred>,
    log: VecDeque<(u64, Line)>,
    /// The number of earlier lines that are not kept.
    pub(super) lines_let_go: u64,
    /// The number of lines of earlier lives.
    lines_of_earlier_lives: u64,
}

/// The state of a node's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Life {
    #[default]
    Down,
    /// The node is being started by this launch.
    Starting(OpId),
    Up,
    Frozen,
}

/// A line of a log. It is made into text only where the log is read.
pub(super) enum Line {
    /// A line that the core wrote.
    Event(LogEvent),
    /// A line that the shell writes, where there is one.
    Shell(Level, String),
}

/// An event that waits for a frozen node.
pub(super) enum Deferred {
    Arrival(Arrival),
    Request(Request),
    Synced,
}

impl Node {
    /// Creates a place where no node has been yet.
    pub(super) fn vacant() -> Self {
        Self {
            name: "".into(),
            address: "".into(),
            spec: NodeSpec::default(),
            life: Life::Down,
            lives: 0,
            core: None,
            shift_ms: 0,
            disk: Disk::default(),
            disk_draws: fastrand::Rng::with_seed(0),
            wakes: Vec::new(),
            wires: BTreeMap::new(),
            dials: BTreeMap::new(),
            last_conn: 0,
            asks: BTreeMap::new(),
            last_request: 0,
            frozen: VecDeque::new(),
            log: VecDeque::new(),
            lines_let_go: 0,
            lines_of_earlier_lives: 0,
        }
    }

    /// Returns true if the node is ready and not frozen.
    pub(super) fn is_up(&self) -> bool {
        self.life == Life::Up
    }

    /// Returns true if the node's system accepts connections for it.
    pub(super) fn listens(&self) -> bool {
        matches!(self.life, Life::Up | Life::Frozen)
    }

    /// Returns the times of the node's clocks.
    pub(super) fn now(&self, now: Duration) -> Now {
        let passed = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        let ahead = self.spec.clock_ms.saturating_add(self.shift_ms);
        let wall_ms = WALL_MS.saturating_add(passed).saturating_add_signed(ahead);
        Now { monotonic: now, wall_ms }
    }

    /// Returns the number of a new connection; the harness has the first.
    pub(super) fn new_conn(&mut self) -> ConnId {
        self.last_conn += 1;
        ConnId(self.last_conn)
    }

    /// Appends a line to the node's log.
    pub(super) fn append_log(&mut self, now: Duration, line: Line) {
        if self.log.len() == LOG_MAX {
            self.log.pop_front();
            self.lines_let_go += 1;
        }
        self.log.push_back((self.now(now).wall_ms, line));
    }

    /// Begins a new life in the node's log.
    pub(super) fn begin_life_in_log(&mut self) {
        self.lines_of_earlier_lives = self.lines_let_go + self.log.len() as u64;
    }

    /// Returns the first and the last lines of the node's log, oldest first.
    pub(super) fn log_lines(&self, lines: usize) -> Vec<String> {
        self.log_lines_from(0, lines)
    }

    /// Returns the first and the last lines of the node's present or last life, oldest first.
    pub(super) fn log_lines_of_life(&self, lines: usize) -> Vec<String> {
        let earlier = self.lines_of_earlier_lives.saturating_sub(self.lines_let_go);
        self.log_lines_from(usize::try_from(earlier).unwrap_or(usize::MAX), lines)
    }

    fn log_lines_from(&self, from: usize, lines: usize) -> Vec<String> {
        let text = |(wall_ms, line): &(u64, Line)| {
            let mut text = String::new();
            match line {
                Line::Event(event) => push_log_line(&mut text, *wall_ms, event.level(), event),
                Line::Shell(level, said) => push_log_line(&mut text, *wall_ms, *level, said),
            }
            text.truncate(text.trim_end().len());
            text
        };
        let count = self.log.len().saturating_sub(from);
        excerpt(count, lines, |line| self.log.get(from + line).map(text).unwrap_or_default())
    }
}
