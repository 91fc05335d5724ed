//! One session of Engine.IO by long-polling, and its upgrade to a WebSocket.
//!
//! A session has the queue that every connection has; each poll takes a batch of it. When a WebSocket
//! takes over, it goes on with the same queue, as if the connection had always been one.

use std::cell::Cell;
use std::future::poll_fn;
use std::rc::Rc;
use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use tokio::net::TcpStream;
use tokio::sync::Notify;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::bad_request::BadRequest;
use super::packet::Packet;
use super::protocol::SEPARATOR;
use super::serving::run_conversation_timer;
use crate::core::ConnId;
use crate::net::connection;
use crate::net::shell::{Shell, Slot};
use crate::net::write_queue::{Batch, WriteQueue};

/// The longest time that the body of a request may take. Chosen: as long as a native client may take to read
/// a batch.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);
/// The longest time from the upgrade of a WebSocket to its use instead of polling. The servers of Engine.IO
/// use the same time (`upgradeTimeout`, 10 s).
const UPGRADE_TIMEOUT: Duration = Duration::from_secs(10);
/// The time that a session which ends waits for a poll that takes its last packets. Chosen: as long as the
/// closing of a native connection may take.
const LAST_POLL: Duration = Duration::from_secs(1);

/// A session that polls or was upgraded from polling.
pub(in crate::net) struct Session {
    conn: ConnId,
    queue: Rc<WriteQueue>,
    /// The address of the client, for the log.
    peer: Rc<str>,
    /// True while a poll waits for its answer.
    polled: Cell<bool>,
    stage: Cell<Stage>,
    stage_changed: Notify,
    slot: Slot,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Polling,
    /// A WebSocket is tried; polls are answered at once.
    Upgrading,
    Upgraded,
    Over,
}

impl Session {
    pub(super) fn new(conn: ConnId, queue: Rc<WriteQueue>, peer: Rc<str>, slot: Slot) -> Self {
        let (polled, stage) = (Cell::new(false), Cell::new(Stage::Polling));
        Self { conn, queue, peer, polled, stage, stage_changed: Notify::new(), slot }
    }

    /// Returns true if no WebSocket has taken over or is tried.
    pub(super) fn is_polling(&self) -> bool {
        self.stage.get() == Stage::Polling
    }

    /// Runs the session from its beginning to its end, whichever transport carries it.
    pub(super) async fn run(&self, shell: &Rc<Shell>) {
        tokio::select! {
            () = run_conversation_timer(Rc::clone(shell), self.conn) => {}
            () = poll_fn(|context| self.queue.poll_ending(context)) => {}
            () = self.wait_for(&[Stage::Over]) => {}
            // The session was not used, and its slot was given to another connection.
            () = self.slot.lost() => self.set_stage(Stage::Over),
        }
        if self.stage.get() == Stage::Upgraded {
            // The task of the WebSocket closes the connection.
            self.wait_for(&[Stage::Over]).await;
        } else {
            // A poll within this time gets the end of the session; later ones are not waited for.
            let _ = timeout(LAST_POLL, self.wait_for(&[Stage::Over])).await;
            self.set_stage(Stage::Over);
            shell.remove(self.conn);
        }
    }

    /// Answers a poll with the next batch, as soon as there is one.
    pub(super) async fn answer_poll(&self, shell: &Rc<Shell>) -> Result<String, BadRequest> {
        if self.stage.get() == Stage::Upgraded {
            return Err(BadRequest::Request);
        }
        if self.polled.replace(true) {
            // The order of packets in two polls would be unknown.
            self.close(shell, CloseCode::Policy, "polled twice at a time");
            return Err(BadRequest::Request);
        }
        let _polled = PollGuard(&self.polled);
        let batch = tokio::select! {
            biased;
            () = self.wait_for(&[Stage::Upgrading, Stage::Upgraded, Stage::Over]) => {
                return Ok(if self.stage.get() == Stage::Over { "1" } else { "6" }.to_owned());
            }
            batch = poll_fn(|context| self.queue.poll_batch(context)) => batch,
        };
        match batch {
            Batch::Frames(batch) => {
                let weight = batch.iter().map(|outgoing| outgoing.weight).sum();
                let counted = batch.iter().map(|outgoing| outgoing.counted).sum();
                let texts: Vec<&str> = batch.iter().map(|outgoing| outgoing.text.as_str()).collect();
                let text = texts.join(SEPARATOR.encode_utf8(&mut [0; 4]));
                shell.on_written(self.conn, weight, counted);
                Ok(text)
            }
            Batch::Close(..) => {
                self.set_stage(Stage::Over);
                Ok("1".to_owned())
            }
        }
    }

