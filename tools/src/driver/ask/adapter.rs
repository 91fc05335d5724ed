//! The program that asks a node: started for each request, and ended with it.

use std::io;
use std::path::Path;
use std::pin::pin;
use std::process::Stdio;

use futures_util::future::{Either, select};
use rustix::process::{Pid, Signal, kill_process_group};
use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::process::{Child, Command};

use crate::driver::{Meeting, RUN_VARIABLE};
use crate::world::NodeSpec;

/// The longest answer that is read, in bytes.
const ANSWER_MAX: u64 = 8 << 20;
/// As much of what an adapter wrote as a report shows, in bytes.
const SHOWN: usize = 300;

/// An adapter's command line.
#[derive(Debug)]
pub(super) struct Adapter {
    program: String,
    arguments: Vec<String>,
}

impl Adapter {
    /// That of a node. The reason why it has none is for people.
    pub(super) fn of(spec: &NodeSpec) -> Result<Self, String> {
        let text = spec.adapter.as_deref().ok_or("no adapter was given: `--adapter PROGRAM`")?;
        let words = shlex::split(text).ok_or_else(|| format!("`{text}` has a quote that is not closed"))?;
        let mut words = words.into_iter();
        let program = words.next().ok_or("the adapter is empty: `--adapter PROGRAM`")?;
        if program.contains('/') && !Path::new(&program).exists() {
            return Err(format!("there is no adapter `{program}`"));
        }
        Ok(Self { program, arguments: words.collect() })
    }

    /// The line that it answers with. The reason why there is none is for people.
    pub(super) async fn ask(&self, meeting: &Meeting, question: &str) -> Result<String, String> {
        let child = Command::new(&self.program)
            .args(&self.arguments)
            .env(RUN_VARIABLE, &meeting.place.network)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
            .map_err(|error| format!("cannot run the adapter `{}`: {error}", self.program))?;
        let mut running = Running { group: child.id().and_then(pid), child };
        let said = running
            .speak(question)
            .await
            .map_err(|error| format!("cannot speak to the adapter `{}`: {error}", self.program))?;
        let problems = match said {
            Said::Answer(line) => return Ok(line),
            Said::Nothing(problems) => problems,
        };
        let status = running.child.wait().await.map_err(|error| error.to_string())?;
        let how =
            if status.success() { "wrote no answer".to_owned() } else { format!("ended with {status}") };
        let said = problems.trim();
        let said = if said.is_empty() { String::new() } else { format!(": {}", end(said)) };
        Err(format!("the adapter `{}` {how}{said}", self.program))
    }
}

/// What an adapter said.
enum Said {
    /// A line: its answer.
    Answer(String),
    /// Nothing, but these problems.
    Nothing(String),
}

fn pid(id: u32) -> Option<Pid> {
    i32::try_from(id).ok().and_then(Pid::from_raw)
}

/// The end of a text, where the reason usually stands.
fn end(text: &str) -> &str {
    let from = text.len().saturating_sub(SHOWN);
    let from = (from..text.len()).find(|place| text.is_char_boundary(*place)).unwrap_or(0);
    &text[from..]
}

/// An adapter that was started. One that is given up ends, and what it started with it.
struct Running {
    child: Child,
    group: Option<Pid>,
}

impl Running {
    /// What it writes once it was asked: the first line, whatever comes after that.
    async fn speak(&mut self, question: &str) -> io::Result<Said> {
        let (input, output, problems) =
            (self.child.stdin.take(), self.child.stdout.take(), self.child.stderr.take());
        let ask = async {
            if let Some(mut input) = input {
                // Who does not read the question may still answer.
                let _: io::Result<()> = input.write_all(question.as_bytes()).await;
            }
            std::future::pending::<()>().await;
        };
        let answer = async {
            let mut lines = BufReader::new(output.ok_or(io::ErrorKind::BrokenPipe)?.take(ANSWER_MAX));
            let mut line = String::new();
            while lines.read_line(&mut line).await? > 0 {
                if !line.trim().is_empty() {
                    return Ok(Some(line.trim().to_owned()));
                }
                line.clear();
            }
            io::Result::Ok(None)
        };
        // Its problems are read all the while, or it could wait for that.
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
}

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(group) = self.group {
            // Nobody of it may be left.
            let _: rustix::io::Result<()> = kill_process_group(group, Signal::KILL);
        }
    }
}

async fn read(stream: Option<impl tokio::io::AsyncRead + Unpin>) -> io::Result<String> {
    let mut bytes = Vec::new();
    if let Some(stream) = stream {
        stream.take(ANSWER_MAX).read_to_end(&mut bytes).await?;
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
