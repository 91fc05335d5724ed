//! As much of HTTP/1.1 as the node needs: bodies of a known length, and connections that are kept.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

/// The longest body that is read, in bytes.
const BODY_MAX: usize = 1 << 20;
/// The longest line that is read, in bytes.
const LINE_MAX: u64 = 8 << 10;
/// The time that another node may take to answer.
const PATIENCE: Duration = Duration::from_secs(1);

/// Serves the requests of a connection until it is closed: method, the two parts of the path /ROOM/KEY, and the body.
pub fn serve(
    mut connection: TcpStream,
    answer: impl Fn(&str, &str, &str, &str) -> io::Result<(u16, String)>,
) -> io::Result<()> {
    connection.set_nodelay(true)?;
    let mut reader = BufReader::new(connection.try_clone()?);
    while let Some((first, body)) = read(&mut reader)? {
        let mut words = first.split(' ');
        let (method, path) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
        let mut parts = path.split('/').skip(1).map(decoded);
        let (room, key) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
        // The harness takes 500 for "it may have happened".
        let (status, text) =
            answer(method, &room, &key, &body).unwrap_or_else(|error| (500, error.to_string()));
        let length = if status == 204 { String::new() } else { format!("Content-Length: {}\r\n", text.len()) };
        connection.write_all(format!("HTTP/1.1 {status} \r\n{length}\r\n{text}").as_bytes())?;
    }
    Ok(())
}

/// Asks another node, and returns its status and its answer.
pub fn send(peer: &str, method: &str, path: &str, body: &str) -> io::Result<(u16, String)> {
    let address = peer.to_socket_addrs()?.next().ok_or(io::ErrorKind::NotFound)?;
    let mut connection = TcpStream::connect_timeout(&address, PATIENCE)?;
    connection.set_read_timeout(Some(PATIENCE))?;
    let length = body.len();
    let request = format!("{method} {path} HTTP/1.1\r\nHost: {peer}\r\nContent-Length: {length}\r\n\r\n{body}");
    connection.write_all(request.as_bytes())?;
    let (first, body) = read(&mut BufReader::new(connection))?.ok_or(io::ErrorKind::UnexpectedEof)?;
    let status = first.split(' ').nth(1).and_then(|word| word.parse().ok());
    Ok((status.ok_or(io::ErrorKind::InvalidData)?, body))
}

/// Reads the first line and the body of a request or an answer; none if the connection was closed before.
fn read(reader: &mut impl BufRead) -> io::Result<Option<(String, String)>> {
    let first = line(reader)?;
    if first.is_empty() {
        return Ok(None);
    }
    let mut length = 0;
    loop {
        let field = line(reader)?;
        let Some((name, value)) = field.split_once(':') else { break };
        if name.eq_ignore_ascii_case("content-length") {
            length = value.trim().parse().map_err(|_| io::ErrorKind::InvalidData)?;
        }
    }
    if length > BODY_MAX {
        return Err(io::ErrorKind::InvalidData.into());
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Some((first, String::from_utf8_lossy(&body).into_owned())))
}

/// Reads a line without its end.
fn line(reader: &mut impl BufRead) -> io::Result<String> {
    let mut line = String::new();
    reader.take(LINE_MAX).read_line(&mut line)?;
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// Returns a part of a path with its percent signs resolved.
fn decoded(part: &str) -> String {
    let (mut bytes, mut rest) = (Vec::new(), part.as_bytes());
    while let Some((&byte, after)) = rest.split_first() {
        let pair = after.get(..2).and_then(|pair| std::str::from_utf8(pair).ok());
        match pair.and_then(|pair| u8::from_str_radix(pair, 16).ok()).filter(|_| byte == b'%') {
            Some(decoded) => {
                bytes.push(decoded);
                rest = &after[2..];
            }
            None => {
                bytes.push(byte);
                rest = after;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}
