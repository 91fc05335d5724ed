//! The check of a description, which makes a plan of it.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::str::FromStr as _;

use hyper::http::{HeaderName, Method, Uri};
use regex::Regex;

use super::description::{Command, Description, Links, ReadySign, Text, span};
use super::extract::{Extraction, ExtractionError};
use super::plan::{CommandPlan, Plan, RequestPlan, Sign};
use super::scope::{Example, Scope, is_variable};
use super::signatures::Signature;
use super::template::{Filter, Template, TemplateError};
use crate::driver::Ready;
use crate::text::{Diagnostic, Source, Span, nearest, regex_cause};

/// The name of the only port of a node, if the description names none.
const PORT: &str = "main";

/// The greatest status: that of HTTP.
const STATUS_MAX: u16 = 599;

/// The check of one description, with what is wrong so far.
struct Compiler<'a> {
    source: &'a Source,
    ports: Vec<String>,
    variables: BTreeSet<String>,
    wrong: Vec<Diagnostic>,
}

/// Returns the plan of a description, or all that is wrong with it.
pub(super) fn compile(
    source: &Source,
    description: &Description,
    signatures: &BTreeMap<String, Signature>,
) -> Result<Plan, Vec<Diagnostic>> {
    let mut compiler = Compiler { source, ports: Vec::new(), variables: BTreeSet::new(), wrong: Vec::new() };
    let plan = compiler.plan(description, signatures);
    compiler.wrong.sort_by_key(|wrong| wrong.span);
    if compiler.wrong.is_empty() { Ok(plan) } else { Err(compiler.wrong) }
}

