//! One node in real time, from its start to its end.

use std::cell::{Cell, RefCell};
use std::pin::pin;
use std::rc::Rc;
use std::sync::Arc;

use futures_util::future::{Either, select};
use regex::Regex;
use tokio::net::TcpStream;
use tokio::sync::{Mutex, Notify, mpsc};
use tokio::time::{Instant, sleep, timeout_at};

use super::attached::Attached;
use super::directory::NodeDirectory;
use super::error::{LaunchError, ReadinessError};
use super::events::EventSender;
use super::first_start::FirstStart;
use super::handle::{Life, NodeHandle};
use super::health::Health;
use super::launcher::{Launcher, Running, Written};
use super::router::MessageRouter;
use super::setup;
use super::signs::{self, RETRY_INTERVAL};
use crate::driver::{
    CommandLine, Contact, Contacts, Directory, Driver, DriverEvent, NodeSession, Place, Ready, Request,
    Router,
};
use crate::text::io_cause;
use crate::world::{Event, NodeIndex, NodeSpec, OpId, Outcome, Signal};

/// The lines of either end of a log that explain the death of a node. Chosen: a stack trace of the usual length
/// shows its top, and the report stays on one screen.
const EXCERPT_LINES: usize = 8;

/// The parts that are needed to start a node and to follow it.
pub(super) struct NodeTask {
    pub id: OpId,
    pub node: NodeIndex,
    pub spec: Rc<NodeSpec>,
    pub place: Rc<Place>,
    pub command: CommandLine,
    pub deadline: Instant,
    pub driver: Rc<dyn Driver>,
    /// The node itself, if it runs already.
    pub attached: Option<Rc<Attached>>,
    /// True if the run starts the node for the first time.
    pub is_first_in_run: bool,
    /// The first start of the node, if this is it and has programs.
    pub first_start: Option<FirstStart>,
    pub launcher: Rc<dyn Launcher>,
    pub directory: Rc<RefCell<NodeDirectory>>,
    pub router: Rc<MessageRouter>,
    pub contacts: Rc<Contacts>,
    pub sender: EventSender,
}

/// The flag that a node has been reached once.
#[derive(Default)]
struct Reached {
    flag: Cell<bool>,
    notify: Notify,
}

impl NodeTask {
    /// Returns the handle of the node, and the task that follows it.
    pub(super) fn start(self) -> (NodeHandle, impl Future<Output = ()> + 'static) {
        let (requests_in, requests) = mpsc::unbounded_channel();
        let life = Rc::new(Life::new(&self.sender));
        let health = self.command.healthy.clone().map(|sign| {
            Rc::new(Health {
                sign,
                address: self.place.address_of(self.command.asked),
                launcher: Rc::clone(&self.launcher),
                contacts: Rc::clone(&self.contacts),
                secrets: self.command.setup.secrets.clone(),
            })
        });
        let handle = NodeHandle {
            requests: requests_in,
            supervised: self.command.ready == Ready::Told,
            life: Rc::clone(&life),
            health,
        };
        (handle, Box::pin(self.follow(life, requests)))
    }

