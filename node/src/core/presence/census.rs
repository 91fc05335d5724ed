//! The census: a wave of questions over all links, and the answers that come back.
//!
//! It is the echo algorithm (Chang 1982): a node that is asked for the first time asks its other neighbours, and answers
//! once all of them have. Two neighbours that ask each other have thereby answered. So a census costs two messages a link,
//! and nothing while nobody asks for one. Nodes are passed on as they are counted, so that a neighbour which does not
//! answer hides those behind it alone.

use std::collections::BTreeSet;
use std::time::Duration;

use super::rolls::{CENSUSES_MAX, OwnRoll, Roll};
use crate::core::deadlines::Timer;
use crate::core::figure::millis;
use crate::core::io::ConnId;
use crate::core::state::Core;
use crate::wire::{CensusId, Message, Reply, RequestId, Resident, SeenLink};

/// The time that a census may take. Chosen: a person who asked waits no longer, and answers pass some hundred links of
/// 20 ms in it.
const CENSUS: Duration = Duration::from_secs(3);
/// The time for which counted nodes are gathered before they are passed on. Chosen: long beside the answers of neighbours
/// on one machine, short beside the whole.
const PASS: Duration = Duration::from_millis(20);
/// The weight of gathered nodes that are passed on at once. Chosen: a sixteenth of the longest frame.
const PASS_WEIGHT: usize = 64 << 10;
/// The bits of a drawn number, which every reader of JSON keeps.
const NUMBER_BITS: u32 = 53;

impl Core {
    /// Handles a client's request for the nodes of the network. The answer follows.
    pub(in crate::core) fn count_nodes(&mut self, asked_by: (ConnId, RequestId)) {
        if let Some(own) = &mut self.rolls.own {
            own.asked_by.push(asked_by);
            return;
        }
        let id = self.draw_number();
        let mut own = OwnRoll::new(id, asked_by);
        own.is_complete = self.rolls.open.len() < CENSUSES_MAX;
        self.rolls.own = Some(own);
        self.join_census(id, None);
    }

    /// Handles the question of a neighbour.
    pub(in crate::core) fn on_census(&mut self, conn: ConnId, id: CensusId) {
        if let Some(roll) = self.rolls.open.get_mut(&id) {
            if roll.waiting.remove(&conn) {
                self.end_census_if_answered(id);
                return;
            }
        } else if !self.rolls.is_known(id) {
            self.join_census(id, Some(conn));
            return;
        }
        // The link is younger than the question that this node asked its neighbours.
        self.send_message(conn, Message::Counted { id, nodes: Vec::new(), last: true });
    }

    /// Handles nodes that a neighbour counted.
    pub(in crate::core) fn on_counted(&mut self, conn: ConnId, id: CensusId, nodes: &[Resident], last: bool) {
        let Some(roll) = self.rolls.open.get_mut(&id) else { return };
        if !roll.waiting.contains(&conn) {
            return;
        }
        if last {
            roll.waiting.remove(&conn);
        }
        self.gather(id, nodes.to_vec());
        self.end_census_if_answered(id);
    }

    /// Handles the end of a link: no answer comes from there any more.
    pub(in crate::core) fn leave_censuses(&mut self, conn: ConnId) {
        let asked: Vec<CensusId> = self.rolls.open.keys().copied().collect();
        for id in asked {
            let Some(roll) = self.rolls.open.get_mut(&id) else { continue };
            if roll.parent == Some(conn) {
                self.rolls.open.remove(&id);
                self.rolls.end(id);
            } else if roll.waiting.remove(&conn) {
                self.end_census_if_answered(id);
            }
        }
    }

    /// Passes on what is due, and gives up the neighbours whose time is over.
    pub(in crate::core) fn on_census_timer(&mut self) {
        let now = self.now.monotonic;
        let open: Vec<CensusId> = self.rolls.open.keys().copied().collect();
        for id in open {
            let Some(roll) = self.rolls.open.get_mut(&id) else { continue };
            if roll.until <= now {
                roll.waiting.clear();
                if let Some(own) = self.rolls.own.as_mut().filter(|own| own.id == id) {
                    own.is_complete = false;
                }
                self.end_census_if_answered(id);
            } else if roll.pass_at.is_some_and(|at| at <= now) {
                self.pass_on(id, false);
            }
        }
        self.schedule_census();
    }

