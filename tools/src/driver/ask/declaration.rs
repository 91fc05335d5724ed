//! The declaration of the driver `ask`.

use crate::driver::command::{ADD_PEER, Answer, COUNT, GET, KEY, KEYS, PEERS, changes, value};
use crate::driver::declaration::{Content, Declaration, Readiness, START_WITHIN, Values, Wiring};

/// The protocol of programs that are asked by an adapter, which refuses as `unsupported` what it cannot ask.
pub const ASK: Declaration = Declaration {
    name: "ask",
    about: "any program, with a small second one, the adapter, that asks it",
    install: "",
    program: "",
    asked_directly: false,
    simulated: false,
    commands: &[
        GET,
        changes("set", &[KEY, value("VALUE")], Answer::Any),
        changes("delete", &[KEY], Answer::Any),
        KEYS,
        COUNT,
        PEERS,
        ADD_PEER,
    ],
    wiring: Wiring::AddPeer,
    ours: false,
    is_told_members: false,
    dials_by_itself: &[],
    grows: true,
    restarted_for: &[],
    readiness: Readiness::Seen,
    start_within: START_WITHIN,
    healthy_within: None,
    tells: false,
    content: Content::Keys,
    needs: &["exec", "adapter"],
    takes: &["adapter", "ready"],
    implied_workloads: &[],
    by_port: false,
    link_policy: None,
    links_to: &["ask"],
    values: &[Values::Text, Values::Json],
    policies: &[],
    codes: &["absent", "exists", "neighbor_exists", "refused", "unavailable", "unsupported", UNKNOWN],
    bounds: &[],
    ports: &[],
    asked: 0,
    further_asked: &[],
    dial_path: "",
};

/// The error code of an adapter for an operation that may or may not have happened.
pub const UNKNOWN: &str = "unknown";
