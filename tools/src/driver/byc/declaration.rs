//! The declaration of the driver `byc`.

use crate::driver::command::{ADD_PEER, COUNT, GET, KEYS, PEERS, SET, STAMP};
use crate::driver::declaration::{Content, Declaration, Readiness, START_WITHIN, Values, Wiring};

/// Socket.IO at the path `/byc`: the protocol of a course's nodes, and of ours.
pub const BYC: Declaration = Declaration {
    name: "byc",
    about: "a program that speaks socket.io 4 at the path /byc, such as those of a course",
    install: "",
    program: "",
    asked_directly: false,
    simulated: false,
    commands: &[GET, SET, STAMP, KEYS, COUNT, PEERS, ADD_PEER],
    wiring: Wiring::AddPeer,
    ours: true,
    is_told_members: false,
    dials_by_itself: &["--auto-connect"],
    grows: true,
    restarted_for: &[],
    readiness: Readiness::Seen,
    start_within: START_WITHIN,
    healthy_within: None,
    tells: false,
    content: Content::Keys,
    needs: &[],
    takes: &[],
    implied_workloads: &[],
    by_port: true,
    link_policy: Some("oldest"),
    links_to: &["byc", "native"],
    values: &[Values::Json],
    policies: &["oldest", "last"],
    codes: &["absent", "exists", "neighbor_exists", "refused", "unavailable"],
    bounds: &[],
    ports: &[],
    asked: 0,
    further_asked: &[],
    dial_path: "/byc",
};
