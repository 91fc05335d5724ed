//! A network of cores in one process, with virtual time and links with latency.
//!
//! Frames of a connection arrive in order after the link's latency, which depends on its two ends
//! alone. Connections can be cut (both ends are told) or held (nothing arrives, and neither end is
//! told).

mod faults;
mod shapes;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use crate::core::{CloseReason, Config, ConnId, Core, DialId, Input, LogEvent, Now, Output};
use crate::wire::{
    Command, ErrorCode, Frame, Hex, Limits, Message, NodeId, Notice, Refusal, Reply, RequestId, Stamp, Value,
    Version,
};

/// The start of virtual time, in wall milliseconds since 1970.
pub(super) const WALL: u64 = 1_700_000_000_000;

/// The connection of the test's own requests; the connections of node `n` are numbered from 1 on.
pub(super) const CLIENT: ConnId = ConnId(0);

#[derive(Debug)]
enum Event {
    Input(Input),
    /// A dial arrives at an address.
    Dial {
        dial: DialId,
        address: String,
    },
}

pub(super) struct Node {
    pub(super) core: Core,
    /// The replies to the test's client.
    pub(super) answers: BTreeMap<RequestId, Result<Reply, Refusal>>,
    /// The notices to the test's client, in order.
    pub(super) notices: Vec<Notice>,
    pub(super) log: Vec<LogEvent>,
    /// The values of the signs of life that passed here.
    pub(super) signs: Vec<Option<String>>,
    pub(super) closed: Vec<CloseReason>,
    /// The number of messages sent, by kind.
    pub(super) sent: BTreeMap<&'static str, u64>,
    /// The weight of the reconciliation messages sent, values left out.
    pub(super) reconciled: usize,
    /// The time that this node's disk takes for a commit.
    pub(super) disk: Duration,
    /// The lead of its wall clock, in milliseconds.
    pub(super) wall_ahead_ms: i64,
    next_conn: u64,
    next_request: RequestId,
    wake: u64,
    gone: bool,
}

pub(super) struct Network {
    pub(super) nodes: Vec<Node>,
    pub(super) now: Duration,
    /// All outputs of the cores as text, if the test wants them.
    pub(super) transcript: Option<String>,
    queue: BTreeMap<(Duration, u64), (usize, Event)>,
    sequence: u64,
    /// Each end of a connection, with the other end.
    conns: BTreeMap<(usize, ConnId), (usize, ConnId)>,
    /// The ends of links that never report a frame as written.
    stalled: BTreeSet<(usize, ConnId)>,
    /// Ends from which nothing arrives: neither frames nor the end of the connection.
    held: BTreeSet<(usize, ConnId)>,
    /// Pairs of nodes between which dials fail.
    apart: BTreeSet<(usize, usize)>,
    /// Addresses at which dials get no answer.
    pub(super) black_holes: BTreeSet<String>,
    aliases: BTreeMap<String, usize>,
    pub(super) latency_ms: u64,
    /// The maximum of the random delay of a frame; frames of a connection stay in order.
    pub(super) jitter_ms: u64,
    /// The seed of the jitter.
    pub(super) seed: u64,
    /// The arrival time of the last frame from each end of a connection.
    arrivals: BTreeMap<(usize, ConnId), Duration>,
}

pub(super) fn node_id(number: usize) -> NodeId {
    let mut id = [0; 16];
    id[8..].copy_from_slice(&(number as u64 + 1).to_be_bytes());
    Hex(id)
}

pub(super) fn address(number: usize) -> String {
    format!("node:{number}")
}

pub(super) fn config(number: usize) -> Config {
    Config {
        incarnation: 1,
        seed: number as u64,
        ..Config::new(node_id(number), format!("n{number}"), "test", address(number))
    }
}

pub(super) fn value(text: &str) -> Value {
    Value::typed(text, &Limits::default()).unwrap()
}

pub(super) fn set(key: &str, text: &str) -> Command {
    Command::Set { key: key.into(), value: value(text), date: None }
}

pub(super) fn set_at(key: &str, text: &str, date: u64) -> Command {
    Command::Set { key: key.into(), value: value(text), date: Some(date) }
}

pub(super) fn get(key: &str) -> Command {
    Command::Get { key: key.into() }
}