    /// Counts this node, and asks its other neighbours.
    fn join_census(&mut self, id: CensusId, parent: Option<ConnId>) {
        let asks = self.rolls.open.len() < CENSUSES_MAX;
        let others = self.links.iter().filter(|(conn, link)| Some(**conn) != parent && link.features.census);
        let waiting: BTreeSet<ConnId> = others.map(|(conn, _)| *conn).filter(|_| asks).collect();
        let until = self.now.monotonic + CENSUS;
        let own = self.resident();
        let roll = Roll { parent, waiting: waiting.clone(), gathered: Vec::new(), pass_at: None, until };
        self.rolls.open.insert(id, roll);
        self.gather(id, vec![own]);
        for conn in waiting {
            self.send_message(conn, Message::Census { id });
        }
        self.end_census_if_answered(id);
    }

    /// Returns this node, as it counts itself.
    fn resident(&self) -> Resident {
        let now = self.now.monotonic;
        let links = self.links.values().map(|link| SeenLink {
            to: link.node(),
            silent_ms: millis(now.saturating_sub(link.last_frame())),
        });
        Resident {
            node: self.config.node,
            name: self.config.name.clone(),
            address: self.config.address.clone(),
            links: links.take(Resident::LINKS_MAX).collect(),
        }
    }

    /// Adds nodes to those that are passed on.
    fn gather(&mut self, id: CensusId, nodes: Vec<Resident>) {
        let Some(roll) = self.rolls.open.get_mut(&id) else { return };
        if roll.parent.is_none() {
            if let Some(own) = self.rolls.own.as_mut().filter(|own| own.id == id) {
                for node in nodes {
                    own.add(node);
                }
            }
        } else if !nodes.is_empty() {
            roll.gathered.extend(nodes);
            roll.pass_at.get_or_insert(self.now.monotonic + PASS);
            if roll.gathered.iter().map(Resident::weight).sum::<usize>() >= PASS_WEIGHT {
                self.pass_on(id, false);
            }
        }
        self.schedule_census();
    }

    /// Sends the gathered nodes to the neighbour that asked.
    fn pass_on(&mut self, id: CensusId, last: bool) {
        let Some(roll) = self.rolls.open.get_mut(&id) else { return };
        roll.pass_at = None;
        let (nodes, parent) = (std::mem::take(&mut roll.gathered), roll.parent);
        if let Some(parent) = parent {
            self.send_message(parent, Message::Counted { id, nodes, last });
        }
    }

    /// Ends this node's part in a census once all neighbours have answered.
    fn end_census_if_answered(&mut self, id: CensusId) {
        if self.rolls.open.get(&id).is_none_or(|roll| !roll.waiting.is_empty()) {
            return;
        }
        self.pass_on(id, true);
        self.rolls.open.remove(&id);
        self.rolls.end(id);
        self.schedule_census();
        let Some(own) = self.rolls.own.take_if(|own| own.id == id) else { return };
        let mut nodes: Vec<Resident> = own.nodes.into_values().collect();
        nodes.sort_by(|one, other| (&one.name, one.node).cmp(&(&other.name, other.node)));
        for (conn, request) in own.asked_by {
            let reply = Reply::Nodes { nodes: nodes.clone(), complete: own.is_complete };
            self.send_reply(conn, request, Ok(reply));
        }
    }

    fn schedule_census(&mut self) {
        match self.rolls.next() {
            Some(at) => self.deadlines.set(Timer::Census, at),
            None => self.deadlines.clear(&Timer::Census),
        }
    }

    /// Draws a number that every reader of JSON keeps.
    pub(super) fn draw_number(&mut self) -> u64 {
        self.draw((1 << NUMBER_BITS) - 1)
    }
}
