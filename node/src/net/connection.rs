//! One connection, from its upgrade to its end: it reads frames into the core and writes all that lies
//! ready in one flush.

use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::time::{sleep, timeout};
use tokio_tungstenite::tungstenite::error::ProtocolError;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::log;
use super::shell::Shell;
use super::transport::Transport;
use super::websocket::close_frame;
use super::write_queue::{Batch, Outgoing, WriteQueue};
use crate::core::ConnId;
use crate::wire::{ErrorCode, Malformed, Refusal};

/// The longest time that a client may take to read one batch. Chosen: as long as a neighbour may be silent
/// (`Timing::silence`), so that clients and neighbours are given the same time.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest time that closing may take, from either end. Chosen: many round trips on any network, and
/// short for a person who waits.
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// The number of frames that are read from one connection before others have their turn. Chosen: the yield
/// costs nothing beside so many frames, and no other connection waits for more of them.
const TURN: u32 = 256;
/// The number of unreadable frames in a row that ends a connection. Chosen: a person who types by hand may
/// err some times; a program of another protocol never comes right.
const MALFORMED_MAX: u32 = 32;

/// The way in which a connection ended.
enum Ending {
    /// The other end is gone, or both ends have closed.
    Gone,
    /// The connection was dropped, or its time for closing was over.
    Cut,
    /// The other end sent something that cannot be accepted.
    Fault(CloseCode, &'static str),
}

/// One connection, as its task sees it.
struct Connection {
    shell: Rc<Shell>,
    conn: ConnId,
    queue: Rc<WriteQueue>,
    /// The address of the other end, for the log.
    peer: Rc<str>,
}

/// Serves a connection until its end, and reports that to the shell.
pub(super) async fn serve(
    shell: Rc<Shell>,
    conn: ConnId,
    queue: Rc<WriteQueue>,
    peer: Rc<str>,
    transport: impl Transport,
) {
    let connection = Connection { shell, conn, queue, peer };
    let (mut sink, mut stream) = transport.split();
    let ending = {
        let mut reader = pin!(connection.read(&mut stream));
        let mut writer = pin!(connection.write(&mut sink));
        let mut ended = pin!(connection.ended());
        // The reader comes first: the frames that it makes the core send go out in the same turn.
        tokio::select! {
            biased;
            ending = &mut ended => ending,
            ending = &mut reader => ending,
            ending = &mut writer => ending,
        }
    };
    let Connection { shell, conn, peer, .. } = connection;
    shell.on_closed(conn);
    if let Ending::Fault(code, reason) = ending {
        log::warn(format_args!("closed {peer}: {reason}"));
        if let Ok(transport) = stream.reunite(sink) {
            // The connection is over, whether or not this succeeds.
            let _ = timeout(CLOSE_TIMEOUT, transport.close_for_fault(code, reason)).await;
        }
    }
    shell.remove(conn);
}

impl Connection {
    /// Waits until the connection is to end and had its time to close.
    async fn ended(&self) -> Ending {
        poll_fn(|context| self.queue.poll_ending(context)).await;
        let mut dropped = pin!(poll_fn(|context| self.queue.poll_dropped(context)));
        tokio::select! {
            () = &mut dropped => {}
            () = sleep(CLOSE_TIMEOUT) => {}
        }
        Ending::Cut
    }

    /// Reads frames and hands them to the shell until the connection ends.
    async fn read(&self, stream: &mut SplitStream<impl Transport>) -> Ending {
        let (mut malformed_in_a_row, mut turn) = (0, 0);
        loop {
            turn += 1;
            if turn == TURN {
                turn = 0;
                tokio::task::yield_now().await;
            }
            poll_fn(|context| self.queue.poll_room(context)).await;
            let malformed = match stream.next().await {
                None => return Ending::Gone,
                Some(Err(error)) => return ending_for(&error),
                Some(Ok(Message::Text(text))) => match self.shell.on_text(self.conn, &text) {
                    Ok(()) => {
                        malformed_in_a_row = 0;
                        continue;
                    }
                    Err(malformed) => malformed,
                },
                Some(Ok(Message::Binary(_))) => binary_refused(),
                Some(Ok(Message::Close(_))) => {
                    self.shell.on_closed(self.conn);
                    // The end of the stream comes next, once the answer is out.
                    self.queue.close(CloseCode::Normal, String::new());
                    continue;
                }
                Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
            };
            malformed_in_a_row += 1;
            if malformed_in_a_row == 1 {
                log::warn(format_args!("{} sent an invalid frame: {malformed}", self.peer));
            }
            if malformed_in_a_row == MALFORMED_MAX {
                return Ending::Fault(CloseCode::Policy, "too many invalid frames in a row");
            }
            self.shell.on_malformed(self.conn, &malformed);
        }
    }

    /// Writes batches of queued frames until the connection ends.
    async fn write(&self, sink: &mut SplitSink<impl Transport, Message>) -> Ending {
        loop {
            match poll_fn(|context| self.queue.poll_batch(context)).await {
                Batch::Frames(frames) => {
                    if let Some(ending) = self.write_frames(frames, sink).await {
                        return ending;
                    }
                }
                Batch::Close(code, reason) => {
                    let frame = close_frame(code, &reason);
                    if sink.feed(Message::Close(Some(frame))).await.is_err() || sink.flush().await.is_err() {
                        // The other end closed first; the reader sees the end.
                        return std::future::pending().await;
                    }
                }
            }
        }
    }

    /// Writes one batch and reports it to the shell. Returns the connection's ending if that fails.
    async fn write_frames(
        &self,
        frames: Vec<Outgoing>,
        sink: &mut SplitSink<impl Transport, Message>,
    ) -> Option<Ending> {
        let bytes: usize = frames.iter().map(|outgoing| outgoing.text.len()).sum();
        let weight = frames.iter().map(|outgoing| outgoing.weight).sum();
        let counted = frames.iter().map(|outgoing| outgoing.counted).sum();
        let flush = async {
            for outgoing in frames {
                sink.feed(Message::Text(outgoing.text)).await?;
            }
            sink.flush().await
        };
        let flushed = if self.queue.is_link() {
            // The core supervises its neighbours by these reports.
            flush.await
        } else if let Ok(flushed) = timeout(WRITE_TIMEOUT, flush).await {
            flushed
        } else {
            let (peer, seconds) = (&self.peer, WRITE_TIMEOUT.as_secs());
            log::warn(format_args!("client {peer} did not read {bytes} bytes within {seconds} s: dropped"));
            return Some(Ending::Cut);
        };
        if flushed.is_err() {
            return Some(Ending::Gone);
        }
        self.shell.on_written(self.conn, weight, counted);
        None
    }
}

/// Returns the refusal of a binary frame.
fn binary_refused() -> Malformed {
    let refusal = Refusal::new(ErrorCode::Malformed, "binary frames are reserved");
    Malformed { id: None, refusal, answer: false }
}

/// Returns the ending of a connection whose reading failed.
fn ending_for(error: &Error) -> Ending {
    match error {
        Error::Capacity(_) => Ending::Fault(CloseCode::Size, "a frame is too long"),
        Error::Utf8(_) => Ending::Fault(CloseCode::Invalid, "a text frame is not UTF-8"),
        Error::Protocol(ProtocolError::ResetWithoutClosingHandshake) => Ending::Gone,
        Error::Protocol(_) => Ending::Fault(CloseCode::Protocol, "not the WebSocket protocol"),
        _ => Ending::Gone,
    }
}
