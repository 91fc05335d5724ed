//! Requests over HTTP/1.1, over connections that are kept for the next request.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::rc::Rc;

use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Bytes;
use hyper::client::conn::http1::{SendRequest, handshake};
use hyper::http::header::LOCATION;
use hyper::http::{HeaderName, HeaderValue, Method, Uri};
use hyper::{Request, Response};
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

use super::idle::Idle;
use crate::driver::Contacts;

/// The longest answer that is read, in bytes. Chosen: that of an adapter, or of a line of a node.
pub(super) const ANSWER_MAX: usize = 8 << 20;

/// The client of one node: its connections that nobody uses now.
#[derive(Debug)]
pub(super) struct HttpClient {
    /// The contacts of the harness with the node, to which the ends of kept connections belong.
    contacts: Rc<Contacts>,
    idle: Idle<SendRequest<Full<Bytes>>>,
    /// The tasks that serve connections. They end with the client.
    tasks: RefCell<JoinSet<()>>,
}

/// A request, filled in.
#[derive(Debug, Clone)]
pub(super) struct HttpRequest {
    pub(super) host: String,
    pub(super) port: u16,
    pub(super) method: Method,
    pub(super) uri: Uri,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) body: Bytes,
}

/// The answer to a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct HttpAnswer {
    pub(super) status: u16,
    /// The place that it leads to, as the node wrote it.
    pub(super) location: Option<Vec<u8>>,
    pub(super) body: Vec<u8>,
}

/// The reason why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum HttpError {
    /// No connection was made: the node has not been asked.
    #[error("cannot be reached: {}", crate::text::io_cause(.0))]
    Connect(std::io::Error),
    /// The connection ended before the whole answer had come.
    #[error("the connection ended before the answer: {0}")]
    Broken(hyper::Error),
    /// The answer is longer than any that is read.
    #[error("the answer is longer than {} MiB", ANSWER_MAX >> 20)]
    Long,
}

/// The clients of one node, and of the other nodes that it led to.
#[derive(Debug)]
pub(super) struct Hosts {
    /// The client of the node itself.
    pub(super) own: HttpClient,
    /// The clients of others, by host and port. There are no more than the nodes of the network have ports.
    others: RefCell<BTreeMap<(String, u16), Rc<HttpClient>>>,
}

impl Hosts {
    pub(super) fn new(contacts: Rc<Contacts>) -> Self {
        Self { own: HttpClient::new(contacts), others: RefCell::default() }
    }

    /// Returns the client of another node, whose contacts with the harness these are.
    pub(super) fn other(&self, host: &str, port: u16, contacts: Rc<Contacts>) -> Rc<HttpClient> {
        let mut others = self.others.borrow_mut();
        let client = others.entry((host.to_owned(), port));
        Rc::clone(client.or_insert_with(|| Rc::new(HttpClient::new(contacts))))
    }
}

impl HttpClient {
    pub(super) fn new(contacts: Rc<Contacts>) -> Self {
        Self { contacts, idle: Idle::default(), tasks: RefCell::default() }
    }

    /// Sends a request and reads the whole answer.
    pub(super) async fn ask(&self, request: HttpRequest) -> Result<HttpAnswer, HttpError> {
        let mut message = request.message();
        loop {
            let idle = self.idle.reuse(|sender| !sender.is_closed());
            let was_idle = idle.is_some();
            let mut sender = match idle {
                Some(sender) => sender,
                None => self.connect(&request).await?,
            };
            match sender.try_send_request(message).await {
                Ok(response) => {
                    let answer = read(response).await?;
                    // A connection that the node closes is not ready again.
                    if sender.ready().await.is_ok() {
                        self.idle.put_back(sender);
                    }
                    return Ok(answer);
                }
                Err(mut error) => match error.take_message() {
                    // The node closed a connection that nobody used, and has not seen the request.
                    Some(unsent) if was_idle => message = unsent,
                    _ => return Err(HttpError::Broken(error.into_error())),
                },
            }
        }
    }

    async fn connect(&self, request: &HttpRequest) -> Result<SendRequest<Full<Bytes>>, HttpError> {
        let stream = TcpStream::connect((&*request.host, request.port)).await.map_err(HttpError::Connect)?;
        // Without it, a body waits for the acknowledgement of the head.
        stream.set_nodelay(true).map_err(HttpError::Connect)?;
        let (sender, connection) = handshake(TokioIo::new(stream)).await.map_err(HttpError::Broken)?;
        let mut tasks = self.tasks.borrow_mut();
        while tasks.try_join_next().is_some() {}
        let contacts = Rc::clone(&self.contacts);
        tasks.spawn_local(async move {
            // Whoever waits for an answer hears of a broken connection.
            let _: hyper::Result<()> = connection.await;
            // The node may close a connection that nobody uses, long after the last request.
            contacts.have_ended();
        });
        Ok(sender)
    }
}

impl HttpRequest {
    fn message(&self) -> Request<Full<Bytes>> {
        let mut message = Request::new(Full::new(self.body.clone()));
        *message.method_mut() = self.method.clone();
        *message.uri_mut() = self.uri.clone();
        for (name, value) in &self.headers {
            message.headers_mut().append(name, value.clone());
        }
        message
    }
}

async fn read(response: Response<hyper::body::Incoming>) -> Result<HttpAnswer, HttpError> {
    let status = response.status().as_u16();
    let location = response.headers().get(LOCATION).map(|location| location.as_bytes().to_vec());
    let body =
        Limited::new(response.into_body(), ANSWER_MAX).collect().await.map_err(|error| match error
            .downcast::<hyper::Error>(
        ) {
            Ok(error) => HttpError::Broken(*error),
            Err(_) => HttpError::Long,
        })?;
    Ok(HttpAnswer { status, location, body: body.to_bytes().into() })
}
