//! The declaration of a driver: plain data against which scenarios are checked. Each driver has one, in the
//! file `declaration.rs` of its folder.

use std::time::Duration;

use super::command::{Command, OF_THE_WORLD};

/// The time that a node may take to be ready, where nothing else is said. The nodes of a large network all start at
/// once on the same few cores: this bounds the last of them. Chosen: many times what one node takes.
pub const START_WITHIN: Duration = Duration::from_secs(30);

/// The time in which a node that runs already has to answer, if its driver gives a node that starts more. Chosen: many
/// times what an answer takes, and short enough to wait for where the address is wrong; a service that is started beside
/// the run has some time as well.
pub const ANSWER_WITHIN: Duration = Duration::from_secs(5);

/// The abilities of the nodes of one protocol.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is a property of the protocol by itself")]
pub struct Declaration {
    /// The name in `driver=NAME` and `--driver NAME`.
    pub name: &'static str,
    /// The kind of the nodes, in a line.
    pub about: &'static str,
    /// The commands that install the program, for people; empty where nothing is to be installed.
    pub install: &'static str,
    /// The command line of the program that is started as such a node, where nodes do not name one. Placeholders are
    /// not filled in, save for the folder of a description.
    pub program: &'static str,
    /// True if a client asks such a node at its address, by the protocol of [`super::ask`]. Other nodes are
    /// asked by the process that runs their network.
    pub asked_directly: bool,
    /// True if such a node can live in a world that simulates nodes.
    pub simulated: bool,
    /// The commands that such a node can be asked.
    pub commands: &'static [Command],
    /// The way in which such nodes are linked.
    pub wiring: Wiring,
    /// True if our own program can be such a node.
    pub ours: bool,
    /// True if such a node may be told all nodes at its start.
    pub is_told_members: bool,
    /// The arguments with which such nodes dial addresses that they were not given.
    pub dials_by_itself: &'static [&'static str],
    /// True if nodes may join a network that runs.
    pub grows: bool,
    /// The growth of a network for which such a node is started again, because its arguments name what is new; none
    /// where nodes stay as they were started.
    pub restarted_for: &'static [Growth],
    /// The way in which a started node shows that it is ready.
    pub readiness: Readiness,
    /// The time within which a started node has to be ready.
    pub start_within: Duration,
    /// The time within which a node has to serve again after a disturbance, for nodes that show when they do.
    pub healthy_within: Option<Duration>,
    /// True if a node reports its changes; other nodes are asked again and again.
    pub tells: bool,
    /// The commands that show the content of a node, for nodes that report no changes.
    pub content: Content,
    /// The options without which there is no such node, such as a foreign program or its adapter.
    pub needs: &'static [&'static str],
    /// The options that only some kinds of nodes use, this kind among them.
    pub takes: &'static [&'static str],
    /// The workloads that a scenario implies by a step that asks the command of the same name. A node with
    /// no stated workload gets the first that is implied.
    pub implied_workloads: &'static [&'static str],
    /// True if nodes know each other by ports of one host.
    pub by_port: bool,
    /// The policy that both ends of a link need if one of them is such a node.
    pub link_policy: Option<&'static str>,
    /// The drivers whose nodes such a node can be linked to.
    pub links_to: &'static [&'static str],
    /// The kinds of values that the stores of such nodes tell apart, as in `values=`. The first is the
    /// default.
    pub values: &'static [Values],
    /// The policies that `policy=` accepts. The first is the default.
    pub policies: &'static [&'static str],
    /// The codes that an error may have, besides `no_answer` for silence.
    pub codes: &'static [&'static str],
    /// The upper bounds of the node's figures, which hold at any time.
    pub bounds: &'static [Bound],
    /// The names of a node's ports, in order; none where a node has one port without a name.
    pub ports: &'static [&'static str],
    /// The index of the port that requests go to.
    pub asked: usize,
    /// The further ports that a request names. A node that runs already has to be given with them.
    pub further_asked: &'static [&'static str],
    /// The path after the address at which a native node dials such a node; empty for the native protocol.
    pub dial_path: &'static str,
}

/// The growth of a network, as one of its nodes sees it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Growth {
    /// The node has a new neighbour.
    Neighbour,
    /// The node has a new neighbour in whose link it stands first.
    Dialled,
    /// There is a new node, linked to this one or not.
    Node,
}

/// The upper bound of a figure of `stats`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bound {
    /// The name of the figure.
    pub figure: &'static str,
    /// The greatest value allowed.
    pub most: u64,
}

/// The way in which nodes are linked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wiring {
    /// Nodes are linked by a command to the node that dials.
    AddPeer,
    /// The harness routes every message.
    Routed,
    /// The nodes link themselves, by the arguments of their start or as they find each other. A topology says
    /// which nodes there are, and which of them are neighbours for faults and for convergence.
    ByThemselves,
}

/// The commands that show the content of a node.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Content {
    /// `keys`, and `get` of each key.
    Keys,
    /// `read`, which returns everything.
    Read {
        /// The workloads whose nodes answer it so; nodes of others may not answer at all. Any node does so without them.
        workloads: Option<&'static [&'static str]>,
    },
    /// None: it cannot be told whether such nodes have converged.
    Hidden,
}

/// The kinds of values that a store tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Values {
    /// All of JSON: the number 5 is not the text `5`.
    Json,
    /// Text alone: any value comes back as text, and is compared as text.
    Text,
}

impl Values {
    /// Returns the word for this kind in `values=`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Json => "json",
            Self::Text => "text",
        }
    }
}

/// The way in which a node shows that it is ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    /// The node writes a message to the harness.
    Told,
    /// The harness finds that the node answers.
    Seen,
}

impl Declaration {
    /// Returns the command of that name; `add-peer` stands for `addPeer`.
    #[must_use]
    pub fn command(&self, name: &str) -> Option<&'static Command> {
        let name = if name == "add-peer" { "addPeer" } else { name };
        self.commands.iter().chain(OF_THE_WORLD).find(|command| command.name == name)
    }

    /// Returns the kind of values that a node's store tells apart, from the option `values=`, or the default
    /// without it.
    #[must_use]
    pub fn values_of(&self, said: Option<&str>) -> Values {
        let named = self.values.iter().find(|values| Some(values.name()) == said);
        named.or(self.values.first()).copied().unwrap_or(Values::Json)
    }

    /// Returns true if a link of such a node is up only once the nodes at both ends list each other. Nodes that
    /// know each other by ports may acknowledge a link before the other end has heard of it.
    #[must_use]
    pub fn must_list_links(&self) -> bool {
        self.by_port
    }

    /// Returns true if such nodes give the data for a figure of `measure`.
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