impl Compiler<'_> {
    fn plan(&mut self, description: &Description, signatures: &BTreeMap<String, Signature>) -> Plan {
        self.ports = self.port_names(description);
        let ports = self.ports.clone();
        let scope = Scope { ports: &ports, arguments: &[], peer: false, lists: true };
        let start = description.start.as_ref();
        let line = start.and_then(|start| start.command.as_ref());
        let words = line.map_or_else(Vec::new, |line| self.words(line, &scope));
        if let Some(line) = line.filter(|line| line.get_ref().trim().is_empty()) {
            self.error(span(line), "a program is needed here", "such as \"./kv --port {port}\"");
        }
        let variables = start.map(|start| &start.environment).into_iter().flatten();
        let environment = variables
            .filter_map(|(name, value)| Some((name.clone(), self.template(value, &scope)?)))
            .collect();
        let ready = self.ready(&description.ready);
        let by_request = description.links.as_ref().filter(|links| *links.get_ref() == Links::Request);
        if let Some(links) = by_request.filter(|_| !signatures.contains_key("addPeer")) {
            let help = "add `[commands.addPeer]`, or say `links = \"none\"`";
            self.error(span(links), "there is no command that links nodes", help);
        }
        let commands = description.commands.iter();
        let commands = commands
            .filter_map(|(name, command)| {
                let signature = signatures.get(name.get_ref())?;
                let plan = self.command(name, command, description, signature)?;
                Some((name.get_ref().clone(), plan))
            })
            .collect();
        let command = line.map(|line| line.get_ref().clone()).unwrap_or_default();
        let folder = folder(self.source.name());
        let variables = std::mem::take(&mut self.variables);
        Plan { folder, command, start: words, environment, ports, ready, variables, commands }
    }

    fn error(&mut self, span: Span, message: impl Into<String>, help: impl Into<String>) {
        self.wrong.push(Diagnostic::error(self.source, span, message).help(help));
    }

    fn port_names(&mut self, description: &Description) -> Vec<String> {
        let named = description.start.as_ref().map_or(&[][..], |start| &start.ports);
        let mut seen = BTreeSet::new();
        for port in named {
            if !seen.insert(port.get_ref()) {
                self.error(span(port), format!("the port `{}` is named twice", port.get_ref()), "keep one");
            }
            let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
            if port.get_ref().is_empty() || !port.get_ref().chars().all(is_word) {
                let message = format!("`{}` is no name of a port", port.get_ref());
                self.error(span(port), message, "a name has letters, digits, `_` and `-`");
            }
        }
        if named.is_empty() {
            return vec![PORT.to_owned()];
        }
        named.iter().map(|port| port.get_ref().clone()).collect()
    }

    fn ready(&mut self, sign: &ReadySign) -> Ready {
        match sign {
            ReadySign::Port => Ready::Port,
            ReadySign::Log(pattern) => {
                if let Err(error) = Regex::new(pattern.get_ref()) {
                    let message = format!("`{}` is no pattern: {}", pattern.get_ref(), regex_cause(&error));
                    self.error(span(pattern), message, "a regular expression is expected");
                }
                Ready::Log(pattern.get_ref().clone())
            }
            ReadySign::Http(path) => {
                if !path.get_ref().starts_with('/') {
                    let message = format!("`{}` is no path", path.get_ref());
                    self.error(span(path), message, "it begins with `/`, such as \"/health\"");
                }
                Ready::Page(path.get_ref().clone())
            }
        }
    }

    /// Returns the plan of a command; none if it has no request, or two.
    fn command(
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
        let body = command.body.as_ref().and_then(|body| self.template(body, &scope)).unwrap_or_default();
        let request = match (&command.http, &command.exec) {
            (Some(http), None) => self.http(http, command, description, &scope, body)?,
            (None, Some(exec)) => {
                if let Some((header, _)) = command.headers.first_key_value() {
                    self.error(span(header), "a program has no header fields", "they belong to `http`");
                }
                RequestPlan::Exec { words: self.words(exec, &scope), input: body }
            }
            (None, None) => {
                let message = format!("`{}` has no request", name.get_ref());
                let help = "such as `http = \"GET /kv/{key}\"` or `exec = \"./client get {key}\"`";
                self.error(span(name), message, help);
                return None;
            }
            (Some(_), Some(exec)) => {
                let message = format!("`{}` has two requests", name.get_ref());
                self.error(span(exec), message, "keep `http` or `exec`");
                return None;
            }
        };
        let answer = match &command.answer {
            Some(answer) => self.extraction(answer),
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
        let port = match &description.http.port {
            Some(port) => self.port(port),
            None => 0,
        };
        Some(RequestPlan::Http { method: parsed, path, headers, body, port })
    }

    /// Returns the index of a port by its name.
    fn port(&mut self, name: &Text) -> usize {
        if let Some(index) = self.ports.iter().position(|port| port == name.get_ref()) {
            return index;
        }
        let names = self.ports.join(", ");
        self.error(
            span(name),
            format!("no port is named `{}`", name.get_ref()),
            format!("there are: {names}"),
        );
        0
    }

    /// Returns the words of a command line.
    fn words(&mut self, line: &Text, scope: &Scope<'_>) -> Vec<Template> {
        let Some(template) = self.template(line, scope) else { return Vec::new() };
        template.words().unwrap_or_else(|| {
            self.error(span(line), "this command line has a quote that is not closed", "close it");
            Vec::new()
        })
    }

    /// Returns a template whose placeholders are all known.
    fn template(&mut self, text: &Text, scope: &Scope<'_>) -> Option<Template> {
        let template = match Template::parse(text.get_ref()) {
            Ok(template) => template,
            Err(error) => {
                let (at, help) = match &error {
                    TemplateError::Filter { name, at } => {
                        (at, one_of(name, Filter::words(), "the filters are"))
                    }
                    TemplateError::List { at } => {
                        (at, "such as `{peers: \"http://{host}:{port}\" join \",\"}`".to_owned())
                    }
                };
                let at = self.within(text, &text.get_ref()[at.clone()]);
                self.error(at, error.to_string(), help);
                return None;
            }
        };
        let known = self.wrong.len();
        let names = scope.names();
        self.placeholders(text, &template, &names);
        for list in template.lists() {
            if scope.lists {
                self.placeholders(text, &list.each, &scope.of_member());
            } else {
                let at = self.within(text, &text.get_ref()[list.at.clone()]);
                self.error(at, "a list of nodes belongs to the start of a node", "requests concern one node");
            }
        }
        (self.wrong.len() == known).then_some(template)
    }

    /// Checks that the placeholders of a template are known.
    fn placeholders(&mut self, text: &Text, template: &Template, names: &[String]) {
        for slot in template.slots() {
            if is_variable(&slot.name) {
                self.variables.insert(slot.name.clone());
                continue;
            }
            if names.contains(&slot.name) {
                continue;
            }
            let at = self.within(text, &slot.to_string());
            let help = if let Some(near) = nearest(&slot.name, names.iter().map(String::as_str)) {
                format!("did you mean `{{{near}}}`?")
            } else {
                let all = names.iter().map(|name| format!("{{{name}}}")).collect::<Vec<_>>();
                format!("there are: {}", all.join(", "))
            };
            self.error(at, format!("unknown placeholder `{slot}`"), help);
        }
    }

    fn extraction(&mut self, text: &Text) -> Extraction {
        match Extraction::parse(text.get_ref()) {
            Ok(extraction) => extraction,
            Err(error) => {
                let help = match &error {
                    ExtractionError::Step(step) => one_of(
                        step,
                        Extraction::words().chain(["match REGEX", "/kvs/0/value"]),
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

    /// Returns the place of a part of a text; that of the whole text if the part is not found as it stands.
    fn within(&self, text: &Text, part: &str) -> Span {
        let whole = span(text);
        let found = self.source.text().get(whole.start..whole.end).and_then(|text| text.find(part));
        found.map_or(whole, |at| Span { start: whole.start + at, end: whole.start + at + part.len() })
    }
}

/// Returns the remedy for a word that is none of some: the nearest, or all.
fn one_of<'w>(word: &str, words: impl IntoIterator<Item = &'w str> + Clone, these: &str) -> String {
    match nearest(word, words.clone()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("{these}: {}", words.into_iter().collect::<Vec<_>>().join(", ")),
    }
}

/// Returns the folder of a description, by the path of its file.
fn folder(path: &str) -> String {
    let folder = Path::new(path).parent().filter(|folder| !folder.as_os_str().is_empty());
    folder.map_or_else(|| ".".to_owned(), |folder| folder.display().to_string())
}
