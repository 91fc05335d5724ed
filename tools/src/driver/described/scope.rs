//! The names that placeholders of a description may have, and the texts that they stand for.

use crate::driver::Place;

/// The placeholder for the folder of the description.
const FOLDER: &str = "folder";
/// The placeholder for a variable of the harness's environment begins with this.
const VARIABLE: &str = "env.";
/// The placeholder for a port by its name begins with this.
const PORT: &str = "port.";
/// The placeholders for the node that another is to be linked to begin with this.
const PEER: &str = "peer.";

/// The names that placeholders may have in one text.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scope<'a> {
    /// The names of the node's ports.
    pub(super) ports: &'a [String],
    /// The names of the command's arguments.
    pub(super) arguments: &'a [String],
    /// True if the node that another is to be linked to is known.
    pub(super) peer: bool,
}

impl Scope<'_> {
    /// Returns true if a placeholder of this name is known.
    pub(super) fn knows(&self, name: &str) -> bool {
        self.names().iter().any(|known| known == name)
            || name.strip_prefix(VARIABLE).is_some_and(|name| !name.is_empty())
    }

    /// Returns the names that a person may write, variables of the environment aside.
    pub(super) fn names(&self) -> Vec<String> {
        let of_node = ["name", "host", "port", "data", FOLDER].map(str::to_owned).into_iter();
        let ports = || self.ports.iter().map(|port| format!("{PORT}{port}"));
        let of_peer = || ["name", "host", "port"].map(str::to_owned).into_iter().chain(ports());
        let peer = self.peer.then(|| of_peer().map(|name| format!("{PEER}{name}"))).into_iter().flatten();
        of_node.chain(ports()).chain(self.arguments.iter().cloned()).chain(peer).collect()
    }
}

/// A node as placeholders name its parts.
#[derive(Debug, Clone)]
pub(super) struct Member<'a> {
    /// The name.
    pub(super) name: &'a str,
    /// The host at which it listens.
    pub(super) host: &'a str,
    /// Its ports, in the order of their names.
    pub(super) ports: Vec<u16>,
}

impl Member<'_> {
    /// Returns the text of a placeholder. `names` are those of the ports.
    fn text(&self, name: &str, names: &[String]) -> Option<String> {
        match name {
            "name" => Some(self.name.to_owned()),
            "host" => Some(self.host.to_owned()),
            "port" => self.ports.first().map(u16::to_string),
            _ => {
                let name = name.strip_prefix(PORT)?;
                let index = names.iter().position(|other| other == name)?;
                self.ports.get(index).map(u16::to_string)
            }
        }
    }
}

/// The values that are filled in for placeholders.
#[derive(Debug, Clone)]
pub(super) struct Values<'a> {
    /// The names of the ports.
    pub(super) ports: &'a [String],
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
}

impl Values<'_> {
    /// Returns the text of a placeholder; none if there is none.
    pub(super) fn text(&self, name: &str) -> Option<String> {
        if let Some((_, value)) = self.arguments.iter().find(|(argument, _)| argument == name) {
            return Some(value.clone());
        }
        if let Some((_, folder)) =
            [("data", self.data), (FOLDER, self.folder)].iter().find(|known| known.0 == name)
        {
            return Some((*folder).to_owned());
        }
        if let Some(name) = name.strip_prefix(VARIABLE) {
            return std::env::var(name).ok();
        }
        if let Some(name) = name.strip_prefix(PEER) {
            return self.peer.as_ref()?.text(name, self.ports);
        }
        self.node.text(name, self.ports)
    }
}

/// Returns a node that lives at a place.
pub(super) fn member<'a>(name: &'a str, place: &'a Place) -> Member<'a> {
    Member { name, host: &place.host, ports: place.ports() }
}
