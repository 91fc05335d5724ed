//! `tools lsp`: the language server, for editors. It speaks the Language Server Protocol over its standard
//! streams.

mod answers;
mod checks;
mod documents;
mod frame;

use std::io::{self, BufReader, Write};

use clap::Args;
use lsp_server::{ErrorCode, Message, Notification, Request, RequestId, Response};
use lsp_types::notification::{self, Notification as _};
use lsp_types::{
    DidChangeTextDocumentParams, DidCloseTextDocumentParams, DidOpenTextDocumentParams,
    PublishDiagnosticsParams, Uri,
};
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::exit::Exit;
use super::failure::Failure;
use documents::Documents;
use frame::{Frame, FrameError};

/// Serve an editor that writes scenarios, over standard input and output (Language Server Protocol)
#[derive(Debug, Clone, Args)]
#[command(after_help = "An editor starts this by itself: see tools/editor/README.md.")]
pub struct Arguments {
    /// Accepted and without effect: many editors give it
    #[arg(long, hide = true)]
    pub stdio: bool,
}

/// Serves the editor until it says goodbye or closes the streams.
pub fn run(out: &mut dyn Write) -> Result<Exit, Failure> {
    let mut input = BufReader::new(io::stdin().lock());
    let mut server = Server { documents: Documents::default(), state: State::New, out };
    loop {
        let frame = match frame::read(&mut input) {
            Ok(Some(frame)) => frame,
            Ok(None) => return Ok(Exit::Held),
            Err(FrameError::Io(error)) => return Err(error.into()),
            Err(error) => {
                let failure = Failure::usage(format!("the editor sent no message of the protocol: {error}"));
                return Err(failure.help("`tools lsp` is started by an editor; see tools/editor/README.md"));
            }
        };
        match frame {
            Frame::Message(Message::Notification(end)) if end.method == notification::Exit::METHOD => {
                return Ok(if server.state == State::Ended { Exit::Held } else { Exit::Failed });
            }
            Frame::Message(message) => server.on_message(message)?,
            Frame::NoMessage(why) => server.refuse(None, ErrorCode::ParseError, why)?,
        }
        // While the editor has sent more, what is typed has changed already.
        if input.buffer().is_empty() {
            server.publish()?;
        }
    }
}

/// The state of the conversation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    New,
    Serving,
    Ended,
}

struct Server<'o> {
    documents: Documents,
    state: State,
    out: &'o mut dyn Write,
}

impl Server<'_> {
    fn on_message(&mut self, message: Message) -> io::Result<()> {
        match message {
            Message::Request(request) => self.on_request(request),
            Message::Notification(notification) => {
                self.on_notification(notification);
                Ok(())
            }
            // The server asks nothing.
            Message::Response(_) => Ok(()),
        }
    }

    fn on_request(&mut self, request: Request) -> io::Result<()> {
        let Request { id, method, params } = request;
        match (self.state, method.as_str()) {
            (State::New, "initialize") => {
                self.state = State::Serving;
                self.send(Response::new_ok(id, answers::introduction()))
            }
            (State::New, _) => {
                self.refuse(Some(id), ErrorCode::ServerNotInitialized, "send `initialize` first".to_owned())
            }
            (State::Serving, "shutdown") => {
                self.state = State::Ended;
                self.send(Response::new_ok(id, Value::Null))
            }
            (State::Serving, method) => match answers::answer(&self.documents, method, params) {
                Ok(answer) => self.send(Response::new_ok(id, answer)),
                Err((code, why)) => self.refuse(Some(id), code, why),
            },
            (State::Ended, _) => self.refuse(
                Some(id),
                ErrorCode::InvalidRequest,
                "nothing is answered after `shutdown`".to_owned(),
            ),
        }
    }

    fn on_notification(&mut self, notification: Notification) {
        if self.state != State::Serving {
            return;
        }
        // A notification has no answer; one that cannot be read changes nothing.
        match notification.method.as_str() {
            notification::DidOpenTextDocument::METHOD => {
                if let Some(DidOpenTextDocumentParams { text_document }) = params(notification.params) {
                    self.documents.put(&text_document.uri, text_document.text, text_document.version);
                }
            }
            notification::DidChangeTextDocument::METHOD => {
                if let Some(DidChangeTextDocumentParams { text_document, content_changes }) =
                    params(notification.params)
                {
                    self.documents.change(&text_document.uri, content_changes, text_document.version);
                }
            }
            notification::DidCloseTextDocument::METHOD => {
                if let Some(DidCloseTextDocumentParams { text_document }) = params(notification.params) {
                    self.documents.close(&text_document.uri);
                }
            }
            _ => {}
        }
    }

    /// Publishes the diagnostics of every document, if any has changed: a change of one may be included in others.
    fn publish(&mut self) -> io::Result<()> {
        if !self.documents.take_changed() {
            return Ok(());
        }
        for (uri, version, diagnostics) in checks::all(&self.documents) {
            self.publish_of(uri, diagnostics, version)?;
        }
        for uri in self.documents.take_closed() {
            self.publish_of(uri, Vec::new(), None)?;
        }
        Ok(())
    }

    fn publish_of(
        &mut self,
        uri: Uri,
        diagnostics: Vec<lsp_types::Diagnostic>,
        version: Option<i32>,
    ) -> io::Result<()> {
        let params = PublishDiagnosticsParams { uri, diagnostics, version };
        let method = notification::PublishDiagnostics::METHOD.to_owned();
        self.send(Notification::new(method, params))
    }

    fn refuse(&mut self, id: Option<RequestId>, code: ErrorCode, why: String) -> io::Result<()> {
        if let Some(id) = id {
            return self.send(Response::new_err(id, code as i32, why));
        }
        // JSON-RPC 2.0, section 5: a message without a readable number is refused with the number null.
        let error = serde_json::json!({ "code": code as i32, "message": why });
        let answer = serde_json::json!({ "jsonrpc": "2.0", "id": null, "error": error });
        frame::write(&mut self.out, &answer.to_string())
    }

    fn send(&mut self, message: impl Into<Message>) -> io::Result<()> {
        message.into().write(&mut self.out)
    }
}

/// Reads the parameters of a message.
fn params<P: DeserializeOwned>(value: Value) -> Option<P> {
    serde_json::from_value(value).ok()
}