    async fn follow(self, life: Rc<Life>, requests: mpsc::UnboundedReceiver<Request>) {
        life.log_start.set(self.launcher.written(&self.spec.name));
        let begun = async {
            self.prepare().await?;
            if let Some(attached) = &self.attached {
                return Ok(Rc::clone(attached) as Rc<dyn Running>);
            }
            let started = self.launcher.start(self.node, &self.spec.name, self.command.clone()).await;
            started.map_err(|error| self.not_started(&error))
        };
        let running = match begun.await {
            Ok(running) => running,
            Err(reason) => {
                life.ended.set(true);
                life.begun.notify_waiters();
                return self.fail(reason);
            }
        };
        life.running.replace(Some(Rc::clone(&running)));
        life.begun.notify_waiters();
        let requests = Rc::new(Mutex::new(requests));
        let ready = Cell::new(false);
        let exited = |ending| {
            life.ended.set(true);
            // The end of the node has just ended the harness's connections to it.
            self.contacts.have_ended();
            self.sender.send(Event::Exited { node: self.node, ending });
        };
        let first = {
            let conversation = async {
                // A lost request ends in time even while the conversation waits for a new connection.
                let (conversation, in_time) = (
                    pin!(self.converse(&running, &requests, &ready, &life)),
                    pin!(life.lost.release_in_time()),
                );
                match select(conversation, in_time).await {
                    Either::Left((reason, _)) => reason,
                    Either::Right(((), conversation)) => conversation.await,
                }
            };
            match select(pin!(running.ended()), pin!(conversation)).await {
                Either::Left((ending, _conversation)) => {
                    // The exit is reported before the asks that end with it.
                    exited(ending);
                    Ok(ending)
                }
                Either::Right((reason, _)) => Err(reason),
            }
        };
        let (ending, late) = match first {
            Ok(ending) => (ending, None),
            // The node did not become ready, so it is killed.
            Err(reason) => match running.signal(Signal::Kill) {
                Ok(()) => {
                    let ending = running.ended().await;
                    exited(ending);
                    (ending, Some(reason))
                }
                Err(_) => return self.fail(reason),
            },
        };
        life.lost.release();
        if let Some(attached) = &self.attached {
            attached.end_held();
        }
        let reason = match late {
            Some(reason) => Some(reason),
            None if ready.get() => None,
            None => Some(format!("it ended with {ending} before it was ready")),
        };
        if let Some(reason) = reason.clone().filter(|_| self.attached.is_some()) {
            self.fail(reason);
        } else if let Some(mut reason) = reason {
            let [output, problems] = self.launcher.log(&self.spec.name, life.log_start.get());
            let words = [output.excerpt(EXCERPT_LINES), problems.excerpt(EXCERPT_LINES)].concat();
            if words.is_empty() {
                reason.push_str("; its log is empty");
            } else {
                reason.push_str("; its log:");
                for line in words {
                    reason.push_str(&format!("\n    {line}"));
                }
            }
            self.fail(reason);
        }
        self.drain(&requests, "it has ended").await;
        life.end.notify_waiters();
    }

    /// Ends the launch as failed, without the values that no message may show.
    fn fail(&self, reason: String) {
        let reason = self.command.setup.secrets.hide(reason);
        self.sender.ended(self.id, Outcome::Failed { reason });
    }

    /// Describes that the program was not started. If it is missing, its driver may know how to install it.
    fn not_started(&self, error: &LaunchError) -> String {
        let install = self.driver.declaration().install;
        if matches!(error, LaunchError::NoProgram(_)) && !install.is_empty() {
            return format!("{error}; it is installed by `{install}`");
        }
        error.to_string()
    }

    /// Writes the files of the node, and runs the programs that come before it.
    async fn prepare(&self) -> Result<(), String> {
        let setup = &self.command.setup;
        if let Some(first) = &self.first_start {
            first.begin().map_err(|error| format!("cannot mark its first start: {}", io_cause(&error)))?;
        }
        let written = setup::write_files(&self.place.data, &setup.files, self.is_first_in_run);
        written.map_err(|error| error.to_string())?;
        let sidecars = self.launcher.sidecars();
        for words in &setup.before {
            let ended = timeout_at(self.deadline, setup::run(&*sidecars, words)).await;
            let late = |_| {
                let program = words.first().map_or("", String::as_str);
                format!("`{program}`, which comes before the start, did not end in time")
            };
            ended.map_err(late)?.map_err(|error| error.to_string())?;
        }
        if let Some(folder) = setup.folder.as_ref().filter(|folder| !folder.is_dir()) {
            return Err(format!("there is no folder {}, in which it is to be started", folder.display()));
        }
        Ok(())
    }

