//! Requests by an adapter that stays: one program for each node, which has many requests under way.
//!
//! Each request is a line of JSON on its standard input, with an id. Its answer is a line of JSON on its standard output
//! with the same id, in any order; the framing has the form of both. The program is started with the conversation, and again by the next
//! request after it has ended.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io;
use std::pin::pin;
use std::rc::Rc;
use std::time::Duration;

use futures_util::FutureExt as _;
use futures_util::future::{Either, join, select};
use serde_json::{Map, Value as Json};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::unix::pipe;
use tokio::sync::{Mutex, mpsc, oneshot};
use tokio::task::JoinSet;
use tokio::time::timeout;

use super::description::Framing;
use super::framing::AdapterAnswer;
use super::http::ANSWER_MAX;
use crate::driver::{Sidecar, SidecarLauncher, tail};

/// The most requests that wait until the adapter reads them. Chosen: many times what is under way at once.
const QUEUE: usize = 1_024;
/// The part of the adapter's standard error that its end shows, in bytes. Chosen: a few lines.
const SHOWN: usize = 1_000;

/// The longest time from the end of the adapter's output to its own end. Chosen: an interpreter ends within it.
const END_WITHIN: Duration = Duration::from_secs(1);

/// The adapter of one node.
pub(super) struct Adapter {
    launcher: Rc<dyn SidecarLauncher>,
    words: Vec<String>,
    framing: Framing,
    /// The name of the node.
    node: String,
    running: Mutex<Option<Running>>,
    /// The id of the next request.
    next: Rc<Cell<u64>>,
    /// The tasks that read and write. The adapter ends with them.
    tasks: RefCell<JoinSet<()>>,
}

/// An adapter that was started.
#[derive(Clone)]
struct Running {
    lines: mpsc::Sender<String>,
    state: Rc<State>,
}

/// The requests that an adapter has under way, and the reason of its end.
#[derive(Default)]
struct State {
    waiting: RefCell<BTreeMap<u64, oneshot::Sender<AdapterAnswer>>>,
    ended: RefCell<Option<String>>,
}

/// The reason why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum AdapterError {
    /// The adapter cannot be started: the node has not been asked.
    #[error("cannot run the adapter `{program}`: {}", crate::text::io_cause(error))]
    Start {
        /// The path of the program.
        program: String,
        /// The system's reason.
        error: io::Error,
    },
    /// The adapter reads nothing: the node has not been asked.
    #[error("the adapter has not read the {QUEUE} requests before this one")]
    Full,
    /// The adapter ended before the answer.
    #[error("the adapter ended before the answer: {0}")]
    Ended(String),
}

impl Adapter {
    pub(super) fn new(
        launcher: Rc<dyn SidecarLauncher>,
        words: Vec<String>,
        framing: Framing,
        node: String,
    ) -> Self {
        let (running, next, tasks) = (Mutex::default(), Rc::new(Cell::new(1)), RefCell::default());
        Self { launcher, words, framing, node, running, next, tasks }
    }

    /// Starts the adapter unless it runs.
    pub(super) async fn start(&self) -> Result<(), AdapterError> {
        self.running().await.map(drop)
    }

    /// Sends a request for a command with these members and waits for the answer.
    pub(super) async fn ask(
        &self,
        command: &str,
        request: Map<String, Json>,
    ) -> Result<AdapterAnswer, AdapterError> {
        let Running { lines, state } = self.running().await?;
        let id = self.draw();
        let (sender, answer) = oneshot::channel();
        state.waiting.borrow_mut().insert(id, sender);
        // A request that is given up is no longer waited for.
        let _waiting = Waiting { id, state: &state };
        let line = self.framing.line(id, command, &self.node, request);
        match lines.try_send(line) {
            Err(mpsc::error::TrySendError::Full(_)) => return Err(AdapterError::Full),
            Ok(()) | Err(mpsc::error::TrySendError::Closed(_)) => {}
        }
        let reason = || state.ended.borrow().clone().unwrap_or_default();
        answer.await.map_err(|_| AdapterError::Ended(reason()))
    }

    /// Returns the id of a new request.
    fn draw(&self) -> u64 {
        let id = self.next.get();
        self.next.set(id + 1);
        id
    }

