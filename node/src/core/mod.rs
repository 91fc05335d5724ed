//! The protocol as one function: [`Core::handle`] takes the time and an input, and gives outputs.
//!
//! No clock, no socket, no disk, no randomness of its own: the same inputs give the same outputs,
//! to the byte. Whoever drives it (the shell on sockets, a simulator in virtual time) carries out
//! what comes back.
//!
//! What it keeps is bounded by its configuration, the store itself excepted: a node's memory for
//! links, queues, trees and what it waits for does not grow with traffic.

mod auth;
mod clock;
mod commands;
mod deadlines;
mod dial;
mod early;
mod gossip;
mod io;
mod links;
mod log;
mod missing;
mod mutant;
mod neighbours;
mod outbox;
mod pending;
mod plain;
mod pull;
mod reconcile;
mod sorted;
mod stats;
mod store;
#[cfg(test)]
mod tests;
mod tree;
mod trie;
mod watch;

use std::sync::Arc;
use std::time::Duration;

use rand_pcg::Pcg32;
use rand_pcg::rand_core::{Rng, SeedableRng};

use crate::wire::{Digest, Frame, KeyHash, Message, PeerInfo, Prefix, Refusal, Reply, RequestId, Version};

pub use io::{CloseReason, Config, ConnId, DialId, Input, Now, Output, PersistId, Timing};
pub use log::{Level, LogEvent, push_log_line};
#[cfg(feature = "mutants")]
pub use mutant::Mutant;

use clock::Clock;
use deadlines::{Deadlines, Timer};
use dial::Dials;
use early::Early;
use links::Link;
use missing::Missing;
#[cfg(not(feature = "mutants"))]
use mutant::Mutant;
use outbox::Offered;
use pending::Pending;
use reconcile::Rounds;
use sorted::Sorted;
use stats::Stats;
use store::{Merged, Store};
use tree::Trees;
use watch::Watchers;

/// How much later than asked for a driver may come back before it is clear that this process did
/// not run meanwhile: what did not arrive then is not held against the neighbours.
const OVERSLEPT: Duration = Duration::from_secs(1);

/// A node.
pub struct Core {
    config: Config,
    now: Now,
    rng: Pcg32,
    clock: Clock,
    store: Store,
    pending: Pending,
    /// Neighbours, by connection.
    links: Sorted<ConnId, Link>,
    dials: Dials,
    early: Early,
    trees: Trees,
    missing: Missing,
    rounds: Rounds,
    watchers: Watchers,
    stats: Stats,
    deadlines: Deadlines,
    /// When gathered announcements go out.
    announce_at: Option<Duration>,
    next_request: RequestId,
    /// What this call does. The driver's own vector while it lasts, so that nothing is allocated.
    out: Vec<Output>,
    /// Neighbours' versions of this call, to be kept with the next commit.
    learnt: Vec<Arc<Version>>,
    /// The wake asked for last.
    wake: Option<Duration>,
}

impl std::fmt::Debug for Core {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Core")
            .field("name", &self.config.name)
            .field("node", &self.config.node)
            .field("digest", &self.digest())
            .field("links", &self.links.len())
            .finish_non_exhaustive()
    }
}

impl Core {
    /// A node that holds nothing and is linked to nobody.
    #[must_use]
    pub fn new(config: Config, now: Now) -> Self {
        Self {
            rng: Pcg32::seed_from_u64(config.seed),
            clock: Clock::default(),
            store: Store::new(config.policy),
            pending: Pending::default(),
            links: Sorted::default(),
            dials: Dials::default(),
            early: Early::default(),
            trees: Trees::new(config.limits.trees, config.timing.graft),
            missing: Missing::new(config.limits.missing),
            rounds: Rounds::default(),
            watchers: Watchers::default(),
            stats: Stats::default(),
            deadlines: Deadlines::default(),
            announce_at: None,
            next_request: 0,
            out: Vec::new(),
            learnt: Vec::new(),
            wake: None,
            now,
            config,
        }
    }

    /// Gives back what was kept on disk, before the first input, best in the order of keys. The clock
    /// starts at the greatest stamp among it.
    pub fn restore(&mut self, versions: impl IntoIterator<Item = Arc<Version>>) {
        let versions: Vec<_> = versions.into_iter().collect();
        // A planted mistake: stamps given before the restart are not known.
        if !self.mutated(Mutant::ForgetfulClock) {
            for version in &versions {
                self.clock.merge(version.stamp());
            }
        }
        self.store.restore(&versions);
    }

