//! A client of HTTP for one server, with one request at a time: the carrier of polls and posts.

use std::time::Duration;

use http_body_util::{BodyExt, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::{Method, Request, Response, StatusCode, header};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::AbortHandle;
use tokio::time::Instant;
use tokio_tungstenite::tungstenite::Error;

use super::protocol::PACKET_MAX;
use crate::net::io_error;

/// The longest body of an answer, in bytes. Chosen: a server may put several packets into one, up to four of
/// the longest.
pub(super) const BODY_MAX: usize = 4 * PACKET_MAX;
/// The longest time for which a connection may be idle and still be used. Servers close theirs after some
/// seconds (Node.js after 5), and a request that meets the close is lost.
const IDLE_MAX: Duration = Duration::from_secs(1);
/// The most characters of an answer that an error quotes: a line or two.
const QUOTED_MAX: usize = 120;

/// The reason why a request has no answer. The session ends with it.
#[derive(Debug, thiserror::Error)]
pub(in crate::net) enum ExchangeError {
    /// The server has closed the connection, or the session is no longer read.
    #[error("it closed the connection")]
    Gone,
    /// The server answered a request with a status other than 200. The text is the beginning of its body.
    #[error("a poll was answered with HTTP {0} (`{1}`)")]
    Refused(StatusCode, String),
    /// The connection or the answer is faulty.
    #[error("{}", describe(.0))]
    Faulty(Error),
}

fn describe(error: &Error) -> String {
    match error {
        Error::Io(error) => io_error::describe(error),
        error => error.to_string(),
    }
}

impl ExchangeError {
    /// Returns an error with this text.
    pub(super) fn other(reason: String) -> Self {
        Self::Faulty(Error::Io(std::io::Error::other(reason)))
    }

    /// Returns the error that the session ends with; none if it is gone.
    pub(super) fn into_error(self) -> Option<Error> {
        match self {
            Self::Gone => None,
            Self::Refused(..) => Some(Error::Io(std::io::Error::other(self.to_string()))),
            Self::Faulty(error) => Some(error),
        }
    }
}

impl From<std::io::Error> for ExchangeError {
    fn from(error: std::io::Error) -> Self {
        Self::Faulty(Error::Io(error))
    }
}

impl From<hyper::Error> for ExchangeError {
    fn from(error: hyper::Error) -> Self {
        if error.is_incomplete_message() || error.is_closed() || error.is_canceled() {
            Self::Gone
        } else {
            Self::other(error.to_string())
        }
    }
}

/// A client of HTTP for one server, with one request at a time.
pub(super) struct HttpClient {
    host_port: String,
    connection: Option<HttpConnection>,
}

struct HttpConnection {
    requests: SendRequest<Full<Bytes>>,
    /// The task that reads and writes the connection.
    driver: AbortHandle,
    last_used: Instant,
}

impl Drop for HttpConnection {
    fn drop(&mut self) {
        self.driver.abort();
    }
}

impl HttpClient {
    pub(super) fn new(host_port: &str) -> Self {
        Self { host_port: host_port.to_owned(), connection: None }
    }

    /// Sends a request and returns the text of its answer, whose status has to be 200.
    pub(super) async fn exchange(
        &mut self,
        method: Method,
        target: &str,
        body: String,
    ) -> Result<String, ExchangeError> {
        let mut connection = match self.connection.take() {
            Some(open) if open.last_used.elapsed() < IDLE_MAX && !open.requests.is_closed() => open,
            _ => connect(&self.host_port).await?,
        };
        let request = Request::builder()
            .method(method)
            .uri(target)
            .header(header::HOST, &self.host_port)
            .header(header::CONTENT_TYPE, "text/plain; charset=UTF-8")
            .body(Full::new(Bytes::from(body)))
            .map_err(|error| ExchangeError::other(error.to_string()))?;
        connection.requests.ready().await?;
        let response = connection.requests.send_request(request).await?;
        let text = text_of(response).await?;
        connection.last_used = Instant::now();
        self.connection = Some(connection);
        Ok(text)
    }
}

async fn connect(host_port: &str) -> Result<HttpConnection, ExchangeError> {
    let stream = TcpStream::connect(host_port).await?;
    // A socket that does not take the option is slower, and works.
    let _ = stream.set_nodelay(true);
    let (requests, driver) = handshake(TokioIo::new(stream)).await?;
    let driver = tokio::spawn(async move {
        // The request that fails with the connection reports the error.
        let _ = driver.await;
    });
    Ok(HttpConnection { requests, driver: driver.abort_handle(), last_used: Instant::now() })
}

async fn text_of(response: Response<Incoming>) -> Result<String, ExchangeError> {
    let status = response.status();
    let body = match Limited::new(response.into_body(), BODY_MAX).collect().await {
        Ok(body) => body.to_bytes(),
        Err(error) => match error.downcast::<hyper::Error>() {
            Ok(error) => return Err((*error).into()),
            Err(_) => {
                return Err(ExchangeError::other(format!("an answer is longer than {BODY_MAX} bytes")));
            }
        },
    };
    if status != StatusCode::OK {
        let quoted = String::from_utf8_lossy(&body).trim().chars().take(QUOTED_MAX).collect();
        return Err(ExchangeError::Refused(status, quoted));
    }
    String::from_utf8(body.into())
        .map_err(|_| ExchangeError::other("an answer to a poll is not UTF-8".to_owned()))
}