pub(super) fn delete(key: &str) -> Command {
    Command::Delete { key: key.into() }
}

impl Network {
    pub(super) fn new(count: usize) -> Self {
        Self::with(count, |_| {})
    }

    pub(super) fn with(count: usize, change: impl Fn(&mut Config)) -> Self {
        let mut network = Self {
            nodes: Vec::new(),
            now: Duration::ZERO,
            transcript: None,
            queue: BTreeMap::new(),
            sequence: 0,
            conns: BTreeMap::new(),
            stalled: BTreeSet::new(),
            held: BTreeSet::new(),
            apart: BTreeSet::new(),
            black_holes: BTreeSet::new(),
            aliases: BTreeMap::new(),
            latency_ms: 2,
            jitter_ms: 0,
            seed: 0,
            arrivals: BTreeMap::new(),
        };
        for number in 0..count {
            let mut config = config(number);
            change(&mut config);
            network.add(config);
        }
        network
    }

    pub(super) fn add(&mut self, config: Config) -> usize {
        let now = Now { monotonic: self.now, wall_ms: WALL + ms(self.now) };
        self.aliases.insert(config.address.clone(), self.nodes.len());
        self.nodes.push(Node {
            core: Core::new(config, now),
            answers: BTreeMap::new(),
            notices: Vec::new(),
            log: Vec::new(),
            signs: Vec::new(),
            closed: Vec::new(),
            sent: BTreeMap::new(),
            reconciled: 0,
            disk: Duration::ZERO,
            wall_ahead_ms: 0,
            next_conn: 1,
            next_request: 1,
            wake: 0,
            gone: false,
        });
        self.nodes.len() - 1
    }

    /// Adds another spelling of a node's address.
    pub(super) fn alias(&mut self, name: &str, node: usize) {
        self.aliases.insert(name.into(), node);
    }

    /// Links pairs of nodes and waits until all links are up.
    pub(super) fn link_all(&mut self, links: impl IntoIterator<Item = (usize, usize)>) {
        let asked: Vec<_> = links
            .into_iter()
            .map(|(a, b)| (a, self.ask(a, Command::AddPeer { address: address(b) })))
            .collect();
        self.run_for(Duration::from_millis(500));
        for (a, id) in asked {
            let answer = self.nodes[a].answers.remove(&id);
            assert!(matches!(answer, Some(Ok(Reply::Added(_)))), "{answer:?}");
        }
    }

    /// Sends a request and returns its id.
    pub(super) fn ask(&mut self, node: usize, command: Command) -> RequestId {
        let id = self.nodes[node].next_request;
        self.nodes[node].next_request += 1;
        self.input(node, Input::Received { conn: CLIENT, frame: Frame::Request { id, command }.into() });
        id
    }

    /// Sends a request and waits for its reply.
    pub(super) fn call(&mut self, node: usize, command: Command) -> Result<Reply, Refusal> {
        let id = self.ask(node, command);
        let deadline = self.now + Duration::from_secs(10);
        loop {
            if let Some(answer) = self.nodes[node].answers.remove(&id) {
                return answer;
            }
            assert!(self.step(deadline), "no answer");
        }
    }

    #[track_caller]
    pub(super) fn refusal(&mut self, node: usize, command: Command) -> (ErrorCode, String) {
        let refusal = self.call(node, command).unwrap_err();
        (refusal.code, refusal.message)
    }

    #[track_caller]
    pub(super) fn set(&mut self, node: usize, key: &str, text: &str) -> Stamp {
        self.written(node, set(key, text))
    }

    #[track_caller]
    pub(super) fn written(&mut self, node: usize, command: Command) -> Stamp {
        match self.call(node, command) {
            Ok(Reply::Written { stamp, .. }) => stamp,
            other => panic!("{other:?}"),
        }
    }

    pub(super) fn get(&self, node: usize, key: &str) -> Option<String> {
        self.nodes[node].core.version(key).and_then(|version| version.value()).map(Value::text)
    }

    /// Gives a core an input now, and carries out its outputs.
    pub(super) fn input(&mut self, node: usize, input: Input) {
        if self.nodes[node].gone {
            return;
        }
        let mut out = Vec::new();
        let now = self.now_of(node);
        self.nodes[node].core.handle(now, input, &mut out);
        for output in out {
            if let Some(transcript) = &mut self.transcript {
                use std::fmt::Write as _;
                writeln!(transcript, "{:?} n{node} {output:?}", self.now).unwrap();
            }
            self.carry_out(node, output);
        }
    }

