//! One node, from its start to its end.

use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use futures_util::future::{Either, select};
use tokio::net::TcpStream;
use tokio::sync::{Mutex, Notify, mpsc};
use tokio::time::{Instant, sleep, timeout_at};

use super::Teller;
use super::directory::Addresses;
use super::launcher::{Launcher, Running, Written};
use super::page;
use super::router::Router;
use crate::driver::{CommandLine, Directory, Driver, Exchange, Meeting, Place, Ready, Request, Told};
use crate::world::{Event, NodeIndex, NodeSpec, OpId, Outcome, Signal};

/// How often a node that does not tell of its readiness is tried.
const TRY: Duration = Duration::from_millis(10);
/// The end of a log that tells why a node died.
const LAST_WORDS: usize = 12;

/// What is needed to start a node and to follow it.
pub(super) struct Following {
    pub id: OpId,
    pub node: NodeIndex,
    pub spec: Rc<NodeSpec>,
    pub place: Rc<Place>,
    pub command: CommandLine,
    pub deadline: Instant,
    pub driver: Rc<dyn Driver>,
    pub launcher: Rc<dyn Launcher>,
    pub directory: Rc<RefCell<Addresses>>,
    pub exchange: Rc<Router>,
    pub teller: Teller,
}

/// A node that was started: how to ask it and how to end it.
#[derive(Clone)]
pub(super) struct Handle {
    pub requests: mpsc::UnboundedSender<Request>,
    /// Whether it hears what it is told about its life: our own node does.
    pub supervised: bool,
    life: Rc<Life>,
}

#[derive(Default)]
struct Life {
    running: RefCell<Option<Rc<dyn Running>>>,
    /// Told when it has been started, or could not be.
    begun: Notify,
    ended: Cell<bool>,
    /// Told when it has ended.
    end: Notify,
}

/// Whether a node has been reached once.
#[derive(Default)]
struct Reached {
    flag: Cell<bool>,
    notify: Notify,
}

impl Handle {
    /// Whether it has not ended yet.
    pub(super) fn is_alive(&self) -> bool {
        !self.life.ended.get()
    }

    /// The node itself, while it runs; waits until it has been started.
    pub(super) async fn running(&self) -> Option<Rc<dyn Running>> {
        loop {
            let running = self.life.running.borrow().clone();
            if running.is_some() || !self.is_alive() {
                return running.filter(|_| self.is_alive());
            }
            self.life.begun.notified().await;
        }
    }

    /// Ends, freezes or thaws it. One that does not stop by the deadline is killed.
    pub(super) async fn signal(&self, id: OpId, signal: Signal, deadline: Instant, teller: &Teller) {
        let Some(running) = self.life.running.borrow().clone() else {
            return teller.ended(id, Outcome::Failed { reason: "it has not been started yet".to_owned() });
        };
        if let Err(reason) = running.signal(signal) {
            return teller.ended(id, Outcome::Failed { reason });
        }
        if matches!(signal, Signal::Kill | Signal::Stop) {
            let ended = async {
                while self.is_alive() {
                    self.life.end.notified().await;
                }
            };
            let mut ended = pin!(ended);
            if timeout_at(deadline, ended.as_mut()).await.is_err() {
                // Stubborn: told once more, in a way that cannot be ignored.
                if let Err(reason) = running.signal(Signal::Kill) {
                    return teller.ended(id, Outcome::Failed { reason });
                }
                ended.await;
            }
        }
        teller.ended(id, Outcome::Done);
    }
}

impl Following {
    /// The handle, and the task that follows the node.
    pub(super) fn start(self) -> (Handle, impl Future<Output = ()> + 'static) {
        let (sender, requests) = mpsc::unbounded_channel();
        let life = Rc::new(Life::default());
        let handle = Handle {
            requests: sender,
            supervised: self.command.ready == Ready::Told,
            life: Rc::clone(&life),
        };
        (handle, Box::pin(self.follow(life, requests)))
    }

