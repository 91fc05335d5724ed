//! The adapter of a node: a program started for each request, and ended with it.

use std::io;
use std::path::Path;
use std::pin::pin;

use futures_util::future::{Either, select};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::unix::pipe;

use crate::driver::{CommandLineError, NodeSession, Sidecar};
use crate::world::{ExitStatus, NodeSpec};

/// The longest answer that is read, in bytes: that of a line of a node on standard output.
const ANSWER_MAX: u64 = 8 << 20;
/// The most bytes of an adapter's output that a report shows. Chosen: four lines of a terminal.
const SHOWN: usize = 300;

/// The command line of an adapter.
#[derive(Debug)]
pub(super) struct Adapter {
    program: String,
    arguments: Vec<String>,
}

impl Adapter {
    /// Returns the adapter of a node.
    pub(super) fn of(spec: &NodeSpec) -> Result<Self, CommandLineError> {
        let text = spec.adapter.as_deref().ok_or(CommandLineError::NoAdapter)?;
        let words = shlex::split(text).ok_or_else(|| CommandLineError::Quote(text.to_owned()))?;
        let mut words = words.into_iter();
        let program = words.next().ok_or(CommandLineError::EmptyAdapter)?;
        if program.contains('/') && !Path::new(&program).exists() {
            return Err(CommandLineError::MissingAdapter(program));
        }
        Ok(Self { program, arguments: words.collect() })
    }

    /// Asks through the adapter, and returns the line of its answer.
    pub(super) async fn ask(&self, session: &NodeSession, question: &str) -> Result<String, AdapterError> {
        let program = || self.program.clone();
        let started = session.sidecars.start(&self.program, &self.arguments).await;
        let running = started.map_err(|error| AdapterError::Start { program: program(), error })?;
        let Sidecar { life, input, output, problems } = running;
        let answered = speak(question, input, output, problems).await;
        let problems = match answered.map_err(|error| AdapterError::Pipe { program: program(), error })? {
            Said::Answer(line) => return Ok(line),
            Said::Nothing(problems) => problems,
        };
        let how = match life.ended().await {
            ExitStatus::Code(0) => "wrote no answer".to_owned(),
            ending => format!("ended with {ending}"),
        };
        let said = problems.trim();
        let said = if said.is_empty() { String::new() } else { format!(": {}", end(said)) };
        Err(AdapterError::NoAnswer { program: program(), how, said })
    }
}

/// The reason why an adapter gave no answer. The node may have been asked all the same.
#[derive(Debug, thiserror::Error)]
pub(super) enum AdapterError {
    /// The program cannot be started; the node was not asked.
    #[error("cannot run the adapter `{program}`: {error}")]
    Start { program: String, error: io::Error },
    /// A pipe to the program failed.
    #[error("cannot speak to the adapter `{program}`: {error}")]
    Pipe { program: String, error: io::Error },
    /// The program ended without an answer; `said` is the end of its standard error, after a colon.
    #[error("the adapter `{program}` {how}{said}")]
    NoAnswer { program: String, how: String, said: String },
}

/// The output of an adapter.
enum Said {
    /// A line on standard output: the answer.
    Answer(String),
    /// No answer, with the text on standard error.
    Nothing(String),
}

/// Returns the end of a text, where the reason usually stands.
fn end(text: &str) -> &str {
    let from = text.len().saturating_sub(SHOWN);
    let from = (from..text.len()).find(|place| text.is_char_boundary(*place)).unwrap_or(0);
    &text[from..]
}

/// Writes the question and returns the first line that is not blank. Later lines are ignored.
async fn speak(
    question: &str,
    mut input: pipe::Sender,
    output: pipe::Receiver,
    problems: pipe::Receiver,
) -> io::Result<Said> {
    let ask = async {
        // An adapter that does not read the question may still answer.
        let _: io::Result<()> = input.write_all(question.as_bytes()).await;
        drop(input);
        std::future::pending::<()>().await;
    };
    let answer = async {
        let mut lines = BufReader::new(output.take(ANSWER_MAX));
        let mut line = String::new();
        while lines.read_line(&mut line).await? > 0 {
            if !line.trim().is_empty() {
                return Ok(Some(line.trim().to_owned()));
            }
            line.clear();
        }
        io::Result::Ok(None)
    };
    // Standard error is read meanwhile, or an adapter that fills the pipe would block.
    let (answer, problems) = (pin!(answer), pin!(read(problems)));
    let both = pin!(async {
        match select(answer, problems).await {
            Either::Left((Ok(Some(line)), _)) => Ok(Said::Answer(line)),
            Either::Left((Ok(None), problems)) => Ok(Said::Nothing(problems.await?)),
            Either::Left((Err(error), _)) => Err(error),
            Either::Right((problems, answer)) => match answer.await? {
                Some(line) => Ok(Said::Answer(line)),
                None => Ok(Said::Nothing(problems?)),
            },
        }
    });
    match select(both, pin!(ask)).await {
        Either::Left((said, _)) => said,
        Either::Right(((), both)) => both.await,
    }
}

async fn read(stream: pipe::Receiver) -> io::Result<String> {
    let mut bytes = Vec::new();
    stream.take(ANSWER_MAX).read_to_end(&mut bytes).await?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
