//! The probe of HTTP readiness. Many programs serve a page once they are ready.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// The most bytes that are read of an answer. Chosen: more than any page of health has, and read in a moment.
const ANSWER_MAX: u64 = 8 << 20;

/// Asks for the page of a path, which has to be served with a status of success. The error is for people.
pub(super) async fn ask(address: &str, path: &str) -> Result<(), String> {
    /// The time after which a server that accepts a connection and sends nothing is asked again. Chosen: many
    /// times an answer on one machine, and short beside the time that a node has to be ready.
    const PATIENCE: Duration = Duration::from_secs(1);
    let answered = tokio::time::timeout(PATIENCE, status(address, path)).await;
    match answered {
        Ok(Ok(200..300)) => Ok(()),
        Ok(Ok(0)) => Err(format!("what answers for {path} is no HTTP")),
        Ok(Ok(status)) => Err(format!("{path} was answered by HTTP {status}")),
        Ok(Err(error)) => Err(crate::text::io_cause(&error)),
        Err(_) => Err(format!("{path} was not answered within {} s", PATIENCE.as_secs())),
    }
}

/// Returns the status of the answer; 0 if it is no HTTP answer.
async fn status(address: &str, path: &str) -> std::io::Result<u16> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    // The answer begins with a line such as `HTTP/1.1 200`; the rest is read and dropped. A server whose
    // answer is not read to its end sees its connection broken, and some write that into their log.
    let mut line = [0; 12];
    stream.read_exact(&mut line).await?;
    let mut rest = stream.take(ANSWER_MAX);
    tokio::io::copy(&mut rest, &mut tokio::io::sink()).await?;
    let code = line.strip_prefix(b"HTTP/1.").and_then(|rest| std::str::from_utf8(&rest[1..]).ok());
    Ok(code.and_then(|code| code.trim().parse().ok()).unwrap_or(0))
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
        assert!(runtime.block_on(ask(&address, "/health")).is_ok());
        let (request, written) = server.join().unwrap();
        assert!(request.starts_with("GET /health HTTP/1.1\r\n") && written, "{request}");
    }
}