    pub(super) fn now_of(&self, node: usize) -> Now {
        let wall = (WALL + ms(self.now)).checked_add_signed(self.nodes[node].wall_ahead_ms).unwrap();
        Now { monotonic: self.now, wall_ms: wall }
    }

    fn carry_out(&mut self, node: usize, output: Output) {
        match output {
            Output::Send { conn: CLIENT, frame } => match (*frame).clone() {
                Frame::Reply { id, result } => {
                    self.nodes[node].answers.insert(id, result);
                }
                Frame::Notice(notice) => self.nodes[node].notices.push(notice),
                other => panic!("a client was sent {other:?}"),
            },
            Output::Send { conn, frame } => self.carry(node, conn, &frame),
            Output::AwaitRoom { conn } => self.input(node, Input::Room { conn }),
            Output::Dial { dial, address } => {
                if self.black_holes.contains(&address) {
                    return;
                }
                let at = self.now + self.latency(node, self.aliases.get(&address).copied().unwrap_or(node));
                self.push(at, node, Event::Dial { dial, address });
            }
            Output::CancelDial { .. } => {}
            Output::Close { conn, reason } => {
                self.nodes[node].closed.push(reason);
                // Frames sent before still arrive; the other end learns of the close after them.
                if let Some((peer, peer_conn)) = self.conns.remove(&(node, conn))
                    && !self.held.contains(&(node, conn))
                {
                    let at = self.now + self.latency(node, peer);
                    self.push(at, peer, Event::Input(Input::Closed { conn: peer_conn }));
                }
            }
            Output::Persist { id, .. } => {
                let at = self.now + self.nodes[node].disk;
                self.push(at, node, Event::Input(Input::Persisted(id)));
            }
            Output::Wake(at) => {
                self.nodes[node].wake += 1;
                self.push(at.max(self.now), node, Event::Input(Input::Tick));
            }
            Output::Log(event) => self.nodes[node].log.push(event),
            Output::Sign { value, .. } => self.nodes[node].signs.push(value),
        }
    }

    fn carry(&mut self, node: usize, conn: ConnId, frame: &Arc<Frame>) {
        let Some((peer, peer_conn)) = self.conns.get(&(node, conn)).copied() else { return };
        if let Frame::Message(message) = &**frame {
            let kind = match message {
                Message::Push(_) | Message::Stray(_) => "push",
                Message::Announce(_) => "announce",
                Message::Graft(_) => "graft",
                Message::Prune { .. } => "prune",
                Message::Ranges { .. } => "ranges",
                Message::Leaves { .. } => "leaves",
                Message::Want { .. } | Message::WantRange { .. } => "want",
                Message::Have { .. } => "have",
                Message::Early { .. } => "early",
                Message::Neighbours(_) => "neighbours",
                Message::Census { .. } | Message::Counted { .. } => "census",
                Message::Alive { .. } => "alive",
                Message::Ping | Message::Pong => "ping",
            };
            *self.nodes[node].sent.entry(kind).or_default() += 1;
            if matches!(kind, "ranges" | "leaves" | "want") {
                self.nodes[node].reconciled += message.weight();
                assert!(message.weight() < Limits::default().frame / 4, "{}", message.weight());
            }
            if !self.stalled.contains(&(node, conn)) {
                let input = Input::Written { conn, weight: message.weight(), bytes: message.weight() as u64 };
                self.push(self.now, node, Event::Input(input));
            }
        }
        if !self.held.contains(&(node, conn)) && !self.stalled.contains(&(node, conn)) {
            let at = self.arrival(node, conn, peer);
            let input = Input::Received { conn: peer_conn, frame: frame.clone() };
            self.push(at, peer, Event::Input(input));
        }
    }

    fn push(&mut self, at: Duration, node: usize, event: Event) {
        self.sequence += 1;
        self.queue.insert((at, self.sequence), (node, event));
    }

