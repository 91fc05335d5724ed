//! The tables of steps and headers: one text for the README, which a test compares, and for editors.

/// A row of a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Entry {
    /// The words that such a line begins with.
    pub words: &'static [&'static str],
    /// The form, in Markdown.
    pub form: &'static str,
    /// The meaning, in Markdown.
    pub meaning: &'static str,
}

/// The steps, as the table of the README explains them.
pub const STEPS: &[Entry] = &[
    Entry {
        words: &["network"],
        form: "`network TOPOLOGY`",
        meaning: "starts the new nodes and wires the new links. Done when each link is listed at both ends. Repeated, it makes the network grow",
    },
    Entry {
        words: &["node"],
        form: "`node all policy=oldest`",
        meaning: "sets options of nodes before they start: `policy`, `data`, `clock`, `args`. `at=HOST:PORT` is the address of a node that runs already: it is asked and judged, never started or ended. The kind of node has options too: `driver`, `exec`, `workload`, `lines`, `adapter`, `ready`, `ask` (the time that an ask may take), `values`. The command line takes precedence",
    },
    Entry {
        words: &["try", "until"],
        form: "`a, b: COMMAND ARGS…`",
        meaning: "asks these nodes, all at once. An error ends the scenario. With `try` in front, errors and silence are allowed. `try start a` and `try restart a` allow a start to fail: the node is stopped then. `until a: set k v within 10s` asks again until all have answered; a command whose outcome is unknown may be carried out twice",
    },
    Entry {
        words: &["let"],
        form: "`let won = a: get k` · `let v = random`",
        meaning: "stores an answer, or a choice of nodes, as `$won` or `$v` for the steps below",
    },
    Entry {
        words: &["kill", "stop", "start", "restart", "pause", "resume"],
        form: "`kill` `stop` `start` `restart` `pause` `resume`",
        meaning: "`kill` sends SIGKILL. `stop` ends a node in an orderly way. `start` starts it with the same links, and is done when they are up. `restart` is `stop`, then `start`. `pause` freezes a node; `resume` thaws it",
    },
    Entry { words: &["wait"], form: "`wait 2s`", meaning: "lets time pass" },
    Entry {
        words: &["together", "do"],
        form: "`together { … }`",
        meaning: "runs its steps at the same time; among them, `do { … }` is a sequence",
    },
    Entry {
        words: &["repeat"],
        form: "`repeat 1000 at 200/s as i { … }`",
        meaning: "repeats its steps. With `at` it never waits for answers; without it, each turn follows the one before. Without a count, inside `together`: repeats until the finite steps beside it have ended",
    },
    Entry {
        words: &["each"],
        form: "`each v in all { … }`",
        meaning: "runs its steps for one node at a time, in order of appearance",
    },
    Entry { words: &["measure"], form: "`measure m { … }`", meaning: "counts and times the events inside" },
    Entry {
        words: &["workload"],
        form: "`workload lin-kv { … } for 20s at 100/s`",
        meaning: "clients ask the nodes with a workload while the steps inside run. Then all is read once more, and the answers are judged: a wrong one fails the step",
    },
    Entry { words: &["include"], form: "`include \"FILE\"`", meaning: "runs the steps of another file" },
    Entry {
        words: &["cut", "join"],
        form: "`cut a-b, c->d` `join …`",
        meaning: "`cut` silences links, or with `->` one direction. `join` lets them carry traffic again",
    },
    Entry {
        words: &["break"],
        form: "`break a-b`",
        meaning: "resets the connection, which is then dialled again",
    },
    Entry {
        words: &["partition", "heal"],
        form: "`partition a, b | rest` · `heal`",
        meaning: "silences all links between the sets. A new partition replaces the old one. `heal` undoes cuts and partitions, and is done when the links are up",
    },
    Entry {
        words: &["link"],
        form: "`link a-b delay 50ms jitter 10ms loss 1% rate 1mbit`",
        meaning: "shapes links. `exponential 50ms` adds a delay with that mean, and with an exponential distribution. Nodes of the driver `maelstrom` also have `duplicate 5%`. `link all …` includes later links. `link a-b clear` ends the shaping",
    },
    Entry { words: &["clock"], form: "`clock a +10s`", meaning: "shifts a node's wall clock" },
    Entry {
        words: &["disk"],
        form: "`disk a full` · `disk a free`",
        meaning: "`full` makes the disk of a node with `data=disk` accept no more. `free` gives it room again, and the node notices within two seconds",
    },
];

/// The headers, as the table of the README explains them.
pub const HEADERS: &[Entry] = &[
    Entry {
        words: &["param"],
        form: "`param net = line(26) | ring(26)`",
        meaning: "runs the file once for each value, and with several parameters for every combination; `$net` stands for the value in the steps",
    },
    Entry { words: &["timeout"], form: "`timeout 120s`", meaning: "bounds the scenario; 60 s without it" },
    Entry { words: &["settle"], form: "`settle 10s`", meaning: "bounds the wait at its end; 5 s without it" },
    Entry { words: &["tags"], form: "`tags slow, ci`", meaning: "gives it tags, for `--tag`" },
    Entry { words: &["worlds"], form: "`worlds process`", meaning: "names the worlds in which it applies" },
];

/// The expectation, which the README explains in a section of its own.
pub const EXPECT: Entry = Entry {
    words: &["expect"],
    form: "`expect [any] a, b: COMMAND ARGS… == VALUE within 5s` · `expect converged` · `expect diverged for 5s` · `expect m.payloads <= 20`",
    meaning: "judges an answer, the convergence of nodes, or figures. `within` waits until it holds; `for` requires \
              that it holds all the time; without either it must hold now. Of an answer: `== != < <= > >=`, \
              `[not] in`, `[not] contains`, `[not] matches /RE/`, `[not] is empty`, `agree`, `fails [CODE]`",
};

/// Returns the row about a word that a line begins with.
#[must_use]
pub fn entry(word: &str) -> Option<&'static Entry> {
    STEPS.iter().chain(HEADERS).chain([&EXPECT]).find(|entry| entry.words.contains(&word))
}

#[cfg(test)]
mod tests {
    use regex::Regex;

    use super::*;
    use crate::scenario;

    /// Returns the rows of a table of the README, without links to its sections.
    fn of_readme(head: &str) -> Vec<[String; 2]> {
        let readme = include_str!("../../../README.md");
        let rows = readme.lines().skip_while(|line| *line != head).skip(2);
        let link = Regex::new(r" \(see \[[^)]*\)\)").unwrap();
        rows.take_while(|line| line.starts_with('|'))
            .map(|row| {
                let row = row.trim_matches('|').replace("\\|", "\0");
                let (form, meaning) = row.split_once('|').unwrap();
                let plain = |cell: &str| link.replace_all(cell.trim(), "").replace('\0', "|");
                [plain(form), plain(meaning)]
            })
            .collect()
    }

    #[track_caller]
    fn check(table: &[Entry], head: &str) {
        let own: Vec<[String; 2]> =
            table.iter().map(|row| [row.form.to_owned(), row.meaning.to_owned()]).collect();
        assert_eq!(of_readme(head), own);
    }

    #[test]
    fn the_tables_of_the_readme_say_the_same() {
        check(STEPS, "| step | meaning |");
        check(HEADERS, "| header | meaning |");
    }

    #[test]
    fn each_word_that_a_line_begins_with_is_explained() {
        for word in scenario::step_names().chain(scenario::HEADERS) {
            assert!(entry(word).is_some(), "{word}");
        }
    }
}