    async fn follow(self, life: Rc<Life>, requests: mpsc::UnboundedReceiver<Request>) {
        let written = self.launcher.written(&self.spec.name);
        let running = match self.launcher.start(self.node, &self.spec.name, self.command.clone()).await {
            Ok(running) => running,
            Err(reason) => {
                life.ended.set(true);
                life.begun.notify_waiters();
                return self.teller.ended(self.id, Outcome::Failed { reason });
            }
        };
        life.running.replace(Some(Rc::clone(&running)));
        life.begun.notify_waiters();
        let requests = Rc::new(Mutex::new(requests));
        let ready = Cell::new(false);
        let exited = |ending| {
            life.ended.set(true);
            self.teller.tell(Event::Exited { node: self.node, ending });
        };
        let first = {
            let conversation = pin!(self.converse(&running, &requests, &ready, written));
            match select(pin!(running.ended()), conversation).await {
                Either::Left((ending, _conversation)) => {
                    // That it has ended is told before what was asked ends with it.
                    exited(ending);
                    Ok(ending)
                }
                Either::Right((reason, _)) => Err(reason),
            }
        };
        let (ending, late) = match first {
            Ok(ending) => (ending, None),
            // It could not be reached in time: what was started is taken down again.
            Err(reason) => match running.signal(Signal::Kill) {
                Ok(()) => {
                    let ending = running.ended().await;
                    exited(ending);
                    (ending, Some(reason))
                }
                Err(_) => return self.teller.ended(self.id, Outcome::Failed { reason }),
            },
        };
        let reason = match late {
            Some(reason) => Some(reason),
            None if ready.get() => None,
            None => Some(format!("it ended with {ending} before it was ready")),
        };
        if let Some(mut reason) = reason {
            let words = self.launcher.log(&self.spec.name, LAST_WORDS);
            if words.is_empty() {
                reason.push_str("; its log is empty");
            } else {
                reason.push_str("; the end of its log:");
                for line in words {
                    reason.push_str(&format!("\n    {line}"));
                }
            }
            self.teller.ended(self.id, Outcome::Failed { reason });
        }
        self.drain(&requests, "it has ended").await;
        life.end.notify_waiters();
    }

    /// Waits until the node is ready, then speaks to it for as long as it lives. Ends only if it
    /// cannot be reached in time, with the reason.
    async fn converse(
        &self,
        running: &Rc<dyn Running>,
        requests: &Rc<Mutex<mpsc::UnboundedReceiver<Request>>>,
        ready: &Cell<bool>,
        written: Written,
    ) -> String {
        let waited = Instant::now();
        match timeout_at(self.deadline, self.readiness(running, written)).await {
            Ok(Ok(())) => {}
            Ok(Err(reason)) => return reason,
            Err(_) => return self.late(running, waited),
        }
        let reached = Rc::new(Reached::default());
        let tell: Rc<dyn Fn(Told)> = {
            let (teller, reached, id, node) = (self.teller.clone(), Rc::clone(&reached), self.id, self.node);
            Rc::new(move |told| match told {
                Told::Reached if !reached.flag.replace(true) => {
                    reached.notify.notify_one();
                    teller.ended(id, Outcome::Done);
                }
                Told::Reached => {}
                Told::Ended(id, outcome) => teller.ended(id, outcome),
                Told::Changed(change) => teller.tell(Event::Changed { node, change }),
                Told::Stored(key, rank) => teller.tell(Event::Stored { node, key, rank }),
                Told::Broke(reason) => teller.tell(Event::Misbehaved { node, reason }),
            })
        };
        loop {
            let meeting = Meeting {
                node: self.node,
                spec: Rc::clone(&self.spec),
                place: Rc::clone(&self.place),
                directory: Rc::clone(&self.directory) as Rc<dyn Directory>,
                exchange: Rc::clone(&self.exchange) as Rc<dyn Exchange>,
                requests: Rc::clone(requests),
                tell: Rc::clone(&tell),
                stdio: running.stdio(),
            };
            let mut serving = pin!(self.driver.serve(meeting));
            let in_time = pin!(timeout_at(self.deadline, reached.notify.notified()));
            let why = if reached.flag.get() {
                serving.await
            } else {
                match select(serving.as_mut(), in_time).await {
                    Either::Left((why, _)) => why,
                    Either::Right((Ok(()), _)) => {
                        ready.set(true);
                        serving.await
                    }
                    Either::Right((Err(_), _)) => return self.late(running, waited),
                }
            };
            ready.set(reached.flag.get());
            // There is no second conversation by streams that have ended.
            if self.command.ready == Ready::Spoken && !reached.flag.get() {
                return why;
            }
            self.drain(requests, &why).await;
            if !reached.flag.get() && Instant::now() >= self.deadline {
                return format!("it cannot be reached: {why}");
            }
            sleep(TRY).await;
        }
    }