    /// Hands the packets of a request's body to the conversation.
    pub(super) async fn receive_packets(
        &self,
        shell: &Rc<Shell>,
        content: Incoming,
    ) -> Result<String, BadRequest> {
        let content = Limited::new(content, shell.limits().frame).collect();
        let Ok(Ok(content)) = timeout(BODY_TIMEOUT, content).await else {
            self.close(shell, CloseCode::Size, "a body is too long, or takes too long");
            return Err(BadRequest::Request);
        };
        // A page of another site cannot send a body: its browser would mark the request.
        self.slot.mark_used();
        let content = content.to_bytes();
        let Ok(text) = std::str::from_utf8(&content) else {
            self.close(shell, CloseCode::Invalid, "a body is not UTF-8");
            return Err(BadRequest::Request);
        };
        for packet in text.split(SEPARATOR) {
            tokio::select! {
                biased;
                () = poll_fn(|context| self.queue.poll_ending(context)) => return Err(BadRequest::Request),
                () = poll_fn(|context| self.queue.poll_room(context)) => {}
            }
            // A conversation accepts any packet, if only to end.
            let _ = shell.on_text(self.conn, packet);
        }
        Ok("ok".to_owned())
    }

    /// Upgrades the session to a WebSocket, once that was probed.
    pub(in crate::net) async fn upgrade(&self, shell: &Rc<Shell>, mut socket: WebSocketStream<TcpStream>) {
        if self.stage.get() != Stage::Polling {
            return;
        }
        if !matches!(timeout(UPGRADE_TIMEOUT, self.probe(&mut socket)).await, Ok(Some(()))) {
            if self.stage.get() == Stage::Upgrading {
                self.set_stage(Stage::Polling);
            }
            return;
        }
        self.slot.mark_used();
        self.set_stage(Stage::Upgraded);
        let (queue, peer) = (Rc::clone(&self.queue), Rc::clone(&self.peer));
        connection::serve(Rc::clone(shell), self.conn, queue, peer, socket).await;
        self.set_stage(Stage::Over);
    }

    /// Probes a WebSocket: a ping with `probe` in it, its pong, and the packet that begins its use.
    async fn probe(&self, socket: &mut WebSocketStream<TcpStream>) -> Option<()> {
        loop {
            let text = match socket.next().await?.ok()? {
                Message::Text(text) => text,
                Message::Ping(_) | Message::Pong(_) => continue,
                _ => return None,
            };
            match (Packet::read(&text)?, self.stage.get()) {
                (Packet::Ping("probe"), Stage::Polling) => {
                    self.set_stage(Stage::Upgrading);
                    socket.send(Message::text("3probe")).await.ok()?;
                }
                (Packet::Upgrade, Stage::Upgrading) => return Some(()),
                _ => return None,
            }
        }
    }

    fn close(&self, shell: &Rc<Shell>, code: CloseCode, reason: &str) {
        shell.on_closed(self.conn);
        self.queue.close(code, reason.to_owned());
    }

    fn set_stage(&self, stage: Stage) {
        self.stage.set(stage);
        self.stage_changed.notify_waiters();
    }

    /// Waits until the session is at one of these stages.
    async fn wait_for(&self, stages: &[Stage]) {
        while !stages.contains(&self.stage.get()) {
            self.stage_changed.notified().await;
        }
    }
}

/// A guard that marks the session as polled while it lives: the poll may be dropped before its answer.
struct PollGuard<'a>(&'a Cell<bool>);

impl Drop for PollGuard<'_> {
    fn drop(&mut self) {
        self.0.set(false);
    }
}
