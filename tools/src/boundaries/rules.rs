//! The rules, as `ARCHITECTURE.md` states them.

/// A rule: the names that files of some modules may not use.
#[derive(Debug)]
pub(super) struct Rule {
    /// The package whose files these are.
    pub(super) package: &'static str,
    /// The modules under the rule; empty for all of the package.
    about: &'static [&'static str],
    /// The modules that are excepted from it.
    except: &'static [&'static str],
    /// The paths that may not be named, with all that lies below them.
    forbidden: &'static [&'static str],
    /// The reason, shown to the person who breaks the rule.
    pub(super) why: &'static str,
}

impl Rule {
    /// Returns true if files of this module are under the rule.
    pub(super) fn is_about(&self, module: &str) -> bool {
        let among = |modules: &[&str]| modules.iter().any(|one| is_in(module, one));
        (self.about.is_empty() || among(self.about)) && !among(self.except)
    }

    /// Returns true if the rule forbids this name.
    pub(super) fn forbids(&self, name: &str) -> bool {
        self.forbidden.iter().any(|one| is_in(name, one))
    }
}

/// Returns true if a path is `of` or lies below it.
fn is_in(path: &str, of: &str) -> bool {
    path.strip_prefix(of).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// The parts of libraries that reach out of a program: sockets, files, processes, threads, the environment, clocks.
const OUTSIDE: &[&str] = &[
    "tokio",
    "tokio_tungstenite",
    "hyper",
    "rustix",
    "std::env",
    "std::fs",
    "std::net",
    "std::os",
    "std::process",
    "std::thread",
    "std::time::Instant",
    "std::time::SystemTime",
];

pub(super) const RULES: &[Rule] = &[
    Rule {
        package: "node",
        about: &["core", "wire"],
        except: &[],
        forbidden: OUTSIDE,
        why: "the protocol is a pure state machine: time and messages come in as inputs",
    },
    Rule {
        package: "node",
        about: &["core", "wire"],
        except: &[],
        forbidden: &["crate::net"],
        why: "the shell knows the core, and the core knows no shell",
    },
    Rule {
        package: "node",
        about: &["wire"],
        except: &[],
        forbidden: &["crate::core"],
        why: "messages and their encoding are the same for the core, the shell and the clients",
    },
    Rule {
        package: "tools",
        about: &[],
        except: &["driver"],
        forbidden: &["node::net"],
        why: "only a driver is a client of nodes, and starts the program of one",
    },
    Rule {
        package: "tools",
        about: &[],
        except: &["world", "driver"],
        forbidden: &["node"],
        why: "the harness touches the node only in world/ and driver/",
    },
    Rule {
        package: "tools",
        about: &["run", "workload"],
        except: &[],
        forbidden: &[
            "crate::world::process",
            "crate::world::live",
            "crate::world::netns",
            "crate::world::sim",
        ],
        why: "the runner knows the `World` trait and no world",
    },
    Rule {
        package: "tools",
        about: &["driver::maelstrom::service"],
        except: &[],
        forbidden: &["crate::world", "crate::workload", "crate::run"],
        why: "a service answers what it is asked, whoever carries that to it",
    },
    Rule {
        package: "tools",
        about: &["journal"],
        except: &[],
        forbidden: &[
            "crate::run",
            "crate::report",
            "crate::driver",
            "crate::workload",
            "crate::fuzz",
            "crate::world::process",
            "crate::world::live",
            "crate::world::netns",
            "crate::world::sim",
        ],
        why: "a journal is data: it knows neither the runner that makes it nor the reports that read it",
    },
    Rule {
        package: "tools",
        about: &["contrast"],
        except: &[],
        forbidden: &[
            "crate::run",
            "crate::report",
            "crate::driver",
            "crate::workload",
            "crate::fuzz",
            "crate::page",
            "crate::world::process",
            "crate::world::live",
            "crate::world::netns",
            "crate::world::sim",
        ],
        why: "what failing runs share is a function of their events, whoever ran them",
    },
    Rule {
        package: "tools",
        about: &["workload"],
        except: &[],
        forbidden: &["crate::run", "crate::report", "crate::driver::maelstrom::service"],
        why: "a workload asks nodes and judges their answers; it knows neither the runner of scenarios nor a service",
    },
    Rule {
        package: "tools",
        about: &[
            "run",
            "journal",
            "report",
            "scenario",
            "topology",
            "text",
            "fuzz",
            "workload",
            "driver::maelstrom::service",
            "random",
            "likelihood",
            "contrast",
            "page",
            "language",
        ],
        except: &[],
        forbidden: OUTSIDE,
        why: "this part is pure: the same inputs give the same outputs, in virtual time as in real",
    },
    Rule {
        package: "tools",
        about: &[
            "run", "journal", "report", "scenario", "topology", "text", "world", "driver", "fuzz",
            "workload", "page", "language", "contrast",
        ],
        except: &[],
        forbidden: &["crate::cli"],
        why: "only the command line knows the command line",
    },
    Rule {
        package: "tools",
        about: &["report"],
        except: &[],
        forbidden: &["crate::world::process", "crate::world::live", "crate::driver"],
        why: "reports are functions of an outcome and know nothing that runs",
    },
    Rule {
        package: "tools",
        about: &["page"],
        except: &[],
        forbidden: &["crate::world", "crate::driver", "crate::run"],
        why: "a page is a function of reports and lines of the journal, whatever made them",
    },
    Rule {
        package: "tools",
        about: &["scenario", "topology", "text"],
        except: &[],
        forbidden: &[
            "crate::run",
            "crate::report",
            "crate::journal",
            "crate::world::process",
            "crate::world::live",
        ],
        why: "text is read and checked before anything runs",
    },
    Rule {
        package: "tools",
        about: &["language"],
        except: &[],
        forbidden: &["crate::run", "crate::report", "crate::world::process", "crate::world::live"],
        why: "a text is written, and asked about, before anything runs",
    },
    Rule {
        package: "tools",
        about: &["scenario", "topology", "text", "run", "report", "world", "driver", "fuzz", "workload"],
        except: &[],
        forbidden: &["crate::language"],
        why: "an editor knows the language, and the language no editor",
    },
    Rule {
        package: "tools",
        about: &["fuzz"],
        except: &["fuzz::run"],
        forbidden: &["crate::world::sim"],
        why: "what is drawn and shrunk is a plan and its text; only fuzz::run runs it",
    },
    Rule {
        package: "tools",
        about: &["fuzz"],
        except: &[],
        forbidden: &["crate::world::process", "crate::world::live"],
        why: "what is drawn runs in virtual time",
    },
    Rule {
        package: "tools",
        about: &["run", "report", "scenario", "topology", "text", "world", "driver"],
        except: &[],
        forbidden: &["crate::fuzz"],
        why: "a drawn scenario is a scenario like any other to whoever runs it",
    },
    Rule {
        package: "tools",
        about: &["topology", "text"],
        except: &[],
        forbidden: &["crate::scenario", "crate::world", "crate::driver"],
        why: "a topology is text and a graph, whoever uses it",
    },
    Rule {
        package: "tools",
        about: &["world", "driver"],
        except: &[],
        forbidden: &["crate::run", "crate::report", "crate::journal"],
        why: "a world is driven; it does not know by whom",
    },
    Rule {
        package: "tools",
        about: &[],
        except: &["cli"],
        forbidden: &[
            "print!",
            "println!",
            "eprint!",
            "eprintln!",
            "dbg!",
            "std::io::stdout",
            "std::io::stderr",
            "std::process::exit",
            "std::process::ExitCode::from",
            "clap",
        ],
        why: "only cli/ prints, reads flags, and chooses an ending code",
    },
];
