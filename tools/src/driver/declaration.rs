//! What a driver declares: plain data that a scenario is checked against.

/// What nodes of one protocol can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Declaration {
    /// The name in `driver=NAME` and `--driver NAME`.
    pub name: &'static str,
    /// What such a node can be asked.
    pub commands: &'static [Command],
    /// How such nodes are linked.
    pub wiring: Wiring,
    /// The arguments with which such nodes dial addresses that they were not given.
    pub dials_by_itself: &'static [&'static str],
    /// Whether nodes may join a network that runs.
    pub grows: bool,
    /// How a node that has started says so.
    pub readiness: Readiness,
    /// Whether a node tells of its changes; others are asked again and again.
    pub tells: bool,
    /// By what it is known what a node holds, where it does not tell.
    pub content: Content,
    /// The options without which there is no such node: a program of somebody else's, what asks it.
    pub needs: &'static [&'static str],
    /// Whether nodes know each other by ports of one host.
    pub by_port: bool,
    /// The policy that both ends of a link need if one of them is such a node.
    pub link_policy: Option<&'static str>,
    /// The drivers whose nodes such a node can be linked to.
    pub links_to: &'static [&'static str],
    /// The policies that `policy=` takes; the first is that of nodes which are given none.
    pub policies: &'static [&'static str],
    /// The codes that an error may have, beside `no_answer` for silence.
    pub codes: &'static [&'static str],
    /// What its figures may be at most, at any time.
    pub bounds: &'static [Bound],
}

/// What a figure of `stats` may be at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// The figure.
    pub figure: &'static str,
    /// The most that it may be.
    pub most: u64,
}

/// How nodes are linked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wiring {
    /// By a command to the node that dials.
    AddPeer,
    /// Every message goes through the harness.
    Routed,
    /// Not at all: nodes find each other.
    None,
}

/// By what it is known what a node holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// By its `keys`, and by `get` of each.
    Keys,
    /// By its `read`.
    Read,
}

/// How a node says that it is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    /// It writes so to the harness.
    Told,
    /// The harness finds it answering.
    Seen,
}

/// One thing a node can be asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Command {
    /// What is typed.
    pub name: &'static str,
    /// What follows it, in order; optional ones last.
    pub arguments: &'static [Argument],
    /// Whether it changes something: then it is sent once, and waits for nothing.
    pub changes: bool,
    /// What the answer is.
    pub answer: Answer,
}

/// One argument of a command.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Argument {
    /// What a message calls it: upper-case.
    pub name: &'static str,
    /// Whether it names a node of the network.
    pub node: bool,
    /// Whether it is a whole number.
    pub number: bool,
    /// Whether it may be left out.
    pub optional: bool,
    /// The only words it may be, if it is one of a few; empty where anything goes.
    pub words: &'static [&'static str],
}

/// What an answer is, and so which predicates fit it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Answer {
    /// Any text, which compares as a number where both sides are numbers.
    Text,
    /// A number.
    Number,
    /// A stamp, ordered as stamps are.
    Stamp,
    /// A list of texts, compared as a set.
    List,
    /// A list of nodes of the network, by name, compared as a set.
    Nodes,
    /// One value or a list: what the node is for decides.
    Any,
    /// Nothing but that it was done.
    Done,
}

const fn word(name: &'static str) -> Argument {
    Argument { name, node: false, number: false, optional: false, words: &[] }
}

const KEY: Argument = word("KEY");

const fn reads(name: &'static str, arguments: &'static [Argument], answer: Answer) -> Command {
    Command { name, arguments, changes: false, answer }
}

const fn changes(name: &'static str, arguments: &'static [Argument], answer: Answer) -> Command {
    Command { name, arguments, changes: true, answer }
}

const GET: Command = reads("get", &[KEY], Answer::Text);
const SET: Command = changes(
    "set",
    &[KEY, word("VALUE"), Argument { number: true, optional: true, ..word("DATE") }],
    Answer::Stamp,
);
const STAMP: Command = reads("stamp", &[KEY], Answer::Stamp);
const KEYS: Command = reads("keys", &[], Answer::List);
const COUNT: Command = reads("count", &[], Answer::Number);
const PEERS: Command = reads("peers", &[], Answer::Nodes);
const ADD_PEER: Command = changes("addPeer", &[Argument { node: true, ..word("NODE") }], Answer::Done);

