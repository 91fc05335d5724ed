//! The declaration of the native driver, and the figures of the node that it relies on.

use std::time::Duration;

use crate::driver::command::{
    ADD_PEER, Answer, Argument, COUNT, GET, KEY, KEYS, PEERS, SET, STAMP, changes, reads, word,
};
use crate::driver::declaration::{Bound, Content, Declaration, Readiness, START_WITHIN, Values, Wiring};

/// The figures of the native `stats`.
pub const NATIVE_STATS: &[&str] = &[
    "announcements_sent",
    "bytes_sent",
    "damaged",
    "duplicates",
    "fetched",
    "grafts_sent",
    "keys",
    "messages_sent",
    "missing",
    "not_due",
    "outbox_overflows",
    "outbox_weight",
    "outbox_weight_max",
    "payloads_received",
    "payloads_sent",
    "peers",
    "pending",
    "prunes_sent",
    "rounds",
    "trees",
    "versions",
];

/// The time from an announcement of a missing version to its graft, as native nodes have it.
pub const NATIVE_GRAFT: Duration = Duration::from_millis(500);
/// The time for which native nodes gather announcements before they send them.
pub const NATIVE_ANNOUNCE: Duration = Duration::from_millis(50);
/// The lead over a native node's wall clock up to which it takes a version's stamp
/// (`node/PROTOCOL.md`, *Not yet due*).
pub const NATIVE_AHEAD: Duration = Duration::from_secs(5);

/// The bounds of the native `stats`, from the node's default limits. At most one outbox of bytes waits for
/// one neighbour. The disk refuses writes once as many bytes wait for it, and a write weighs at least 128
/// bytes.
pub const NATIVE_BOUNDS: &[Bound] = &[
    Bound { figure: "outbox_weight_max", most: OUTBOX },
    Bound { figure: "missing", most: 4_096 },
    Bound { figure: "trees", most: 64 },
    Bound { figure: "pending", most: OUTBOX / 128 + 1 },
];

/// The most that may wait for one neighbour, in bytes.
const OUTBOX: u64 = 4 << 20;

/// The native protocol, spoken by our own node.
pub const NATIVE: Declaration = Declaration {
    name: "native",
    about: "the node of this project, or a program that speaks its protocol",
    install: "",
    program: "",
    asked_directly: true,
    simulated: true,
    commands: &[
        GET,
        SET,
        changes("delete", &[KEY], Answer::Stamp),
        STAMP,
        KEYS,
        COUNT,
        PEERS,
        ADD_PEER,
        reads("nodes", &[], Answer::Nodes),
        changes("ping", &[], Answer::Number),
        reads("digest", &[], Answer::Text),
        reads("stats", &[Argument { words: NATIVE_STATS, ..word("NAME") }], Answer::Number),
    ],
    wiring: Wiring::AddPeer,
    ours: true,
    is_told_members: false,
    dials_by_itself: &["--auto-connect"],
    grows: true,
    restarted_for: &[],
    readiness: Readiness::Told,
    start_within: START_WITHIN,
    healthy_within: None,
    tells: true,
    content: Content::Keys,
    needs: &[],
    takes: &[],
    implied_workloads: &[],
    by_port: false,
    link_policy: None,
    links_to: &["native", "byc"],
    values: &[Values::Json],
    policies: &["last", "oldest"],
    codes: &["absent", "exists", "neighbor_exists", "refused", "unavailable"],
    bounds: NATIVE_BOUNDS,
    ports: &[],
    asked: 0,
    further_asked: &[],
    dial_path: "",
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_native_bounds_are_the_nodes_own() {
        let limits = node::wire::Limits::default();
        let most = |figure: &str| {
            let bound = NATIVE_BOUNDS.iter().find(|bound| bound.figure == figure);
            bound.map(|bound| usize::try_from(bound.most).unwrap())
        };
        assert_eq!(most("outbox_weight_max"), Some(limits.outbox));
        assert_eq!(most("missing"), Some(limits.missing));
        assert_eq!(most("trees"), Some(limits.trees));
        assert_eq!(most("pending"), Some(limits.outbox / 128 + 1));
        assert!(NATIVE_BOUNDS.iter().all(|bound| NATIVE_STATS.contains(&bound.figure)));
    }

    #[test]
    fn the_native_delays_are_the_nodes_own() {
        let timing = node::core::Timing::default();
        assert_eq!(
            (NATIVE_GRAFT, NATIVE_ANNOUNCE, NATIVE_AHEAD),
            (timing.graft, timing.announce, timing.ahead)
        );
    }

    #[test]
    fn the_native_figures_are_the_nodes_own() {
        let config = node::core::Config::new(node::wire::Hex([0; 16]), "a", "n", "127.0.0.1:1");
        let now = node::core::Now { monotonic: Duration::ZERO, wall_ms: 0 };
        let figures: Vec<&str> = node::core::Core::new(config, now).stats().into_keys().collect();
        assert_eq!(figures, NATIVE_STATS);
    }
}
