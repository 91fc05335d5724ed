//! The specification of a node: all that a world needs to start it.

use std::time::Duration;

use super::attachment::Attachment;

/// A node of the network, by order of appearance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(transparent)]
pub struct NodeIndex(pub usize);

/// The specification by which a node is started.
#[derive(Debug, Clone, PartialEq, Eq, Default, serde::Serialize, serde::Deserialize)]
#[serde(default)]
#[expect(clippy::struct_excessive_bools, reason = "each is an option by itself")]
pub struct NodeSpec {
    /// The node's name in the topology.
    pub name: String,
    /// The protocol that the node speaks.
    pub driver: String,
    /// The command line of a foreign program that runs in place of our own node. `{name}`, `{host}` and
    /// `{port}` in it are filled in.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub exec: Option<String>,
    /// The policy by which the node chooses among versions; the driver's default if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
    /// True if the versions that the node holds outlive it.
    pub disk: bool,
    /// The offset of the node's wall clock at its start: ahead if positive, behind if negative.
    #[serde(skip_serializing_if = "is_zero")]
    pub clock_ms: i64,
    /// True if the node's disk is full at its start.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub disk_full: bool,
    /// The mistake that is planted in the node, if it is our own.
    #[cfg(feature = "mutants")]
    #[serde(skip)]
    pub mutant: Option<super::Mutant>,
    /// The workload that the node is tried with, if its protocol knows several.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub workload: Option<String>,
    /// True if the node may get several lines in one write, if it reads messages as lines.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub many_lines: bool,
    /// The adapter: the program that asks the node.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adapter: Option<String>,
    /// The sign by which the node is known to be ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ready: Option<String>,
    /// The time within which the node has to answer, if one was given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ask: Option<Duration>,
    /// The values that the node's store tells apart, if given: one of those that its driver names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub values: Option<String>,
    /// The nodes of the network, if the node is told them at its start. They belong to one start.
    #[serde(skip)]
    pub members: Box<[MemberSpec]>,
    /// True if other nodes of the network ran before it. It belongs to one start.
    #[serde(skip)]
    pub joins_others: bool,
    /// True if the node is started for the first time, and has no data. The world sets it for each start.
    #[serde(skip)]
    pub is_first_start: bool,
    /// The address of a node that runs already, which the harness neither starts nor ends.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub at: Option<Attachment>,
    /// The arguments that are added to the node's command line.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub args: Vec<String>,
}

/// A node of the network in which another is started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MemberSpec {
    /// The index.
    pub node: NodeIndex,
    /// The name.
    pub name: String,
    /// The protocol that the node speaks.
    pub driver: String,
    /// The address, if it is a node that runs already.
    pub at: Option<Attachment>,
    /// The tie between it and the node that is started.
    pub tie: Tie,
}

/// The tie between a node and one that is started.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tie {
    /// No link.
    None,
    /// A link in which the node that is started stands first: it is the one that dials.
    Dialled,
    /// A link in which the other node stands first.
    Dials,
}

impl NodeSpec {
    /// Removes the options of a start, which a node that runs already does not have.
    pub fn clear_start(&mut self) {
        let Self { exec, disk, clock_ms, disk_full, many_lines, args, .. } = self;
        (*exec, *disk, *clock_ms, *disk_full, *many_lines) = (None, false, 0, false, false);
        args.clear();
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature is serde's")]
fn is_zero(number: &i64) -> bool {
    *number == 0
}
