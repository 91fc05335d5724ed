//! What the kernel drops on its way between nodes: one table of its packet filter, in the hub.
//!
//! What is to be dropped is a set of elements, kept here and in the kernel, and only the difference is
//! told, in one transaction. The rules never change: what is looked up in the kernel's sets is found as
//! fast with a thousand links as with one.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write as _};
use std::net::Ipv4Addr;
use std::process::{Command, Stdio};

use super::address;
use super::privilege;
use crate::world::{Direction, NodeIndex};

#[cfg(test)]
mod tests;

/// The one table. `forward` sees what passes between nodes, `input` what comes to a proxy.
///
/// A packet is judged by who sends it to whom. For a partition the sender's side is looked up first, and
/// then whether the receiver is apart from that side: as many elements as there are nodes and sides.
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

/// Shares of loss are told to the kernel in millionths.
const WHOLE_MILLIONTHS: u32 = 1_000_000;

/// What is dropped between nodes.
#[derive(Debug)]
pub(super) struct Filter {
    cut: BTreeSet<Direction>,
    sides: BTreeMap<NodeIndex, usize>,
    lost: BTreeMap<Direction, u32>,
    /// Where the proxy stands for who dials whom.
    proxies: BTreeMap<Direction, Ipv4Addr>,
    /// What the kernel knows.
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
    /// One that drops nothing, in the namespace of this thread.
    pub(super) fn new() -> Result<Self, String> {
        tell(TABLE)?;
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

    /// Where the proxy stands through which one node dials another.
    pub(super) fn proxy(&self, there: Direction) -> Option<Ipv4Addr> {
        self.proxies.get(&there).copied()
    }

    /// A proxy stands there from now on, at an address by its number; where. What is dropped on the
    /// link is dropped on its way through the proxy.
    pub(super) fn stand(
        &mut self,
        there: Direction,
        address: impl FnOnce(usize) -> Result<Ipv4Addr, String>,
    ) -> Result<Ipv4Addr, String> {
        let address = address(self.proxies.len())?;
        self.proxies.insert(there, address);
        self.apply()?;
        Ok(address)
    }

    /// Whether nothing gets through by itself.
    pub(super) fn cut(&mut self, direction: Direction, cut: bool) {
        if cut {
            self.cut.insert(direction);
        } else {
            self.cut.remove(&direction);
        }
    }

    /// Loses this share, 0 to 1, of packets.
    pub(super) fn lose(&mut self, direction: Direction, share: f64) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is clamped before")]
        let millionths = (share.clamp(0.0, 1.0) * f64::from(WHOLE_MILLIONTHS)).round() as u32;
        if millionths == 0 {
            self.lost.remove(&direction);
        } else {
            self.lost.insert(direction, millionths);
        }
    }

    /// Puts sets of nodes apart, in the place of those before.
    pub(super) fn part(&mut self, sets: &[Vec<NodeIndex>]) {
        let sides = sets.iter().enumerate();
        self.sides = sides.flat_map(|(side, set)| set.iter().map(move |node| (*node, side))).collect();
    }

    /// The addresses at which one node has the other: its own, and those of the proxies between them.
    pub(super) fn ends(&self, Direction { from, to }: Direction) -> Vec<Ipv4Addr> {
        let back = Direction { from: to, to: from };
        let proxies = [Direction { from, to }, back].into_iter().filter_map(|dial| self.proxy(dial));
        address::of_node(to).ok().into_iter().chain(proxies).collect()
    }

    /// Tells the kernel what has changed. It is in force then.
    pub(super) fn apply(&mut self) -> Result<(), String> {
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
            tell(&text)?;
        }
        // What is refused is refused as a whole.
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

    /// Who sends to whom when traffic goes that way.
    fn pairs(&self, direction: Direction) -> impl Iterator<Item = (Ipv4Addr, Ipv4Addr)> + use<> {
        let from = address::of_node(direction.from).ok();
        self.ends(direction).into_iter().filter_map(move |to| Some((from?, to)))
    }
}

impl Element {
    /// As `nft` reads it; with its value if it is to be added.
    fn text(self, whole: bool) -> String {
        match self {
            Self::Silent(from, to) => format!("silent {{ {from} . {to} }}"),
            // No mark is what a packet has that was given none.
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

/// The chain that drops so many of a million packets.
fn chain(millionths: u32) -> String {
    // What is always so is no question to `nft`, and none that it takes.
    let drawn = if millionths < WHOLE_MILLIONTHS {
        format!("numgen random mod {WHOLE_MILLIONTHS} < {millionths} ")
    } else {
        String::new()
    };
    format!("add chain ip tools loss_{millionths}\nadd rule ip tools loss_{millionths} {drawn}drop\n")
}

/// Has `nft` do all of that, or nothing.
fn tell(text: &str) -> Result<(), String> {
    let program = privilege::nft()?;
    let wrong = |error: io::Error| format!("cannot run `{}`: {error}", program.display());
    let mut child = Command::new(&program)
        .args(["-f", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .map_err(wrong)?;
    if let Some(mut input) = child.stdin.take() {
        // Where it does not read to the end it says why.
        let _: io::Result<()> = input.write_all(text.as_bytes());
    }
    let output = child.wait_with_output().map_err(wrong)?;
    if output.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.lines().next().unwrap_or("it said nothing").trim().to_owned();
    Err(format!("the packet filter refused a change: {said}"))
}
