//! The threads that wait for what the screen shows: each blocks on one source, and sends messages.
//!
//! They end with the process. The channel is bounded: where the screen cannot follow, they wait, and the
//! network drops what they do not read.

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::mpsc::SyncSender;
use std::thread;

use ratatui::crossterm::event::{self, Event, KeyEvent};

use super::tail::Written;
use crate::cli::control::{self, NetworkState, Reply, Request, Watch, Watched};
use crate::world::live::interrupts;

/// The most messages that wait for the screen. Chosen: some frames of a network of a thousand nodes.
pub(super) const MESSAGES_MAX: usize = 4_096;

/// A message to the screen.
#[derive(Debug)]
pub(super) enum Message {
    /// A key was pressed.
    Key(KeyEvent),
    /// The terminal has another size.
    Resized,
    /// The network's state.
    State(Box<NetworkState>),
    /// An event of the network: a line of its journal.
    Event(String),
    /// Files in the folder of logs were written; if there is no name, any file.
    Written(BTreeSet<String>),
    /// Steps were done.
    Replied(io::Result<Option<Reply>>),
    /// The network has ended, or the watch of it has failed.
    Ended(Option<io::Error>),
    /// A signal, or the loss of the terminal, ends the screen.
    Interrupted,
}

impl Message {
    /// Returns true if the person did something, and waits to see it.
    pub(super) fn is_from_person(&self) -> bool {
        matches!(self, Self::Key(_) | Self::Resized | Self::Replied(_))
    }
}

/// Starts the threads.
pub(super) fn start(sender: &SyncSender<Message>, watch: Watch, logs: &Path) -> io::Result<()> {
    let to = sender.clone();
    spawn("watch", move || read_watch(watch, &to))?;
    let to = sender.clone();
    spawn("keys", move || read_keys(&to))?;
    let (to, written) = (sender.clone(), Written::watch(logs)?);
    spawn("logs", move || {
        while let Some(names) = written.wait() {
            if to.send(Message::Written(names)).is_err() {
                break;
            }
        }
    })?;
    let to = sender.clone();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    spawn("signals", move || {
        // Without handlers a signal ends the process, as by default.
        let _: io::Result<()> = runtime.block_on(interrupts(|| drop(to.send(Message::Interrupted))));
    })
}

/// Performs steps, and sends the reply.
pub(super) fn perform(sender: &SyncSender<Message>, logs: &Path, steps: &str) {
    let (to, logs, text) = (sender.clone(), logs.to_owned(), steps.to_owned());
    let started = spawn("steps", move || {
        // The screen may have been left meanwhile.
        let _ = to.send(Message::Replied(control::ask(&logs, &Request::Steps { text })));
    });
    if let Err(error) = started {
        let _ = sender.try_send(Message::Replied(Err(error)));
    }
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> io::Result<()> {
    thread::Builder::new().name(name.to_owned()).spawn(work).map(drop)
}

fn read_watch(mut watch: Watch, to: &SyncSender<Message>) {
    loop {
        let message = match watch.next() {
            Ok(Some(Watched::State(state))) => Message::State(state),
            Ok(Some(Watched::Event(line))) => Message::Event(line.to_owned()),
            Ok(None) => Message::Ended(None),
            Err(error) => Message::Ended(Some(error)),
        };
        let last = matches!(message, Message::Ended(_));
        if to.send(message).is_err() || last {
            return;
        }
    }
}

fn read_keys(to: &SyncSender<Message>) {
    loop {
        let message = match event::read() {
            Ok(Event::Key(key)) => Message::Key(key),
            Ok(Event::Resize(..)) => Message::Resized,
            Ok(_) => continue,
            // The terminal is gone.
            Err(_) => Message::Interrupted,
        };
        let last = matches!(message, Message::Interrupted);
        if to.send(message).is_err() || last {
            return;
        }
    }
}
