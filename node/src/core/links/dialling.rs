//! Dialling: attempts at addresses, their outcome, and the pauses between them.
//!
//! The core tries a new address for [`Timing::dial`](crate::core::Timing::dial), since the node there may
//! just be starting, and then forgets it. It dials one that succeeded once for ever, with a pause
//! between attempts that doubles up to [`Timing::backoff_max`](crate::core::Timing::backoff_max).

use std::sync::Arc;
use std::time::Duration;

use super::dials::{Target, TargetState};
use super::link::Link;
use crate::core::deadlines::Timer;
use crate::core::figure::{millis, seconds};
use crate::core::io::{CloseReason, ConnId, DialId, Output};
use crate::core::log::LogEvent;
use crate::core::state::Core;
use crate::wire::{Command, ErrorCode, Refusal, Reply, RequestId};

/// The pause between two attempts at an address that has not answered yet.
///
/// Chosen: a node that starts is found within a tenth of a second, and an address is tried thirty times.
const FIRST_PAUSE: Duration = Duration::from_millis(100);

impl Core {
    /// Handles `addPeer`. Returns the answer at once, or `None` if it follows the attempt.
    pub(in crate::core) fn add_peer(
        &mut self,
        asker: (ConnId, RequestId),
        address: &str,
    ) -> Option<Result<Reply, Refusal>> {
        let refuse = |code, message: String| Some(Err(Refusal::new(code, message)));
        let place = host_and_port(address);
        if place == self.config.address {
            return refuse(ErrorCode::Refused, "a node cannot be its own neighbour".into());
        }
        if self.links.values().any(|link| host_and_port(link.address()) == place) {
            return refuse(ErrorCode::NeighborExists, "neighbor exists".into());
        }
        let room = self.has_room_for_a_peer();
        match self.dials.targets.get_mut(address) {
            Some(Target { state: TargetState::Up { .. }, .. }) => {
                return refuse(ErrorCode::NeighborExists, "neighbor exists".into());
            }
            Some(target) => {
                target.waiting.push(asker);
                target.asked = self.now.monotonic;
                if matches!(target.state, TargetState::Waiting) {
                    self.dial(&Arc::from(address));
                }
            }
            None if !room => return refuse(ErrorCode::Refused, self.no_room()),
            None => self.dial_new(address, vec![asker]),
        }
        None
    }

    /// Returns true if one more neighbour may be dialled: neither links and attempts nor known
    /// addresses exceed the bound [`Limits::peers`](crate::wire::Limits::peers).
    pub(super) fn has_room_for_a_peer(&self) -> bool {
        let most = self.config.limits.peers;
        self.links.len() + self.dials.attempts_under_way() < most && self.dials.targets.len() < most
    }

    /// Returns the reason for refusing a further neighbour, for people.
    pub(super) fn no_room(&self) -> String {
        format!("at most {} neighbours are taken", self.config.limits.peers)
    }

    /// Dials an address for the first time.
    pub(super) fn dial_new(&mut self, address: &str, waiting: Vec<(ConnId, RequestId)>) {
        let address: Arc<str> = Arc::from(address);
        let (state, asked) = (TargetState::Waiting, self.now.monotonic);
        let target =
            Target { state, persistent: false, asked, failure: None, pause: Duration::ZERO, waiting };
        self.dials.targets.insert(address.clone(), target);
        self.dial(&address);
    }

    /// Begins an attempt at an address.
    fn dial(&mut self, address: &Arc<str>) {
        let Some(target) = self.dials.targets.get_mut(address) else { return };
        let began = self.now.monotonic;
        self.dials.last += 1;
        let dial = DialId(self.dials.last);
        target.state = TargetState::Dialling { dial, began };
        self.dials.dialling.insert(dial, address.clone());
        let from = if target.persistent { began } else { target.asked };
        self.deadlines.set(Timer::Dial(address.clone()), from + self.config.timing.dial);
        self.out.push(Output::Dial { dial, address: address.to_string() });
    }

    /// Handles a connection that an attempt led to: sends `auth` on it.
    pub(in crate::core) fn on_connected(&mut self, conn: ConnId, dial: DialId) {
        let Some(address) = self.dials.dialling.remove(&dial) else {
            // The attempt was given up in the meantime.
            return self.close(conn, CloseReason::Unanswered);
        };
        if let Some(target) = self.dials.targets.get_mut(&address)
            && let TargetState::Dialling { began, .. } = target.state
        {
            target.state = TargetState::Authenticating { conn, began };
            self.dials.authenticating.insert(conn, address);
            let hello = self.hello();
            self.send_request(conn, Command::Auth(hello));
        }
    }

    /// Handles an attempt that led to no connection.
    pub(in crate::core) fn on_dial_failed(&mut self, dial: DialId, reason: &str) {
        if let Some(address) = self.dials.dialling.get(&dial).cloned() {
            let message = format!("cannot connect to {address}: {reason}");
            self.dial_failed(&address, &Refusal::new(ErrorCode::Unavailable, message));
        }
    }

    /// Ends the attempt at an address whose connection ended before `auth` was answered.
    pub(super) fn on_auth_cut(&mut self, address: &Arc<str>) {
        let message = format!("{address} closed the connection before it answered");
        self.dial_failed(address, &Refusal::new(ErrorCode::Unavailable, message));
    }

