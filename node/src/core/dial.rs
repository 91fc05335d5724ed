//! Whom this node dials, and when it dials again.
//!
//! A dial that never succeeded is forgotten; one that succeeded once is kept for ever, with a
//! pause that doubles up to [`Timing::backoff_max`](super::Timing::backoff_max) between attempts.

use std::sync::Arc;
use std::time::Duration;

use super::deadlines::Timer;
use super::io::{CloseReason, ConnId, DialId, Output};
use super::links::Link;
use super::log::LogEvent;
use super::sorted::Sorted;
use super::{Core, millis};
use crate::wire::{Command, ErrorCode, Hello, NodeId, Refusal, Reply, RequestId};

/// The addresses that are dialled or were once.
#[derive(Debug, Default)]
pub(super) struct Dials {
    targets: Sorted<Arc<str>, Target>,
    /// Attempts under way.
    dialling: Sorted<DialId, Arc<str>>,
    /// Connections that wait for the answer to `auth`.
    authenticating: Sorted<ConnId, Arc<str>>,
    /// Second connections of linked nodes, until it is known which of the two stays.
    provisional: Sorted<ConnId, Hello>,
    last: u64,
}

/// One address.
#[derive(Debug)]
pub(super) struct Target {
    state: State,
    /// Whether it succeeded once.
    kept: bool,
    /// The pause before the next attempt, before it is jittered.
    pause: Duration,
    /// Who asked for it and has had no answer yet.
    waiting: Vec<(ConnId, RequestId)>,
}

#[derive(Debug, Clone, Copy)]
enum State {
    Dialling {
        dial: DialId,
        began: Duration,
    },
    Authenticating {
        conn: ConnId,
        began: Duration,
    },
    /// Linked, by this dial or by a connection that the other end dialled at the same time.
    Up {
        conn: ConnId,
    },
    /// In a pause.
    Waiting,
}

impl Dials {
    /// The address whose `auth` is awaited on this connection.
    pub(super) fn authenticating(&self, conn: ConnId) -> Option<Arc<str>> {
        self.authenticating.get(&conn).cloned()
    }

    /// When the attempt under way at this address began.
    pub(super) fn began(&self, address: &str) -> Option<Duration> {
        match self.targets.get(address)?.state {
            State::Dialling { began, .. } | State::Authenticating { began, .. } => Some(began),
            State::Up { .. } | State::Waiting => None,
        }
    }

    /// Whether this address is dialled again whenever its link breaks.
    pub(super) fn is_kept(&self, address: &str) -> bool {
        self.targets.get(address).is_some_and(|target| target.kept)
    }

    /// Whether anything is known of this address.
    pub(super) fn contains(&self, address: &str) -> bool {
        self.targets.contains_key(address)
    }

    /// How many attempts are under way.
    pub(super) fn under_way(&self) -> usize {
        self.dialling.len() + self.authenticating.len()
    }

    /// Whether a connection is the second one of a linked node.
    pub(super) fn is_provisional(&self, conn: ConnId) -> bool {
        self.provisional.contains_key(&conn)
    }

    pub(super) fn add_provisional(&mut self, conn: ConnId, hello: Hello) {
        self.provisional.insert(conn, hello);
    }

    pub(super) fn forget_provisional(&mut self, conn: ConnId) -> Option<Hello> {
        self.provisional.remove(&conn)
    }

    /// The newest second connection of a node.
    pub(super) fn provisional_to(&self, node: NodeId) -> Option<ConnId> {
        self.provisional.iter().rev().find(|(_, hello)| hello.node == node).map(|(conn, _)| *conn)
    }

    pub(super) fn provisional_count(&self) -> usize {
        self.provisional.len()
    }

    /// What was linked by one connection is linked by another.
    pub(super) fn move_links(&mut self, from: ConnId, to: ConnId) {
        for target in self.targets.values_mut() {
            if let State::Up { conn } = &mut target.state
                && *conn == from
            {
                *conn = to;
            }
        }
    }
}

