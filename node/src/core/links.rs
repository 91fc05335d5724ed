//! Links to neighbours: from `auth` to the end, with the keep-alives in between.

use std::sync::Arc;
use std::time::Duration;

use super::Core;
use super::deadlines::Timer;
use super::io::{CloseReason, ConnId};
use super::log::LogEvent;
use super::mutant::Mutant;
use super::outbox::Outbox;
use super::plain::Plain;
use crate::wire::{Hello, Message, NodeId, PeerInfo, Version};

/// A neighbour whose link is up.
#[derive(Debug)]
pub(super) struct Link {
    peer: PeerInfo,
    pub(super) features: Features,
    pub(super) outbox: Outbox,
    /// When the last frame came.
    heard: Duration,
    /// When it came up.
    pub(super) since: Duration,
    /// Whether a ping has gone out since the last frame came.
    pinged: bool,
    /// What is to be announced, being gathered.
    pub(super) announcements: Vec<Arc<Version>>,
    /// The questions to a neighbour that knows no ranges, while there are any.
    pub(super) plain: Option<Box<Plain>>,
}

/// What the other end has beyond what every neighbour must have.
#[derive(Debug, Clone, Copy)]
pub(super) struct Features {
    /// Understands announcements, grafts and prunes.
    pub(super) tree: bool,
    /// Understands reconciliation by ranges.
    pub(super) ranges: bool,
    /// Wants to be told whom this node is linked to.
    pub(super) neighbours: bool,
}

impl Link {
    fn new(hello: Hello, dialled: bool, now: Duration) -> Self {
        Self {
            features: Features {
                tree: hello.has(Hello::TREE),
                ranges: hello.has(Hello::RANGES),
                neighbours: hello.has(Hello::NEIGHBOURS),
            },
            peer: PeerInfo { name: hello.name, address: hello.address, node: hello.node, dialled },
            outbox: Outbox::default(),
            heard: now,
            since: now,
            pinged: false,
            announcements: Vec::new(),
            plain: None,
        }
    }

    /// A frame came.
    pub(super) fn heard(&mut self, now: Duration) {
        self.heard = now;
        self.pinged = false;
    }

    /// Who is at the other end.
    pub(super) fn node(&self) -> NodeId {
        self.peer.node
    }

    /// Where it can be dialled, as it says.
    pub(super) fn address(&self) -> &str {
        &self.peer.address
    }

    /// Whether this end dialled.
    pub(super) fn dialled(&self) -> bool {
        self.peer.dialled
    }

    /// The neighbour's name or, without one, its address.
    pub(super) fn label(&self) -> String {
        label(&self.peer.name, &self.peer.address)
    }

    /// The neighbour as it is listed.
    pub(super) fn info(&self) -> PeerInfo {
        self.peer.clone()
    }
}

/// A node's name or, without one, its address.
pub(super) fn label(name: &str, address: &str) -> String {
    if name.is_empty() { address } else { name }.to_owned()
}

impl Core {
    /// The link to a node.
    pub(super) fn link_to(&self, node: NodeId) -> Option<ConnId> {
        self.links.iter().find(|(_, link)| link.node() == node).map(|(conn, _)| *conn)
    }

    /// Lists a neighbour. The end that dialled begins to reconcile, so that it always speaks
    /// first: that is what tells the other end that this connection stays.
    pub(super) fn link_up(&mut self, conn: ConnId, hello: Hello, dialled: bool) {
        let now = self.now.monotonic;
        let link = Link::new(hello, dialled, now);
        let (peer, ranges) = (link.label(), link.features.ranges);
        self.links.insert(conn, link);
        self.deadlines.set(Timer::Alive(conn), now + self.config.timing.ping);
        self.watchers.changed();
        self.neighbours_changed();
        self.log(LogEvent::LinkUp { peer, dialled });
        // A planted mistake: what the ends hold is taken to be the same.
        if self.mutated(Mutant::UnreconciledLink) {
            return;
        }
        self.schedule_periodic_round();
        if dialled || !ranges {
            self.begin_round(conn, false);
        }
    }

