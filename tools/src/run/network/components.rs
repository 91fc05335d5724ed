//! What follows from the links of a network as a whole: its components, and its diameter.

use super::{Life, Network};
use crate::world::NodeIndex;

/// The running nodes, as the links that may be up divide them.
#[derive(Debug, Clone)]
pub(super) struct Components {
    all: Vec<Vec<NodeIndex>>,
    /// The component of each node, by its place in `all`; none of one that does not run.
    of: Vec<Option<usize>>,
}

impl Components {
    pub(super) fn new(network: &Network) -> Self {
        let mut of = vec![None; network.nodes.len()];
        let mut all = Vec::new();
        for (first, node) in network.nodes() {
            if of[first.0].is_some() || node.life != Life::Running {
                continue;
            }
            of[first.0] = Some(all.len());
            let mut component = vec![first];
            let mut next = 0;
            while let Some(node) = component.get(next).copied() {
                next += 1;
                for link in network.links_of(node) {
                    let far = if link.from == node { link.to } else { link.from };
                    if of[far.0].is_none() && network.is_open(link) {
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

/// The longest of the shortest ways, over all links asked for. Each walk over the network bounds how far
/// every other node can be from its farthest; nodes that cannot be farther than what was found are
/// not walked from (Takes and Kosters, *Determining the diameter of small world networks*, 2011).
pub(super) fn diameter(network: &Network) -> usize {
    let count = network.nodes.len();
    // Between which bounds the farthest node from each is.
    let (mut least, mut most) = (vec![0usize; count], vec![usize::MAX; count]);
    let mut waiting: Vec<usize> = (0..count).collect();
    let mut longest = 0;
    let mut walk = Walk { distance: vec![usize::MAX; count], reached: Vec::with_capacity(count) };
    let mut from_the_edge = true;
    loop {
        waiting.retain(|&node| most[node] > longest && least[node] < most[node]);
        // In turn the node that may be farthest out, and the one most in the middle.
        let chosen = if from_the_edge {
            waiting.iter().max_by_key(|&&node| (most[node], network.adjacent[node].len()))
        } else {
            waiting.iter().min_by_key(|&&node| (least[node], usize::MAX - network.adjacent[node].len()))
        };
        let Some(&chosen) = chosen else { return longest };
        from_the_edge = !from_the_edge;
        let farthest = walk.from(network, chosen);
        longest = longest.max(farthest);
        (least[chosen], most[chosen]) = (farthest, farthest);
        for &node in &walk.reached {
            let distance = walk.distance[node];
            least[node] = least[node].max(distance).max(farthest.saturating_sub(distance));
            most[node] = most[node].min(farthest.saturating_add(distance));
        }
    }
}

/// A walk over the network, nearest nodes first.
struct Walk {
    distance: Vec<usize>,
    reached: Vec<usize>,
}

impl Walk {
    /// How far the farthest node is.
    fn from(&mut self, network: &Network, first: usize) -> usize {
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
            for position in &network.adjacent[node] {
                let link = network.links[*position];
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
