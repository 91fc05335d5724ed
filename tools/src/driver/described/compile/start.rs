//! The check of the start of a node: its command line, its files, its steps and the sign of its readiness.

use std::time::Duration;

use regex::Regex;

use super::super::description::{
    Description, FileContent, Ready, ReadyTable, Start, StartStep, StepNodes, Text, span,
};
use super::super::plan::{FilePlan, ReadyPlan, StartPlan, StepPlan};
use super::super::scope::Scope;
use super::super::template::{CommandWords, Template};
use super::Compiler;
use crate::driver::START_WITHIN;
use crate::text::{parse_duration, regex_cause};

/// The longest time that a node may take to be ready. Chosen: a cluster of databases takes minutes on a busy machine.
const WITHIN_MAX: Duration = Duration::from_hours(1);

impl Compiler<'_> {
    /// Returns the plan of the start of a node.
    pub(super) fn start(&mut self, description: &Description) -> StartPlan {
        let ports = self.ports.clone();
        let scope = Scope { ports: &ports, arguments: &[], peer: false, lists: true };
        let ready = self.ready_sign(&description.ready.0, &scope);
        let within = self.within_time(&description.ready.0, "ready");
        let (healthy, healthy_within) = self.health(description, &scope);
        let Some(start) = &description.start else {
            return StartPlan { ready, within, healthy, healthy_within, ..StartPlan::default() };
        };
        let line = start.command.as_ref();
        let variables = start.environment.iter();
        StartPlan {
            command: line.map(|line| line.get_ref().clone()).unwrap_or_default(),
            words: line.map(|line| self.words(line, &scope)).unwrap_or_default(),
            environment: variables
                .filter_map(|(name, value)| Some((name.clone(), self.template(value, &scope)?)))
                .collect(),
            folder: start.folder.as_ref().and_then(|folder| self.template(folder, &scope)),
            files: self.node_files(start, &scope),
            before: self.steps(&start.before, &scope),
            after: self.steps(&start.after, &scope),
            ready,
            within,
            healthy,
            healthy_within,
        }
    }

    /// Returns the words of the adapter that stays; none if there is none.
    pub(super) fn adapter(&mut self, description: &Description) -> Option<CommandWords> {
        let ports = self.ports.clone();
        let scope = Scope { ports: &ports, arguments: &[], peer: false, lists: true };
        let adapter = description.stdio.as_ref()?;
        Some(self.words(&adapter.command, &scope))
    }

    fn steps(&mut self, steps: &[StartStep], scope: &Scope<'_>) -> Vec<StepPlan> {
        let plan = |step: &StartStep| StepPlan {
            words: self.words(&step.exec, scope),
            is_for_first: step.on == StepNodes::First,
        };
        steps.iter().map(plan).collect()
    }

    /// Returns the files that are written before the start.
    fn node_files(&mut self, start: &Start, scope: &Scope<'_>) -> Vec<FilePlan> {
        let mut files = Vec::new();
        for (name, content) in &start.files {
            let text = name.get_ref();
            if text.split('/').any(|part| matches!(part, "" | "." | "..")) {
                let help = "files lie in `{data}`: `kv.conf`, or `conf/kv.conf`";
                self.error(span(name), format!("`{text}` is no name of a file"), help);
            }
            let at = span(content);
            let content = match content.get_ref() {
                FileContent::Text(text) => {
                    let text = Text::new(content.span(), text.clone());
                    self.template(&text, scope)
                }
                FileContent::From(file) => match (self.files)(file).map(String::from_utf8) {
                    Ok(Ok(text)) => Some(Template::verbatim(text)),
                    Ok(Err(_)) => {
                        self.error(at, format!("`{file}` is no text"), "files are in UTF-8");
                        None
                    }
                    Err(cause) => {
                        let help = "files are looked for beside the description";
                        self.error(at, format!("cannot read `{file}`: {cause}"), help);
                        None
                    }
                },
            };
            files.extend(content.map(|content| FilePlan { name: text.clone(), content }));
        }
        files
    }

    /// Returns the sign that a node serves again, if there is one, and the time within which it has to.
    fn health(&mut self, description: &Description, scope: &Scope<'_>) -> (Option<ReadyPlan>, Duration) {
        let Some(Ready(table)) = &description.healthy else { return (None, START_WITHIN) };
        if let Some(pattern) = &table.log {
            let message = "a line of the log is no sign that a node is healthy: older lines stay in it";
            self.error(span(pattern), message, "use `http`, with `body` for what the page says, or `exec`");
        }
        (Some(self.ready_sign(table, scope)), self.within_time(table, "healthy"))
    }

    /// Returns the sign that a table names.
    fn ready_sign(&mut self, table: &ReadyTable, scope: &Scope<'_>) -> ReadyPlan {
        let signs = [&table.log, &table.http, &table.exec];
        if let Some(second) = signs.into_iter().flatten().nth(1) {
            let help = "keep one of `log`, `http` and `exec`";
            self.error(span(second), "a node shows this by one sign", help);
        }
        if let Some(body) = &table.body {
            self.pattern(body);
            if table.http.is_none() {
                self.error(span(body), "`body` is that of a page", "add its path: http = \"/health\"");
            }
        }
        if let Some(pattern) = &table.log {
            self.pattern(pattern);
            return ReadyPlan::Log(pattern.get_ref().clone());
        }
        if let Some(path) = &table.http {
            if !path.get_ref().starts_with('/') {
                let message = format!("`{}` is no path", path.get_ref());
                self.error(span(path), message, "it begins with `/`, such as \"/health\"");
            }
            let body = table.body.as_ref().map(|body| body.get_ref().clone());
            return ReadyPlan::Page { path: path.get_ref().clone(), body };
        }
        match &table.exec {
            Some(line) => ReadyPlan::Exec(self.words(line, scope)),
            None => ReadyPlan::Port,
        }
    }

    /// Reports a text that is no regular expression.
    fn pattern(&mut self, pattern: &Text) {
        if let Err(error) = Regex::new(pattern.get_ref()) {
            let message = format!("`{}` is no pattern: {}", pattern.get_ref(), regex_cause(&error));
            self.error(span(pattern), message, "a regular expression is expected");
        }
    }

    /// Returns the time within which a node has to be ready, or healthy.
    fn within_time(&mut self, table: &ReadyTable, what: &str) -> Duration {
        let Some(text) = &table.within else { return START_WITHIN };
        let time = parse_duration(text.get_ref()).filter(|time| !time.is_zero() && *time <= WITHIN_MAX);
        time.unwrap_or_else(|| {
            let message = format!("`{}` is no time to be {what} within", text.get_ref());
            self.error(span(text), message, "such as \"60s\"; an hour at most");
            START_WITHIN
        })
    }
}
