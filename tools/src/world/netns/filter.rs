//! The packet filter of the kernel: one table, in the hub, that drops packets between nodes.
//!
//! The packets to be dropped are a set of elements, kept here and in the kernel. Only the difference of the
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

/// The one table. `forward` sees packets between nodes, `input` packets to a proxy.
///
/// A packet is judged by its sender and its receiver. For a partition the rules look up the sender's side,
/// and then test if the receiver is apart from that side. This takes as many elements as nodes times sides.
const TABLE: &str = "\
table ip tools {
  set silent { typeof ip saddr . ip daddr; }
  map side { typeof ip saddr : meta mark; }
  set apart { typeof ip daddr . meta mark; }
  map lossy { typeof ip saddr . ip daddr : verdict; }
  chain judge {
    ip saddr . ip daddr @silent drop
    meta mark set ip saddr map @side ip daddr . meta mark @apart drop
    ip saddr . ip daddr vmap @lossy
  }
  chain forward { type filter hook forward priority 0; jump judge; }
  chain input { type filter hook input priority 0; jump judge; }
}
";

/// The unit of shares of loss in the kernel: millionths.
const WHOLE_MILLIONTHS: u32 = 1_000_000;

/// The filter between nodes: the packets that are to be dropped, and the kernel's copy of that.
#[derive(Debug)]
pub(super) struct Filter {
    cut: BTreeSet<Direction>,
    sides: BTreeMap<NodeIndex, usize>,
    lost: BTreeMap<Direction, u32>,
    /// The address of the proxy for each pair of a dialling node and a dialled node.
    proxies: BTreeMap<Direction, Ipv4Addr>,
    /// The elements that the kernel has.
    told: BTreeSet<Element>,
    /// The shares of loss that have a chain.
    chains: BTreeSet<u32>,
}

/// One element of one of the kernel's sets.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Element {
    Silent(Ipv4Addr, Ipv4Addr),
    Side(Ipv4Addr, usize),
    Apart(Ipv4Addr, usize),
    Lossy(Ipv4Addr, Ipv4Addr, u32),
}

impl Filter {
    /// Creates a filter that drops nothing, in the namespace of this thread.
    pub(super) fn new() -> Result<Self, NetnsError> {
        run_nft(TABLE)?;
        Ok(Self::knowing_nothing())
    }

    fn knowing_nothing() -> Self {
        Self {
            cut: BTreeSet::new(),
            sides: BTreeMap::new(),
            lost: BTreeMap::new(),
            proxies: BTreeMap::new(),
            told: BTreeSet::new(),
            chains: BTreeSet::new(),
        }
    }

    /// Returns the address of the proxy through which one node dials another.
    pub(super) fn proxy(&self, there: Direction) -> Option<Ipv4Addr> {
        self.proxies.get(&there).copied()
    }

    /// Adds a proxy at an address by its number, and returns the address. Packets that are dropped on the
    /// link are dropped on their way through the proxy too.
    pub(super) fn add_proxy(
        &mut self,
        there: Direction,
        address: impl FnOnce(usize) -> Result<Ipv4Addr, NetnsError>,
    ) -> Result<Ipv4Addr, NetnsError> {
        let address = address(self.proxies.len())?;
        self.proxies.insert(there, address);
        self.apply()?;
        Ok(address)
    }

    /// Drops all packets of a direction, or lets them through again.
    pub(super) fn cut(&mut self, direction: Direction, cut: bool) {
        if cut {
            self.cut.insert(direction);
        } else {
            self.cut.remove(&direction);
        }
    }