    /// A connection ended, whatever it was.
    pub(super) fn on_closed(&mut self, conn: ConnId) {
        self.watchers.forget(conn);
        self.dials.forget_provisional(conn);
        self.deadlines.clear(&Timer::Provisional(conn));
        if self.links.contains_key(&conn) {
            self.link_down(conn, "the connection ended");
        } else if let Some(address) = self.dials.authenticating(conn) {
            self.on_auth_cut(&address);
        }
    }

    /// Takes a neighbour off the list, and dials it again if this end dialled.
    pub(super) fn link_down(&mut self, conn: ConnId, reason: &str) {
        let Some(link) = self.links.remove(&conn) else { return };
        let lasted = self.now.monotonic.saturating_sub(link.since);
        self.log(LogEvent::LinkDown { peer: link.label(), reason: reason.to_owned() });
        self.forget_link(conn);
        if let Some(newer) = self.dials.provisional_to(link.node()) {
            self.dials.move_links(conn, newer);
            self.promote(newer);
        } else {
            self.redial_after(conn, lasted);
        }
    }

    /// Puts a newer connection in the place of a link to the same node.
    pub(super) fn replace_link(&mut self, old: ConnId, new: ConnId, hello: Hello, dialled: bool) {
        if let Some(link) = self.links.remove(&old) {
            let reason = "replaced by a newer connection".to_owned();
            self.log(LogEvent::LinkDown { peer: link.label(), reason });
        }
        self.forget_link(old);
        self.dials.move_links(old, new);
        self.close(old, CloseReason::Duplicate);
        self.link_up(new, hello, dialled);
    }

    /// Drops what is remembered of a link that is no longer listed.
    fn forget_link(&mut self, conn: ConnId) {
        for timer in [Timer::Alive(conn), Timer::Due(conn)] {
            self.deadlines.clear(&timer);
        }
        self.trees.forget(conn);
        self.missing.forget(conn);
        self.early.forget(conn);
        self.forget_rounds(conn);
        self.watchers.changed();
        self.neighbours_changed();
    }

    /// Closes a link from this end.
    pub(super) fn drop_link(&mut self, conn: ConnId, reason: CloseReason) {
        let text = match &reason {
            CloseReason::Refused(reason) => reason.clone(),
            CloseReason::Duplicate => "a second connection to the same node".to_owned(),
            CloseReason::Silent => format!("silent for {} s", self.config.timing.silence.as_secs()),
            CloseReason::NotReading => format!("read nothing for {} s", self.config.timing.silence.as_secs()),
            CloseReason::Protocol(reason) => format!("broke the protocol: {reason}"),
        };
        self.close(conn, reason);
        self.link_down(conn, &text);
    }

    /// Pings a silent neighbour, gives up one that stays silent or reads nothing.
    pub(super) fn check_alive(&mut self, conn: ConnId) {
        let (now, ping, silence) = (self.now.monotonic, self.config.timing.ping, self.config.timing.silence);
        let Some(link) = self.links.get_mut(&conn) else { return };
        if now >= link.heard + silence {
            return self.drop_link(conn, CloseReason::Silent);
        }
        if link.outbox.stalled().is_some_and(|since| now >= since + silence) {
            return self.drop_link(conn, CloseReason::NotReading);
        }
        let quiet = now >= link.heard + ping;
        let ask = quiet && !link.pinged;
        link.pinged |= quiet;
        let mut next = if quiet { link.heard + silence } else { link.heard + ping };
        if let Some(since) = link.outbox.stalled() {
            next = next.min(since + silence);
        }
        self.deadlines.set(Timer::Alive(conn), next.min(now + ping));
        if ask {
            self.tell(conn, Message::Ping);
        }
    }

    /// This process did not run for a while: nobody could be heard, so nobody is given up yet.
    pub(super) fn excuse_silence(&mut self, now: Duration) {
        let heard = now.saturating_sub(self.config.timing.ping);
        for link in self.links.values_mut() {
            link.heard = link.heard.max(heard);
            link.outbox.excuse(heard);
        }
    }
}
