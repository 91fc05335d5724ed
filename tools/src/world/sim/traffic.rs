//! The traffic between nodes: they dial, send and close, and what they send arrives.

use std::collections::VecDeque;
use std::sync::Arc;

use node::core::{ConnId, DialId, Input};
use node::wire::{Frame, Message, Policy, encoded_len};

use super::node::{Deferred, Life};
use super::scheduled::Scheduled;
use super::state::Sim;
use super::wires::{Arrival, ConnKey, Connection, DirectionState, End, Packet, USUAL_CONDITIONS};
use crate::world::link::{DirectionModel, WINDOW};
use crate::world::{DelayReason, Direction, Event, NodeIndex};

/// The bytes that a step of a handshake, or the end of a connection, takes on the wire: a segment without
/// payload. Its headers are Ethernet (14), IPv4 (20) and TCP with time stamps (32).
const BARE: usize = 66;

/// The least weight of written frames that is reported to the core. It is far below the core's credit, so
/// that no neighbour seems to read nothing. It is above the weight of a message, so that cores are not called
/// twice for each.
const REPORT: usize = 64 << 10;

impl Sim {
    /// Returns the index of a direction, and adds the direction where there is none yet.
    pub(super) fn direction_index(&mut self, direction: Direction) -> u32 {
        if let Some(index) = self.network.by_direction.get(&direction) {
            return *index;
        }
        let names = [direction.from, direction.to].map(|node| self.place(node).name.clone());
        let network = &mut self.network;
        // The word is part of the stream: with another one, a seed would draw other numbers.
        let draws = network.seed.stream(&["lane", &names[0], &names[1]]);
        network.directions.push(DirectionState {
            direction,
            model: DirectionModel::new(USUAL_CONDITIONS),
            draws,
            cut: false,
            held: VecDeque::new(),
        });
        let index = u32::try_from(network.directions.len() - 1).unwrap_or(u32::MAX);
        network.by_direction.insert(direction, index);
        index
    }

    /// Dials an address for a node.
    pub(super) fn dial(&mut self, node: NodeIndex, dial: DialId, address: &str) {
        let Some(&target) = self.by_address.get(address) else {
            let reason = format!("there is no host for {address}");
            return self.inputs.push_back(Input::DialFailed { dial, reason });
        };
        let end = |node, direction| End {
            node,
            direction,
            conn: None,
            closed: false,
            lost: false,
            under_way: 0,
            waiting: VecDeque::new(),
            unreported: (0, 0),
        };
        let (there, back) = (
            self.direction_index(Direction { from: node, to: target }),
            self.direction_index(Direction { from: target, to: node }),
        );
        let key =
            self.network.add(Connection { dial, up: false, ends: [end(node, there), end(target, back)] });
        self.nodes[node.0].dials.insert(dial, key);
        self.transmit(key, 0, Packet::Open, BARE);
    }

    /// Gives up a node's dial.
    pub(super) fn cancel(&mut self, node: NodeIndex, dial: DialId) {
        if let Some(key) = self.nodes[node.0].dials.remove(&dial) {
            self.close_end(key, 0);
        }
    }

    /// Sends a frame from a node to a neighbour.
    pub(super) fn send(&mut self, node: NodeIndex, conn: ConnId, frame: Arc<Frame>) {
        let Some(&key) = self.nodes[node.0].wires.get(&conn) else { return };
        if self.payloads
            && let Frame::Message(message) = &*frame
        {
            let policy = self.nodes[node.0].core.as_ref().map_or(Policy::Last, |core| core.config().policy);
            let versions: &[_] = match message {
                Message::Push(version) | Message::Stray(version) => std::slice::from_ref(version),
                Message::Have { versions, .. } => versions,
                _ => &[],
            };
            for version in versions {
                let (key, rank) = (version.key().to_owned(), version.rank(policy).to_string());
                self.report(Event::Payload { node, key, rank });
            }
        }
        let Some(connection) = self.network.get(key) else { return };
        let end = connection.end_of(conn, node);
        let ours = &mut connection.ends[end];
        if ours.waiting.is_empty() && ours.under_way < WINDOW {
            self.write(key, end, frame);
        } else {
            ours.waiting.push_back(frame);
        }
    }