/// The figures of the native `stats`.
pub const NATIVE_STATS: &[&str] = &[
    "announcements_sent",
    "bytes_sent",
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

/// The bounds of the native `stats`: those of the node's default limits. What waits for one
/// neighbour is at most an outbox. What waits for the disk is refused once it weighs as much as one,
/// and a write weighs at least 128 bytes.
pub const NATIVE_BOUNDS: &[Bound] = &[
    Bound { figure: "outbox_weight_max", most: OUTBOX },
    Bound { figure: "missing", most: 4_096 },
    Bound { figure: "trees", most: 64 },
    Bound { figure: "pending", most: OUTBOX / 128 + 1 },
];

/// What may wait for one neighbour, in bytes.
const OUTBOX: u64 = 4 << 20;

/// The native protocol: what our own node speaks.
pub const NATIVE: Declaration = Declaration {
    name: "native",
    commands: &[
        GET,
        SET,
        changes("delete", &[KEY], Answer::Stamp),
        STAMP,
        KEYS,
        COUNT,
        PEERS,
        ADD_PEER,
        reads("digest", &[], Answer::Text),
        reads("stats", &[Argument { words: NATIVE_STATS, ..word("NAME") }], Answer::Number),
    ],
    wiring: Wiring::AddPeer,
    dials_by_itself: &["--auto-connect"],
    grows: true,
    readiness: Readiness::Told,
    tells: true,
    content: Content::Keys,
    needs: &[],
    by_port: false,
    link_policy: None,
    links_to: &["native", "byc"],
    policies: &["last", "oldest"],
    codes: &["absent", "exists", "neighbor_exists", "refused", "unavailable"],
    bounds: NATIVE_BOUNDS,
};

/// The figures of the `stats` of nodes whose messages the harness carries: what each has sent.
pub const ROUTED_STATS: &[&str] = &["bytes_sent", "client_messages", "messages_sent", "service_messages"];

/// What `workload=` takes: what nodes of the driver `maelstrom` are for.
pub const WORKLOADS: &[&str] =
    &["echo", "unique-ids", "broadcast", "g-set", "g-counter", "pn-counter", "lin-kv", "txn-rw-register"];

/// Those of them whose nodes can be read as a whole: what they hold can be compared.
pub const READ_WORKLOADS: &[&str] = &["broadcast", "g-set", "g-counter", "pn-counter"];

/// The protocol of Maelstrom: messages as lines of JSON on standard input and output. What a node is
/// asked depends on what it is for; one that is asked something else says so.
pub const MAELSTROM: Declaration = Declaration {
    name: "maelstrom",
    commands: &[
        reads("echo", &[word("TEXT")], Answer::Text),
        changes("generate", &[], Answer::Text),
        changes("broadcast", &[word("VALUE")], Answer::Done),
        reads("read", &[Argument { optional: true, ..KEY }], Answer::Any),
        changes("add", &[word("VALUE")], Answer::Done),
        changes("write", &[KEY, word("VALUE")], Answer::Done),
        changes("cas", &[KEY, word("FROM"), word("TO")], Answer::Done),
        changes("txn", &[word("TXN")], Answer::Text),
        reads("stats", &[Argument { words: ROUTED_STATS, ..word("NAME") }], Answer::Number),
    ],
    wiring: Wiring::Routed,
    dials_by_itself: &[],
    grows: false,
    readiness: Readiness::Seen,
    tells: false,
    content: Content::Read,
    needs: &["exec"],
    by_port: false,
    link_policy: None,
    links_to: &["maelstrom"],
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
};

/// Programs that are asked by an adapter: what it cannot ask it refuses as `unsupported`.
pub const ASK: Declaration = Declaration {
    name: "ask",
    commands: &[
        GET,
        changes("set", &[KEY, word("VALUE")], Answer::Any),
        changes("delete", &[KEY], Answer::Any),
        KEYS,
        COUNT,
        PEERS,
        ADD_PEER,
    ],
    wiring: Wiring::AddPeer,
    dials_by_itself: &[],
    grows: true,
    readiness: Readiness::Seen,
    tells: false,
    content: Content::Keys,
    needs: &["exec", "adapter"],
    by_port: false,
    link_policy: None,
    links_to: &["ask"],
    policies: &[],
    codes: &["absent", "exists", "neighbor_exists", "refused", "unavailable", "unsupported"],
    bounds: &[],
};

/// Socket.IO at the path `/byc`: a course's nodes, and ours.
pub const BYC: Declaration = Declaration {
    name: "byc",
    commands: &[GET, SET, STAMP, KEYS, COUNT, PEERS, ADD_PEER],
    wiring: Wiring::AddPeer,
    dials_by_itself: &["--auto-connect"],
    grows: true,
    readiness: Readiness::Seen,
    tells: false,
    content: Content::Keys,
    needs: &[],
    by_port: true,
    link_policy: Some("oldest"),
    links_to: &["byc", "native"],
    policies: &["oldest", "last"],
    codes: &["absent", "exists", "neighbor_exists", "refused", "unavailable"],
    bounds: &[],
};

/// Every driver.
pub const ALL: &[&Declaration] = &[&NATIVE, &BYC, &MAELSTROM, &ASK];

/// What is asked of the world rather than of the node, whatever its driver.
pub const OF_THE_WORLD: &[Command] = &[reads("log", &[], Answer::Text), reads("state", &[], Answer::Text)];

impl Declaration {
    /// The command of that name; `add-peer` stands for `addPeer`.
    #[must_use]
    pub fn command(&self, name: &str) -> Option<&'static Command> {
        let name = if name == "add-peer" { "addPeer" } else { name };
        self.commands.iter().chain(OF_THE_WORLD).find(|command| command.name == name)
    }

    /// Whether our own program can be such a node.
    #[must_use]
    pub fn is_ours(&self) -> bool {
        !self.needs.contains(&"exec")
    }

    /// Whether such nodes tell what a figure of `measure` is made of.
    #[must_use]
    pub fn gives(&self, figure: &str) -> bool {
        let counts = |name: &str| {
            let stats = self.command("stats").map_or(&[][..], |stats| stats.arguments);
            stats.iter().any(|argument| argument.words.contains(&name))
        };
        match figure {
            "payloads" => counts("payloads_sent"),
            "messages" => counts("messages_sent"),
            "bytes" => counts("bytes_sent"),
            "updates" | "spread_p50" | "spread_p99" | "spread_max" => self.tells,
            _ => true,
        }
    }
}

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
}