impl Core {
    pub(super) fn add_peer(
        &mut self,
        asker: (ConnId, RequestId),
        address: &str,
    ) -> Option<Result<Reply, Refusal>> {
        let refuse = |code, message: String| Some(Err(Refusal::new(code, message)));
        let place = place(address);
        if place == self.config.address {
            return refuse(ErrorCode::Refused, "a node cannot be its own neighbour".into());
        }
        if self.links.values().any(|link| self::place(link.address()) == place) {
            return refuse(ErrorCode::NeighborExists, "neighbor exists".into());
        }
        let room = self.has_room_for_a_peer();
        match self.dials.targets.get_mut(address) {
            Some(Target { state: State::Up { .. }, .. }) => {
                return refuse(ErrorCode::NeighborExists, "neighbor exists".into());
            }
            Some(target) => {
                target.waiting.push(asker);
                if matches!(target.state, State::Waiting) {
                    self.dial(&Arc::from(address));
                }
            }
            None if !room => return refuse(ErrorCode::Refused, self.no_room()),
            None => self.dial_new(address, vec![asker]),
        }
        None
    }

    /// Whether one more neighbour may be dialled: neither links nor addresses that are kept go
    /// beyond the bound.
    pub(super) fn has_room_for_a_peer(&self) -> bool {
        let most = self.config.limits.peers;
        self.links.len() + self.dials.under_way() < most && self.dials.targets.len() < most
    }

    /// Why there is no further neighbour.
    pub(super) fn no_room(&self) -> String {
        format!("at most {} neighbours are taken", self.config.limits.peers)
    }

    /// Dials an address for the first time.
    pub(super) fn dial_new(&mut self, address: &str, waiting: Vec<(ConnId, RequestId)>) {
        let address: Arc<str> = Arc::from(address);
        let target = Target { state: State::Waiting, kept: false, pause: Duration::ZERO, waiting };
        self.dials.targets.insert(address.clone(), target);
        self.dial(&address);
    }

    fn dial(&mut self, address: &Arc<str>) {
        let Some(target) = self.dials.targets.get_mut(address) else { return };
        let began = self.now.monotonic;
        self.dials.last += 1;
        let dial = DialId(self.dials.last);
        target.state = State::Dialling { dial, began };
        self.dials.dialling.insert(dial, address.clone());
        self.deadlines.set(Timer::Dial(address.clone()), began + self.config.timing.dial);
        self.out.push(Output::Dial { dial, address: address.to_string() });
    }

    pub(super) fn on_connected(&mut self, conn: ConnId, dial: DialId) {
        let Some(address) = self.dials.dialling.remove(&dial) else {
            // Given up in the meantime.
            return self.close(conn, CloseReason::Silent);
        };
        if let Some(target) = self.dials.targets.get_mut(&address)
            && let State::Dialling { began, .. } = target.state
        {
            target.state = State::Authenticating { conn, began };
            self.dials.authenticating.insert(conn, address);
            let hello = self.hello();
            self.ask(conn, Command::Auth(hello));
        }
    }

    pub(super) fn on_dial_failed(&mut self, dial: DialId, reason: &str) {
        if let Some(address) = self.dials.dialling.get(&dial).cloned() {
            let message = format!("cannot connect to {address}: {reason}");
            self.dial_failed(&address, &Refusal::new(ErrorCode::Unavailable, message));
        }
    }

    /// The connection ended before `auth` was answered.
    pub(super) fn on_auth_cut(&mut self, address: &Arc<str>) {
        let message = format!("{address} closed the connection before it answered");
        self.dial_failed(address, &Refusal::new(ErrorCode::Unavailable, message));
    }

    pub(super) fn on_dial_timer(&mut self, address: &Arc<str>) {
        let Some(target) = self.dials.targets.get(address) else { return };
        match target.state {
            State::Waiting => return self.dial(address),
            State::Up { .. } => return,
            State::Dialling { dial, .. } => self.out.push(Output::CancelDial { dial }),
            State::Authenticating { conn, .. } => self.close(conn, CloseReason::Silent),
        }
        let message = format!("nobody answers at {address} within {} s", seconds(self.config.timing.dial));
        self.dial_failed(address, &Refusal::new(ErrorCode::Unavailable, message));
    }

