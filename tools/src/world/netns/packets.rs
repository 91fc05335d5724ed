//! The carriage of packets between nodes whose link has a shape.
//!
//! The kernel hands these packets to the harness ([`Capture`]), the [`Shaper`] says when each arrives, and a thread
//! sends it on at that time. So shapes hold for all traffic: of either end, and of every protocol.
//!
//! - One transaction of the packet filter decides for each packet if the kernel or the harness carries it: none
//!   is lost, and none comes twice, when a shape begins or ends.
//! - Cuts and partitions hold where a packet enters, by the filter, and where it leaves, by the shaper.
//! - The thread sleeps until a packet comes or is due. It needs no turn of the thread that drives the world.

mod capture;
#[deny(clippy::disallowed_macros, clippy::disallowed_methods, clippy::disallowed_types)]
mod packet;
#[deny(clippy::disallowed_macros, clippy::disallowed_methods, clippy::disallowed_types)]
mod shaper;

use std::io;
use std::os::fd::OwnedFd;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use rustix::event::{EventfdFlags, PollFd, PollFlags, Timespec, eventfd, poll};
use rustix::io::Errno;

use super::error::NetnsError;
use crate::world::live::ShortageCallback;

pub(super) use capture::Capture;
use capture::{Buffer, Received};
use shaper::Shaper;

/// The packets that are taken before others are sent on. Chosen: a part of what the kernel holds for the harness.
const TAKEN_AT_ONCE: usize = 64;
/// The packets that are sent on before others are taken. Each may be answered at once by some more, which the
/// kernel has to hold meanwhile. Chosen: a small part of that.
const SENT_AT_ONCE: usize = 16;

/// The packets of shaped links. When this is dropped, those under way are lost.
#[derive(Debug)]
pub(super) struct Packets {
    shaper: Arc<Mutex<Shaper>>,
    thread: Option<(JoinHandle<()>, Arc<End>)>,
}

impl Packets {
    /// Creates a carriage in which nothing runs. All draws come from the seed.
    pub(super) fn new(seed: u64) -> Self {
        Self { shaper: Arc::new(Mutex::new(Shaper::new(seed))), thread: None }
    }

    /// Returns true if packets that come are carried.
    pub(super) fn has_begun(&self) -> bool {
        self.thread.is_some()
    }

    /// Begins to carry. `on_shortage` gets the reason if the thread cannot go on.
    pub(super) fn begin(
        &mut self,
        capture: Capture,
        on_shortage: Option<ShortageCallback>,
    ) -> Result<(), NetnsError> {
        let wake = eventfd(0, EventfdFlags::CLOEXEC).map_err(|error| NetnsError::Packets(error.into()))?;
        let end = Arc::new(End { has_come: AtomicBool::new(false), wake });
        let (shaper, began) = (Arc::clone(&self.shaper), Instant::now());
        let carrying = Carrying { capture, shaper, end: Arc::clone(&end), began };
        let thread = std::thread::Builder::new().name("packets".to_owned()).spawn(move || {
            if let (Err(error), Some(on_shortage)) = (carrying.run(), on_shortage) {
                on_shortage(format!("the packets of shaped links cannot be carried: {error}"));
            }
        });
        self.thread = Some((thread.map_err(NetnsError::Packets)?, end));
        Ok(())
    }

    /// Returns the shaper. The thread waits for it meanwhile.
    pub(super) fn shaper(&self) -> MutexGuard<'_, Shaper> {
        locked(&self.shaper)
    }
}

impl Drop for Packets {
    fn drop(&mut self) {
        let Some((thread, end)) = self.thread.take() else { return };
        end.has_come.store(true, Ordering::Relaxed);
        // The number of an event descriptor has room for the one.
        let _: rustix::io::Result<usize> = rustix::io::write(&end.wake, &1_u64.to_ne_bytes());
        let _: std::thread::Result<()> = thread.join();
    }
}

/// The request to the thread to end.
#[derive(Debug)]
struct End {
    has_come: AtomicBool,
    /// The descriptor that wakes the thread.
    wake: OwnedFd,
}

/// The work of the thread.
struct Carrying {
    capture: Capture,
    shaper: Arc<Mutex<Shaper>>,
    end: Arc<End>,
    /// The moment at which the time of the shaper began.
    began: Instant,
}

impl Carrying {
    fn run(&self) -> io::Result<()> {
        let mut buffer = Buffer::new();
        while !self.end.has_come.load(Ordering::Relaxed) {
            let mut taken = 0;
            while taken < TAKEN_AT_ONCE
                && let Some(Received { length, unread }) = self.capture.receive(&mut buffer)?
            {
                let mut shaper = locked(&self.shaper);
                shaper.enqueue(self.began.elapsed(), &buffer.packet[..length]);
                if let Some(unread) = unread {
                    shaper.set_unread(unread);
                }
                taken += 1;
            }
            let mut sent = 0;
            while sent < SENT_AT_ONCE
                && let Some(packet) = self.arrived()
            {
                self.capture.send(&packet);
                sent += 1;
            }
            if taken == 0 && sent == 0 {
                self.wait()?;
            }
        }
        Ok(())
    }

    fn arrived(&self) -> Option<Arc<[u8]>> {
        locked(&self.shaper).arrive(self.began.elapsed())
    }

    /// Waits for a packet that comes or is due, or for the end.
    fn wait(&self) -> io::Result<()> {
        let due = locked(&self.shaper).next_due();
        let within = due.map(|due| due.saturating_sub(self.began.elapsed()));
        let mut ready =
            [PollFd::new(self.capture.packets(), PollFlags::IN), PollFd::new(&self.end.wake, PollFlags::IN)];
        match poll(&mut ready, within.and_then(timespec).as_ref()) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Returns the time as the kernel takes it; none is for ever.
fn timespec(time: Duration) -> Option<Timespec> {
    Timespec::try_from(time).ok()
}

/// Locks the shaper. Its state is whole between any two calls, so that a panic elsewhere does not matter.
fn locked(shaper: &Mutex<Shaper>) -> MutexGuard<'_, Shaper> {
    shaper.lock().unwrap_or_else(PoisonError::into_inner)
}