    /// Handles the deadline of an address: dials it after its pause, or gives up the attempt.
    pub(in crate::core) fn on_dial_timer(&mut self, address: &Arc<str>) {
        let Some(target) = self.dials.targets.get(address) else { return };
        let failure = target.failure.clone();
        match target.state {
            TargetState::Waiting => return self.dial(address),
            TargetState::Up { .. } => return,
            TargetState::Dialling { dial, .. } => self.out.push(Output::CancelDial { dial }),
            TargetState::Authenticating { conn, .. } => self.close(conn, CloseReason::Unanswered),
        }
        let message = format!("no answer from {address} within {} s", seconds(self.config.timing.dial));
        let refusal = failure.unwrap_or_else(|| Refusal::new(ErrorCode::Unavailable, message));
        self.dial_failed(address, &refusal);
    }

    /// Ends an attempt that failed: persistent addresses are dialled again, others for a while, and then
    /// forgotten.
    pub(super) fn dial_failed(&mut self, address: &Arc<str>, refusal: &Refusal) {
        let (longest, patience) = (self.config.timing.backoff_max, self.config.timing.dial);
        let again = self.now.monotonic + FIRST_PAUSE;
        let Some(target) = self.end_attempt(address) else { return };
        if !target.persistent && refusal.code == ErrorCode::Unavailable && again < target.asked + patience {
            target.failure = Some(refusal.clone());
            return self.deadlines.set(Timer::Dial(address.clone()), again);
        }
        let (waiting, persistent) = (std::mem::take(&mut target.waiting), target.persistent);
        if persistent {
            if refusal.code == ErrorCode::Refused {
                // The node there will hardly accept later, but another node may take its place.
                target.pause = longest;
            }
            self.pause(address);
        } else {
            self.dials.targets.remove(address);
        }
        for (conn, id) in waiting {
            self.send_reply(conn, id, Err(refusal.clone()));
        }
    }

    /// Ends an attempt that led to a link, or found one; replies to the requests that wait for it.
    pub(super) fn dial_succeeded(&mut self, address: &Arc<str>, conn: ConnId) {
        let added = self.links.get(&conn).map(Link::info);
        let Some(target) = self.end_attempt(address) else { return };
        (target.persistent, target.failure) = (true, None);
        target.state = TargetState::Up { conn };
        let waiting = std::mem::take(&mut target.waiting);
        if let Some(info) = added {
            for (conn, id) in waiting {
                self.send_reply(conn, id, Ok(Reply::Added(info.clone())));
            }
        }
    }

    /// Forgets the attempt under way at an address, with its deadline.
    fn end_attempt(&mut self, address: &Arc<str>) -> Option<&mut Target> {
        let target = self.dials.targets.get_mut(address)?;
        match target.state {
            TargetState::Dialling { dial, .. } => {
                self.dials.dialling.remove(&dial);
            }
            TargetState::Authenticating { conn, .. } => {
                self.dials.authenticating.remove(&conn);
            }
            TargetState::Up { .. } | TargetState::Waiting => {}
        }
        target.state = TargetState::Waiting;
        self.deadlines.clear(&Timer::Dial(address.clone()));
        Some(target)
    }

    /// Schedules the next dial of every address that was linked by this connection, which is down.
    /// A link that lasted shorter than the pause before it lengthens the next pause.
    pub(super) fn redial_after(&mut self, conn: ConnId, lasted: Duration) {
        let of_conn = |target: &Target| matches!(target.state, TargetState::Up { conn: up } if up == conn);
        let broken: Vec<Arc<str>> = self
            .dials
            .targets
            .iter()
            .filter(|(_, target)| of_conn(target))
            .map(|(address, _)| address.clone())
            .collect();
        for address in broken {
            if let Some(target) = self.dials.targets.get_mut(&address) {
                target.state = TargetState::Waiting;
                if lasted >= target.pause {
                    target.pause = Duration::ZERO;
                }
            }
            self.pause(&address);
        }
    }

    /// Starts the pause before the next dial, twice as long as the last one within the bounds.
    fn pause(&mut self, address: &Arc<str>) {
        let (first, longest) = (self.config.timing.backoff, self.config.timing.backoff_max);
        let Some(target) = self.dials.targets.get_mut(address) else { return };
        let grown = target.pause < longest;
        target.pause = (target.pause * 2).clamp(first.min(longest), longest);
        // Half of the pause is random, so that the ends of many broken links do not dial in step.
        let half_ms = millis(target.pause) / 2;
        let after = Duration::from_millis(half_ms + self.draw(half_ms));
        self.deadlines.set(Timer::Dial(address.clone()), self.now.monotonic + after);
        if grown {
            self.log(LogEvent::Redial { address: address.to_string(), after });
        }
    }
}

/// Returns true if an address names another protocol by its path.
pub(super) fn is_foreign(address: &str) -> bool {
    address.contains('/')
}

/// Returns an address without the path that names its protocol: a neighbour is the same in any
/// protocol.
fn host_and_port(address: &str) -> &str {
    address.split_once('/').map_or(address, |(place, _)| place)
}
