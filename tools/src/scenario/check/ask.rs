//! The check of asks: the command, its arguments, and the nodes that it is sent to.

use super::checker::Checker;
use super::choice::Role;
use super::scope::Kind;
use super::wording::{counted, nearest_of};
use crate::driver::{self, Argument, Command};
use crate::scenario::ast::{Ask, Expr, Fact, Part, Who, Word};
use crate::text::{Span, nearest};

/// The words that an expectation may have after an ask. One of them among the arguments is a mistake.
const AFTER_ASK: [&str; 7] = ["agree", "contains", "matches", "is", "fails", "within", "not"];

impl Checker<'_> {
    /// Checks an ask of nodes that were checked already, and returns the command that it names, if there is
    /// one.
    pub(super) fn ask(&mut self, who: &Who, ask: &Ask) -> Option<&'static Command> {
        let (name, arguments) = ask.words.split_first()?;
        for word in arguments {
            self.filled_in(word);
        }
        let text = name.fixed()?;
        let drivers = self.nodes.drivers_of(who, &self.nodes.now);
        let mut found = None;
        for driver in drivers {
            let Some(command) = driver.command(&text) else {
                self.unknown_command(&text, name.span, driver);
                return None;
            };
            found = found.or(Some(command));
        }
        let command = found?;
        if command.name == "log" {
            self.has_log(who, name.span);
        }
        self.arguments(who, ask, command, arguments);
        Some(command)
    }

    fn unknown_command(&mut self, name: &str, span: Span, driver: &driver::Declaration) {
        let error = self.error(span, format!("`{}` nodes have no command `{name}`", driver.name));
        let names = driver.commands.iter().chain(driver::OF_THE_WORLD).map(|command| command.name);
        self.report(nearest_of(error, name, names, "the commands are"));
    }

    fn arguments(&mut self, who: &Who, ask: &Ask, command: &'static Command, words: &[Word]) {
        let needed = command.arguments.iter().filter(|argument| !argument.optional).count();
        if words.len() < needed || words.len() > command.arguments.len() {
            let takes = format!("`{}` takes {}", command.name, takes(command));
            let (span, message) = if let Some(extra) = words.get(command.arguments.len()) {
                (extra.span, takes)
            } else if words.is_empty() {
                (ask.span, format!("{takes}, not nothing"))
            } else {
                (ask.span, format!("{takes}, not {}", counted(words.len(), "argument")))
            };
            let slip = words.iter().filter_map(Word::fixed).find_map(|word| nearest(&word, AFTER_ASK));
            let error = self.error(span, message);
            let equals = words.iter().any(|word| word.fixed().is_some_and(|word| word == "="));
            let spaced = command.arguments.iter().any(|argument| argument.name == "VALUE");
            self.report(match slip {
                Some(slip) if words.iter().any(|word| word.fixed().is_some_and(|word| word == slip)) => {
                    error.help(format!("`{slip}` belongs to an expectation, which begins with `expect`"))
                }
                Some(slip) => error.did_you_mean(Some(slip)),
                None if equals => error.help("to compare, write `==`"),
                None if words.len() > needed && spaced => error.help("quote a value that holds blanks"),
                None => error,
            });
            return;
        }
        for (argument, word) in command.arguments.iter().zip(words) {
            self.argument(who, command, argument, word);
        }
    }

    fn argument(&mut self, who: &Who, command: &Command, argument: &Argument, word: &Word) {
        let Some(text) = word.fixed() else {
            let kind = match word.parts.as_slice() {
                [Part::Expr(Expr::Fact(Fact::Variable(name), _))] => self.scope.kind_of(name),
                _ => None,
            };
            match kind {
                Some(Kind::Nodes { .. }) if argument.number => {
                    let message = format!("{} is a whole number, and nodes are kept here", argument.name);
                    let error = self.error(word.span, message);
                    self.report(error);
                }
                Some(Kind::Counter) if argument.node => {
                    let message = format!("{} is a node, and a number is kept here", argument.name);
                    let error = self.error(word.span, message);
                    self.report(error);
                }
                _ => {}
            }
            if argument.node {
                self.nodes.add_possible_link(who, None);
            }
            return;
        };
        if argument.node {
            if self.node(&text, word.span, Role::Act).is_some() && command.changes {
                self.nodes.add_possible_link(who, Some(&text));
            }
        } else if argument.number && text.parse::<i64>().is_err() {
            let error = self.error(word.span, format!("{} is a whole number, not `{text}`", argument.name));
            self.report(error);
        } else if !argument.words.is_empty() && !argument.words.contains(&text.as_str()) {
            let message = format!("`{} {text}`: there is no such {}", command.name, argument.name);
            let error = self.error(word.span, message);
            self.report(nearest_of(error, &text, argument.words.iter().copied(), "there are"));
        }
    }

    /// Checks the expressions in a word.
    pub(super) fn filled_in(&mut self, word: &Word) {
        for part in &word.parts {
            if let Part::Expr(expr) = part {
                self.expr(expr);
            }
        }
    }
}

/// Returns the arguments that a command takes, as messages show them: `KEY VALUE [DATE]`.
fn takes(command: &Command) -> String {
    if command.arguments.is_empty() {
        return "nothing".to_owned();
    }
    let one = |argument: &Argument| {
        if argument.optional { format!("[{}]", argument.name) } else { argument.name.to_owned() }
    };
    command.arguments.iter().map(one).collect::<Vec<_>>().join(" ")
}