    /// Puts a frame on the wire, and reports written frames once their weight is large.
    fn write(&mut self, key: ConnKey, end: usize, frame: Arc<Frame>) {
        let (weight, counted, bytes) = size(&frame);
        self.transmit_frame(key, end, frame, bytes);
        let Some(connection) = self.network.get(key) else { return };
        let ours = &mut connection.ends[end];
        ours.under_way += bytes;
        ours.unreported.0 += weight;
        ours.unreported.1 += counted;
        if ours.unreported.0 >= REPORT
            && let Some(conn) = ours.conn
        {
            let (weight, bytes) = std::mem::take(&mut ours.unreported);
            self.inputs.push_back(Input::Written { conn, weight, bytes });
        }
    }

    /// Reports to a core what its sockets wrote since the last report.
    pub(super) fn report_written(&mut self, node: NodeIndex) {
        let wires: Vec<(ConnId, ConnKey)> =
            self.nodes[node.0].wires.iter().map(|(conn, key)| (*conn, *key)).collect();
        for (conn, key) in wires {
            let Some(connection) = self.network.get(key) else { continue };
            let end = connection.end_of(conn, node);
            let (weight, bytes) = std::mem::take(&mut connection.ends[end].unreported);
            if weight > 0 {
                self.feed(node, Input::Written { conn, weight, bytes });
            }
        }
    }

    /// Sends a frame from one end of a connection down its direction.
    fn transmit_frame(&mut self, key: ConnKey, from: usize, frame: Arc<Frame>, bytes: usize) {
        let Some(connection) = self.network.get(key) else { return };
        let (node, to) = (connection.ends[from].node, connection.ends[1 - from].node);
        let number = self.report_sent(node, to, &frame, bytes);
        self.transmit(key, from, Packet::Frame(frame, number), bytes);
    }

    /// Sends a packet from one end of a connection down its direction.
    fn transmit(&mut self, key: ConnKey, from: usize, packet: Packet, bytes: usize) {
        let Some(connection) = self.network.get(key) else { return };
        let index = connection.ends[from].direction;
        let state = &mut self.network.directions[index as usize];
        let draws = &mut state.draws;
        let at = state.model.send(self.now, bytes, |most| draws.u64(0..=most));
        self.schedule(at, Scheduled::Arrival(Arrival { connection: key, end: 1 - from, bytes, packet }));
    }

    /// Brings a packet to the end of its direction; it waits there while the direction is silent.
    pub(super) fn arrive(&mut self, arrival: Arrival) {
        let Some(connection) = self.network.get(arrival.connection) else {
            return self.report_lost(arrival.number(), "both ends had closed the connection");
        };
        let index = connection.ends[1 - arrival.end].direction;
        let state = &self.network.directions[index as usize];
        if self.network.is_silent(state) {
            let reason = if state.cut { DelayReason::Cut } else { DelayReason::Partition };
            self.report_delayed(arrival.number(), reason);
            self.network.directions[index as usize].held.push_back(arrival);
            self.network.holding.insert(index);
            return;
        }
        self.deliver(arrival);
    }