    /// Returns the arrival time of a frame that is sent now.
    fn arrival(&mut self, node: usize, conn: ConnId, peer: usize) -> Duration {
        let drawn = splitmix(self.seed ^ self.sequence.wrapping_mul(0x2545_f491_4f6c_dd1d));
        let jitter = Duration::from_micros(drawn % (self.jitter_ms * 1_000 + 1));
        let at = self.now + self.latency(node, peer) + jitter;
        let last = self.arrivals.entry((node, conn)).or_default();
        *last = at.max(*last);
        *last
    }

    /// Returns the latency of a pair: one to five times the base latency, fixed for each pair.
    fn latency(&self, a: usize, b: usize) -> Duration {
        let pair = (a.min(b) * 1_000_003 + a.max(b)) as u64;
        Duration::from_millis(self.latency_ms * (1 + splitmix(pair) % 5))
    }

    /// Carries out the next event. Returns false if there is none until `until`.
    fn step(&mut self, until: Duration) -> bool {
        let Some((&(at, _), _)) = self.queue.first_key_value() else { return false };
        if at > until {
            return false;
        }
        let Some((_, (node, event))) = self.queue.pop_first() else { return false };
        self.now = self.now.max(at);
        match event {
            Event::Input(input) => {
                if let Input::Received { conn, .. } = &input
                    && *conn != CLIENT
                    && !self.conns.contains_key(&(node, *conn))
                {
                    return true;
                }
                if let Input::Closed { conn } = &input
                    && self.conns.remove(&(node, *conn)).is_none()
                {
                    return true;
                }
                self.input(node, input);
            }
            Event::Dial { dial, address } => {
                let target = self.aliases.get(&address).copied();
                let refused = target.is_none_or(|target| {
                    self.nodes[target].gone || self.apart.contains(&(node.min(target), node.max(target)))
                });
                let Some(target) = target.filter(|_| !refused) else {
                    self.input(node, Input::DialFailed { dial, reason: "connection refused".into() });
                    return true;
                };
                let (ours, theirs) = (self.new_conn(node), self.new_conn(target));
                self.conns.insert((node, ours), (target, theirs));
                self.conns.insert((target, theirs), (node, ours));
                self.input(node, Input::Connected { conn: ours, dial });
            }
        }
        true
    }

    fn new_conn(&mut self, node: usize) -> ConnId {
        let conn = ConnId(self.nodes[node].next_conn);
        self.nodes[node].next_conn += 1;
        conn
    }

    pub(super) fn run_for(&mut self, time: Duration) {
        let until = self.now + time;
        while self.step(until) {}
        self.now = until;
    }

    /// Runs until the condition holds, and returns the time that it took.
    #[track_caller]
    pub(super) fn run_until(&mut self, within: Duration, holds: impl Fn(&Self) -> bool) -> Duration {
        let (from, deadline) = (self.now, self.now + within);
        while !holds(self) {
            assert!(self.step(deadline), "it did not come to that within {within:?}: {:#?}", self.digests());
        }
        self.now.saturating_sub(from)
    }

    #[track_caller]
    pub(super) fn converge(&mut self, within: Duration) -> Duration {
        self.run_until(within, Self::converged)
    }

    pub(super) fn converged(&self) -> bool {
        let mut digests = self.nodes.iter().filter(|node| !node.gone).map(|node| node.core.digest());
        let first = digests.next();
        digests.all(|digest| Some(digest) == first)
    }

    fn digests(&self) -> Vec<String> {
        self.nodes.iter().map(|node| node.core.digest().to_string()).collect()
    }

    /// Returns the sum of a figure over all nodes.
    pub(super) fn total(&self, name: &str) -> u64 {
        self.nodes.iter().map(|node| node.core.stats()[name]).sum()
    }

    pub(super) fn sent(&self, kind: &str) -> u64 {
        self.nodes.iter().filter_map(|node| node.sent.get(kind)).sum()
    }

    pub(super) fn names(&self, node: usize) -> Vec<String> {
        self.nodes[node].core.peers().into_iter().map(|peer| peer.name).collect()
    }

    /// Puts versions into a node as if they had been on its disk.
    pub(super) fn restore(&mut self, node: usize, versions: impl IntoIterator<Item = Arc<Version>>) {
        self.nodes[node].core.restore(versions);
    }
}

pub(super) fn ms(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap()
}

pub(super) fn secs(secs: u64) -> Duration {
    Duration::from_secs(secs)
}

fn splitmix(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
