//! The check of a description, which makes a plan of it.

mod command;
mod start;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use super::description::{Description, Links, Text, span};
use super::plan::Plan;
use super::scope::{Scope, is_variable};
use super::signatures::Signature;
use super::template::{CommandWords, Filter, Template, TemplateError, When};
use crate::text::{Diagnostic, Source, Span, nearest};

/// The name of the only port of a node, if the description names none.
const PORT: &str = "main";

/// The reader of the files beside a description, by name. The error is for people.
pub(super) type Files<'a> = dyn Fn(&str) -> Result<Vec<u8>, String> + 'a;

/// The check of one description, with what is wrong so far.
struct Compiler<'a> {
    source: &'a Source,
    files: &'a Files<'a>,
    ports: Vec<String>,
    variables: BTreeSet<String>,
    wrong: Vec<Diagnostic>,
}

/// Returns the plan of a description, or all that is wrong with it.
pub(super) fn compile(
    source: &Source,
    description: &Description,
    signatures: &BTreeMap<String, Signature>,
    files: &Files<'_>,
) -> Result<Plan, Vec<Diagnostic>> {
    let (ports, variables, wrong) = (Vec::new(), BTreeSet::new(), Vec::new());
    let mut compiler = Compiler { source, files, ports, variables, wrong };
    let plan = compiler.plan(description, signatures);
    compiler.wrong.sort_by_key(|wrong| wrong.span);
    if compiler.wrong.is_empty() { Ok(plan) } else { Err(compiler.wrong) }
}

impl Compiler<'_> {
    fn plan(&mut self, description: &Description, signatures: &BTreeMap<String, Signature>) -> Plan {
        self.ports = self.port_names(description);
        let asked = description.port.as_ref().map_or(0, |port| self.port(port));
        let start = self.start(description);
        let by_request = description.links.as_ref().filter(|links| *links.get_ref() == Links::Request);
        if let Some(links) = by_request.filter(|_| !signatures.contains_key("addPeer")) {
            let help = "add `[commands.addPeer]`, or say `links = \"none\"`";
            self.error(span(links), "there is no command that links nodes", help);
        }
        let by_restart = description.links.as_ref().filter(|links| *links.get_ref() == Links::Restart);
        if let Some(links) = by_restart.filter(|_| start.names_of_network().is_empty()) {
            let help = "add a list such as `{peers: \"{host}:{port}\" join \",\"}` to `start.command` or \
                        `start.environment` (files are written once), or say `links = \"none\"`";
            self.error(span(links), "no node is started with its neighbours or with all nodes", help);
        }
        let commands = description.commands.iter();
        let commands = commands
            .filter_map(|(name, command)| {
                let signature = signatures.get(name.get_ref())?;
                let plan = self.command(name, command, description, signature)?;
                Some((name.get_ref().clone(), plan))
            })
            .collect();
        let adapter = self.adapter(description);
        let folder = folder(self.source.name());
        let variables = std::mem::take(&mut self.variables);
        let ports = std::mem::take(&mut self.ports);
        let framing = description.stdio.as_ref().map(|stdio| stdio.framing).unwrap_or_default();
        Plan { folder, ports, asked, start, adapter, framing, variables, commands }
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
    fn words(&mut self, line: &Text, scope: &Scope<'_>) -> CommandWords {
        let Some(template) = self.template(line, scope) else { return CommandWords::default() };
        if line.get_ref().trim().is_empty() {
            self.error(span(line), "a program is needed here", "such as \"./kv --port {port}\"");
        }
        CommandWords::of(&template).unwrap_or_else(|| {
            self.error(span(line), "this command line has a quote that is not closed", "close it");
            CommandWords::default()
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
                    TemplateError::Condition { at } => {
                        let words = When::WORDS.map(|(word, _)| word).join(", ");
                        (
                            at,
                            format!(
                                "such as `{{if other: \"--join {{first.host}}\"}}`; the words are {words}"
                            ),
                        )
                    }
                };
                let at = self.within(text, &text.get_ref()[at.clone()]);
                self.error(at, error.to_string(), help);
                return None;
            }
        };
        let known = self.wrong.len();
        self.parts(text, &template, scope);
        (self.wrong.len() == known).then_some(template)
    }

    /// Checks that the placeholders, lists and conditions of a template are known.
    fn parts(&mut self, text: &Text, template: &Template, scope: &Scope<'_>) {
        self.placeholders(text, template, &scope.names());
        for condition in template.conditions() {
            if !scope.lists {
                let help = "requests concern one node";
                self.error(span(text), "a condition belongs to the start of a node", help);
            }
            self.parts(text, &condition.text, scope);
        }
        for list in template.lists() {
            if list.each.conditions().next().is_some() {
                let help = "nodes of a list are other nodes; a condition is about the one that is started";
                self.error(span(text), "a condition cannot stand in a list", help);
            }
            if scope.lists {
                self.placeholders(text, &list.each, &scope.of_member());
            } else {
                let at = self.within(text, &text.get_ref()[list.at.clone()]);
                self.error(at, "a list of nodes belongs to the start of a node", "requests concern one node");
            }
        }
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
    let folder = folder.unwrap_or(Path::new("."));
    // A program may change its folder.
    std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned()).display().to_string()
}