    async fn running(&self) -> Result<Running, AdapterError> {
        let mut running = self.running.lock().await;
        if let Some(running) = running.as_ref().filter(|running| running.state.ended.borrow().is_none()) {
            return Ok(running.clone());
        }
        let (program, arguments) =
            self.words.split_first().map_or(("", &[][..]), |(first, rest)| (first, rest));
        let started = self.launcher.start(program, arguments).await;
        let Sidecar { life, input, output, problems } =
            started.map_err(|error| AdapterError::Start { program: program.to_owned(), error })?;
        let (lines, queue) = mpsc::channel(QUEUE);
        let state = Rc::new(State::default());
        let greeted = (self.framing == Framing::Maelstrom).then(|| self.draw());
        if let Some(greeting) = greeted.and_then(|id| self.framing.greeting(id, &self.node)) {
            // The program reads it before all requests.
            let _: Result<(), mpsc::error::TrySendError<String>> = lines.try_send(greeting);
        }
        let reader = Reader { framing: self.framing, greeted, next: Rc::clone(&self.next) };
        let task_state = Rc::clone(&state);
        let mut tasks = self.tasks.borrow_mut();
        while tasks.try_join_next().is_some() {}
        tasks.spawn_local(async move {
            let problems = tail(problems, SHOWN).shared();
            let conversation = join(write(input, queue), problems.clone());
            let wrong = match select(pin!(reader.read(output, &task_state)), pin!(conversation)).await {
                Either::Left((wrong, _)) => wrong,
                Either::Right(((never, _), _)) => match never {},
            };
            let reason = match wrong {
                Some(wrong) => wrong,
                None => match timeout(END_WITHIN, join(life.ended(), problems)).await {
                    Ok((ending, said)) if said.trim().is_empty() => ending.to_string(),
                    Ok((ending, said)) => format!("{ending}: {}", said.trim()),
                    Err(_) => "it closed its standard output".to_owned(),
                },
            };
            task_state.ended.replace(Some(reason));
            // All that wait for an answer hear of the end.
            task_state.waiting.borrow_mut().clear();
        });
        let started = Running { lines, state };
        *running = Some(started.clone());
        Ok(started)
    }
}

/// A request that is waited for.
struct Waiting<'a> {
    id: u64,
    state: &'a State,
}

impl Drop for Waiting<'_> {
    fn drop(&mut self) {
        self.state.waiting.borrow_mut().remove(&self.id);
    }
}

/// Writes lines to the adapter, for as long as it reads them. An end of that is found by the reader.
async fn write(mut input: pipe::Sender, mut lines: mpsc::Receiver<String>) -> std::convert::Infallible {
    while let Some(line) = lines.recv().await {
        if input.write_all(line.as_bytes()).await.is_err() {
            break;
        }
    }
    std::future::pending().await
}

/// The reader of an adapter's answers.
struct Reader {
    framing: Framing,
    /// The id of the greeting, if the framing has one.
    greeted: Option<u64>,
    next: Rc<Cell<u64>>,
}

impl Reader {
    /// Reads answers until the adapter ends. Returns the reason if it wrote something that is no answer.
    async fn read(self, output: pipe::Receiver, state: &State) -> Option<String> {
        let mut output = BufReader::new(output);
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = (&mut output).take(ANSWER_MAX as u64 + 1).read_until(b'\n', &mut line).await;
            if !read.is_ok_and(|read| read > 0) {
                return None;
            }
            if line.len() > ANSWER_MAX {
                return Some(format!("it wrote a line of more than {} MiB", ANSWER_MAX >> 20));
            }
            if line.trim_ascii().is_empty() {
                continue;
            }
            let Some(answer) = self.framing.answer(&line) else {
                let shown: String = String::from_utf8_lossy(&line).trim().chars().take(200).collect();
                return Some(format!("it wrote a line that is no answer, {}: {shown}", self.framing.shape()));
            };
            if answer.id >= self.next.get() {
                return Some(format!("it answered a request that was never made, with the id {}", answer.id));
            }
            if self.greeted == Some(answer.id)
                && let Some(word) = &answer.error
            {
                return Some(format!("it refused to begin: {} ({word})", answer.message));
            }
            // The first answer counts. A request that was given up is answered too late.
            if let Some(waiting) = state.waiting.borrow_mut().remove(&answer.id) {
                let _: Result<(), AdapterAnswer> = waiting.send(answer);
            }
        }
    }
}
