//! The addresses of peers: they are dialled until they answer, and again for ever.

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::Notify;
use tokio::task::spawn_local;
use tokio::time::sleep;

use super::hub::Hub;
use super::neighbour::{Origin, serve};
use crate::net::log;
use crate::net::shell::Shell;
use crate::net::web::{Desk, attend};
use crate::net::websocket;
use crate::wire::{Command, Reply};

/// The pauses between dials: the first, and the longest. Chosen: a person who starts nodes one after the other does not
/// wait, and an address where nobody comes costs little.
const PAUSE: Duration = Duration::from_millis(250);
const PAUSE_MAX: Duration = Duration::from_secs(5);
/// The time that a dial may take. Chosen: as long as that of a node of ours.
const DIAL: Duration = Duration::from_secs(5);

/// The peers that the node was told of.
#[derive(Debug)]
pub(in crate::net) struct Peers(BTreeMap<Rc<str>, Peer>);

/// The present knowledge about one peer.
#[derive(Debug, Default)]
struct Peer {
    /// True while the core dials the address: a node of ours was there.
    is_ours: Cell<bool>,
    /// Notified when another make answered the core's dial.
    changed: Notify,
}

impl Peers {
    pub(in crate::net) fn new(addresses: &[String]) -> Rc<Self> {
        let peers = addresses.iter().map(|address| (Rc::from(address.as_str()), Peer::default()));
        Rc::new(Self(peers.collect()))
    }

    /// Returns true if the core may dial the address.
    pub(in crate::net) fn may_dial(&self, address: &str) -> bool {
        self.0.get(address).is_none_or(|peer| peer.is_ours.get())
    }

    /// Records that the core's dial of the address was answered by a node, with our mark or without. Returns false if no
    /// frame of ours may be sent there.
    pub(in crate::net) fn admit(&self, address: &str, marked: bool) -> bool {
        let Some(peer) = self.0.get(address).filter(|_| !marked) else { return true };
        peer.is_ours.set(false);
        peer.changed.notify_one();
        false
    }
}

/// Dials all peers, each for ever. Never returns.
pub(in crate::net) async fn run(peers: Rc<Peers>, hub: Rc<Hub>, shell: Rc<Shell>) {
    let (desk, questions) = Desk::new();
    for address in peers.0.keys().cloned() {
        let dialling = Dialling {
            address,
            peers: Rc::clone(&peers),
            hub: Rc::clone(&hub),
            shell: Rc::clone(&shell),
            desk: desk.clone(),
            failure: None,
        };
        spawn_local(dialling.run());
    }
    attend(shell, questions).await;
    std::future::pending::<()>().await;
}

/// The dialling of one peer.
struct Dialling {
    address: Rc<str>,
    peers: Rc<Peers>,
    hub: Rc<Hub>,
    shell: Rc<Shell>,
    desk: Desk,
    /// The last reason why the peer could not be dialled.
    failure: Option<String>,
}

impl Dialling {
    async fn run(mut self) {
        let mut pause = PAUSE;
        loop {
            match self.dial().await {
                Ok(()) => {
                    (self.failure, pause) = (None, PAUSE);
                }
                Err(reason) => {
                    if self.failure.as_ref() != Some(&reason) {
                        log::info(format_args!(
                            "{}: {reason}; it is dialled again until it answers",
                            self.address
                        ));
                        self.failure = Some(reason);
                    }
                }
            }
            sleep(pause).await;
            pause = (pause * 2).min(PAUSE_MAX);
        }
    }

    /// Dials the peer, and returns once the connection has ended. A node of ours is left to the core, which dials it again
    /// by itself, until another make answers there.
    async fn dial(&self) -> Result<(), String> {
        let opening = Box::pin(websocket::open(&self.address, self.shell.limits()));
        let (mut socket, marked) = match tokio::time::timeout(DIAL, opening).await {
            Err(_) => return Err("no answer".to_owned()),
            Ok(Err(error)) => return Err(error.to_string()),
            Ok(Ok(opened)) => opened,
        };
        if !marked {
            serve(&self.shell, &self.hub, &self.address, socket, Origin::Dialled).await;
            return Ok(());
        }
        // The other end may be gone.
        let _ = socket.close(None).await;
        let Some(peer) = self.peers.0.get(&self.address) else { return Ok(()) };
        peer.is_ours.set(true);
        let added = self.desk.ask(Command::AddPeer { address: self.address.to_string() }).await;
        let refused = match added {
            Ok(Ok(Reply::Added(_))) => {
                peer.changed.notified().await;
                return Ok(());
            }
            Ok(Ok(_)) => "the node answered something else".to_owned(),
            Ok(Err(refusal)) => refusal.message,
            Err(error) => error.to_string(),
        };
        peer.is_ours.set(false);
        Err(refused)
    }
}
