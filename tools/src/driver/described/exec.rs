//! Requests by a program that is started for each.

use std::io;

use futures_util::future::join3;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::unix::pipe;

use super::http::ANSWER_MAX;
use crate::driver::{NodeSession, Sidecar};
use crate::world::ExitStatus;

/// The output of a program, and its end.
#[derive(Debug)]
pub(super) struct ExecAnswer {
    pub(super) end: ExitStatus,
    pub(super) output: Vec<u8>,
    pub(super) problems: String,
}

/// The reason why a program gave no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum ExecError {
    /// The program cannot be started: the node has not been asked.
    #[error("cannot run `{program}`: {}", crate::text::io_cause(error))]
    Start { program: String, error: io::Error },
    /// A pipe to the program failed.
    #[error("cannot speak to `{program}`: {}", crate::text::io_cause(error))]
    Pipe { program: String, error: io::Error },
    /// The program wrote more than is read.
    #[error("`{program}` wrote more than {} MiB", ANSWER_MAX >> 20)]
    Long { program: String },
}

/// Starts a program, writes its standard input, and waits for its end.
pub(super) async fn ask(
    session: &NodeSession,
    program: &str,
    arguments: &[String],
    input: &str,
) -> Result<ExecAnswer, ExecError> {
    let started = session.sidecars.start(program, arguments).await;
    let Sidecar { life, input: mut to_program, output, problems } =
        started.map_err(|error| ExecError::Start { program: program.to_owned(), error })?;
    let write = async move {
        // A program that does not read its input may still answer.
        let _: io::Result<()> = to_program.write_all(input.as_bytes()).await;
    };
    let ((), output, problems) = join3(write, read(output), read(problems)).await;
    let failed = |error| ExecError::Pipe { program: program.to_owned(), error };
    let (output, problems) = (output.map_err(failed)?, problems.map_err(failed)?);
    if output.len() > ANSWER_MAX {
        return Err(ExecError::Long { program: program.to_owned() });
    }
    let problems = String::from_utf8_lossy(&problems).into_owned();
    Ok(ExecAnswer { end: life.ended().await, output, problems })
}

/// Reads a stream to its end, or one byte beyond the most that is read.
async fn read(stream: pipe::Receiver) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    stream.take(ANSWER_MAX as u64 + 1).read_to_end(&mut bytes).await?;
    Ok(bytes)
}
