//! Messages in their frames: headers, an empty line, JSON of the announced length.

use std::io::{self, BufRead, Read as _, Write};

use lsp_server::Message;
use thiserror::Error;

/// The most bytes of a message. Chosen: a text of the longest scenario, 1 MiB, with every byte escaped.
const LENGTH_MAX: usize = 8 << 20;

/// The most bytes of the headers of a message. Chosen: they are two short lines.
const HEADERS_MAX: u64 = 4096;

/// The content of a frame.
#[derive(Debug)]
pub(super) enum Frame {
    /// A message.
    Message(Message),
    /// Another content, with the reason why it is no message. The next frame can be read.
    NoMessage(String),
}

/// The reason why there is no frame. Nothing behind it can be read.
#[derive(Debug, Error)]
pub(super) enum FrameError {
    /// The headers are not those of the protocol.
    #[error("its headers have no `Content-Length: NUMBER`")]
    Headers,
    /// The message is too long.
    #[error("it is longer than {} MiB", LENGTH_MAX >> 20)]
    TooLong,
    /// The stream ends within a message.
    #[error("it is cut short")]
    Cut,
    /// The stream failed.
    #[error(transparent)]
    Io(#[from] io::Error),
}

/// Reads a frame; `None` at the end of the stream.
pub(super) fn read(input: &mut impl BufRead) -> Result<Option<Frame>, FrameError> {
    let Some(length) = headers(input)? else { return Ok(None) };
    if length > LENGTH_MAX {
        return Err(FrameError::TooLong);
    }
    let mut content = vec![0; length];
    input.read_exact(&mut content).map_err(|error| match error.kind() {
        io::ErrorKind::UnexpectedEof => FrameError::Cut,
        _ => error.into(),
    })?;
    Ok(Some(match serde_json::from_slice(&content) {
        Ok(message) => Frame::Message(message),
        Err(why) => Frame::NoMessage(why.to_string()),
    }))
}

/// Reads the headers, and returns the length of the content.
fn headers(input: &mut impl BufRead) -> Result<Option<usize>, FrameError> {
    let mut input = input.take(HEADERS_MAX);
    let mut length = None;
    for number in 0.. {
        let mut line = Vec::new();
        input.read_until(b'\n', &mut line)?;
        if line.is_empty() && number == 0 {
            return Ok(None);
        }
        let Some(line) = line.strip_suffix(b"\n") else { return Err(FrameError::Headers) };
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if line.is_empty() {
            break;
        }
        let text = std::str::from_utf8(line).map_err(|_| FrameError::Headers)?;
        let (name, value) = text.split_once(':').ok_or(FrameError::Headers)?;
        if name.trim().eq_ignore_ascii_case("Content-Length") {
            length = Some(value.trim().parse().map_err(|_| FrameError::Headers)?);
        }
    }
    length.map(Some).ok_or(FrameError::Headers)
}

/// Writes a frame.
pub(super) fn write(out: &mut impl Write, content: &str) -> io::Result<()> {
    write!(out, "Content-Length: {}\r\n\r\n{content}", content.len())?;
    out.flush()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(input: &str, expected: &str) {
        let mut input = input.as_bytes();
        let found = match read(&mut input) {
            Ok(None) => "the end".to_owned(),
            Ok(Some(Frame::Message(message))) => format!("{message:?}").split('(').next().unwrap().to_owned(),
            Ok(Some(Frame::NoMessage(_))) => "no message".to_owned(),
            Err(error) => error.to_string(),
        };
        assert_eq!(found, expected);
    }

    #[test]
    fn frames_are_read_and_faulty_ones_refused() {
        check("", "the end");
        check("Content-Length: 36\r\n\r\n{\"jsonrpc\":\"2.0\",\"method\":\"exit\"}   ", "Notification");
        check("content-length:2\nX: y\n\n{}", "no message");
        check("Content-Length: 3\r\n\r\n\u{e9}x", "no message");
        check("Content-Length: 9\r\n\r\n{}", "it is cut short");
        check("Content-Length: 99999999999\r\n\r\n{}", "it is longer than 8 MiB");
        for headers in
            ["GET / HTTP/1.1\r\n\r\n", "X: y\r\n\r\n", "Content-Length: -1\r\n\r\n", "Content-Length: 5"]
        {
            check(headers, "its headers have no `Content-Length: NUMBER`");
        }
        check(&"x: y\r\n".repeat(10_000), "its headers have no `Content-Length: NUMBER`");
    }
}