    /// Takes one input and appends what is to be done.
    pub fn handle(&mut self, now: Now, input: Input, out: &mut Vec<Output>) {
        if self.wake.is_some_and(|at| now.monotonic > at + OVERSLEPT) {
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
            Input::Persisted(up_to) => self.on_persisted(up_to),
            Input::PersistFailed { up_to, reason } => self.on_persist_failed(up_to, reason),
            Input::Tick => {}
        }
        for timer in self.deadlines.take_due(now.monotonic) {
            self.on_timer(timer);
        }
        if self.announce_at.is_some_and(|at| at <= now.monotonic) {
            self.flush_all_announcements();
        }
        if self.missing.next().is_some_and(|at| at <= now.monotonic) {
            self.graft_overdue();
        }
        self.consider_rounds();
        self.finish(from);
        std::mem::swap(&mut self.out, out);
    }

    /// The digest of what is held.
    #[must_use]
    pub fn digest(&self) -> Digest {
        self.store.digest()
    }

    /// The version held for a key, be it a tombstone.
    #[must_use]
    pub fn version(&self, key: &str) -> Option<&Arc<Version>> {
        self.store.get(&KeyHash::of(key))
    }

    /// All versions held, tombstones included, in the order of their keys' hashes.
    pub fn versions(&self) -> impl Iterator<Item = &Arc<Version>> {
        self.store.range(Prefix::ALL, None).map(|held| &held.version)
    }

    /// The neighbours whose links are up, in order of name, then address.
    #[must_use]
    pub fn peers(&self) -> Vec<PeerInfo> {
        // A planted mistake: whoever accepted a link does not list it.
        let listed =
            self.links.values().filter(|link| link.dialled() || !self.mutated(Mutant::OneSidedPeers));
        let mut peers: Vec<_> = listed.map(Link::info).collect();
        peers.sort();
        peers
    }

    /// How this node is set up.
    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// What moment of [`Now::monotonic`] this node is to be woken at, at the latest.
    #[must_use]
    pub fn wake(&self) -> Option<Duration> {
        [self.deadlines.next(), self.announce_at, self.missing.next()].into_iter().flatten().min()
    }

    fn on_frame(&mut self, conn: ConnId, frame: Arc<Frame>) {
        if let Some(link) = self.links.get_mut(&conn) {
            link.heard(self.now.monotonic);
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
            // Nobody here asks to watch; a neighbour that tells all the same does no harm.
            Frame::Message(_) | Frame::Notice(_) => {}
        }
    }

    fn on_reply(&mut self, conn: ConnId, id: RequestId, result: Result<Reply, Refusal>) {
        if let Some(address) = self.dials.authenticating(conn) {
            self.on_auth_reply(conn, &address, result);
        } else {
            self.on_plain_reply(conn, id, result);
        }
    }

    fn on_message(&mut self, conn: ConnId, message: &Message, frame: &Arc<Frame>) {
        match message {
            Message::Push(version) => self.on_push(conn, version, frame),
            Message::Announce(items) => self.on_announce(conn, items),
            Message::Graft(wanted) => self.on_graft(conn, *wanted),
            Message::Prune { author } => self.trees.pruned(*author, conn),
            Message::Ranges { ranges, settled } => self.on_ranges(conn, ranges, *settled),
            Message::Leaves { leaves, settled, answer } => self.on_leaves(conn, leaves, *settled, *answer),
            Message::Want { keys } => self.on_want(conn, keys),
            Message::WantRange { prefix, after } => self.on_want_range(conn, *prefix, *after),
            Message::Have { versions, more } => self.on_have(conn, versions, *more),
            Message::Early { wall_ms } => self.on_early(conn, *wall_ms),
            Message::Neighbours(peers) => self.on_neighbours(peers),
            Message::Ping => self.tell(conn, Message::Pong),
            Message::Pong => {}
        }
    }

    fn on_timer(&mut self, timer: Timer) {
        match timer {
            Timer::Dial(address) => self.on_dial_timer(&address),
            Timer::Alive(conn) => self.check_alive(conn),
            Timer::Provisional(conn) => self.drop_provisional(conn),
            Timer::Due(conn) => self.on_due(conn),
            Timer::Pull => self.on_pull_timeout(),
            Timer::Round => self.next_marked_round(),
            Timer::Reconcile => self.periodic_round(),
            Timer::Neighbours => self.tell_neighbours(),
        }
    }

    /// Stores a version if it wins, and all that follows from that within this node.
    fn merge(&mut self, version: &Arc<Version>, fetched: bool) -> Merged {
        let mut merged = self.store.merge(version.clone(), fetched);
        // Planted mistakes: see there.
        if merged == Merged::Lost && self.stores_loser(version, fetched) {
            merged = self.store.put(version.clone(), fetched);
        }
        if merged == Merged::Won {
            self.watchers.stored(version);
        }
        if !self.missing.is_empty() {
            self.missing.satisfied(&version.key_hash(), &version.rank(self.config.policy));
        }
        merged
    }