    /// Delivers a packet to the node at the end of its direction.
    pub(super) fn deliver(&mut self, arrival: Arrival) {
        let (key, end) = (arrival.connection, arrival.end);
        let Some(connection) = self.network.get(key) else {
            return self.report_lost(arrival.number(), "both ends had closed the connection");
        };
        let (ours, theirs) = (&connection.ends[end], &connection.ends[1 - end]);
        let (node, from) = (ours.node, theirs.node);
        if ours.closed {
            return self
                .report_lost(arrival.number(), "the receiver had closed the connection, or had ended");
        }
        let place = &mut self.nodes[node.0];
        // A frozen node's system answers the first step by itself; all else waits for the node to run.
        if place.life == Life::Frozen && !matches!(arrival.packet, Packet::Open) {
            let number = arrival.number();
            place.frozen.push_back(Deferred::Arrival(arrival));
            return self.report_delayed(number, DelayReason::Frozen);
        }
        match arrival.packet {
            Packet::Open => {
                let answer = if place.listens() { Packet::Opened } else { Packet::Refused };
                self.transmit(key, end, answer, BARE);
            }
            Packet::Opened => self.transmit(key, end, Packet::Upgrade, BARE),
            Packet::Upgrade if !place.is_up() => self.transmit(key, end, Packet::Refused, BARE),
            Packet::Upgrade => {
                self.register(key, end);
                self.transmit(key, end, Packet::Upgraded, BARE);
            }
            Packet::Upgraded => {
                let dial = connection.dial;
                place.dials.remove(&dial);
                if let Some(conn) = self.register(key, end) {
                    if let Some(connection) = self.network.get(key) {
                        connection.up = true;
                        self.report(Event::Link { from: node, to: from, up: true });
                    }
                    self.trace.connected(self.now, &self.nodes[node.0].name, &self.nodes[from.0].name);
                    self.feed(node, Input::Connected { conn, dial });
                }
            }
            Packet::Refused => {
                let dial = connection.dial;
                self.network.remove(key);
                if place.dials.remove(&dial).is_some() {
                    self.feed(node, Input::DialFailed { dial, reason: "connection refused".to_owned() });
                }
            }
            Packet::Frame(frame, number) => {
                let (conn, lost) = (ours.conn, theirs.lost);
                connection.ends[1 - end].under_way -= arrival.bytes;
                self.write_waiting(key, 1 - end);
                if let Some(conn) = conn.filter(|_| !lost) {
                    self.report_arrived(number);
                    self.trace.frame(self.now, &self.nodes[from.0].name, &self.nodes[node.0].name, &frame);
                    self.feed(node, Input::Received { conn, frame });
                } else {
                    self.report_lost(number, "the connection was reset, or its sender was killed");
                }
            }
            Packet::Closed => self.notify_closed(key, end),
        }
    }

    /// Gives an end of a connection an id of its node.
    fn register(&mut self, key: ConnKey, end: usize) -> Option<ConnId> {
        let connection = self.network.get(key)?;
        let node = &mut self.nodes[connection.ends[end].node.0];
        let conn = node.new_conn();
        connection.ends[end].conn = Some(conn);
        node.wires.insert(conn, key);
        Some(conn)
    }

    /// Writes the frames that wait, as far as there is room.
    fn write_waiting(&mut self, key: ConnKey, end: usize) {
        while let Some(connection) = self.network.get(key) {
            let ours = &mut connection.ends[end];
            let node = ours.node;
            if ours.waiting.is_empty() || ours.under_way >= WINDOW || !self.nodes[node.0].is_up() {
                return;
            }
            if let Some(frame) = ours.waiting.pop_front() {
                self.write(key, end, frame);
            }
            // Written frames are reported in a turn of their own: the current turn belongs to another node.
            for input in std::mem::take(&mut self.inputs) {
                self.feed(node, input);
            }
        }
    }

    /// Writes the waiting frames on all connections of a node that runs again.
    pub(super) fn write_all_waiting(&mut self, node: NodeIndex) {
        let wires: Vec<(ConnId, ConnKey)> =
            self.nodes[node.0].wires.iter().map(|(conn, key)| (*conn, *key)).collect();
        for (conn, key) in wires {
            if let Some(connection) = self.network.get(key) {
                let end = connection.end_of(conn, node);
                self.write_waiting(key, end);
            }
        }
    }

    /// Closes a connection for a node; what the node sent before still arrives.
    pub(super) fn close(&mut self, node: NodeIndex, conn: ConnId) {
        let Some(&key) = self.nodes[node.0].wires.get(&conn) else { return };
        if let Some(connection) = self.network.get(key) {
            let end = connection.end_of(conn, node);
            self.close_end(key, end);
        }
    }

