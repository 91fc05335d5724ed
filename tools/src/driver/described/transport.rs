//! The transports of requests: each fills in a request, sends it, and returns the answer.

mod http;

use std::rc::Rc;

use serde_json::{Map, Value as Json, json};

use super::adapter::{Adapter, AdapterError};
use super::description::Framing;
use super::exec::{self, ExecError};
use super::http::Hosts;
use super::line::{LineClient, LineError};
use super::outcome::Received;
use super::plan::RequestPlan;
use super::redis::{RedisAnswer, RedisClient, RedisFailure};
use super::scope::Values;
use super::socket_io::SocketIoClient;
use super::template::{CommandWords, Filter, Template};
use super::web_socket::{WebSocketClient, WebSocketError};
use crate::driver::NodeSession;
use crate::text::value;
use crate::world::ExitStatus;

/// The transports to one node, with their connections.
pub(super) struct Transports {
    /// The host of the node, and the port that is asked.
    host: String,
    port: u16,
    http: Hosts,
    redis: RedisClient,
    line: LineClient,
    web_socket: WebSocketClient,
    socket_io: SocketIoClient,
    adapter: Option<Adapter>,
}

/// The reply to a request.
#[derive(Debug)]
pub(super) enum Reply {
    /// An answer whose meaning the description says.
    Received(Received),
    /// The adapter says that the command was carried out.
    Done,
    /// The adapter says by a word of its own that it was not, or that nobody knows.
    Error { word: String, message: String },
}

/// The reason why there is no reply.
#[derive(Debug)]
pub(super) enum TransportError {
    /// The request cannot be made, or its answer cannot be read.
    Failed(String),
    /// The node has not been asked.
    Unavailable(String),
    /// The node led elsewhere, to where nobody is asked: the request was not carried out.
    Refused(String),
    /// The connection was lost: the request may have been carried out.
    Lost(String),
}

/// Returns the text of a template.
fn text(template: &Template, usual: Option<Filter>, values: &Values<'_>) -> Result<String, TransportError> {
    template.fill(usual, values).map_err(|name| no_value(&name))
}

fn words(words: &CommandWords, values: &Values<'_>) -> Result<Vec<String>, TransportError> {
    words.fill(values).map_err(|name| no_value(&name))
}

fn no_value(name: &str) -> TransportError {
    TransportError::Failed(format!("there is no value for `{{{name}}}`"))
}

impl Transports {
    /// Returns the transports to the port with this index.
    pub(super) fn new(asked: usize, framing: Framing, session: &NodeSession) -> Self {
        let place = &session.place;
        let adapter = || {
            let (launcher, words) = (Rc::clone(&session.sidecars), session.adapter.to_vec());
            Adapter::new(launcher, words, framing, session.spec.name.clone())
        };
        Self {
            host: place.host.clone(),
            port: place.ports().get(asked).copied().unwrap_or(place.port),
            http: Hosts::new(Rc::clone(&session.contacts)),
            redis: RedisClient::default(),
            line: LineClient::default(),
            web_socket: WebSocketClient::default(),
            socket_io: SocketIoClient::default(),
            adapter: (!session.adapter.is_empty()).then(adapter),
        }
    }

    /// Starts the adapter that stays, if there is one. The error is for people.
    pub(super) async fn start(&self) -> Result<(), String> {
        let Some(adapter) = &self.adapter else { return Ok(()) };
        adapter.start().await.map_err(|error| error.to_string())
    }

    /// Sends a request with its placeholders filled in, of a command that changes the node or does not.
    pub(super) async fn send(
        &self,
        (request, changes): (&RequestPlan, bool),
        values: &Values<'_>,
        session: &NodeSession,
    ) -> Result<Reply, TransportError> {
        match request {
            RequestPlan::Http(request) => self.by_http(request, values, session).await,
            RequestPlan::Exec { words, input } => by_program(session, (words, input), values).await,
            RequestPlan::Redis { words: command } => self.by_redis(&words(command, values)?, changes).await,
            RequestPlan::Line { line } => self.by_line(&text(line, None, values)?, changes).await,
            RequestPlan::WebSocket { path, body } => {
                let path = text(path, Some(Filter::Url), values)?;
                self.by_web_socket(&path, &text(body, None, values)?, changes).await
            }
            RequestPlan::SocketIo { path, event, arguments } => {
                let arguments = text(arguments, None, values)?;
                self.by_event(path, event, &arguments, changes).await
            }
            RequestPlan::Adapter { command } => self.by_adapter(command, values).await,
        }
    }