    /// Waits until the node is ready, then speaks to it for as long as it lives. Returns only if the node
    /// does not become ready, or closes its streams before; with the reason.
    async fn converse(
        &self,
        running: &Rc<dyn Running>,
        requests: &Rc<Mutex<mpsc::UnboundedReceiver<Request>>>,
        ready: &Cell<bool>,
        life: &Rc<Life>,
    ) -> String {
        let waited = Instant::now();
        // The harness dials the node, again where that fails, until it has reached it: all that time is a
        // contact.
        let contact = Rc::new(RefCell::new(Some(self.contacts.begin())));
        let (failed, is_ready) = (RefCell::new(None), Cell::new(false));
        let becomes_ready = async {
            self.readiness(running, life.log_start.get(), &failed).await?;
            if self.command.clock_ms != 0 {
                running.obeys_clock().map_err(ReadinessError::Clock)?;
            }
            is_ready.set(true);
            failed.replace(None);
            for words in &self.command.setup.after {
                signs::succeeds(&*self.launcher.sidecars(), words, &failed).await;
            }
            if let Some(first) = &self.first_start {
                first.complete().map_err(ReadinessError::Mark)?;
            }
            Ok::<(), ReadinessError>(())
        };
        match timeout_at(self.deadline, becomes_ready).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => return error.to_string(),
            Err(_) if is_ready.get() => {
                let why = failed.borrow().clone().unwrap_or_else(|| "it did not end".to_owned());
                let waited = crate::text::duration(waited.elapsed());
                return format!(
                    "it is ready, but a program that comes after the start failed for {waited}: {why}"
                );
            }
            Err(_) => return self.late(running, waited, failed.borrow().as_deref()),
        }
        let mut last = None;
        let reached = Rc::new(Reached::default());
        let report = self.reporter(&reached, &contact, life);
        loop {
            let session = self.session(running, requests, &report, life);
            let mut serving = pin!(self.driver.serve(session));
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
                    Either::Right((Err(_), _)) => return self.late(running, waited, last.as_deref()),
                }
            };
            ready.set(reached.flag.get());
            if ready.get() {
                self.suspect();
            }
            self.contacts.have_ended();
            contact.borrow_mut().get_or_insert_with(|| self.contacts.begin());
            // Streams that have ended allow no second conversation.
            if self.command.ready == Ready::Spoken && !reached.flag.get() {
                return why;
            }
            // Requests that were never sent end as those do that were.
            let mut unsent = requests.lock().await;
            while let Ok(request) = unsent.try_recv() {
                life.lost.hold(request.id, why.clone());
            }
            drop(unsent);
            last = Some(why.clone());
            if !reached.flag.get() && Instant::now() >= self.deadline {
                return self.late(running, waited, Some(&why));
            }
            sleep(RETRY_INTERVAL).await;
        }
    }

    /// Returns the callback that passes a driver's events on to the runner. The contact ends when the node has
    /// been reached.
    fn reporter(
        &self,
        reached: &Rc<Reached>,
        contact: &Rc<RefCell<Option<Contact>>>,
        life: &Rc<Life>,
    ) -> Rc<dyn Fn(DriverEvent)> {
        let (sender, id, node) = (self.sender.clone(), self.id, self.node);
        let attached = self.attached.clone();
        let (reached, contact, life) = (Rc::clone(reached), Rc::clone(contact), Rc::clone(life));
        Rc::new(move |event| match event {
            DriverEvent::Reached => {
                contact.take();
                life.lost.reached();
                if !reached.flag.replace(true) {
                    reached.notify.notify_one();
                    sender.ended(id, Outcome::Done);
                }
            }
            DriverEvent::Put(id) => sender.send(Event::Put { id }),
            DriverEvent::Ended(id, outcome) => match &attached {
                Some(attached) if is_silence(&outcome) => attached.hold(id, outcome),
                _ => sender.ended(id, outcome),
            },
            DriverEvent::Lost(id, reason) => {
                life.lost.hold(id, reason);
                if let Some(attached) = &attached {
                    attached.suspect();
                }
            }
            DriverEvent::Changed(change) => sender.send(Event::Changed { node, change }),
            DriverEvent::Stored { key, rank, wall_ms } => {
                sender.send(Event::Stored { node, key, rank, wall_ms });
            }
            DriverEvent::Misbehaved(how) => sender.send(Event::Misbehaved { node, how }),
        })
    }

    /// Has it found out whether a node that ran before still does: its connection ended.
    fn suspect(&self) {
        if let Some(attached) = &self.attached {
            attached.suspect();
        }
    }

    /// Returns the parts of a session of the driver with the node.
    fn session(
        &self,
        running: &Rc<dyn Running>,
        requests: &Rc<Mutex<mpsc::UnboundedReceiver<Request>>>,
        report: &Rc<dyn Fn(DriverEvent)>,
        life: &Life,
    ) -> NodeSession {
        NodeSession {
            node: self.node,
            spec: Rc::clone(&self.spec),
            place: Rc::clone(&self.place),
            directory: Rc::clone(&self.directory) as Rc<dyn Directory>,
            router: Rc::clone(&self.router) as Rc<dyn Router>,
            sidecars: self.launcher.sidecars(),
            requests: Rc::clone(requests),
            contacts: Rc::clone(&self.contacts),
            questions: Rc::clone(&life.questions),
            report: Rc::clone(report),
            backlog: Arc::clone(&self.sender.backlog),
            adapter: self.command.setup.adapter.as_slice().into(),
            stdio: running.stdio(),
        }
    }

    /// Waits for the node's own report of readiness, or for the sign that its command names. Lines that were
    /// `written` to its log before the start do not count.
    async fn readiness(
        &self,
        running: &Rc<dyn Running>,
        written: Written,
        failed: &RefCell<Option<String>>,
    ) -> Result<(), ReadinessError> {
        let address = self.place.address_of(self.command.asked);
        let answers = async {
            match &self.command.ready {
                Ready::Told => std::future::pending::<()>().await,
                Ready::Spoken => {}
                Ready::Port => {
                    while let Err(error) = TcpStream::connect(&address).await {
                        if self.attached.is_some() {
                            failed.replace(Some(io_cause(&error)));
                        }
                        sleep(RETRY_INTERVAL).await;
                    }
                    failed.replace(None);
                }
                Ready::Page { path, body } => {
                    let body =
                        body.as_deref().map(Regex::new).transpose().map_err(ReadinessError::Pattern)?;
                    signs::serves(&address, path, body.as_ref(), failed).await;
                    failed.replace(None);
                }
                Ready::Exec(words) => signs::succeeds(&*self.launcher.sidecars(), words, failed).await,
                Ready::Log(pattern) => {
                    let pattern = Regex::new(pattern).map_err(ReadinessError::Pattern)?;
                    let mut written = written;
                    loop {
                        let (lines, until) = self.launcher.lines_since(&self.spec.name, written);
                        if lines.iter().any(|line| pattern.is_match(line)) {
                            break;
                        }
                        written = until;
                        sleep(RETRY_INTERVAL).await;
                    }
                }
            }
            Ok(())
        };
        // A foreign program may contain a node of ours, which says why it cannot be ready.
        match select(pin!(running.readiness()), pin!(answers)).await {
            Either::Left((result, _)) | Either::Right((result, _)) => result,
        }
    }

    /// Describes that the node was not ready in time, and the result of the last attempt to speak to it.
    fn late(&self, running: &Rc<dyn Running>, since: Instant, last: Option<&str>) -> String {
        let (waited, address) =
            (crate::text::duration(since.elapsed()), self.place.address_of(self.command.asked));
        if let Some(at) = &self.spec.at {
            let why = last.unwrap_or("nothing came back");
            return format!(
                "it does not answer at {address}, after {waited}: {why}; it has to run already: start it, or \
                 correct `at={at}`"
            );
        }
        if self.command.ready == Ready::Spoken {
            return format!("it did not answer `init`, or `topology`, within {waited}");
        }
        let listens = running.listens();
        let asked = self.place.ports().get(self.command.asked).copied();
        let port = format!(":{}", asked.unwrap_or(self.place.port));
        let as_told = listens.iter().any(|place| place.ends_with(&port));
        let where_ = match (&self.command.ready, as_told) {
            (_, false) if !listens.is_empty() => format!("; it listens at {} instead", listens.join(", ")),
            (Ready::Page { path, body: None }, true) => {
                format!("; it listens there, and does not serve {path}")
            }
            (Ready::Log(pattern), true) => {
                format!("; it listens there, and no line of its log matches {pattern}")
            }
            _ => String::new(),
        };
        let last = last.map_or_else(String::new, |last| format!("; the last attempt: {last}"));
        format!("it was not ready within {waited}, at {address}{where_}{last}")
    }

    /// Ends the asks that were never sent to the node, as unknown.
    async fn drain(&self, requests: &Mutex<mpsc::UnboundedReceiver<Request>>, reason: &str) {
        let mut requests = requests.lock().await;
        while let Ok(request) = requests.try_recv() {
            self.sender.ended(request.id, Outcome::Unknown { reason: reason.to_owned() });
        }
    }
}

/// Returns true for the outcome of a request to which no node may have answered.
fn is_silence(outcome: &Outcome) -> bool {
    match outcome {
        Outcome::Unknown { .. } | Outcome::Failed { .. } => true,
        Outcome::Refused { code, .. } => code == "unavailable",
        _ => false,
    }
}

/// Calls `on_signal` at each signal with which the person at the terminal, or the system, wants an end.
pub async fn interrupts(on_signal: impl Fn()) -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let mut interrupt = signal(SignalKind::interrupt())?;
    let mut terminate = signal(SignalKind::terminate())?;
    loop {
        tokio::select! {
            _ = interrupt.recv() => on_signal(),
            _ = terminate.recv() => on_signal(),
        }
    }
}