    /// Sets the share of packets, 0 to 1, that a direction loses.
    pub(super) fn lose(&mut self, direction: Direction, share: f64) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is clamped before")]
        let millionths = (share.clamp(0.0, 1.0) * f64::from(WHOLE_MILLIONTHS)).round() as u32;
        if millionths == 0 {
            self.lost.remove(&direction);
        } else {
            self.lost.insert(direction, millionths);
        }
    }

    /// Puts sets of nodes apart, in place of those before.
    pub(super) fn set_partition(&mut self, sets: &[Vec<NodeIndex>]) {
        let sides = sets.iter().enumerate();
        self.sides = sides.flat_map(|(side, set)| set.iter().map(move |node| (*node, side))).collect();
    }

    /// Returns the addresses at which one node finds the other: its own, and those of the proxies between
    /// them.
    pub(super) fn ends(&self, Direction { from, to }: Direction) -> Vec<Ipv4Addr> {
        let back = Direction { from: to, to: from };
        let proxies = [Direction { from, to }, back].into_iter().filter_map(|dial| self.proxy(dial));
        address::of_node(to).ok().into_iter().chain(proxies).collect()
    }

    /// Sends the changes to the kernel. They are in force when this returns.
    pub(super) fn apply(&mut self) -> Result<(), NetnsError> {
        let wanted = self.elements();
        let (mut text, mut chains) = (String::new(), self.chains.clone());
        for gone in self.told.difference(&wanted) {
            text += &format!("delete element ip tools {}\n", gone.text(false));
        }
        for new in wanted.difference(&self.told) {
            if let Element::Lossy(_, _, millionths) = new
                && chains.insert(*millionths)
            {
                text += &chain(*millionths);
            }
            text += &format!("add element ip tools {}\n", new.text(true));
        }
        if !text.is_empty() {
            run_nft(&text)?;
        }
        // The kernel refuses a transaction as a whole, so the changes are recorded only once it was accepted.
        (self.told, self.chains) = (wanted, chains);
        Ok(())
    }

    fn elements(&self) -> BTreeSet<Element> {
        let mut elements = BTreeSet::new();
        for direction in &self.cut {
            for (from, to) in self.pairs(*direction) {
                elements.insert(Element::Silent(from, to));
            }
        }
        for (direction, millionths) in &self.lost {
            for (from, to) in self.pairs(*direction) {
                elements.insert(Element::Lossy(from, to, *millionths));
            }
        }
        let all: BTreeSet<usize> = self.sides.values().copied().collect();
        for (node, side) in &self.sides {
            let Ok(address) = address::of_node(*node) else { continue };
            elements.insert(Element::Side(address, *side));
            for other in all.iter().filter(|other| *other != side) {
                elements.insert(Element::Apart(address, *other));
            }
        }
        for (there, proxy) in &self.proxies {
            if let [Some(one), Some(other)] = [there.from, there.to].map(|node| self.sides.get(&node))
                && one != other
            {
                elements.extend([Element::Apart(*proxy, *one), Element::Apart(*proxy, *other)]);
            }
        }
        elements
    }

    /// Returns the pairs of sender and receiver addresses of traffic in a direction.
    fn pairs(&self, direction: Direction) -> impl Iterator<Item = (Ipv4Addr, Ipv4Addr)> + use<> {
        let from = address::of_node(direction.from).ok();
        self.ends(direction).into_iter().filter_map(move |to| Some((from?, to)))
    }
}

impl Element {
    /// Formats the element as `nft` reads it. `whole` adds its value, as needed to add the element.
    fn text(self, whole: bool) -> String {
        match self {
            Self::Silent(from, to) => format!("silent {{ {from} . {to} }}"),
            // A packet without a side has the mark 0, so the marks of sides begin at 1.
            Self::Side(node, side) if whole => format!("side {{ {node} : {} }}", side + 1),
            Self::Side(node, _) => format!("side {{ {node} }}"),
            Self::Apart(node, side) => format!("apart {{ {node} . {} }}", side + 1),
            Self::Lossy(from, to, millionths) if whole => {
                format!("lossy {{ {from} . {to} : jump loss_{millionths} }}")
            }
            Self::Lossy(from, to, _) => format!("lossy {{ {from} . {to} }}"),
        }
    }
}

/// Returns the commands for the chain that drops so many of a million packets.
fn chain(millionths: u32) -> String {
    // `nft` refuses a condition that always holds.
    let drawn = if millionths < WHOLE_MILLIONTHS {
        format!("numgen random mod {WHOLE_MILLIONTHS} < {millionths} ")
    } else {
        String::new()
    };
    format!("add chain ip tools loss_{millionths}\nadd rule ip tools loss_{millionths} {drawn}drop\n")
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
