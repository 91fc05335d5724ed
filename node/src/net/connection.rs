//! One connection, from its upgrade to its end: reads frames into the core, writes what lies
//! ready, all of it in one flush.

use std::future::poll_fn;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use futures_util::stream::{SplitSink, SplitStream};
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::{sleep, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::CloseFrame;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message, Utf8Bytes};

use super::log;
use super::outbox::{Batch, Outbox};
use super::shell::Shell;
use crate::core::ConnId;
use crate::wire::{ErrorCode, Malformed, Refusal};

/// How long a client may take to read one batch.
const STALL: Duration = Duration::from_secs(10);
/// How long taking leave may take, either way.
const LEAVE: Duration = Duration::from_secs(1);
/// So many frames are read from one connection before others have their turn.
const TURN: u32 = 256;
/// So many frames in a row that cannot be read end a connection.
const GARBAGE_MAX: u32 = 32;
/// The most that is read, and thrown away, from a connection that was closed for what it sent.
const LINGER: usize = 16 << 20;

/// How a connection came to its end.
enum End {
    /// The other end is gone, or both have taken leave.
    Gone,
    /// There was no time left to wait.
    Cut,
    /// It said something that cannot be borne.
    Fault(CloseCode, &'static str),
}

/// Serves a connection until its end, and tells the shell.
pub(super) async fn serve(
    shell: Rc<Shell>,
    conn: ConnId,
    outbox: Rc<Outbox>,
    from: Rc<str>,
    socket: WebSocketStream<TcpStream>,
) {
    let (mut sink, mut stream) = socket.split();
    let end = {
        let mut reader = pin!(read(&shell, conn, &outbox, &from, &mut stream));
        let mut writer = pin!(write(&shell, conn, &outbox, &from, &mut sink));
        let mut ended = pin!(ended(&outbox));
        // The reader comes first: what it makes the core say goes out in the same turn.
        tokio::select! {
            biased;
            end = &mut ended => end,
            end = &mut reader => end,
            end = &mut writer => end,
        }
    };
    shell.closed(conn);
    if let End::Fault(code, reason) = end {
        log::warn(format_args!("closed {from}: {reason}"));
        if let Ok(socket) = stream.reunite(sink) {
            // Whatever comes of it, the connection is over.
            let _ = timeout(LEAVE, dismiss(socket, code, reason)).await;
        }
    }
    shell.over(conn);
}

/// Resolves when the connection was told to end and had its time for it.
async fn ended(outbox: &Outbox) -> End {
    poll_fn(|context| outbox.poll_ending(context)).await;
    let mut dropped = pin!(poll_fn(|context| outbox.poll_dropped(context)));
    tokio::select! {
        () = &mut dropped => {}
        () = sleep(LEAVE) => {}
    }
    End::Cut
}

async fn read(
    shell: &Rc<Shell>,
    conn: ConnId,
    outbox: &Outbox,
    from: &str,
    stream: &mut SplitStream<WebSocketStream<TcpStream>>,
) -> End {
    let (mut garbage, mut turn) = (0, 0);
    loop {
        turn += 1;
        if turn == TURN {
            turn = 0;
            tokio::task::yield_now().await;
        }
        poll_fn(|context| outbox.poll_room(context)).await;
        let malformed = match stream.next().await {
            None => return End::Gone,
            Some(Err(error)) => return fault(&error),
            Some(Ok(Message::Text(text))) => match shell.heard(conn, &text) {
                Ok(()) => {
                    garbage = 0;
                    continue;
                }
                Err(malformed) => malformed,
            },
            Some(Ok(Message::Binary(_))) => Malformed {
                id: None,
                refusal: Refusal::new(ErrorCode::Malformed, "binary frames are reserved"),
                answer: false,
            },
            Some(Ok(Message::Close(_))) => {
                shell.closed(conn);
                // What comes next is the end of the stream, once the answer is out.
                outbox.close(CloseCode::Normal, String::new());
                continue;
            }
            Some(Ok(Message::Ping(_) | Message::Pong(_) | Message::Frame(_))) => continue,
        };
        garbage += 1;
        if garbage == 1 {
            log::warn(format_args!("{from} sent what is no frame: {malformed}"));
        }
        if garbage == GARBAGE_MAX {
            return End::Fault(CloseCode::Policy, "too much in a row that is no frame");
        }
        shell.received_malformed(conn, &malformed);
    }
}

/// What an error while reading means.
fn fault(error: &Error) -> End {
    match error {
        Error::Capacity(_) => End::Fault(CloseCode::Size, "a frame is too long"),
        Error::Utf8(_) => End::Fault(CloseCode::Invalid, "a text frame is not UTF-8"),
        Error::Protocol(
            tokio_tungstenite::tungstenite::error::ProtocolError::ResetWithoutClosingHandshake,
        ) => End::Gone,
        Error::Protocol(_) => End::Fault(CloseCode::Protocol, "not the WebSocket protocol"),
        _ => End::Gone,
    }
}

async fn write(
    shell: &Rc<Shell>,
    conn: ConnId,
    outbox: &Outbox,
    from: &str,
    sink: &mut SplitSink<WebSocketStream<TcpStream>, Message>,
) -> End {
    loop {
        match poll_fn(|context| outbox.poll_batch(context)).await {
            Batch::Frames(batch) => {
                let weight = batch.iter().map(|outgoing| outgoing.weight).sum();
                let counted = batch.iter().map(|outgoing| outgoing.counted).sum();
                let flush = async {
                    for outgoing in batch {
                        sink.feed(Message::Text(outgoing.text)).await?;
                    }
                    sink.flush().await
                };
                let flushed = if outbox.is_link() {
                    // The core watches over its neighbours by what is reported here.
                    flush.await
                } else if let Ok(flushed) = timeout(STALL, flush).await {
                    flushed
                } else {
                    log::warn(format_args!(
                        "client {from} has read nothing for {} s: dropped",
                        STALL.as_secs()
                    ));
                    return End::Cut;
                };
                if flushed.is_err() {
                    return End::Gone;
                }
                shell.written(conn, weight, counted);
            }
            Batch::Close(code, reason) => {
                let frame = close_frame(code, &reason);
                if sink.feed(Message::Close(Some(frame))).await.is_err() || sink.flush().await.is_err() {
                    // It took leave first; the reader sees the end.
                    return std::future::pending().await;
                }
            }
        }
    }
}

/// Says why, then reads on for a while: a socket that is closed with unread bytes in it is
/// reset, and the reason would be lost with it.
async fn dismiss(mut socket: WebSocketStream<TcpStream>, code: CloseCode, reason: &str) {
    if socket.close(Some(close_frame(code, reason))).await.is_err() {
        return;
    }
    let mut stream = socket.into_inner();
    if stream.shutdown().await.is_err() {
        return;
    }
    let (mut scratch, mut total) = (vec![0; 16 << 10], 0);
    while let Ok(count) = stream.read(&mut scratch).await
        && count > 0
        && total < LINGER
    {
        total += count;
    }
}

fn close_frame(code: CloseCode, reason: &str) -> CloseFrame {
    // A control frame has room for 123 bytes of text (RFC 6455, 5.5).
    let mut end = reason.len().min(123);
    while !reason.is_char_boundary(end) {
        end -= 1;
    }
    CloseFrame { code, reason: Utf8Bytes::from(&reason[..end]) }
}
