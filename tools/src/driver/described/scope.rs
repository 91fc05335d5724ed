//! The names that placeholders of a description may have, and the texts that they stand for.

use super::template::{Filling, Nodes, When};
use crate::driver::Place;
use crate::world::{NodeIndex, Tie};

/// The placeholder for the folder of the node's data.
const DATA: &str = "data";
/// The placeholder for the folder of the description.
const FOLDER: &str = "folder";
/// The placeholder for a variable of the harness's environment begins with this.
const VARIABLE: &str = "env.";
/// The placeholder for a port by its name begins with this.
const PORT: &str = "port.";
/// The placeholders for the node that another is to be linked to begin with this.
const PEER: &str = "peer.";
/// The placeholders for the first node of the topology begin with this.
const FIRST: &str = "first.";

/// The names that placeholders may have in one text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope<'a> {
    /// The names of the node's ports.
    pub(super) ports: &'a [String],
    /// The names of the command's arguments.
    pub(super) arguments: &'a [String],
    /// True if the node that another is to be linked to is known.
    pub(super) peer: bool,
    /// True if the other nodes are known.
    pub(super) lists: bool,
}

impl Scope<'_> {
    /// Returns the names that a person may write, variables of the environment aside.
    pub(super) fn names(&self) -> Vec<String> {
        let of_node = self.of_member().into_iter().chain([DATA, FOLDER].map(str::to_owned));
        let of_other = |is_known: bool, prefix: &'static str| {
            let names = is_known.then(|| self.of_member()).into_iter().flatten();
            names.map(move |name| format!("{prefix}{name}"))
        };
        let others = of_other(self.peer, PEER).chain(of_other(self.lists, FIRST));
        of_node.chain(self.arguments.iter().cloned()).chain(others).collect()
    }

    /// Returns the names for the parts of one of several nodes.
    pub(super) fn of_member(&self) -> Vec<String> {
        let usual = ["name", "number", "host", "port"].map(str::to_owned).into_iter();
        usual.chain(self.ports.iter().map(|port| format!("{PORT}{port}"))).collect()
    }
}

/// Returns true if a placeholder is for a variable of the environment.
pub(super) fn is_variable(name: &str) -> bool {
    name.strip_prefix(VARIABLE).is_some_and(|name| !name.is_empty())
}

/// Texts for all placeholders, by which the form of what they stand in can be checked.
#[derive(Debug)]
pub(super) struct Example;

impl Filling for Example {
    fn text(&self, _: &str) -> Option<String> {
        Some("x".to_owned())
    }

    fn nodes(&self, _: Nodes) -> Vec<&dyn Filling> {
        Vec::new()
    }

    fn is(&self, _: When) -> bool {
        true
    }
}

/// A node as placeholders name its parts.
#[derive(Debug, Clone)]
pub(super) struct Member<'a> {
    /// The name.
    pub(super) name: &'a str,
    /// The number of the node, from 1, in the order in which nodes appear.
    pub(super) number: usize,
    /// The host at which it listens.
    pub(super) host: &'a str,
    /// Its ports, in the order of their names.
    pub(super) ports: Vec<u16>,
    /// The names of the ports.
    pub(super) port_names: &'a [String],
}

impl Member<'_> {
    /// Returns a port by its index; none if it is not known, as that of a node that was given without it.
    fn port(&self, index: usize) -> Option<String> {
        self.ports.get(index).filter(|port| **port != 0).map(u16::to_string)
    }
}

impl Filling for Member<'_> {
    fn text(&self, name: &str) -> Option<String> {
        match name {
            "name" => Some(self.name.to_owned()),
            "number" => Some(self.number.to_string()),
            "host" => Some(self.host.to_owned()),
            "port" => self.port(0),
            _ if is_variable(name) => std::env::var(name.strip_prefix(VARIABLE)?).ok(),
            _ => {
                let name = name.strip_prefix(PORT)?;
                let index = self.port_names.iter().position(|other| other == name)?;
                self.port(index)
            }
        }
    }

    fn nodes(&self, _: Nodes) -> Vec<&dyn Filling> {
        Vec::new()
    }

    fn is(&self, _: When) -> bool {
        false
    }
}

/// The values that are filled in for placeholders.
#[derive(Debug, Clone)]
pub(super) struct Values<'a> {
    /// The node.
    pub(super) node: Member<'a>,
    /// The folder of the description.
    pub(super) folder: &'a str,
    /// The folder of the node's data.
    pub(super) data: &'a str,
    /// The arguments of the command, by name.
    pub(super) arguments: &'a [(String, String)],
    /// The node that it is to be linked to.
    pub(super) peer: Option<Member<'a>>,
    /// All nodes in order, each with its tie to this one; known at the start of a node.
    pub(super) nodes: Vec<(Member<'a>, Tie)>,
    /// True if the node is started for the first time.
    pub(super) is_first_start: bool,
    /// True if the store tells values of other types from their text.
    pub(super) is_typed: bool,
}

impl<'a> Values<'a> {
    /// Returns the first node of the topology, where the nodes are known.
    fn first(&self) -> Option<&Member<'a>> {
        self.nodes.iter().map(|(member, _)| member).min_by_key(|member| member.number)
    }
}

impl Filling for Values<'_> {
    fn text(&self, name: &str) -> Option<String> {
        if let Some((_, value)) = self.arguments.iter().find(|(argument, _)| argument == name) {
            return Some(value.clone());
        }
        if let Some(name) = name.strip_prefix(VARIABLE) {
            return std::env::var(name).ok();
        }
        if let Some(name) = name.strip_prefix(PEER) {
            return self.peer.as_ref()?.text(name);
        }
        if let Some(name) = name.strip_prefix(FIRST) {
            return self.first()?.text(name);
        }
        match name {
            DATA => Some(self.data.to_owned()),
            FOLDER => Some(self.folder.to_owned()),
            _ => self.node.text(name),
        }
    }

    fn nodes(&self, nodes: Nodes) -> Vec<&dyn Filling> {
        let is_in = |(member, tie): &&(Member<'_>, Tie)| match nodes {
            Nodes::All => true,
            Nodes::Neighbours => *tie != Tie::None,
            Nodes::Dialled => *tie == Tie::Dialled,
            Nodes::Others => member.number != self.node.number,
        };
        self.nodes.iter().filter(is_in).map(|(member, _)| member as &dyn Filling).collect()
    }

    fn is_typed(&self) -> bool {
        self.is_typed
    }

    fn is(&self, when: When) -> bool {
        let is_first = self.first().is_none_or(|first| first.number == self.node.number);
        match when {
            When::First => is_first,
            When::Other => !is_first,
            When::Founding => is_first && self.is_first_start,
        }
    }
}

/// Returns a node that lives at a place.
pub(super) fn member<'a>(
    name: &'a str,
    node: NodeIndex,
    place: &'a Place,
    port_names: &'a [String],
) -> Member<'a> {
    Member { name, number: node.0 + 1, host: &place.host, ports: place.ports(), port_names }
}