    /// Ends an attempt that did not succeed: kept addresses are dialled again, others forgotten.
    pub(super) fn dial_failed(&mut self, address: &Arc<str>, refusal: &Refusal) {
        let longest = self.config.timing.backoff_max;
        let Some(target) = self.end_attempt(address) else { return };
        let (waiting, kept) = (std::mem::take(&mut target.waiting), target.kept);
        if kept {
            if refusal.code == ErrorCode::Refused {
                // It will hardly change its mind; the node there may be replaced, though.
                target.pause = longest;
            }
            self.pause(address);
        } else {
            self.dials.targets.remove(address);
        }
        for (conn, id) in waiting {
            self.reply(conn, id, Err(refusal.clone()));
        }
    }

    /// Ends an attempt that led to a link, or found one.
    pub(super) fn dial_succeeded(&mut self, address: &Arc<str>, conn: ConnId) {
        let added = self.links.get(&conn).map(Link::info);
        let Some(target) = self.end_attempt(address) else { return };
        target.kept = true;
        target.state = State::Up { conn };
        let waiting = std::mem::take(&mut target.waiting);
        if let Some(info) = added {
            for (conn, id) in waiting {
                self.reply(conn, id, Ok(Reply::Added(info.clone())));
            }
        }
    }

    /// Forgets the attempt under way at an address, with its deadline.
    fn end_attempt(&mut self, address: &Arc<str>) -> Option<&mut Target> {
        let target = self.dials.targets.get_mut(address)?;
        match target.state {
            State::Dialling { dial, .. } => {
                self.dials.dialling.remove(&dial);
            }
            State::Authenticating { conn, .. } => {
                self.dials.authenticating.remove(&conn);
            }
            State::Up { .. } | State::Waiting => {}
        }
        target.state = State::Waiting;
        self.deadlines.clear(&Timer::Dial(address.clone()));
        Some(target)
    }

    /// A link is down: whatever this end dialled to get it is dialled again. A link that did not
    /// even last as long as the pause before it lengthens the next one.
    pub(super) fn redial_after(&mut self, conn: ConnId, lasted: Duration) {
        let of_conn = |target: &Target| matches!(target.state, State::Up { conn: up } if up == conn);
        let broken: Vec<Arc<str>> = self
            .dials
            .targets
            .iter()
            .filter(|(_, target)| of_conn(target))
            .map(|(address, _)| address.clone())
            .collect();
        for address in broken {
            if let Some(target) = self.dials.targets.get_mut(&address) {
                target.state = State::Waiting;
                if lasted >= target.pause {
                    target.pause = Duration::ZERO;
                }
            }
            self.pause(&address);
        }
    }

    /// Waits a little longer than the last time, then dials again.
    fn pause(&mut self, address: &Arc<str>) {
        let (first, longest) = (self.config.timing.backoff, self.config.timing.backoff_max);
        let Some(target) = self.dials.targets.get_mut(address) else { return };
        let grown = target.pause < longest;
        target.pause = (target.pause * 2).clamp(first.min(longest), longest);
        // Half of it is drawn, so that the ends of many broken links do not dial in step.
        let half_ms = millis(target.pause) / 2;
        let after = Duration::from_millis(half_ms + self.draw(half_ms));
        self.deadlines.set(Timer::Dial(address.clone()), self.now.monotonic + after);
        if grown {
            self.log(LogEvent::Redial { address: address.to_string(), after });
        }
    }
}

/// Where a node listens, less the path that says which protocol it is to be spoken to in: a neighbour
/// is one neighbour in any of them.
fn place(address: &str) -> &str {
    address.split_once('/').map_or(address, |(place, _)| place)
}

/// A delay in seconds, as people write it: `3`, `0.5`.
fn seconds(delay: Duration) -> String {
    let ms = millis(delay);
    if ms.is_multiple_of(1000) { (ms / 1000).to_string() } else { format!("{}.{:03}", ms / 1000, ms % 1000) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seconds_are_written_as_people_do() {
        assert_eq!(seconds(Duration::from_secs(3)), "3");
        assert_eq!(seconds(Duration::from_millis(1_500)), "1.500");
    }
}
