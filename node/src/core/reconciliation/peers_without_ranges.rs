//! Reconciliation with neighbours without ranges: `keys`, then `get` of each key, a few at a time.
//!
//! A neighbour of another make may understand only the clients' commands and whole pushes. Its
//! deletions cannot be learnt this way, only by its pushes.

use std::collections::{BTreeSet, VecDeque};

use super::key_scan::KeyScan;
use crate::core::io::ConnId;
use crate::core::state::Core;
use crate::wire::{Command, Refusal, Reply, RequestId};

/// The maximum number of `get` requests under way.
///
/// Chosen: with values of 16 KiB they are as much as the four batches of a pull.
const WINDOW: usize = 16;

impl Core {
    /// Starts asking a neighbour for all its keys and values, unless that is under way and answered
    /// in time.
    pub(super) fn begin_key_scan(&mut self, conn: ConnId) {
        let (now, patience) = (self.now.monotonic, self.config.timing.pull);
        let Some(link) = self.links.get(&conn) else { return };
        if link.key_scan.as_ref().is_some_and(|scan| now < scan.last_answer + patience) {
            return;
        }
        let page = Some(self.send_request(conn, Command::Keys { after: None }));
        let (keys, values) = (VecDeque::new(), BTreeSet::new());
        let scan = KeyScan { page, keys, after: None, values, learnt: 0, last_answer: now };
        if let Some(link) = self.links.get_mut(&conn) {
            link.key_scan = Some(Box::new(scan));
        }
    }

    /// Handles the answer to one of the requests.
    pub(in crate::core) fn on_key_scan_reply(
        &mut self,
        conn: ConnId,
        id: RequestId,
        result: Result<Reply, Refusal>,
    ) {
        let now = self.now.monotonic;
        let Some(mut scan) = self.links.get_mut(&conn).and_then(|link| link.key_scan.take()) else { return };
        scan.last_answer = now;
        if scan.page == Some(id) {
            scan.page = None;
            if let Ok(Reply::Keys { keys, more }) = result {
                scan.after = keys.last().filter(|_| more).cloned();
                scan.keys = keys.into();
            }
        } else if scan.values.remove(&id)
            && let Ok(Reply::Value(version)) = result
        {
            self.counters.payloads_received += 1;
            scan.learnt += self.merge_fetched(conn, &[version], scan.learnt);
        }
        while scan.values.len() < WINDOW
            && let Some(key) = scan.keys.pop_front()
        {
            scan.values.insert(self.send_request(conn, Command::Get { key }));
        }
        if scan.keys.is_empty()
            && scan.page.is_none()
            && let Some(after) = scan.after.take()
        {
            scan.page = Some(self.send_request(conn, Command::Keys { after: Some(after) }));
        }
        if scan.page.is_none() && scan.values.is_empty() {
            if scan.learnt > 0 {
                self.begin_rounds_with_others(conn, false);
            }
        } else if let Some(link) = self.links.get_mut(&conn) {
            link.key_scan = Some(scan);
        }
    }
}
