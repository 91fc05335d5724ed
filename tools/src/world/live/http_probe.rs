//! The probe of HTTP readiness. Many programs serve a page once they are ready.

use std::time::Duration;

use regex::Regex;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The most bytes that are read of an answer. Chosen: more than any page of health has, and read in a moment.
const ANSWER_MAX: u64 = 8 << 20;
/// The bytes at the start of an answer that tell its status.
const LINE: usize = 12;

/// The most bytes of a page that a pattern is compared with. Chosen: many times what a page of health says.
const BODY_MAX: usize = 64 << 10;
/// The most bytes that are kept of an answer: its head, and what is compared, in chunks of whatever size.
const KEPT_MAX: u64 = 4 * BODY_MAX as u64;
/// The characters of a page that a message shows. Chosen: about a line.
const SHOWN: usize = 100;

/// Asks for the page of a path, which has to be served with a status of success, and a body that matches. The error is
/// for people.
pub(super) async fn ask(address: &str, path: &str, body: Option<&Regex>) -> Result<(), String> {
    /// The time after which a server that accepts a connection and sends nothing is asked again. Chosen: many
    /// times an answer on one machine, and short beside the time that a node has to be ready.
    const PATIENCE: Duration = Duration::from_secs(1);
    let answered = tokio::time::timeout(PATIENCE, answer(address, path)).await;
    let answer = match answered {
        Ok(Ok(answer)) => answer,
        Ok(Err(error)) => return Err(crate::text::io_cause(&error)),
        Err(_) => return Err(format!("{path} was not answered within {} s", PATIENCE.as_secs())),
    };
    match (status(&answer), body) {
        (200..300, None) => Ok(()),
        (200..300, Some(pattern)) => {
            let page = page(&answer);
            let page = String::from_utf8_lossy(&page);
            if pattern.is_match(&page) {
                return Ok(());
            }
            Err(format!("{path} was answered by {}, which does not match `{pattern}`", shown(&page)))
        }
        (0, _) => Err(format!("what answers for {path} is no HTTP")),
        (status, _) => Err(format!("{path} was answered by HTTP {status}")),
    }
}

/// Returns the answer, or the part of it that is kept.
async fn answer(address: &str, path: &str) -> std::io::Result<Vec<u8>> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    // The rest is read and dropped. A server whose answer is not read to its end sees its connection broken, and some
    // write that into their log.
    let mut kept = vec![0; LINE];
    stream.read_exact(&mut kept).await?;
    (&mut stream).take(KEPT_MAX).read_to_end(&mut kept).await?;
    let mut rest = stream.take(ANSWER_MAX);
    tokio::io::copy(&mut rest, &mut tokio::io::sink()).await?;
    Ok(kept)
}

/// Returns the status of an answer, which begins with a line such as `HTTP/1.1 200`; 0 if it is no HTTP answer.
fn status(answer: &[u8]) -> u16 {
    let code = answer.get(..LINE).and_then(|line| line.strip_prefix(b"HTTP/1."));
    let code = code.and_then(|rest| std::str::from_utf8(&rest[1..]).ok());
    code.and_then(|code| code.trim().parse().ok()).unwrap_or(0)
}

/// Returns the body of an answer, up to the most that is compared.
fn page(answer: &[u8]) -> Vec<u8> {
    let (head, body) = split(answer, b"\r\n\r\n").unwrap_or((answer, &[]));
    let head = String::from_utf8_lossy(head).to_ascii_lowercase();
    let is_chunked =
        |line: &str| line.strip_prefix("transfer-encoding:").is_some_and(|coding| coding.contains("chunked"));
    let mut page = if head.lines().any(is_chunked) { joined(body) } else { body.to_vec() };
    page.truncate(BODY_MAX);
    page
}

/// Returns the content of chunks, each of which follows a line with its length, for as far as they go.
fn joined(mut chunks: &[u8]) -> Vec<u8> {
    let mut page = Vec::new();
    while let Some((line, rest)) = split(chunks, b"\r\n") {
        let length = std::str::from_utf8(line).ok().and_then(|line| line.split(';').next());
        let length = length.and_then(|length| usize::from_str_radix(length.trim(), 16).ok()).unwrap_or(0);
        if length == 0 {
            break;
        }
        let end = length.min(rest.len());
        page.extend_from_slice(&rest[..end]);
        chunks = rest.get(end..).and_then(|rest| rest.strip_prefix(b"\r\n")).unwrap_or(&[]);
    }
    page
}

/// Returns the parts before and after the first of a separator.
fn split<'a>(bytes: &'a [u8], separator: &[u8]) -> Option<(&'a [u8], &'a [u8])> {
    let at = bytes.windows(separator.len()).position(|window| window == separator)?;
    Some((&bytes[..at], &bytes[at + separator.len()..]))
}

/// Returns a page for a message: one line, shortened.
fn shown(page: &str) -> String {
    let line = page.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.is_empty() {
        return "an empty page".to_owned();
    }
    let short: String = line.chars().take(SHOWN).collect();
    let more = if short.len() < line.len() { "…" } else { "" };
    format!("`{short}{more}`")
}

#[cfg(test)]
mod tests {
    use std::io::{Read as _, Write as _};
    use std::net::TcpListener;

    use super::*;

    #[test]
    fn an_answer_is_read_to_its_end() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let server = std::thread::spawn(move || {
            let (mut stream, _) = listener.accept().unwrap();
            let mut request = [0; 4_096];
            let length = stream.read(&mut request).unwrap();
            // The answer exceeds the buffers: it can be sent whole only if the client reads it.
            let written = stream
                .write_all(b"HTTP/1.1 200 OK\r\n\r\n")
                .and_then(|()| stream.write_all(&vec![b'x'; 6 << 20]));
            (String::from_utf8_lossy(&request[..length]).into_owned(), written.is_ok())
        });
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        assert!(runtime.block_on(ask(&address, "/health", None)).is_ok());
        let (request, written) = server.join().unwrap();
        assert!(request.starts_with("GET /health HTTP/1.1\r\n") && written, "{request}");
    }

    #[test]
    fn a_page_is_joined_of_its_chunks_and_shown_in_a_line() {
        let plain = b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nfine";
        assert_eq!((status(plain), page(plain)), (200, b"fine".to_vec()));
        let chunked =
            b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3;x=1\r\nfin\r\n1\r\ne\r\n0\r\n\r\n";
        assert_eq!(page(chunked), b"fine");
        let wrong = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\nfin";
        assert_eq!(page(wrong), b"fin");
        let long = [plain.as_slice(), &vec![b'x'; 2 * BODY_MAX]].concat();
        assert_eq!(page(&long).len(), BODY_MAX);
        assert_eq!((status(b"SSH-2.0-OpenSSH"), page(b"")), (0, Vec::new()));
        assert_eq!((shown(" a\n b\r\n"), shown("\n")), ("`a b`".to_owned(), "an empty page".to_owned()));
        assert_eq!(shown(&"x".repeat(300)).chars().count(), SHOWN + 3);
    }
}
