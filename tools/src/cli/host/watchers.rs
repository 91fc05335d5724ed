//! The clients that look on: each gets the state, and then the events as they come.
//!
//! A thread of its own writes to them all. The network's thread does not wait for any of them.

use std::io;
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::runtime::{Builder, Handle};
use tokio::time::timeout;

use crate::cli::feed::Reader;
use crate::world::live::Waker;

/// The time that a client has to read a frame. Chosen: a client on the same machine needs milliseconds; one
/// that is stopped for longer connects again.
const PATIENCE: Duration = Duration::from_secs(30);

/// The thread that serves those who look on, once there is one.
#[derive(Debug, Default)]
pub(super) struct Watchers {
    runtime: Option<Handle>,
    /// True if a client lost lines and needs the state anew.
    lost: Arc<AtomicBool>,
}

impl Watchers {
    /// Returns true once after a client has lost lines.
    pub(super) fn take_lost(&self) -> bool {
        self.lost.swap(false, Ordering::Relaxed)
    }

    /// Returns the runtime of the thread, which is started by the first call.
    pub(super) fn runtime(&mut self) -> io::Result<Handle> {
        if let Some(runtime) = &self.runtime {
            return Ok(runtime.clone());
        }
        let runtime = Builder::new_current_thread().enable_all().build()?;
        let handle = runtime.handle().clone();
        // The thread ends with the process, as the network does.
        thread::Builder::new()
            .name("watchers".to_owned())
            .spawn(move || runtime.block_on(std::future::pending::<()>()))?;
        self.runtime = Some(handle.clone());
        Ok(handle)
    }
}

impl Watchers {
    /// Serves a client on the thread. `waker` wakes the network when the client has lost lines.
    pub(super) fn serve(&mut self, stream: UnixStream, reader: Reader, waker: Waker) -> io::Result<()> {
        let lost = Arc::clone(&self.lost);
        self.runtime()?.spawn(async move {
            // A client that has gone, or does not read, is dropped.
            let _: io::Result<()> = serve(stream, reader, &lost, &waker).await;
        });
        Ok(())
    }
}

/// Writes the frames of a reader to its client, until one of them ends.
async fn serve(stream: UnixStream, mut reader: Reader, lost: &AtomicBool, waker: &Waker) -> io::Result<()> {
    stream.set_nonblocking(true)?;
    let (mut from, mut to) = tokio::net::UnixStream::from_std(stream)?.into_split();
    let mut byte = [0];
    loop {
        let frame = tokio::select! {
            frame = reader.frame() => frame,
            // The client says nothing more: this is its end.
            _ = from.read(&mut byte) => return Ok(()),
        };
        let Some(frame) = frame else { return to.shutdown().await };
        if frame.overrun {
            lost.store(true, Ordering::Relaxed);
            waker.wake();
        }
        let mut text = String::with_capacity(frame.lines.iter().map(|line| line.len() + 1).sum());
        for line in &frame.lines {
            text.push_str(line);
            text.push('\n');
        }
        timeout(PATIENCE, to.write_all(text.as_bytes())).await.map_err(|_| io::ErrorKind::TimedOut)??;
    }
}
