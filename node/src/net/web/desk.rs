//! The desk: the way from a request over HTTP, on any thread, to the node, which lives on one.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::rc::Rc;
use std::time::Duration;

use tokio::sync::{mpsc, oneshot};

use crate::net::shell::Shell;
use crate::net::write_queue::Batch;
use crate::wire::{Command, Frame, Refusal, Reply, decode};

/// The most questions that wait for the node. Chosen: more than browsers of a class ask at one moment.
const WAITING_MAX: usize = 256;
/// The time that an answer may take. Chosen: a census takes three seconds at most.
const PATIENCE: Duration = Duration::from_secs(5);
/// The name of the desk among connections, in the log.
const NAME: &str = "the web surface";

/// The answer of the node to a question.
pub(in crate::net) type Answer = Result<Reply, Refusal>;

/// The way to the node.
#[derive(Debug, Clone)]
pub(in crate::net) struct Desk(mpsc::Sender<Question>);

/// A question to the node.
#[derive(Debug)]
pub(in crate::net) struct Question {
    work: Work,
    answer: oneshot::Sender<Answer>,
}

/// The work that the node is asked for.
#[derive(Debug)]
enum Work {
    /// A command of a client.
    Command(Command),
    /// A comparison with all neighbours, which no client can ask for.
    Synchronise,
}

/// The reason why the node gave no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(in crate::net) enum DeskError {
    /// Too many questions wait.
    #[error("too many requests wait for this node: try again later")]
    Busy,
    /// The node ends, or took too long.
    #[error("the node does not answer")]
    Silent,
}

impl Desk {
    /// Creates a desk, and the end at which the node takes its questions.
    pub(in crate::net) fn new() -> (Self, mpsc::Receiver<Question>) {
        let (sender, receiver) = mpsc::channel(WAITING_MAX);
        (Self(sender), receiver)
    }

    /// Asks the node.
    pub(in crate::net) async fn ask(&self, command: Command) -> Result<Answer, DeskError> {
        self.put(Work::Command(command)).await
    }

    /// Has the node compare what it holds with all neighbours. The answer is their number.
    pub(super) async fn synchronise(&self) -> Result<Answer, DeskError> {
        self.put(Work::Synchronise).await
    }

    async fn put(&self, work: Work) -> Result<Answer, DeskError> {
        let (answer, answered) = oneshot::channel();
        self.0.try_send(Question { work, answer }).map_err(|error| match error {
            mpsc::error::TrySendError::Full(_) => DeskError::Busy,
            mpsc::error::TrySendError::Closed(_) => DeskError::Silent,
        })?;
        match tokio::time::timeout(PATIENCE, answered).await {
            Ok(Ok(answer)) => Ok(answer),
            _ => Err(DeskError::Silent),
        }
    }
}

/// Passes questions to the node, as a client of its own, until the node ends.
pub(in crate::net) async fn attend(shell: Rc<Shell>, mut questions: mpsc::Receiver<Question>) {
    let (conn, queue) = shell.add_accepted(NAME.into());
    let (mut open, mut next) = (BTreeMap::new(), 0_u64);
    loop {
        tokio::select! {
            question = questions.recv() => {
                let Some(Question { work, answer }) = question else { break };
                // Those who asked may have gone.
                open.retain(|_, waiting: &mut oneshot::Sender<Answer>| !waiting.is_closed());
                match work {
                    Work::Command(command) => {
                        next += 1;
                        open.insert(next, answer);
                        shell.on_frame(conn, Frame::Request { id: next, command });
                    }
                    Work::Synchronise => {
                        let _: Result<(), Answer> = answer.send(Ok(Reply::Count(shell.synchronise())));
                    }
                }
            }
            batch = poll_fn(|context| queue.poll_batch(context)) => match batch {
                Batch::Frames(frames) => {
                    for frame in frames {
                        if let Ok(Frame::Reply { id, result }) = decode(&frame.text, shell.limits())
                            && let Some(waiting) = open.remove(&id)
                        {
                            // Whoever asked may have gone.
                            let _: Result<(), Answer> = waiting.send(result);
                        }
                    }
                }
                Batch::Close(..) => break,
            },
            () = poll_fn(|context| queue.poll_dropped(context)) => break,
        }
    }
    shell.remove(conn);
}
