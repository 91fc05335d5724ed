//! The prompt for steps: it completes words, waits for the end of a block, and explains the steps.

use rustyline::completion::Completer;
use rustyline::highlight::Highlighter;
use rustyline::hint::Hinter;
use rustyline::history::DefaultHistory;
use rustyline::validate::{ValidationContext, ValidationResult, Validator};
use rustyline::{CompletionType, Config, Context, Editor, Helper};

use super::block::is_open;
use crate::cli::control::NetworkState;
use crate::driver;

/// The most lines that the prompt remembers. Chosen: several days of work by hand.
const HISTORY: usize = 1_000;

/// A line editor with completion.
pub(super) type Prompt = Editor<Completion, DefaultHistory>;

/// The steps: the first word, the words that follow it, and the effect.
const STEPS: [(&str, &str, &str); 28] = [
    ("a: COMMAND …", "", "asks a node, or several: `a, b:`, `all:`, `random:`"),
    (
        "expect",
        "WHO: COMMAND == VALUE within 5s",
        "waits until the answer fits; also: agree, fails CODE, converged",
    ),
    ("network", "TOPOLOGY", "starts the nodes and wires the links that are new"),
    ("node", "WHO OPTION=VALUE", "sets options of later nodes; at=HOST:PORT: one that runs already"),
    ("let", "NAME = WHO[: COMMAND]", "names a choice of nodes, or an answer: $NAME in later steps"),
    ("measure", "NAME { … }", "measures the steps inside; then: expect NAME.payloads < 5"),
    (
        "workload",
        "NAME { … } for 20s at 100/s",
        "asks with a workload while the steps inside run, and judges the answers",
    ),
    ("kill", "WHO", "ends nodes at once"),
    ("stop", "WHO", "ends nodes in an orderly way"),
    ("start", "WHO", "starts nodes again, with the same links"),
    ("restart", "WHO", "stops nodes and starts them again"),
    ("pause", "WHO", "freezes nodes"),
    ("resume", "WHO", "thaws nodes"),
    ("cut", "a-b, c->d", "silences links"),
    ("join", "a-b", "undoes `cut`"),
    ("break", "a-b", "resets a connection"),
    ("partition", "a, b | rest", "silences links between sets of nodes"),
    ("heal", "", "undoes cuts and partitions"),
    ("link", "a-b delay 50ms", "shapes links; `link all clear` undoes it"),
    ("clock", "WHO +10s", "shifts clocks"),
    ("disk", "WHO full|free", "fills a disk, or makes room on it"),
    ("wait", "2s", "lets time pass"),
    ("together", "{ … }", "does steps at the same time"),
    ("repeat", "10 at 5/s as i { … }", "does steps again"),
    ("each", "v in all { … }", "does steps for one node after another"),
    ("try", "WHO: COMMAND", "asks, and lets errors pass; `try start WHO` lets a start fail"),
    ("until", "WHO: COMMAND within 10s", "asks again until all have answered"),
    ("include", "\"FILE\"", "does the steps of a file"),
];

/// Creates a line editor with a history.
pub(super) fn editor(network: &NetworkState) -> rustyline::Result<Prompt> {
    let config = Config::builder().max_history_size(HISTORY)?.auto_add_history(true);
    let config = config.completion_type(CompletionType::List).build();
    let mut editor = Editor::with_config(config)?;
    editor.set_helper(Some(Completion::of(network)));
    Ok(editor)
}

/// The words that may be typed, in the network as it is.
#[derive(Debug, Default)]
pub(super) struct Completion {
    nodes: Vec<String>,
    commands: Vec<String>,
}

impl Completion {
    /// Returns the words that may be typed in this network now.
    pub(super) fn of(network: &NetworkState) -> Self {
        let is_there =
            |driver: &&&driver::Declaration| network.nodes.iter().any(|node| node.driver == driver.name);
        let mut commands: Vec<String> = driver::all()
            .iter()
            .filter(is_there)
            .flat_map(|driver| driver.commands)
            .map(|command| command.name.to_owned())
            .chain(["log".to_owned(), "state".to_owned()])
            .collect();
        commands.sort();
        commands.dedup();
        Self { nodes: network.nodes.iter().map(|node| node.name.clone()).collect(), commands }
    }

