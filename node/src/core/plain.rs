//! Neighbours that know nothing of ranges: `keys`, then `get` of each, a few at a time.
//!
//! A neighbour of another make may speak no more than the clients' commands and whole pushes. What
//! it deleted cannot be learnt this way, only by its pushes.

use std::collections::{BTreeSet, VecDeque};
use std::time::Duration;

use super::Core;
use super::io::ConnId;
use crate::wire::{Command, Refusal, Reply, RequestId};

/// How many values are asked for at a time.
const WINDOW: usize = 16;

/// The questions to one neighbour.
#[derive(Debug)]
pub(super) struct Plain {
    /// The page that is being asked for.
    page: Option<RequestId>,
    /// Keys of the last page whose values have not been asked for.
    keys: VecDeque<String>,
    /// Where the next page begins, if there is one.
    after: Option<String>,
    /// Values being asked for.
    values: BTreeSet<RequestId>,
    /// How many versions were learnt.
    learnt: u64,
    /// When the last answer came.
    heard: Duration,
}

impl Core {
    /// Asks a neighbour for all it has, unless that is under way.
    pub(super) fn begin_plain(&mut self, conn: ConnId) {
        let (now, patience) = (self.now.monotonic, self.config.timing.pull);
        let Some(link) = self.links.get(&conn) else { return };
        if link.plain.as_ref().is_some_and(|plain| now < plain.heard + patience) {
            return;
        }
        let page = Some(self.ask(conn, Command::Keys { after: None }));
        let (keys, values) = (VecDeque::new(), BTreeSet::new());
        let plain = Plain { page, keys, after: None, values, learnt: 0, heard: now };
        if let Some(link) = self.links.get_mut(&conn) {
            link.plain = Some(Box::new(plain));
        }
    }

    /// An answer to one of the questions.
    pub(super) fn on_plain_reply(&mut self, conn: ConnId, id: RequestId, result: Result<Reply, Refusal>) {
        let now = self.now.monotonic;
        let Some(mut plain) = self.links.get_mut(&conn).and_then(|link| link.plain.take()) else { return };
        plain.heard = now;
        if plain.page == Some(id) {
            plain.page = None;
            if let Ok(Reply::Keys { keys, more }) = result {
                plain.after = keys.last().filter(|_| more).cloned();
                plain.keys = keys.into();
            }
        } else if plain.values.remove(&id)
            && let Ok(Reply::Value(version)) = result
        {
            self.stats.payloads_received += 1;
            plain.learnt += self.learn(conn, &[version], plain.learnt);
        }
        while plain.values.len() < WINDOW
            && let Some(key) = plain.keys.pop_front()
        {
            plain.values.insert(self.ask(conn, Command::Get { key }));
        }
        if plain.keys.is_empty()
            && plain.page.is_none()
            && let Some(after) = plain.after.take()
        {
            plain.page = Some(self.ask(conn, Command::Keys { after: Some(after) }));
        }
        if plain.page.is_none() && plain.values.is_empty() {
            if plain.learnt > 0 {
                self.pass_on(conn, false);
            }
        } else if let Some(link) = self.links.get_mut(&conn) {
            link.plain = Some(plain);
        }
    }
}
