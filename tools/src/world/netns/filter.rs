//! The packet filter of the kernel: one table, in the hub, that drops packets between nodes, or marks them for
//! the harness.
//!
//! The packets concerned are a set of elements, kept here and in the kernel. Only the difference of the
//! two is sent, in one transaction. The rules never change: a lookup in the kernel's sets is as fast with a
//! thousand links as with one.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write as _};
use std::net::Ipv4Addr;
use std::process::{Command, Stdio};

use super::address;
use super::error::NetnsError;
use super::privilege;
use crate::world::{Direction, NodeIndex};

#[cfg(test)]
mod tests;

/// The mark of packets that the harness carries. Sides have marks as well, from 1 on.
pub(super) const CARRIED: u32 = u32::MAX;

/// The one table. `prerouting` marks the packets that the hub routes to the harness; `forward` sees packets
/// between nodes, on their way to the harness as well.
///
/// A packet is judged by its sender and its receiver. For a partition the rules look up the sender's side,
/// and then test if the receiver is apart from that side. This takes as many elements as nodes times sides.
const TABLE: &str = "\
table ip tools {
  set carried { typeof ip saddr . ip daddr; }
  set silent { typeof ip saddr . ip daddr; }
  map side { typeof ip saddr : meta mark; }
  set apart { typeof ip daddr . meta mark; }
  chain prerouting {
    type filter hook prerouting priority mangle
    ip saddr . ip daddr @carried meta mark set 0xffffffff
  }
  chain forward {
    type filter hook forward priority 0
    ip saddr . ip daddr @silent drop
    meta mark set ip saddr map @side ip daddr . meta mark @apart drop
  }
}
";

/// The filter between nodes: the packets that are dropped or marked, and the kernel's copy of that.
#[derive(Debug)]
pub(super) struct Filter {
    cut: BTreeSet<Direction>,
    sides: BTreeMap<NodeIndex, usize>,
    carried: BTreeSet<Direction>,
    /// The elements that the kernel has.
    told: BTreeSet<Element>,
}

/// One element of one of the kernel's sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Element {
    Carried(Ipv4Addr, Ipv4Addr),
    Silent(Ipv4Addr, Ipv4Addr),
    Side(Ipv4Addr, usize),
    Apart(Ipv4Addr, usize),
}

impl Filter {
    /// Creates a filter that drops nothing, in the namespace of this thread.
    pub(super) fn new() -> Result<Self, NetnsError> {
        run_nft(TABLE)?;
        Ok(Self::knowing_nothing())
    }

    fn knowing_nothing() -> Self {
        Self { cut: BTreeSet::new(), sides: BTreeMap::new(), carried: BTreeSet::new(), told: BTreeSet::new() }
    }

    /// Drops all packets of a direction, or lets them through again.
    pub(super) fn cut(&mut self, direction: Direction, cut: bool) {
        if cut {
            self.cut.insert(direction);
        } else {
            self.cut.remove(&direction);
        }
    }

    /// Leads the packets of a direction to the harness, or leaves them to the kernel.
    pub(super) fn carry(&mut self, direction: Direction, carried: bool) {
        if carried {
            self.carried.insert(direction);
        } else {
            self.carried.remove(&direction);
        }
    }

    /// Puts sets of nodes apart, in place of those before.
    pub(super) fn set_partition(&mut self, sets: &[Vec<NodeIndex>]) {
        let sides = sets.iter().enumerate();
        self.sides = sides.flat_map(|(side, set)| set.iter().map(move |node| (*node, side))).collect();
    }

    /// Sends the changes to the kernel. They are in force when this returns.
    pub(super) fn apply(&mut self) -> Result<(), NetnsError> {
        let wanted = self.elements();
        let mut text = String::new();
        for gone in self.told.difference(&wanted) {
            text += &format!("delete element ip tools {}\n", gone.text(false));
        }
        for new in wanted.difference(&self.told) {
            text += &format!("add element ip tools {}\n", new.text(true));
        }
        if !text.is_empty() {
            run_nft(&text)?;
        }
        // The kernel refuses a transaction as a whole, so the changes are recorded only once it was accepted.
        self.told = wanted;
        Ok(())
    }

    fn elements(&self) -> BTreeSet<Element> {
        let mut elements = BTreeSet::new();
        let ends = |Direction { from, to }: &Direction| {
            Some((address::of_node(*from).ok()?, address::of_node(*to).ok()?))
        };
        elements.extend(self.carried.iter().filter_map(ends).map(|(from, to)| Element::Carried(from, to)));
        elements.extend(self.cut.iter().filter_map(ends).map(|(from, to)| Element::Silent(from, to)));
        let all: BTreeSet<usize> = self.sides.values().copied().collect();
        for (node, side) in &self.sides {
            let Ok(address) = address::of_node(*node) else { continue };
            elements.insert(Element::Side(address, *side));
            for other in all.iter().filter(|other| *other != side) {
                elements.insert(Element::Apart(address, *other));
            }
        }
        elements
    }
}

impl Element {
    /// Formats the element as `nft` reads it. `whole` adds its value, as needed to add the element.
    fn text(self, whole: bool) -> String {
        match self {
            Self::Carried(from, to) => format!("carried {{ {from} . {to} }}"),
            Self::Silent(from, to) => format!("silent {{ {from} . {to} }}"),
            // A packet without a side has the mark 0, so the marks of sides begin at 1.
            Self::Side(node, side) if whole => format!("side {{ {node} : {} }}", side + 1),
            Self::Side(node, _) => format!("side {{ {node} }}"),
            Self::Apart(node, side) => format!("apart {{ {node} . {} }}", side + 1),
        }
    }
}

/// Has `nft` carry out all of the commands, or none.
fn run_nft(text: &str) -> Result<(), NetnsError> {
    let program = privilege::nft()?;
    let wrong = |error: io::Error| NetnsError::Nft { program: program.clone(), error };
    let mut child = Command::new(&program)
        .args(["-f", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(wrong)?;
    if let Some(mut input) = child.stdin.take() {
        // If `nft` does not read to the end, its output says why.
        let _: io::Result<()> = input.write_all(text.as_bytes());
    }
    let output = child.wait_with_output().map_err(wrong)?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.lines().next().unwrap_or("it said nothing").trim().to_owned();
    Err(NetnsError::Filter(said))
}