    /// Returns the words that may stand at the end of this text, and the offset at which they begin.
    fn candidates(&self, text: &str) -> (usize, Vec<String>) {
        let begins =
            |c: char| c.is_whitespace() || matches!(c, ',' | ':' | '-' | '>' | '|' | '{' | ';' | '=');
        let start = text.rfind(begins).map_or(0, |at| at + 1);
        let (before, word) = text.split_at(start);
        let step = before.rsplit(['\n', ';', '{']).next().unwrap_or_default().trim();
        let all: Vec<&str> = if before.trim_end().ends_with(':') {
            self.commands.iter().map(String::as_str).collect()
        } else if step.is_empty() || matches!(step, "try" | "until" | "help") {
            let steps = STEPS.iter().map(|(step, ..)| *step).filter(|step| !step.contains(' '));
            steps.chain(["help"]).chain(self.who()).collect()
        } else {
            self.who().collect()
        };
        let fitting = all.into_iter().filter(|candidate| candidate.starts_with(word));
        (start, fitting.map(str::to_owned).collect())
    }

    fn who(&self) -> impl Iterator<Item = &str> {
        self.nodes.iter().map(String::as_str).chain(["all", "random", "first", "last", "rest", "leader"])
    }

    /// Returns the help for all steps, or for one of them.
    pub(super) fn help(&self, about: &str) -> String {
        let row =
            |(step, rest, does): &(&str, &str, &str)| format!("  {:<44}{does}\n", format!("{step} {rest}"));
        let shown = STEPS.iter().filter(|(step, ..)| about.is_empty() || *step == about);
        let mut text: String = shown.map(row).collect();
        if text.is_empty() {
            return format!("there is no step `{about}`: `help` lists them\n");
        }
        if about.is_empty() {
            text += &format!("commands: {}\n", self.commands.join(", "));
            text += "Tab completes; a block goes on until its `}`; Ctrl-C clears the line; Ctrl-D or `exit` leaves\n";
        }
        text
    }
}

impl Completer for Completion {
    type Candidate = String;

    fn complete(&self, line: &str, pos: usize, _: &Context<'_>) -> rustyline::Result<(usize, Vec<String>)> {
        Ok(self.candidates(line.get(..pos).unwrap_or_default()))
    }
}

impl Validator for Completion {
    fn validate(&self, context: &mut ValidationContext<'_>) -> rustyline::Result<ValidationResult> {
        Ok(if is_open(context.input()) {
            ValidationResult::Incomplete
        } else {
            ValidationResult::Valid(None)
        })
    }
}

impl Hinter for Completion {
    type Hint = String;
}

impl Highlighter for Completion {}

impl Helper for Completion {}

#[cfg(test)]
mod tests {
    use super::*;

    fn completion() -> Completion {
        Completion {
            nodes: ["a", "alice", "bob"].map(str::to_owned).to_vec(),
            commands: ["get", "keys", "set"].map(str::to_owned).to_vec(),
        }
    }

    #[track_caller]
    fn check(text: &str, start: usize, expected: &[&str]) {
        assert_eq!(
            completion().candidates(text),
            (start, expected.iter().map(|word| (*word).to_owned()).collect())
        );
    }

    #[test]
    fn steps_nodes_and_commands_are_completed() {
        check("par", 0, &["partition"]);
        check("al", 0, &["alice", "all"]);
        check("kill b", 5, &["bob"]);
        check("kill a, al", 8, &["alice", "all"]);
        check("bob: s", 5, &["set"]);
        check("try a", 4, &["a", "alice", "all"]);
        check("expect bob: ge", 12, &["get"]);
        check("together { pau", 11, &["pause"]);
        check("cut a-b", 6, &["bob"]);
        check("repeat 2 {\n  kil", 13, &["kill"]);
        check("help mea", 5, &["measure"]);
    }

    #[test]
    fn help_lists_all_steps_or_explains_one() {
        let all = completion().help("");
        assert!(
            all.contains("  partition a, b | rest") && all.contains("commands: get, keys, set\n"),
            "{all}"
        );
        assert_eq!(completion().help("heal").lines().count(), 1);
        assert!(completion().help("hael").starts_with("there is no step `hael`"));
    }

    #[test]
    fn every_step_of_the_language_is_explained() {
        let known: Vec<&str> = STEPS.iter().map(|(step, ..)| *step).collect();
        let missing: Vec<&str> = crate::scenario::step_names().filter(|step| !known.contains(step)).collect();
        assert_eq!(missing, ["do"]);
    }
}
