//! The declaration of the driver `maelstrom`.

use crate::driver::command::{Answer, Argument, changes, reads, value, word};
use crate::driver::declaration::{Content, Declaration, Readiness, START_WITHIN, Values, Wiring};

/// The figures of `stats` for nodes whose messages the harness carries: the counts of sent messages and
/// bytes, of answers that no client waited for, and of messages that wait for the node to read them.
pub const ROUTED_STATS: &[&str] = &[
    "answers_ignored",
    "bytes_sent",
    "client_messages",
    "messages_sent",
    "messages_unread",
    "service_messages",
];

/// The lines that a node may get in one write, as in `lines=`.
pub const LINES: &[&str] = &["one", "many"];

/// The workloads of the driver `maelstrom`, as in `workload=`.
pub const WORKLOADS: &[&str] =
    &["echo", "unique-ids", "broadcast", "g-set", "g-counter", "pn-counter", "lin-kv", "txn-rw-register"];

/// The workloads whose nodes answer `read` with their whole content, so that it can be compared.
pub const READ_WORKLOADS: &[&str] = &["broadcast", "g-set", "g-counter", "pn-counter"];

/// The protocol of Maelstrom: messages as lines of JSON on standard input and output. The commands that a
/// node answers depend on its workload; it refuses all others.
pub const MAELSTROM: Declaration = Declaration {
    name: "maelstrom",
    about: "a program that reads and writes messages as lines of JSON; the harness is its network",
    install: "",
    program: "",
    asked_directly: false,
    simulated: false,
    commands: &[
        reads("echo", &[value("TEXT")], Answer::Value),
        changes("generate", &[], Answer::Value),
        changes("broadcast", &[value("VALUE")], Answer::Done),
        reads("read", &[Argument { optional: true, ..value("KEY") }], Answer::Any),
        changes("add", &[value("VALUE")], Answer::Done),
        changes("write", &[value("KEY"), value("VALUE")], Answer::Done),
        changes("cas", &[value("KEY"), value("FROM"), value("TO")], Answer::Done),
        changes("txn", &[word("TXN")], Answer::Value),
        reads("stats", &[Argument { words: ROUTED_STATS, ..word("NAME") }], Answer::Number),
    ],
    wiring: Wiring::Routed,
    ours: false,
    is_told_members: false,
    dials_by_itself: &[],
    grows: false,
    restarted_for: &[],
    readiness: Readiness::Seen,
    start_within: START_WITHIN,
    healthy_within: None,
    tells: false,
    content: Content::Read { workloads: Some(READ_WORKLOADS) },
    needs: &["exec"],
    takes: &["workload", "lines"],
    implied_workloads: &["broadcast"],
    by_port: false,
    link_policy: None,
    links_to: &["maelstrom"],
    values: &[Values::Json],
    policies: &[],
    codes: &[
        "absent",
        "exists",
        "refused",
        "unavailable",
        "unsupported",
        "malformed",
        "abort",
        "precondition_failed",
        "conflict",
    ],
    bounds: &[],
    ports: &[],
    asked: 0,
    further_asked: &[],
    dial_path: "",
};
