//! The neighbours of the other make, and the way of a value among them.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::rc::Rc;

use serde_json::{Value, json};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::recent::Recent;
use crate::net::log;
use crate::net::shell::{Shell, Signs};
use crate::wire::SIGN_VALUE_MAX;

/// The most values that wait for one neighbour. Chosen: three times as many as the core lets pass at once.
const WAITING_MAX: usize = 64;
/// The most bytes of a neighbour's own address that are shown.
const ADDRESS_MAX: usize = 80;

/// The number of a neighbour.
pub(super) type NeighbourId = u64;

/// The neighbours of a node, and what passed among them.
#[derive(Debug)]
pub(in crate::net) struct Hub {
    /// The address at which this node is a neighbour: `ws://host:port`.
    own: String,
    neighbours: RefCell<BTreeMap<NeighbourId, Neighbour>>,
    next: Cell<NeighbourId>,
    recent: RefCell<Recent>,
    /// The neighbour whose value the core has right now, and true once the core passed it on.
    bringer: Cell<Option<NeighbourId>>,
    passed: Cell<bool>,
    repeat_logged: Cell<bool>,
}

/// A neighbour, as the hub sees it.
#[derive(Debug)]
struct Neighbour {
    peer: Rc<str>,
    queue: mpsc::Sender<String>,
    welcomed: bool,
    flood_logged: bool,
}

/// The fault of a message that is no value, for people.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum NotAValue {
    /// The message is no JSON.
    #[error("it is no JSON: {0}")]
    Json(String),
    /// The value is too long.
    #[error("it has {0} bytes; values of at most {SIGN_VALUE_MAX} are passed on")]
    Long(usize),
    /// The message is binary.
    #[error("it is binary; JSON texts are read")]
    Binary,
}

impl Hub {
    /// Creates the hub of a node whose neighbours dial it at `address`.
    pub(in crate::net) fn new(address: &str) -> Rc<Self> {
        Rc::new(Self {
            own: format!("ws://{address}"),
            neighbours: RefCell::default(),
            next: Cell::new(0),
            recent: RefCell::default(),
            bringer: Cell::new(None),
            passed: Cell::new(false),
            repeat_logged: Cell::new(false),
        })
    }

    /// Adds a neighbour. Its queue ends when the hub drops it.
    pub(super) fn add(&self, peer: &Rc<str>) -> (NeighbourId, mpsc::Receiver<String>) {
        let (queue, values) = mpsc::channel(WAITING_MAX);
        let id = self.next.get();
        self.next.set(id + 1);
        let neighbour = Neighbour { peer: Rc::clone(peer), queue, welcomed: false, flood_logged: false };
        self.neighbours.borrow_mut().insert(id, neighbour);
        (id, values)
    }

    /// Removes a neighbour.
    pub(super) fn remove(&self, id: NeighbourId) {
        self.neighbours.borrow_mut().remove(&id);
    }

    /// Handles a message of a neighbour.
    pub(super) fn receive(&self, shell: &Rc<Shell>, id: NeighbourId, text: &str) -> Result<(), NotAValue> {
        let value: Value = serde_json::from_str(text).map_err(|error| NotAValue::Json(error.to_string()))?;
        if text.len() > SIGN_VALUE_MAX {
            return Err(NotAValue::Long(text.len()));
        }
        if value["type"] == "hello" {
            self.welcome(id, &value["from"]);
            return Ok(());
        }
        if self.recent.borrow().contains(&value, Instant::now()) {
            if !self.repeat_logged.replace(true) {
                log::warn(format_args!(
                    "a value came back that was passed on less than 2 s ago: there is a ring, and it ends here \
                     (later ones are not logged)"
                ));
            }
            return Ok(());
        }
        self.bringer.set(Some(id));
        self.passed.set(false);
        shell.hear(text.to_owned());
        self.bringer.set(None);
        if !self.passed.get() {
            self.log_flood(id);
        }
        Ok(())
    }

    /// Answers the greeting of a neighbour, once.
    fn welcome(&self, id: NeighbourId, from: &Value) {
        let mut neighbours = self.neighbours.borrow_mut();
        let Some(neighbour) = neighbours.get_mut(&id).filter(|neighbour| !neighbour.welcomed) else { return };
        neighbour.welcomed = true;
        let from: String = from.as_str().unwrap_or_default().chars().take(ADDRESS_MAX).collect();
        log::info(format_args!("{} says that it is reached at {from}", neighbour.peer));
        let hello = json!({ "type": "hello", "from": self.own }).to_string();
        // A queue without room is dropped with the next value.
        let _ = neighbour.queue.try_send(hello);
    }

    fn log_flood(&self, id: NeighbourId) {
        let mut neighbours = self.neighbours.borrow_mut();
        if let Some(neighbour) = neighbours.get_mut(&id).filter(|neighbour| !neighbour.flood_logged) {
            neighbour.flood_logged = true;
            log::warn(format_args!(
                "{} sends more than ten values a second: those beyond are dropped (this is logged once)",
                neighbour.peer
            ));
        }
    }
}

impl Signs for Hub {
    // It goes to all neighbours but the one that brought it. A sign of a node of ours is a ping of the other make.
    fn pass_on(&self, of: &str, value: Option<&str>) {
        self.passed.set(true);
        let text = match value {
            Some(value) => value.to_owned(),
            None => json!({ "type": "ping", "from": of, "text": "I'm alive" }).to_string(),
        };
        if let Ok(value) = serde_json::from_str(&text) {
            self.recent.borrow_mut().record(value, Instant::now());
        }
        let bringer = self.bringer.get();
        self.neighbours.borrow_mut().retain(|id, neighbour| {
            let taken = Some(*id) == bringer || neighbour.queue.try_send(text.clone()).is_ok();
            if !taken {
                log::warn(format_args!("{} does not read what is sent to it: dropped", neighbour.peer));
            }
            taken
        });
    }
}
