//! One connection to a neighbour of the other make, until its end.

use std::rc::Rc;
use std::time::Duration;

use futures_util::{SinkExt as _, StreamExt as _};
use tokio::net::TcpStream;
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Bytes, Error, Message, Utf8Bytes};

use super::hub::{Hub, NeighbourId, NotAValue};
use crate::net::log;
use crate::net::shell::Shell;
use crate::net::transport::Transport as _;
use crate::wire::{Frame, decode};

/// The silence after which a neighbour is asked whether it is there. Chosen: rare beside the values of people.
const ASK_AFTER: Duration = Duration::from_secs(10);
/// The silence after which it is given up. Chosen: a link of a bad network is back within it, and a half of it is left
/// after the question.
const SILENCE: Duration = Duration::from_secs(30);
/// The longest time that a neighbour may take to read a value, and that closing may take.
const WRITE_TIMEOUT: Duration = Duration::from_secs(10);
const CLOSE_TIMEOUT: Duration = Duration::from_secs(1);
/// The number of messages in a row that are no values, which ends a connection. Chosen: as for frames.
const FAULTS_MAX: u32 = 32;

/// The end that began a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::net) enum Origin {
    /// This node, which saw that the other is none of ours.
    Dialled,
    /// The other end: its first message shows its make.
    Accepted,
}

/// A connection whose first message is a request of ours, and that message.
type Ours = (WebSocketStream<TcpStream>, Utf8Bytes);

/// The step after a message.
enum Step {
    Continue,
    End,
    Fault(CloseCode, &'static str),
    Ours(Utf8Bytes),
}

/// The state of a connection.
struct Connection<'a> {
    shell: &'a Rc<Shell>,
    hub: &'a Rc<Hub>,
    id: NeighbourId,
    peer: &'a Rc<str>,
    /// True until the first message has shown the make of the other end.
    undecided: bool,
    faults: u32,
    heard: Instant,
}

/// Serves a connection until its end. Returns it if the other end turns out to be a node of ours.
pub(in crate::net) async fn serve(
    shell: &Rc<Shell>,
    hub: &Rc<Hub>,
    peer: &Rc<str>,
    mut socket: WebSocketStream<TcpStream>,
    origin: Origin,
) -> Option<Ours> {
    let (id, mut values) = hub.add(peer);
    let undecided = origin == Origin::Accepted;
    let mut connection = Connection { shell, hub, id, peer, undecided, faults: 0, heard: Instant::now() };
    if !undecided {
        connection.log_up();
    }
    let mut asked = false;
    let step = loop {
        let due = connection.heard + if asked { SILENCE } else { ASK_AFTER };
        let sent = tokio::select! {
            value = values.recv() => match value {
                None => break Step::End,
                Some(value) => Some(Message::text(value)),
            },
            message = socket.next() => {
                asked = false;
                match connection.on_message(message) {
                    Step::Continue => None,
                    step => break step,
                }
            }
            () = sleep_until(due) => {
                if asked {
                    break Step::Fault(CloseCode::Away, "silent for too long");
                }
                asked = true;
                Some(Message::Ping(Bytes::new()))
            }
        };
        if let Some(message) = sent
            && !matches!(timeout(WRITE_TIMEOUT, socket.send(message)).await, Ok(Ok(())))
        {
            break Step::End;
        }
    };
    hub.remove(id);
    match step {
        Step::Ours(first) => return Some((socket, first)),
        Step::Fault(code, reason) => {
            log::warn(format_args!("closed {peer}: {reason}"));
            // The connection is over, whether or not this succeeds.
            let _ = timeout(CLOSE_TIMEOUT, socket.close_for_fault(code, reason)).await;
        }
        Step::Continue | Step::End if connection.undecided => {}
        Step::Continue | Step::End => log::info(format_args!("{peer}, a node of another make, is gone")),
    }
    None
}

impl Connection<'_> {
    fn log_up(&self) {
        log::info(format_args!("{} is a node of another make: JSON values pass between us", self.peer));
    }

    fn on_message(&mut self, message: Option<Result<Message, Error>>) -> Step {
        self.heard = Instant::now();
        let fault = match message {
            Some(Err(Error::Capacity(_))) => return Step::Fault(CloseCode::Size, "a message is too long"),
            Some(Err(Error::Utf8(_))) => return Step::Fault(CloseCode::Invalid, "a text is not UTF-8"),
            None | Some(Err(_)) => return Step::End,
            Some(Ok(Message::Text(text))) => {
                // Ours begin with a request. A value may look like a message of ours, such as a ping.
                if self.undecided && matches!(decode(&text, self.shell.limits()), Ok(Frame::Request { .. })) {
                    return Step::Ours(text);
                }
                match self.hub.receive(self.shell, self.id, &text) {
                    Ok(()) => {
                        if std::mem::take(&mut self.undecided) {
                            self.log_up();
                        }
                        self.faults = 0;
                        return Step::Continue;
                    }
                    Err(fault) => fault,
                }
            }
            Some(Ok(Message::Binary(_))) => NotAValue::Binary,
            Some(Ok(_)) => return Step::Continue,
        };
        self.faults += 1;
        if self.faults == 1 {
            log::warn(format_args!("a message of {} is dropped: {fault}", self.peer));
        }
        match self.faults {
            FAULTS_MAX => Step::Fault(CloseCode::Policy, "too many messages in a row that are no values"),
            _ => Step::Continue,
        }
    }
}
