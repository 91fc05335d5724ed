//! One direction of one connection: bytes are taken in as there is room, and given out when they have
//! arrived.

use std::cell::RefCell;
use std::collections::VecDeque;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{ReadHalf, WriteHalf};
use tokio::sync::Notify;
use tokio::time::Instant;

use super::channel::Channel;
use crate::world::link::WINDOW;

/// The most bytes that travel as one. They are a few segments, so that a slow line lets through little at a
/// time: at a megabit a second these are 33 ms. They are enough that a quick line costs few calls.
const PORTION: usize = 4 << 10;

/// The bytes that are under way.
#[derive(Default)]
struct UnderWay {
    queue: RefCell<Queue>,
    /// The notification that bytes have come in, or gone out.
    moved: Notify,
}

#[derive(Default)]
struct Queue {
    /// The portions in order, each with its arrival time. A portion without bytes is the end of the stream.
    portions: VecDeque<(Instant, Vec<u8>)>,
    bytes: usize,
}

/// Carries bytes, `early` first, until the end of the stream has come out.
pub(super) async fn carry(channel: &Channel, early: Vec<u8>, mut from: ReadHalf<'_>, mut to: WriteHalf<'_>) {
    let under_way = UnderWay::default();
    tokio::join!(
        under_way.read_into_queue(channel, early, &mut from),
        under_way.write_from_queue(channel, &mut to)
    );
}

impl UnderWay {
    async fn read_into_queue(&self, channel: &Channel, early: Vec<u8>, from: &mut ReadHalf<'_>) {
        for portion in early.chunks(PORTION) {
            self.put(channel, portion);
        }
        let mut buffer = [0; PORTION];
        loop {
            self.wait_for(|queue| (queue.bytes < WINDOW).then_some(())).await;
            // A reset counts as an end: all that could be read before it has been.
            let count = from.read(&mut buffer).await.unwrap_or(0);
            self.put(channel, &buffer[..count]);
            if count == 0 {
                return;
            }
        }
    }

    fn put(&self, channel: &Channel, portion: &[u8]) {
        let arrives = channel.send(portion.len());
        let mut queue = self.queue.borrow_mut();
        queue.bytes += portion.len();
        queue.portions.push_back((arrives, portion.to_vec()));
        self.moved.notify_waiters();
    }

    async fn write_from_queue(&self, channel: &Channel, to: &mut WriteHalf<'_>) {
        let mut takes = true;
        loop {
            let (arrives, portion) = self.wait_for(|queue| queue.portions.pop_front()).await;
            channel.wait_for_arrival(arrives).await;
            if portion.is_empty() {
                // A connection that is closed already needs no end.
                let _: std::io::Result<()> = to.shutdown().await;
                return;
            }
            // The sender learns that the receiver is gone by the other direction.
            takes = takes && to.write_all(&portion).await.is_ok();
            self.queue.borrow_mut().bytes -= portion.len();
            self.moved.notify_waiters();
        }
    }

    /// Waits until `get` finds what it wants in the queue.
    async fn wait_for<T>(&self, mut get: impl FnMut(&mut Queue) -> Option<T>) -> T {
        loop {
            let moved = self.moved.notified();
            if let Some(got) = get(&mut self.queue.borrow_mut()) {
                return got;
            }
            moved.await;
        }
    }
}