    /// Closes one end, on the node's demand or with the node, and informs the other end.
    fn close_end(&mut self, key: ConnKey, end: usize) {
        let Some(connection) = self.network.get(key) else { return };
        let ours = &mut connection.ends[end];
        if ours.closed {
            return;
        }
        ours.closed = true;
        let (node, conn, waiting) = (ours.node, ours.conn.take(), std::mem::take(&mut ours.waiting));
        self.report_down(key);
        let Some(connection) = self.network.get(key) else { return };
        if let Some(conn) = conn {
            self.nodes[node.0].wires.remove(&conn);
        }
        if connection.ends[1 - end].closed {
            self.network.remove(key);
            return;
        }
        for frame in waiting {
            let (_, _, bytes) = size(&frame);
            if let Some(connection) = self.network.get(key) {
                connection.ends[end].under_way += bytes;
            }
            self.transmit_frame(key, end, frame, bytes);
        }
        self.transmit(key, end, Packet::Closed, BARE);
    }

    /// Reports that a connection has ended, if that it came up was reported.
    fn report_down(&mut self, key: ConnKey) {
        let Some(connection) = self.network.get(key) else { return };
        if std::mem::replace(&mut connection.up, false) {
            let (from, to) = (connection.ends[0].node, connection.ends[1].node);
            self.report(Event::Link { from, to, up: false });
        }
    }

    /// Reports to one end that the other is closed, or that the connection was reset.
    pub(super) fn notify_closed(&mut self, key: ConnKey, end: usize) {
        let Some(connection) = self.network.get(key) else { return };
        let ours = &mut connection.ends[end];
        if ours.closed {
            return;
        }
        ours.closed = true;
        let (node, conn, dial) = (ours.node, ours.conn.take(), connection.dial);
        let from = connection.ends[1 - end].node;
        self.report_down(key);
        let Some(connection) = self.network.get(key) else { return };
        if connection.ends[1 - end].closed {
            self.network.remove(key);
        }
        match conn {
            Some(conn) => {
                self.nodes[node.0].wires.remove(&conn);
                self.trace.closed(self.now, &self.nodes[node.0].name, &self.nodes[from.0].name);
                self.feed(node, Input::Closed { conn });
            }
            None if end == 0 && self.nodes[node.0].dials.remove(&dial).is_some() => {
                self.feed(node, Input::DialFailed { dial, reason: "connection reset".to_owned() });
            }
            None => {}
        }
    }

    /// Closes all connections of a node that ends. A node that is killed may lose what it had sent.
    pub(super) fn close_connections(&mut self, node: NodeIndex, mut loses: impl FnMut() -> bool) {
        let place = &mut self.nodes[node.0];
        let arrivals = std::mem::take(&mut place.frozen).into_iter().filter_map(|late| match late {
            Deferred::Arrival(arrival) => Some(arrival),
            Deferred::Request(_) | Deferred::Synced => None,
        });
        let arrivals: Vec<Arrival> = arrivals.collect();
        let dials = std::mem::take(&mut place.dials).into_values().map(|key| (key, 0));
        let wires: Vec<(ConnId, ConnKey)> = place.wires.iter().map(|(conn, key)| (*conn, *key)).collect();
        for arrival in &arrivals {
            self.report_lost(arrival.number(), "the receiver ended while it was frozen");
        }
        // An arrival that waited for the node to thaw may be the only record of a connection.
        let frozen = arrivals.iter().map(|arrival| (arrival.connection, arrival.end));
        let mut ends: Vec<(ConnKey, usize)> = dials.collect();
        for (conn, key) in wires {
            if let Some(connection) = self.network.get(key) {
                let end = connection.end_of(conn, node);
                connection.ends[end].lost = loses();
                connection.ends[end].waiting.clear();
                ends.push((key, end));
            }
        }
        for (key, end) in ends.into_iter().chain(frozen) {
            self.close_end(key, end);
        }
    }
}

/// Returns the weight of a frame, the bytes of it that figures count, and its bytes on the wire.
fn size(frame: &Frame) -> (usize, u64, usize) {
    let bytes = encoded_len(frame);
    match frame {
        Frame::Message(message) if message.is_background() => (message.weight(), 0, bytes),
        Frame::Message(message) => (message.weight(), bytes as u64, bytes),
        _ => (0, 0, bytes),
    }
}
