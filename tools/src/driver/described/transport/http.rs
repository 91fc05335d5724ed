//! Requests over HTTP, and the redirects that answer them.

use std::str::FromStr as _;

use hyper::body::Bytes;
use hyper::http::{HeaderName, HeaderValue, Uri, header};
use url::Url;

use super::super::http::{HttpAnswer, HttpError, HttpRequest};
use super::super::outcome::Received;
use super::super::plan::HttpPlan;
use super::super::redirect::{FOLLOWED_MAX, Next, addresses, beginning, next};
use super::super::scope::Values;
use super::super::template::Filter;
use super::{Reply, TransportError, Transports, text};
use crate::driver::{NodeSession, Reach, ReachError};

/// The header fields that belong to a body.
const OF_BODY: [HeaderName; 2] = [header::CONTENT_TYPE, header::CONTENT_ENCODING];

impl Transports {
    pub(super) async fn by_http(
        &self,
        plan: &HttpPlan,
        values: &Values<'_>,
        session: &NodeSession,
    ) -> Result<Reply, TransportError> {
        let mut request = self.request(plan, values)?;
        let mut answer = self.http.own.ask(request.clone()).await.map_err(|error| failure(&error))?;
        let mut was_carried_out = false;
        if plan.follows {
            for followed in 0.. {
                let asked = url(&request)?;
                let next = next(answer.status, answer.location.as_deref(), &asked, &request.method);
                was_carried_out |= answer.status == 303;
                let leads = |to: String| format!("HTTP {} leads to {to}", answer.status);
                let step = match next {
                    Ok(None) => break,
                    Ok(Some(_)) if followed == FOLLOWED_MAX => {
                        let to = String::from_utf8_lossy(answer.location.as_deref().unwrap_or_default());
                        let to = format!("`{}`, the {}th time", beginning(&to), FOLLOWED_MAX + 1);
                        Err(TransportError::Unavailable(leads(to)))
                    }
                    Ok(Some(next)) => self.follow(&mut request, next, &leads, session).await,
                    Err(error) => Err(TransportError::Refused(leads(error.to_string()))),
                };
                // What was carried out before it led elsewhere cannot be taken back by what is there.
                answer = step.map_err(|error| if was_carried_out { lost(error) } else { error })?;
            }
        }
        let is_success = (200..300).contains(&answer.status);
        Ok(Reply::Received(Received {
            status: answer.status,
            is_success,
            may_have_happened: answer.status >= 500 || was_carried_out && !is_success,
            status_text: format!("HTTP {}", answer.status),
            ..Received::of(answer.body)
        }))
    }

    /// Returns the request with its placeholders filled in.
    fn request(&self, plan: &HttpPlan, values: &Values<'_>) -> Result<HttpRequest, TransportError> {
        let path = text(&plan.path, Some(Filter::Url), values)?;
        let uri =
            Uri::from_str(&path).map_err(|error| TransportError::Failed(format!("`{path}`: {error}")))?;
        let mut headers = vec![(header::HOST, field("host", &format!("{}:{}", self.host, self.port))?)];
        for (name, value) in &plan.headers {
            headers.retain(|(other, _)| other != name);
            headers.push((name.clone(), field(name.as_str(), &text(value, None, values)?)?));
        }
        let body = Bytes::from(text(&plan.body, None, values)?);
        let (host, port, method) = (self.host.clone(), self.port, plan.method.clone());
        Ok(HttpRequest { host, port, method, uri, headers, body })
    }

    /// Asks for the page that an answer led to, at a node that a client beside the asked one reaches now.
    async fn follow(
        &self,
        request: &mut HttpRequest,
        Next { url, method, is_report }: Next,
        leads: &impl Fn(String) -> String,
        session: &NodeSession,
    ) -> Result<HttpAnswer, TransportError> {
        let Reach { address, contacts } = reach(session, &url).map_err(|error| {
            let message = leads(error.to_string());
            match error {
                ReachError::NoNode(_) => TransportError::Refused(message),
                ReachError::Apart { .. } => TransportError::Unavailable(message),
            }
        })?;
        let (host, port) = address.rsplit_once(':').unwrap_or((&address, ""));
        request.host = host.trim_matches(['[', ']']).to_owned();
        request.port = port.parse().unwrap_or_default();
        let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
        request.uri = Uri::from_str(path).map_err(|error| {
            TransportError::Refused(leads(format!("`{}`, which is no path: {error}", beginning(path))))
        })?;
        request.method = method;
        let place = &url[url::Position::BeforeHost..url::Position::AfterPort];
        request.headers.retain(|(name, _)| *name != header::HOST);
        request.headers.push((header::HOST, field("host", place)?));
        if is_report {
            request.body = Bytes::new();
            request.headers.retain(|(name, _)| !OF_BODY.contains(name));
        }
        if (&request.host, request.port) == (&self.host, self.port) {
            return self.http.own.ask(request.clone()).await.map_err(|error| failure(&error));
        }
        let _contact = contacts.begin();
        let client = self.http.other(&request.host, request.port, contacts);
        client.ask(request.clone()).await.map_err(|error| failure(&error))
    }
}

/// Returns the way to the server of a page.
fn reach(session: &NodeSession, url: &Url) -> Result<Reach, ReachError> {
    let addresses = addresses(url);
    for address in &addresses {
        match session.directory.reach(session.node, address) {
            Err(ReachError::NoNode(_)) => {}
            found => return found,
        }
    }
    Err(ReachError::NoNode(beginning(addresses.first().map_or(url.as_str(), |address| address))))
}

/// Returns the URL of a request.
fn url(request: &HttpRequest) -> Result<Url, TransportError> {
    let host = if request.host.contains(':') { format!("[{}]", request.host) } else { request.host.clone() };
    let text = format!("http://{host}:{}{}", request.port, request.uri);
    Url::parse(&text).map_err(|error| TransportError::Failed(format!("`{text}`: {error}")))
}

fn field(name: &str, value: &str) -> Result<HeaderValue, TransportError> {
    HeaderValue::from_str(value)
        .map_err(|error| TransportError::Failed(format!("the header field `{name}`: {error}")))
}

fn failure(error: &HttpError) -> TransportError {
    match error {
        HttpError::Connect(_) => TransportError::Unavailable(error.to_string()),
        HttpError::Broken(_) => TransportError::Lost(error.to_string()),
        HttpError::Long => TransportError::Failed(error.to_string()),
    }
}

/// Returns the same failure of a request that may have been carried out.
fn lost(error: TransportError) -> TransportError {
    match error {
        TransportError::Unavailable(reason) | TransportError::Refused(reason) => TransportError::Lost(reason),
        TransportError::Lost(_) | TransportError::Failed(_) => error,
    }
}