    /// Sends a message to a neighbour.
    fn tell(&mut self, conn: ConnId, message: Message) {
        self.hand(conn, Arc::new(Frame::Message(message)));
    }

    /// Sends a message, perhaps shared with other neighbours.
    fn hand(&mut self, conn: ConnId, frame: Arc<Frame>) {
        let Some(link) = self.links.get_mut(&conn) else { return };
        match link.outbox.offer(frame, self.now.monotonic, &self.config.limits) {
            Offered::Ready(frame) => {
                self.stats.sent(&frame);
                self.out.push(Output::Send { conn, frame });
            }
            Offered::Queued => {}
            Offered::Overflow => {
                let peer = link.label();
                self.stats.overflows += 1;
                self.rounds.mark(conn, false);
                self.log(LogEvent::Overflow { peer });
            }
        }
    }

    /// Sends a request to a neighbour; its id.
    fn ask(&mut self, conn: ConnId, command: crate::wire::Command) -> RequestId {
        self.next_request += 1;
        let id = self.next_request;
        self.out.push(Output::Send { conn, frame: Arc::new(Frame::Request { id, command }) });
        id
    }

    /// Answers a request.
    fn reply(&mut self, conn: ConnId, id: RequestId, result: Result<Reply, Refusal>) {
        self.out.push(Output::Send { conn, frame: Arc::new(Frame::Reply { id, result }) });
    }

    fn close(&mut self, conn: ConnId, reason: CloseReason) {
        // What is closed from here is not told to have closed.
        self.watchers.forget(conn);
        self.out.push(Output::Close { conn, reason });
    }

    fn log(&mut self, event: LogEvent) {
        self.out.push(Output::Log(event));
    }

    fn on_written(&mut self, conn: ConnId, weight: usize, bytes: u64) {
        self.stats.bytes_sent += bytes;
        let Some(link) = self.links.get_mut(&conn) else { return };
        link.outbox.written(weight, self.now.monotonic, &self.config.limits);
        while let Some(frame) = link.outbox.next(self.now.monotonic, &self.config.limits) {
            self.stats.sent(&frame);
            self.out.push(Output::Send { conn, frame });
        }
    }

    /// A neighbour's version is kept with the next commit; nobody waits for it.
    fn keep_with_next_commit(&mut self, version: &Arc<Version>) {
        // A planted mistake: see there.
        if self.config.disk && !self.leaves_unkept(version) {
            self.learnt.push(version.clone());
        }
    }

    /// Puts what this call does into its order, from this place on: see [`turn`].
    fn finish(&mut self, from: usize) {
        if !self.learnt.is_empty() {
            let versions = std::mem::take(&mut self.learnt);
            let id = self.pending.next_id();
            self.out.push(Output::Persist { id, versions });
        }
        self.tell_watchers();
        let Some(new) = self.out.get_mut(from..) else { return };
        if !new.is_sorted_by_key(turn) {
            new.sort_by_key(turn);
        }
        let next = self.wake();
        // A wake whose time has come was spent by this call.
        self.wake = self.wake.filter(|at| *at > self.now.monotonic);
        if let Some(at) = next.filter(|_| next != self.wake) {
            self.wake = next;
            self.out.push(Output::Wake(at));
        }
    }

    /// A draw from `0..=most`.
    fn draw(&mut self, most: u64) -> u64 {
        match most.checked_add(1) {
            // The bias is of no matter for jitter and the order of rounds.
            Some(count) => self.rng.next_u64() % count,
            None => self.rng.next_u64(),
        }
    }
}

/// When an output has its turn: records first, then what watchers are told, then replies (a link's
/// own `auth` among them), then messages, for a link's first is the answer to `auth`.
fn turn(output: &Output) -> u8 {
    match output {
        Output::Dial { .. } | Output::CancelDial { .. } | Output::Persist { .. } | Output::Log(_) => 0,
        Output::Send { frame, .. } => match **frame {
            Frame::Notice(_) => 1,
            Frame::Reply { .. } => 2,
            Frame::Request { .. } | Frame::Message(_) => 3,
        },
        Output::Close { .. } => 4,
        Output::Wake(_) => 5,
    }
}

/// A count of things in memory.
fn count(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// A delay in whole milliseconds.
fn millis(delay: Duration) -> u64 {
    u64::try_from(delay.as_millis()).unwrap_or(u64::MAX)
}
