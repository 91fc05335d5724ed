//! One direction of one connection: bytes are taken in as there is room, and given out when they have
//! arrived.

use std::cell::RefCell;
use std::collections::VecDeque;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::WINDOW;
use super::road::Road;

/// The most bytes that travel as one: a few segments, so that a slow line does not let through much at
/// a time (at a megabit a second these are 33 ms), and enough that a quick one costs few calls.
const PORTION: usize = 4 << 10;

/// What is under way.
#[derive(Default)]
struct UnderWay {
    queue: RefCell<Queue>,
    /// Told when something has come in, or gone out.
    moved: Notify,
}

#[derive(Default)]
struct Queue {
    /// In order; without bytes, the end.
    portions: VecDeque<(Instant, Vec<u8>)>,
    bytes: usize,
}

/// Carries what comes in, `early` first, until its end has come out.
pub(super) async fn carry(road: &Road, early: Vec<u8>, mut from: ReadHalf<'_>, mut to: WriteHalf<'_>) {
    let under_way = UnderWay::default();
    tokio::join!(under_way.take_in(road, early, &mut from), under_way.give_out(road, &mut to));
}

impl UnderWay {
    async fn take_in(&self, road: &Road, early: Vec<u8>, from: &mut ReadHalf<'_>) {
        for portion in early.chunks(PORTION) {
            self.put(road, portion);
        }
        let mut buffer = [0; PORTION];
        loop {
            self.until(|queue| (queue.bytes < WINDOW).then_some(())).await;
            // An end is an end: of one that was reset, too, all that could be read has been.
            let count = from.read(&mut buffer).await.unwrap_or(0);
            self.put(road, &buffer[..count]);
            if count == 0 {
                return;
            }
        }
    }

    fn put(&self, road: &Road, portion: &[u8]) {
        let arrives = road.send(portion.len());
        let mut queue = self.queue.borrow_mut();
        queue.bytes += portion.len();
        queue.portions.push_back((arrives, portion.to_vec()));
        self.moved.notify_waiters();
    }

    async fn give_out(&self, road: &Road, to: &mut WriteHalf<'_>) {
        let mut takes = true;
        loop {
            let (arrives, portion) = self.until(|queue| queue.portions.pop_front()).await;
            road.arrival(arrives).await;
            if portion.is_empty() {
                // One that is closed already needs no end.
                let _: std::io::Result<()> = to.shutdown().await;
                return;
            }
            // Whoever sends to an end that is gone hears of it by the other direction.
            takes = takes && to.write_all(&portion).await.is_ok();
            self.queue.borrow_mut().bytes -= portion.len();
            self.moved.notify_waiters();
        }
    }

    /// Waits until there is something to be had from the queue.
    async fn until<T>(&self, mut get: impl FnMut(&mut Queue) -> Option<T>) -> T {
        loop {
            let moved = self.moved.notified();
            if let Some(got) = get(&mut self.queue.borrow_mut()) {
                return got;
            }
            moved.await;
        }
    }
}
