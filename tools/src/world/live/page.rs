//! Whether a page is served: what many programs say of themselves when they are ready.

use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

/// Whether a page of that path is served, with a code of success.
pub(super) async fn is_served(address: &str, path: &str) -> bool {
    /// Whoever accepts a connection and then says nothing is asked again.
    const PATIENCE: Duration = Duration::from_secs(1);
    let answered = tokio::time::timeout(PATIENCE, status(address, path)).await;
    matches!(answered, Ok(Ok(200..300)))
}

/// The status of the answer; 0 of one that is none.
async fn status(address: &str, path: &str) -> std::io::Result<u16> {
    let mut stream = TcpStream::connect(address).await?;
    let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    // `HTTP/1.1 200`: what follows is not looked at.
    let mut line = [0; 12];
    stream.read_exact(&mut line).await?;
    let code = line.strip_prefix(b"HTTP/1.").and_then(|rest| std::str::from_utf8(&rest[1..]).ok());
    Ok(code.and_then(|code| code.trim().parse().ok()).unwrap_or(0))
}