    async fn by_redis(&self, words: &[String], changes: bool) -> Result<Reply, TransportError> {
        let answer =
            self.redis.ask(&self.host, self.port, words, changes).await.map_err(|error| match error {
                RedisFailure::Connect(_) => TransportError::Unavailable(error.to_string()),
                RedisFailure::Broken(_) => TransportError::Lost(error.to_string()),
            })?;
        Ok(Reply::Received(match answer {
            RedisAnswer::Nil => Received { is_nil: true, ..Received::of(Vec::new()) },
            RedisAnswer::Text(text) => Received::of(text.into_bytes()),
            RedisAnswer::Bytes(bytes) => Received::of(bytes),
            RedisAnswer::Error(text) => Received {
                is_success: false,
                status_text: "an error".to_owned(),
                ..Received::of(text.into_bytes())
            },
        }))
    }

    async fn by_line(&self, line: &str, changes: bool) -> Result<Reply, TransportError> {
        let answer =
            self.line.ask(&self.host, self.port, line, changes).await.map_err(|error| match error {
                LineError::Connect(_) => TransportError::Unavailable(error.to_string()),
                LineError::Broken(_) => TransportError::Lost(error.to_string()),
                LineError::Long | LineError::Break => TransportError::Failed(error.to_string()),
            })?;
        Ok(Reply::Received(Received::of(answer)))
    }

    async fn by_web_socket(&self, path: &str, message: &str, changes: bool) -> Result<Reply, TransportError> {
        let answer = self.web_socket.ask(&self.host, self.port, path, message, changes).await;
        Ok(Reply::Received(Received::of(answer.map_err(|error| of_web_socket(&error))?)))
    }

    async fn by_event(
        &self,
        path: &str,
        event: &str,
        arguments: &str,
        changes: bool,
    ) -> Result<Reply, TransportError> {
        let list = if arguments.is_empty() { "[]" } else { arguments };
        let list = serde_json::from_str(list).map_err(|error| {
            TransportError::Failed(format!("the arguments of the event are no list in JSON: {error}: {list}"))
        })?;
        let address = (self.host.as_str(), self.port);
        let answer = self.socket_io.ask(address, path, event, list, changes).await;
        Ok(Reply::Received(Received::of(answer.map_err(|error| of_web_socket(&error))?)))
    }

    async fn by_adapter(&self, command: &str, values: &Values<'_>) -> Result<Reply, TransportError> {
        let missing = || TransportError::Failed("there is no adapter".to_owned());
        let adapter = self.adapter.as_ref().ok_or_else(missing)?;
        let mut request = Map::new();
        for (name, word) in values.arguments {
            let typed = || serde_json::from_str(&value::json(word)).unwrap_or(Json::Null);
            request.insert(name.clone(), if values.is_typed { typed() } else { word.as_str().into() });
        }
        if let Some(peer) = &values.peer {
            let port = peer.ports.first();
            let peer = json!({ "name": peer.name, "host": peer.host, "port": port, "ports": peer.ports });
            request.insert("peer".to_owned(), peer);
        }
        let answer = adapter.ask(command, request).await.map_err(|error| match error {
            AdapterError::Start { .. } => TransportError::Failed(error.to_string()),
            AdapterError::Full => TransportError::Unavailable(error.to_string()),
            AdapterError::Ended(_) => TransportError::Lost(error.to_string()),
        })?;
        Ok(match (answer.error, answer.value) {
            (Some(word), _) => Reply::Error { word, message: answer.message },
            (None, None) => Reply::Done,
            (None, Some(value)) if value.get() == "null" => {
                Reply::Received(Received { is_nil: true, ..Received::of(Vec::new()) })
            }
            (None, Some(value)) => Reply::Received(Received::of(value.get().as_bytes().to_vec())),
        })
    }
}

/// Returns the failure of a request over a WebSocket.
fn of_web_socket(error: &WebSocketError) -> TransportError {
    match error {
        WebSocketError::Connect(_) | WebSocketError::Handshake(_) | WebSocketError::Refused(_) => {
            TransportError::Unavailable(error.to_string())
        }
        WebSocketError::Broken(_) => TransportError::Lost(error.to_string()),
    }
}

async fn by_program(
    session: &NodeSession,
    (command, input): (&CommandWords, &Template),
    values: &Values<'_>,
) -> Result<Reply, TransportError> {
    let command = words(command, values)?;
    let input = text(input, None, values)?;
    let no_program = || TransportError::Failed("no program".to_owned());
    let (program, arguments) = command.split_first().ok_or_else(no_program)?;
    let answer = exec::ask(session, program, arguments, &input).await.map_err(|error| match error {
        ExecError::Start { .. } | ExecError::Long { .. } => TransportError::Failed(error.to_string()),
        ExecError::Pipe { .. } => TransportError::Lost(error.to_string()),
    })?;
    let status = match answer.end {
        ExitStatus::Code(code) => u16::try_from(code).unwrap_or(u16::MAX),
        ExitStatus::Signal(_) | ExitStatus::Gone | ExitStatus::Released => u16::MAX,
    };
    Ok(Reply::Received(Received {
        status,
        is_success: status == 0,
        may_have_happened: status != 0,
        status_text: format!("`{program}` ended with {}", answer.end),
        problems: answer.problems,
        ..Received::of(answer.output)
    }))
}