    /// Waits for the node's word, or until it is seen to be ready.
    /// What it had `written` before it was started says nothing of it.
    async fn readiness(&self, running: &Rc<dyn Running>, written: Written) -> Result<(), String> {
        let address = self.place.address();
        let answers = async {
            match &self.command.ready {
                Ready::Told => std::future::pending::<()>().await,
                Ready::Spoken => {}
                Ready::Port => {
                    while TcpStream::connect(&address).await.is_err() {
                        sleep(TRY).await;
                    }
                }
                Ready::Page(path) => {
                    while !page::is_served(&address, path).await {
                        sleep(TRY).await;
                    }
                }
                Ready::Log(pattern) => {
                    let pattern = regex::Regex::new(pattern).map_err(|error| error.to_string())?;
                    let mut written = written;
                    loop {
                        let (lines, until) = self.launcher.lines_since(&self.spec.name, written);
                        if lines.iter().any(|line| pattern.is_match(line)) {
                            break;
                        }
                        written = until;
                        sleep(TRY).await;
                    }
                }
            }
            Ok(())
        };
        // A program that is none of ours may have one of ours in it, which says why it cannot be ready.
        match select(pin!(running.readiness()), pin!(answers)).await {
            Either::Left((result, _)) | Either::Right((result, _)) => result,
        }
    }

    fn late(&self, running: &Rc<dyn Running>, since: Instant) -> String {
        let (waited, address) = (crate::text::duration(since.elapsed()), self.place.address());
        if self.command.ready == Ready::Spoken {
            return format!("it did not answer `init`, or `topology`, within {waited}");
        }
        let listens = running.listens();
        let port = format!(":{}", self.place.port);
        let as_told = listens.iter().any(|place| place.ends_with(&port));
        let where_ = match (&self.command.ready, as_told) {
            (_, false) if !listens.is_empty() => format!("; it listens at {} instead", listens.join(", ")),
            (Ready::Page(path), true) => format!("; it listens there, and does not serve {path}"),
            (Ready::Log(pattern), true) => {
                format!("; it listens there, and no line of its log matches {pattern}")
            }
            _ => String::new(),
        };
        format!("it was not ready within {waited}, at {address}{where_}")
    }

    /// Answers what was asked and never sent.
    async fn drain(&self, requests: &Mutex<mpsc::UnboundedReceiver<Request>>, reason: &str) {
        let mut requests = requests.lock().await;
        while let Ok(request) = requests.try_recv() {
            self.teller.ended(request.id, Outcome::Unknown { reason: reason.to_owned() });
        }
    }
}

/// Tells each time that the person at the terminal, or the system, wants an end.
pub async fn interrupts(tell: impl Fn()) -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    loop {
        tokio::select! {
            _ = interrupt.recv() => tell(),
            _ = terminate.recv() => tell(),
        }
    }
}
