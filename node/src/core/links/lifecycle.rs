//! The lifecycle of links: their listing, their replacement and their end.

use super::link::{Link, label};
use crate::core::deadlines::Timer;
use crate::core::figure::seconds;
use crate::core::io::{CloseReason, ConnId};
use crate::core::log::LogEvent;
use crate::core::mutant::Mutant;
use crate::core::state::Core;
use crate::wire::{Hello, NodeId};

impl Core {
    /// Returns the connection of the link to a node.
    pub(super) fn link_to(&self, node: NodeId) -> Option<ConnId> {
        self.links.iter().find(|(_, link)| link.node() == node).map(|(conn, _)| *conn)
    }

    /// Lists a neighbour. The end that dialled begins to reconcile, so that it always speaks first:
    /// its first message tells the other end that this connection stays.
    pub(super) fn link_up(&mut self, conn: ConnId, hello: Hello, dialled: bool) {
        let now = self.now.monotonic;
        let link = Link::new(hello, dialled, now);
        let (peer, ranges) = (link.label(), link.features.ranges);
        self.links.insert(conn, link);
        self.deadlines.set(Timer::KeepAlive(conn), now + self.config.timing.ping);
        self.watchers.record_change();
        self.schedule_neighbours();
        self.log(LogEvent::LinkUp { peer, dialled });
        // A planted mistake: both ends are assumed to hold the same versions.
        if self.mutated(Mutant::UnreconciledLink) {
            return;
        }
        self.schedule_periodic_round();
        if dialled || !ranges {
            self.begin_round(conn, false);
        }
    }

    /// Handles the end of a connection of any kind.
    pub(in crate::core) fn on_closed(&mut self, conn: ConnId) {
        self.watchers.remove(conn);
        self.dials.remove_provisional(conn);
        self.deadlines.clear(&Timer::Provisional(conn));
        if self.links.contains_key(&conn) {
            self.link_down(conn, "the connection ended");
        } else if let Some(address) = self.dials.authenticating(conn) {
            self.on_auth_cut(&address);
        }
    }

    /// Removes a neighbour from the list. A newer connection to the same node takes the link's
    /// place; otherwise the node dials again if it dialled the link.
    fn link_down(&mut self, conn: ConnId, reason: &str) {
        let Some(link) = self.links.remove(&conn) else { return };
        let lasted = self.now.monotonic.saturating_sub(link.since);
        self.log(LogEvent::LinkDown { peer: link.label(), reason: reason.to_owned() });
        self.clear_link_state(conn);
        if let Some(newer) = self.dials.provisional_to(link.node()) {
            self.dials.move_links(conn, newer);
            self.promote(newer);
        } else {
            self.redial_after(conn, lasted);
        }
    }

    /// Replaces a link by a newer connection to the same node.
    pub(super) fn replace_link(&mut self, old: ConnId, new: ConnId, hello: Hello, dialled: bool) {
        if let Some(link) = self.links.remove(&old) {
            if link.address() != hello.address {
                let (node, now) = (hello.node, label(&hello.name, &hello.address));
                self.log(LogEvent::Moved { node, before: link.label(), now });
            }
            let reason = "replaced by a newer connection".to_owned();
            self.log(LogEvent::LinkDown { peer: link.label(), reason });
        }
        self.clear_link_state(old);
        self.dials.move_links(old, new);
        self.close(old, CloseReason::Duplicate);
        self.link_up(new, hello, dialled);
    }

    /// Drops all state of a link that is no longer listed.
    fn clear_link_state(&mut self, conn: ConnId) {
        for timer in [Timer::KeepAlive(conn), Timer::Deferral(conn)] {
            self.deadlines.clear(&timer);
        }
        self.trees.remove_link(conn);
        self.missing.remove_link(conn);
        self.clock_skew.remove_link(conn);
        self.remove_from_rounds(conn);
        self.leave_censuses(conn);
        self.watchers.record_change();
        self.schedule_neighbours();
    }

    /// Closes a link from this end.
    pub(super) fn drop_link(&mut self, conn: ConnId, reason: CloseReason) {
        let text = match &reason {
            CloseReason::Refused(reason) => reason.clone(),
            CloseReason::Duplicate => "a second connection to the same node".to_owned(),
            CloseReason::Unanswered => "the dial took too long".to_owned(),
            CloseReason::Silent => format!("silent for {} s", seconds(self.config.timing.silence)),
            CloseReason::NotReading => format!("read nothing for {} s", seconds(self.config.timing.silence)),
            CloseReason::Protocol(reason) => format!("broke the protocol: {reason}"),
        };
        self.close(conn, reason);
        self.link_down(conn, &text);
    }
}
