//! Requests by lines over TCP: each is answered by the next line.

use std::io;

use tokio::io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader};
use tokio::net::TcpStream;

use super::http::ANSWER_MAX;
use super::idle::{Idle, is_quiet};

/// The client of one node.
#[derive(Debug, Default)]
pub(super) struct LineClient {
    idle: Idle<BufReader<TcpStream>>,
}

/// The reason why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum LineError {
    /// The request has a line break in it: the node has not been asked.
    #[error("a request by lines cannot carry a line break")]
    Break,
    /// No connection was made: the node has not been asked.
    #[error("cannot be reached: {}", crate::text::io_cause(.0))]
    Connect(io::Error),
    /// The connection ended before the answer.
    #[error("the connection ended before the answer{}", .0.as_ref().map_or_else(String::new, |error| format!(": {}", crate::text::io_cause(error))))]
    Broken(Option<io::Error>),
    /// The answer is longer than any that is read.
    #[error("the answer is longer than {} MiB", ANSWER_MAX >> 20)]
    Long,
}

impl LineClient {
    /// Sends a line and reads the next one, without its end.
    pub(super) async fn ask(
        &self,
        host: &str,
        port: u16,
        line: &str,
        changes: bool,
    ) -> Result<Vec<u8>, LineError> {
        // Its second line would be a request of its own, and its answer that of the next request.
        if line.contains(['\n', '\r']) {
            return Err(LineError::Break);
        }
        self.idle
            .exchange(
                changes,
                |stream| stream.buffer().is_empty() && is_quiet(stream.get_ref()),
                async || connect(host, port).await.map_err(LineError::Connect),
                async |stream| exchange(stream, line).await,
                |error| matches!(error, LineError::Broken(_)),
            )
            .await
    }
}

async fn connect(host: &str, port: u16) -> io::Result<BufReader<TcpStream>> {
    let stream = TcpStream::connect((host, port)).await?;
    stream.set_nodelay(true)?;
    Ok(BufReader::new(stream))
}

async fn exchange(stream: &mut BufReader<TcpStream>, line: &str) -> Result<Vec<u8>, LineError> {
    let broken = |error| LineError::Broken(Some(error));
    stream.write_all(format!("{line}\n").as_bytes()).await.map_err(broken)?;
    let mut answer = Vec::new();
    let most = ANSWER_MAX as u64 + 1;
    stream.take(most).read_until(b'\n', &mut answer).await.map_err(broken)?;
    if answer.pop_if(|last| *last == b'\n').is_none() {
        return Err(if answer.len() > ANSWER_MAX { LineError::Long } else { LineError::Broken(None) });
    }
    answer.pop_if(|last| *last == b'\r');
    Ok(answer)
}
