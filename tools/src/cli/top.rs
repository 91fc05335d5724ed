//! `tools top`: the network of this folder in a terminal, to be watched and steered.
//!
//! The network tells its state and its events over the control socket, the kernel tells which logs were
//! written, and the terminal which keys were pressed: nothing is polled. The screen is a function of the
//! state (`draw`), and so is the effect of a key (`keys`).

mod draw;
mod keys;
mod prompt;
mod tail;
mod threads;
mod view;

use std::io::{self, IsTerminal as _, Write};
use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender};
use std::time::{Duration, Instant};

use clap::Args;
use ratatui::DefaultTerminal;

use super::control::{Reply, Watch};
use super::exit::Exit;
use super::failure::Failure;
use super::network;
use keys::Wish;
use threads::Message;
use view::View;

/// The shortest time between two drawings, unless a key was pressed. Chosen: the eye tells no more apart.
const FRAME: Duration = Duration::from_millis(50);

/// Watch the network of this folder in the terminal, and steer it by keys
#[derive(Debug, Clone, Args)]
#[command(after_help = "Keys: ? shows them all; q leaves, and the network stays.")]
pub struct Arguments {
    /// The folder of the network's logs
    #[arg(long, value_name = "FOLDER", default_value = "logs")]
    pub logs: PathBuf,
}

/// The cause for which the screen was left.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    /// The person pressed a key.
    Person,
    /// Ctrl-C, a signal, or the end of the terminal.
    Interrupt,
    /// The network ended.
    NetworkEnd,
}

/// Shows the network until the person leaves, or it ends.
pub fn run(arguments: &Arguments, out: &mut dyn Write) -> Result<Exit, Failure> {
    check_terminal()?;
    let logs = &arguments.logs;
    let watch = Watch::start(logs)?.ok_or_else(|| network::not_running(logs))?;
    let (sender, messages) = std::sync::mpsc::sync_channel(threads::MESSAGES_MAX);
    let terminal = ratatui::try_init().map_err(Failure::environment)?;
    let shown = threads::start(&sender, watch, logs)
        .and_then(|()| Screen { terminal, sender, arguments, view: View::default() }.show(&messages));
    ratatui::restore();
    match shown? {
        Left::Person => Ok(Exit::Held),
        Left::Interrupt => Ok(Exit::Interrupted),
        Left::NetworkEnd => {
            writeln!(out, "the network in {} has ended", logs.display())?;
            Ok(Exit::Held)
        }
    }
}

/// Fails if there is no terminal to draw on and to read keys from.
fn check_terminal() -> Result<(), Failure> {
    let lacking = if !io::stdout().is_terminal() {
        "standard output is none"
    } else if !io::stdin().is_terminal() {
        "standard input is none"
    } else if std::env::var_os("TERM").is_some_and(|term| term == "dumb") {
        "TERM is `dumb`"
    } else {
        return Ok(());
    };
    Err(Failure::usage(format!("`tools top` needs a terminal: {lacking}")).help(
        "`tools ps` prints the nodes once, and `tools ps --json` does for programs; over ssh, type `ssh -t`",
    ))
}

/// The screen, and what it needs to change the network.
struct Screen<'a> {
    terminal: DefaultTerminal,
    sender: SyncSender<Message>,
    arguments: &'a Arguments,
    view: View,
}

impl Screen<'_> {
    /// Draws until the screen is left.
    fn show(mut self, messages: &Receiver<Message>) -> io::Result<Left> {
        let mut read_log = None;
        loop {
            let name = self.view.log_name();
            if name != read_log {
                self.read_log();
                read_log = name;
            }
            self.terminal.draw(|frame| draw::draw(frame, &self.view))?;
            let next = Instant::now() + FRAME;
            let Ok(message) = messages.recv() else { return Ok(Left::Interrupt) };
            let mut pressed = message.is_from_person();
            if let Some(left) = self.handle(message)? {
                return Ok(left);
            }
            // What comes until the next frame is drawn with it; a key is drawn at once.
            while !pressed {
                match messages.recv_timeout(next.saturating_duration_since(Instant::now())) {
                    Ok(message) => {
                        pressed = message.is_from_person();
                        if let Some(left) = self.handle(message)? {
                            return Ok(left);
                        }
                    }
                    Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => break,
                }
            }
        }
    }

    /// Handles a message. Returns the end if this is one.
    fn handle(&mut self, message: Message) -> io::Result<Option<Left>> {
        match message {
            Message::State(state) => self.view.set_network(*state),
            Message::Event(line) => self.view.fold(&line),
            Message::Written(names) => {
                let shown = self.view.log_name();
                if names.is_empty() || shown.is_some_and(|shown| names.contains(&shown)) {
                    self.read_log();
                }
            }
            Message::Replied(reply) => self.show_reply(reply),
            Message::Key(key) => match keys::press(&mut self.view, key) {
                Some(Wish::Leave) => return Ok(Some(Left::Person)),
                Some(Wish::Interrupt) => return Ok(Some(Left::Interrupt)),
                Some(Wish::Perform(steps)) => self.perform(steps),
                None => {}
            },
            Message::Resized => {}
            Message::Interrupted => return Ok(Some(Left::Interrupt)),
            Message::Ended(None) => return Ok(Some(Left::NetworkEnd)),
            Message::Ended(Some(error)) => return Err(error),
        }
        Ok(None)
    }

    fn read_log(&mut self) {
        if let Some(name) = self.view.log_name() {
            self.view.log = if self.view.ran_before() {
                vec!["(it ran before: its own program says where it writes)".to_owned()]
            } else {
                tail::last_lines(&self.arguments.logs.join(name))
            };
        }
    }

    /// Sends steps to the network, unless it performs some for this screen already.
    fn perform(&mut self, steps: String) {
        if let Some(performing) = &self.view.performing {
            self.view.reply = vec![format!("not done yet: {performing}; `{steps}` was not begun")];
            self.view.failed = true;
            return;
        }
        threads::perform(&self.sender, &self.arguments.logs, &steps);
        self.view.reply.clear();
        self.view.performing = Some(steps);
    }

    fn show_reply(&mut self, reply: io::Result<Option<Reply>>) {
        match reply {
            Ok(Some(Reply::Steps { output, error, .. })) => self.view.show_reply(&output, error.as_deref()),
            Ok(Some(_)) => self.view.show_reply(&[], Some(&super::control::unexpected().to_string())),
            // The end of the network comes as a message of its own.
            Ok(None) => self.view.show_reply(&[], Some("the network has ended")),
            Err(error) => self.view.show_reply(&[], Some(&error.to_string())),
        }
    }
}
