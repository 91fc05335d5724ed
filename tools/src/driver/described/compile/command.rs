//! The check of commands: their requests, and the meaning of their answers.

use std::str::FromStr as _;

use hyper::http::{HeaderName, Method, Uri};
use regex::Regex;

use super::super::description::{Command, Description, Framing, Redirects, Text, span};
use super::super::extract::{Extraction, ExtractionError};
use super::super::plan::{CommandPlan, HttpPlan, RequestPlan, Sign};
use super::super::scope::{Example, Scope};
use super::super::signatures::Signature;
use super::super::template::Template;
use super::{Compiler, one_of};
use crate::text::regex_cause;

/// The greatest status: that of HTTP.
const STATUS_MAX: u16 = 599;

/// The path of a server of Socket.IO, unless a description gives another one.
const SOCKET_IO: &str = "/socket.io/";

impl Compiler<'_> {
    /// Returns the plan of a command; none if it has no request, or two.
    pub(super) fn command(
        &mut self,
        name: &Text,
        command: &Command,
        description: &Description,
        signature: &Signature,
    ) -> Option<CommandPlan> {
        let ports = self.ports.clone();
        let arguments = signature.placeholders();
        let scope =
            Scope { ports: &ports, arguments: &arguments, peer: name.get_ref() == "addPeer", lists: false };
        let request = self.request(name, command, description, &scope)?;
        let framing = description.stdio.as_ref().map(|stdio| stdio.framing);
        let taken = match framing.unwrap_or_default() {
            Framing::Lines => ["id", "command", "peer"],
            Framing::Maelstrom => ["type", "msg_id", "peer"],
        };
        let own = command.arguments.iter().flatten().filter(|_| command.stdio.is_some());
        for argument in own.filter(|argument| taken.contains(&argument.get_ref().as_str())) {
            let message = format!("requests to an adapter have a `{}` of their own", argument.get_ref());
            self.error(span(argument), message, "choose another name");
        }
        let answer = match &command.answer {
            Some(answer) => self.extraction(answer),
            // An adapter answers in JSON, and so does an acknowledgement.
            None if command.stdio.is_some() || command.socketio.is_some() => Extraction::json(),
            None => Extraction::default(),
        };
        let mut meanings = Vec::new();
        for means in [&command.means, &description.means] {
            let mut means: Vec<_> = means.iter().collect();
            means.sort_by_key(|(sign, _)| sign.span().start);
            meanings.extend(
                means.into_iter().filter_map(|(sign, meaning)| Some((self.sign(sign)?, *meaning.get_ref()))),
            );
        }
        Some(CommandPlan { request, answer, meanings, arguments })
    }

    /// Returns the request of a command; none if it has none, or two.
    fn request(
        &mut self,
        name: &Text,
        command: &Command,
        description: &Description,
        scope: &Scope<'_>,
    ) -> Option<RequestPlan> {
        let kinds = [
            ("http", &command.http),
            ("exec", &command.exec),
            ("redis", &command.redis),
            ("tcp", &command.tcp),
            ("ws", &command.ws),
            ("socketio", &command.socketio),
            ("stdio", &command.stdio),
        ];
        let mut given = kinds.into_iter().filter_map(|(kind, text)| Some((kind, text.as_ref()?)));
        let Some((kind, text)) = given.next() else {
            let message = format!("`{}` has no request", name.get_ref());
            let help = "such as `http = \"GET /kv/{key}\"` or `exec = \"./client get {key}\"`";
            self.error(span(name), message, help);
            return None;
        };
        if let Some((other, second)) = given.next() {
            let message = format!("`{}` has two requests", name.get_ref());
            self.error(span(second), message, format!("keep `{kind}` or `{other}`"));
            return None;
        }
        if let Some((header, _)) = command.headers.first_key_value().filter(|_| kind != "http") {
            let message = format!("a request by `{kind}` has no header fields");
            self.error(span(header), message, "they belong to `http`");
        }
        if let Some(redirects) = command.redirects.as_ref().filter(|_| kind != "http") {
            let message = format!("a request by `{kind}` leads nowhere else");
            self.error(span(redirects), message, "`redirects` belongs to `http`");
        }
        if let Some(body) = command.body.as_ref().filter(|_| matches!(kind, "redis" | "tcp" | "stdio")) {
            let message = format!("a request by `{kind}` has no body");
            self.error(span(body), message, "bodies belong to `http`, `ws`, `socketio` and `exec`");
        }
        let body = command.body.as_ref().and_then(|body| self.template(body, scope)).unwrap_or_default();
        match kind {
            "http" => self.http(text, command, description, scope, body),
            "exec" => Some(RequestPlan::Exec { words: self.words(text, scope), input: body }),
            "redis" => Some(RequestPlan::Redis { words: self.words(text, scope) }),
            "tcp" => Some(RequestPlan::Line { line: self.template(text, scope)? }),
            "ws" => self.web_socket(text, scope, body),
            "socketio" => Some(self.event(text, command, description, body)),
            _ => self.adapted(text, description),
        }
    }

    /// Returns a request over a WebSocket.
    fn web_socket(&mut self, text: &Text, scope: &Scope<'_>, body: Template) -> Option<RequestPlan> {
        let path = self.template(text, scope)?;
        let example = path.fill(None, &Example).unwrap_or_default();
        if !example.starts_with('/') || Uri::from_str(&example).is_err() {
            self.error(
                span(text),
                "the path of a WebSocket is expected",
                "it begins with `/`, such as \"/ws\"",
            );
            return None;
        }
        Some(RequestPlan::WebSocket { path, body })
    }

    /// Returns an event of Socket.IO.
    fn event(
        &mut self,
        event: &Text,
        command: &Command,
        description: &Description,
        body: Template,
    ) -> RequestPlan {
        let example = body.fill(None, &Example).unwrap_or_default();
        if let Some(text) = &command.body
            && serde_json::from_str::<Vec<serde::de::IgnoredAny>>(&example).is_err()
        {
            let help = "such as '[{key|json}]'";
            self.error(span(text), "the arguments of an event are a list in JSON", help);
        }
        let path = description.socketio.path.as_ref();
        if let Some(path) = path.filter(|path| !path.get_ref().starts_with('/')) {
            let help = "it begins with `/`, such as \"/socket.io/\"";
            self.error(span(path), "the path of a server of Socket.IO is expected", help);
        }
        let path = path.map_or_else(|| SOCKET_IO.to_owned(), |path| path.get_ref().clone());
        RequestPlan::SocketIo { path, event: event.get_ref().clone(), arguments: body }
    }

    /// Returns a request to the adapter that stays.
    fn adapted(&mut self, word: &Text, description: &Description) -> Option<RequestPlan> {
        if description.stdio.is_none() {
            let help = "its program stands in `[stdio]`: `command = \"python3 {folder}/adapter.py {port}\"`";
            self.error(span(word), "there is no adapter that stays", help);
            return None;
        }
        Some(RequestPlan::Adapter { command: word.get_ref().clone() })
    }

    fn http(
        &mut self,
        http: &Text,
        command: &Command,
        description: &Description,
        scope: &Scope<'_>,
        body: Template,
    ) -> Option<RequestPlan> {
        let help = "such as \"GET /kv/{key}\"";
        let Some((method, _)) = http.get_ref().split_once(' ') else {
            self.error(span(http), "a method and a path are expected", help);
            return None;
        };
        let known = ["GET", "PUT", "POST", "DELETE", "PATCH", "HEAD", "OPTIONS"];
        let (true, Ok(parsed)) = (known.contains(&method), Method::from_str(method)) else {
            let message = format!("`{method}` is no method of HTTP");
            self.error(span(http), message, one_of(method, known, "there are"));
            return None;
        };
        let path = self.template(http, scope)?.without_prefix(method.len() + 1);
        let example = path.fill(None, &Example).unwrap_or_default();
        if !example.starts_with('/') || Uri::from_str(&example).is_err() {
            self.error(
                span(http),
                "a path is expected behind the method",
                format!("it begins with `/`, {help}"),
            );
            return None;
        }
        let fields = description.http.headers.iter().chain(&command.headers);
        let mut headers: Vec<(HeaderName, Template)> = Vec::new();
        for (name, value) in fields {
            if let Ok(header) = HeaderName::from_str(name.get_ref()) {
                headers.retain(|(other, _)| *other != header);
                headers.extend(self.template(value, scope).map(|value| (header, value)));
            } else {
                let message = format!("`{}` is no name of a header field", name.get_ref());
                self.error(span(name), message, "such as `content-type`");
            }
        }
        let redirects = command.redirects.as_ref().map_or(description.http.redirects, |own| *own.get_ref());
        let follows = redirects == Redirects::Follow;
        Some(RequestPlan::Http(HttpPlan { method: parsed, path, headers, body, follows }))
    }

    fn extraction(&mut self, text: &Text) -> Extraction {
        match Extraction::parse(text.get_ref()) {
            Ok(extraction) => extraction,
            Err(error) => {
                let help = match &error {
                    ExtractionError::Step(step) => one_of(
                        step,
                        Extraction::words().chain(["match REGEX", "matches REGEX", "/kvs/0/value"]),
                        "the steps are",
                    ),
                    ExtractionError::Pattern { .. } => "a regular expression is expected".to_owned(),
                };
                self.error(span(text), error.to_string(), help);
                Extraction::default()
            }
        }
    }

    fn sign(&mut self, text: &Text) -> Option<Sign> {
        let sign = text.get_ref();
        if sign == "missing" {
            return Some(Sign::Missing);
        }
        if let Some(pattern) = sign.strip_prefix('~') {
            return match Regex::new(pattern) {
                Ok(pattern) => Some(Sign::Text(pattern)),
                Err(error) => {
                    let message = format!("`{pattern}` is no pattern: {}", regex_cause(&error));
                    self.error(span(text), message, "a regular expression is expected behind `~`");
                    None
                }
            };
        }
        let class = sign.strip_suffix("xx").and_then(|class| class.parse().ok());
        if let Some(class) = class.filter(|class| (1..=STATUS_MAX / 100).contains(class)) {
            return Some(Sign::Class(class));
        }
        if let Some(status) = sign.parse().ok().filter(|status| *status <= STATUS_MAX) {
            return Some(Sign::Status(status));
        }
        let help = "a status such as 404 or 5xx, \"missing\", or \"~\" and a regular expression";
        self.error(span(text), format!("`{sign}` is no sign in an answer"), help);
        None
    }
}
