//! Faulty requests at the path of this protocol, and the answers of HTTP to any request there.

use http_body_util::Full;
use hyper::body::Bytes;
use hyper::header::{self, HeaderValue};
use hyper::{Response, StatusCode};

/// The fault of a request, as Engine.IO names it. The session, if any, is not changed by it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub(in crate::net) enum BadRequest {
    /// The query names no transport, or an unknown one.
    #[error("Transport unknown")]
    Transport,
    /// The query names a session that is not open.
    #[error("Session ID unknown")]
    Session,
    /// The method does not begin a session.
    #[error("Bad handshake method")]
    Method,
    /// The session cannot take the request.
    #[error("Bad request")]
    Request,
    /// The query names another version of Engine.IO than 4, or none.
    #[error("Unsupported protocol version")]
    Version,
}

impl BadRequest {
    /// Returns the answer: the number and the text that Engine.IO gives to the fault.
    pub(in crate::net) fn response(self) -> Response<Full<Bytes>> {
        let code = match self {
            Self::Transport => 0,
            Self::Session => 1,
            Self::Method => 2,
            Self::Request => 3,
            Self::Version => 5,
        };
        plain_text(StatusCode::BAD_REQUEST, format!("{{\"code\":{code},\"message\":\"{self}\"}}"))
    }
}

/// Returns an answer of plain text.
pub(super) fn plain_text(status: StatusCode, text: String) -> Response<Full<Bytes>> {
    let mut response = Response::new(Full::new(Bytes::from(text)));
    *response.status_mut() = status;
    let plain = HeaderValue::from_static("text/plain; charset=UTF-8");
    response.headers_mut().insert(header::CONTENT_TYPE, plain);
    response
}
