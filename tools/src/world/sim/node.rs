//! One node: its core, what it is connected to, and what lies beside it.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use node::core::{ConnId, Core, DialId, Level, LogEvent, Now, push_log_line};
use node::wire::RequestId;

use super::WALL_MS;
use super::client::{Asked, Request};
use super::disk::Disk;
use super::wires::{Arrival, ConnKey};
use crate::world::{NodeSpec, OpId};

/// The most lines of a node's log that are kept, the last ones.
const LOG_MAX: usize = 10_000;

/// A place for a node, whatever its life.
pub(super) struct Node {
    pub(super) name: Arc<str>,
    pub(super) address: Arc<str>,
    pub(super) spec: NodeSpec,
    pub(super) life: Life,
    /// How often it was started.
    pub(super) lives: u64,
    /// There while it is ready.
    pub(super) core: Option<Box<Core>>,
    /// How far steps have shifted its clock.
    pub(super) shift_ms: i64,
    pub(super) disk: Disk,
    pub(super) disk_draws: fastrand::Rng,
    /// When it is to be woken, as far as that is scheduled: the next time last. One is added only if it
    /// is sooner than all others, for a wake that comes too early looks when the next one is due.
    pub(super) wakes: Vec<Duration>,
    pub(super) wires: BTreeMap<ConnId, ConnKey>,
    pub(super) dials: BTreeMap<DialId, ConnKey>,
    pub(super) last_conn: u64,
    /// What the harness has asked and it has not answered.
    pub(super) asks: BTreeMap<RequestId, Asked>,
    pub(super) last_request: RequestId,
    /// What came while it was frozen.
    pub(super) frozen: VecDeque<Late>,
    log: VecDeque<(u64, Line)>,
    /// How many lines before those are not kept.
    pub(super) lines_let_go: u64,
}

/// The state of a node's life.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Life {
    #[default]
    Down,
    /// By this launch.
    Starting(OpId),
    Up,
    Frozen,
}

/// A line of a log; made into text where somebody reads it.
pub(super) enum Line {
    /// What the core had to say.
    Event(LogEvent),
    /// What the shell says, where there is one.
    Shell(Level, String),
}

/// What waits for a frozen node.
pub(super) enum Late {
    Arrival(Arrival),
    Request(Request),
    Synced,
}

impl Node {
    /// A place where no node has been yet.
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
        }
    }

    /// Whether it is ready, and not frozen.
    pub(super) fn is_up(&self) -> bool {
        self.life == Life::Up
    }

    /// Whether its system takes connections for it.
    pub(super) fn listens(&self) -> bool {
        matches!(self.life, Life::Up | Life::Frozen)
    }

    /// Its clocks.
    pub(super) fn now(&self, now: Duration) -> Now {
        let passed = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        let ahead = self.spec.clock_ms.saturating_add(self.shift_ms);
        let wall_ms = WALL_MS.saturating_add(passed).saturating_add_signed(ahead);
        Now { monotonic: now, wall_ms }
    }

    /// The number of a new connection; the harness has the first.
    pub(super) fn new_conn(&mut self) -> ConnId {
        self.last_conn += 1;
        ConnId(self.last_conn)
    }

    /// Keeps a line of its log.
    pub(super) fn note(&mut self, now: Duration, line: Line) {
        if self.log.len() == LOG_MAX {
            self.log.pop_front();
            self.lines_let_go += 1;
        }
        self.log.push_back((self.now(now).wall_ms, line));
    }

    /// The last lines of its log, oldest first.
    pub(super) fn log_lines(&self, lines: usize) -> Vec<String> {
        let skipped = self.log.len().saturating_sub(lines);
        let text = |(wall_ms, line): &(u64, Line)| {
            let mut text = String::new();
            match line {
                Line::Event(event) => push_log_line(&mut text, *wall_ms, event.level(), event),
                Line::Shell(level, said) => push_log_line(&mut text, *wall_ms, *level, said),
            }
            text.truncate(text.trim_end().len());
            text
        };
        self.log.iter().skip(skipped).map(text).collect()
    }
}
