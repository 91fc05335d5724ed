//! Properties of a network as a whole that follow from its links: components and diameter.

use super::link::Link;
use super::node::{Life, Node};
use crate::world::NodeIndex;

/// The links of each node.
pub(super) struct Adjacency<'a> {
    pub links: &'a [Link],
    /// The positions of each node's links.
    pub adjacent: &'a [Vec<usize>],
}

impl Adjacency<'_> {
    /// Returns the links of a node, in order.
    fn of(&self, node: usize) -> impl Iterator<Item = Link> {
        self.adjacent[node].iter().map(|position| self.links[*position])
    }
}

/// The running nodes, divided by the links that may be up.
#[derive(Debug, Clone)]
pub(super) struct Components {
    all: Vec<Vec<NodeIndex>>,
    /// The component of each node, by its place in `all`; none for a node that does not run.
    of: Vec<Option<usize>>,
}

impl Components {
    /// Divides the running nodes by links that may be up.
    pub(super) fn new(nodes: &[Node], links: &Adjacency<'_>, is_open: impl Fn(Link) -> bool) -> Self {
        let mut of = vec![None; nodes.len()];
        let mut all = Vec::new();
        for (first, node) in nodes.iter().enumerate().map(|(index, node)| (NodeIndex(index), node)) {
            if of[first.0].is_some() || node.life != Life::Running {
                continue;
            }
            of[first.0] = Some(all.len());
            let mut component = vec![first];
            let mut next = 0;
            while let Some(node) = component.get(next).copied() {
                next += 1;
                for link in links.of(node.0) {
                    let far = if link.from == node { link.to } else { link.from };
                    if of[far.0].is_none() && is_open(link) {
                        of[far.0] = Some(all.len());
                        component.push(far);
                    }
                }
            }
            component.sort_unstable();
            all.push(component);
        }
        Self { all, of }
    }

    pub(super) fn all(&self) -> &[Vec<NodeIndex>] {
        &self.all
    }

    pub(super) fn of(&self, node: NodeIndex) -> &[NodeIndex] {
        self.of.get(node.0).copied().flatten().map_or(&[], |place| self.all[place].as_slice())
    }

    pub(super) fn together(&self, one: NodeIndex, other: NodeIndex) -> bool {
        let of = |node: NodeIndex| self.of.get(node.0).copied().flatten();
        of(one).is_some() && of(one) == of(other)
    }
}

/// Returns the length of the longest shortest path, over all links asked for. Each search over the
/// network bounds the distance of every other node to its farthest. Nodes that cannot be farther than
/// the greatest distance found are not searched from (Takes and Kosters, *Determining the diameter of
/// small world networks*, 2011).
pub(super) fn diameter(links: &Adjacency<'_>) -> usize {
    let count = links.adjacent.len();
    // The bounds on the distance from each node to its farthest.
    let (mut least, mut most) = (vec![0usize; count], vec![usize::MAX; count]);
    let mut waiting: Vec<usize> = (0..count).collect();
    let mut longest = 0;
    let mut walk = Walk { distance: vec![usize::MAX; count], reached: Vec::with_capacity(count) };
    let mut from_the_edge = true;
    loop {
        waiting.retain(|&node| most[node] > longest && least[node] < most[node]);
        // In turn the node that may be farthest out, and the one most in the middle.
        let chosen = if from_the_edge {
            waiting.iter().max_by_key(|&&node| (most[node], links.adjacent[node].len()))
        } else {
            waiting.iter().min_by_key(|&&node| (least[node], usize::MAX - links.adjacent[node].len()))
        };
        let Some(&chosen) = chosen else { return longest };
        from_the_edge = !from_the_edge;
        let farthest = walk.from(links, chosen);
        longest = longest.max(farthest);
        (least[chosen], most[chosen]) = (farthest, farthest);
        for &node in &walk.reached {
            let distance = walk.distance[node];
            least[node] = least[node].max(distance).max(farthest.saturating_sub(distance));
            most[node] = most[node].min(farthest.saturating_add(distance));
        }
    }
}

/// A breadth-first search over the network.
struct Walk {
    distance: Vec<usize>,
    reached: Vec<usize>,
}

impl Walk {
    /// Searches from a node. Returns the distance of the farthest node reached, in links.
    fn from(&mut self, links: &Adjacency<'_>, first: usize) -> usize {
        for &node in &self.reached {
            self.distance[node] = usize::MAX;
        }
        self.reached.clear();
        self.distance[first] = 0;
        self.reached.push(first);
        let mut next = 0;
        let mut farthest = 0;
        while let Some(&node) = self.reached.get(next) {
            next += 1;
            farthest = self.distance[node];
            for link in links.of(node) {
                let far = if link.from.0 == node { link.to.0 } else { link.from.0 };
                if self.distance[far] == usize::MAX {
                    self.distance[far] = farthest + 1;
                    self.reached.push(far);
                }
            }
        }
        farthest
    }
}
