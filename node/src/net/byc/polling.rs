//! The sessions by long-polling of this node, and the requests of HTTP that reach them.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::rc::Rc;

use http_body_util::Full;
use hyper::body::{Bytes, Incoming};
use hyper::{Method, Request, Response, StatusCode};
use tokio::task::spawn_local;

use super::bad_request::{BadRequest, plain_text};
use super::handshake::{draw_session_id, open_packet};
use super::session::Session;
use crate::net::shell::Shell;

/// All sessions that poll or were upgraded from polling, by id.
pub(in crate::net) struct Sessions {
    shell: Rc<Shell>,
    open: RefCell<BTreeMap<String, Rc<Session>>>,
}

/// The purpose of a request at the path of this protocol.
pub(in crate::net) enum Purpose {
    /// A WebSocket with a session of its own.
    WebSocket,
    /// A WebSocket that takes over this session.
    Upgrade(Rc<Session>),
    /// A request of a session by polling.
    Polling,
}

impl Sessions {
    pub(in crate::net) fn new(shell: Rc<Shell>) -> Rc<Self> {
        Rc::new(Self { shell, open: RefCell::default() })
    }

    /// Returns the purpose of a request at the path.
    pub(in crate::net) fn purpose_of<B>(&self, request: &Request<B>) -> Result<Purpose, BadRequest> {
        let query = request.uri().query().unwrap_or_default();
        if parameter(query, "EIO") != Some("4") {
            return Err(BadRequest::Version);
        }
        match parameter(query, "transport") {
            Some("polling") => Ok(Purpose::Polling),
            Some("websocket") => match self.session(query)? {
                None => Ok(Purpose::WebSocket),
                Some(session) if session.is_polling() => Ok(Purpose::Upgrade(session)),
                Some(_) => Err(BadRequest::Request),
            },
            _ => Err(BadRequest::Transport),
        }
    }

    /// Returns the session that the query names, or `None` if it names none.
    fn session(&self, query: &str) -> Result<Option<Rc<Session>>, BadRequest> {
        let Some(id) = parameter(query, "sid") else { return Ok(None) };
        self.open.borrow().get(id).cloned().map(Some).ok_or(BadRequest::Session)
    }

    /// Answers a request of a session by polling: a poll, or packets from the client.
    pub(in crate::net) async fn answer(
        self: &Rc<Self>,
        request: Request<Incoming>,
        from: SocketAddr,
    ) -> Response<Full<Bytes>> {
        let session = self.session(request.uri().query().unwrap_or_default());
        let answer = match (request.method(), session) {
            (_, Err(fault)) => Err(fault),
            (&Method::GET, Ok(None)) => return self.begin(from),
            (&Method::GET, Ok(Some(session))) => session.answer_poll(&self.shell).await,
            (&Method::POST, Ok(Some(session))) => {
                session.receive_packets(&self.shell, request.into_body()).await
            }
            (_, Ok(None)) => Err(BadRequest::Method),
            (_, Ok(Some(_))) => Err(BadRequest::Request),
        };
        answer.map_or_else(BadRequest::response, |text| plain_text(StatusCode::OK, text))
    }

    /// Begins a session and answers with its open packet.
    fn begin(self: &Rc<Self>, from: SocketAddr) -> Response<Full<Bytes>> {
        let Some(slot) = self.shell.take_slot(from.ip()) else {
            return plain_text(StatusCode::SERVICE_UNAVAILABLE, "all connections are taken\n".to_owned());
        };
        let Some(id) = draw_session_id() else {
            return plain_text(StatusCode::INTERNAL_SERVER_ERROR, "no random numbers\n".to_owned());
        };
        let peer: Rc<str> = from.to_string().into();
        let (conn, queue) = self.shell.add_accepted_byc(Rc::clone(&peer), from.ip(), id.clone());
        let session = Rc::new(Session::new(conn, queue, peer, slot));
        self.open.borrow_mut().insert(id.clone(), Rc::clone(&session));
        let open_packet = open_packet(&id, true, self.shell.limits().frame);
        let sessions = Rc::clone(self);
        spawn_local(async move {
            session.run(&sessions.shell).await;
            sessions.open.borrow_mut().remove(&id);
        });
        plain_text(StatusCode::OK, open_packet)
    }
}

/// Returns a parameter of a query. The parameters of this protocol need no escapes.
fn parameter<'a>(query: &'a str, name: &str) -> Option<&'a str> {
    query
        .split('&')
        .find_map(|pair| pair.split_once('=').filter(|(key, _)| *key == name))
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parameters_are_found_by_their_whole_name() {
        let query = "EIO=4&transport=polling&t=x&sid=abc";
        assert_eq!(parameter(query, "EIO"), Some("4"));
        assert_eq!(parameter(query, "sid"), Some("abc"));
        assert_eq!(parameter(query, "id"), None);
        assert_eq!(parameter("", "EIO"), None);
    }
}
