//! Dependencies between transactions, and the cycles in them.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

/// The number of edges from which a cycle is searched. Chosen: each search covers the whole component, and one
/// cycle is enough for a report.
pub(super) const TRIED_MAX: usize = 100;

/// A graph of numbered nodes.
#[derive(Debug, Clone, Default)]
pub(super) struct Graph {
    edges: BTreeMap<usize, BTreeSet<usize>>,
}

impl Graph {
    pub(super) fn link(&mut self, from: usize, to: usize) {
        if from != to {
            self.edges.entry(from).or_default().insert(to);
        }
    }

    fn after(&self, node: usize) -> impl Iterator<Item = usize> {
        self.edges.get(&node).into_iter().flatten().copied()
    }

    /// Returns the strongly connected components of more than one node (Tarjan 1972), without recursion. In
    /// such a component each node can be reached from each other.
    pub(super) fn components(&self) -> Vec<BTreeSet<usize>> {
        let mut number: BTreeMap<usize, usize> = BTreeMap::new();
        let mut low: BTreeMap<usize, usize> = BTreeMap::new();
        let (mut stack, mut on_stack, mut components) = (Vec::new(), BTreeSet::new(), Vec::new());
        for root in self.edges.keys() {
            if number.contains_key(root) {
                continue;
            }
            let mut path = vec![(*root, self.after(*root).collect::<Vec<_>>())];
            while let Some((node, open)) = path.last_mut() {
                let node = *node;
                if !number.contains_key(&node) {
                    let next = number.len();
                    number.insert(node, next);
                    low.insert(node, next);
                    stack.push(node);
                    on_stack.insert(node);
                }
                if let Some(next) = open.pop() {
                    if !number.contains_key(&next) {
                        path.push((next, self.after(next).collect()));
                    } else if on_stack.contains(&next) {
                        let least = low[&node].min(number[&next]);
                        low.insert(node, least);
                    }
                    continue;
                }
                path.pop();
                if let Some((above, _)) = path.last() {
                    let least = low[above].min(low[&node]);
                    low.insert(*above, least);
                }
                if low[&node] == number[&node] {
                    let mut component = BTreeSet::new();
                    while let Some(top) = stack.pop() {
                        on_stack.remove(&top);
                        component.insert(top);
                        if top == node {
                            break;
                        }
                    }
                    if component.len() > 1 {
                        components.push(component);
                    }
                }
            }
        }
        components
    }

    /// Returns a shortest path between two nodes within a set, both included.
    pub(super) fn shortest_path(
        &self,
        from: usize,
        to: usize,
        within: &BTreeSet<usize>,
    ) -> Option<Vec<usize>> {
        let mut predecessor: BTreeMap<usize, usize> = BTreeMap::new();
        let mut open = VecDeque::from([from]);
        while let Some(node) = open.pop_front() {
            if node == to {
                let mut way = vec![to];
                while let Some(before) =
                    way.last().filter(|last| **last != from).and_then(|last| predecessor.get(last))
                {
                    way.push(*before);
                }
                way.reverse();
                return Some(way);
            }
            for next in self.after(node).filter(|next| within.contains(next)) {
                if next != from && !predecessor.contains_key(&next) {
                    predecessor.insert(next, node);
                    open.push_back(next);
                }
            }
        }
        None
    }

    /// Returns a short cycle within a component, each node once: the shortest through one of its first
    /// edges.
    pub(super) fn cycle(&self, component: &BTreeSet<usize>) -> Vec<usize> {
        let from_each = component.iter().flat_map(|from| self.after(*from).map(move |next| (*from, next)));
        let cycles = from_each
            .filter(|(_, next)| component.contains(next))
            .take(TRIED_MAX)
            .filter_map(|(from, next)| {
                Some([vec![from], self.shortest_path(next, from, component)?].concat())
            })
            .map(|mut cycle| {
                cycle.pop();
                cycle
            });
        cycles.min_by_key(Vec::len).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn graph(edges: &[(usize, usize)]) -> Graph {
        let mut graph = Graph::default();
        for (from, to) in edges {
            graph.link(*from, *to);
        }
        graph
    }

    #[test]
    fn knots_are_what_leads_back() {
        let graph = graph(&[(1, 2), (2, 3), (3, 1), (3, 4), (4, 5), (5, 4), (5, 6), (7, 7), (2, 1)]);
        assert_eq!(graph.components(), [BTreeSet::from([4, 5]), BTreeSet::from([1, 2, 3])]);
        assert_eq!(graph.cycle(&BTreeSet::from([1, 2, 3])), [1, 2]);
        assert_eq!(graph.shortest_path(1, 3, &BTreeSet::from([1, 2, 3])), Some(vec![1, 2, 3]));
        assert_eq!(graph.shortest_path(4, 1, &BTreeSet::from([1, 4])), None);
    }

    #[test]
    fn a_long_chain_is_no_burden() {
        let mut edges: Vec<(usize, usize)> = (0..100_000).map(|at| (at, at + 1)).collect();
        assert_eq!(graph(&edges).components(), Vec::<BTreeSet<usize>>::new());
        edges.push((100_000, 0));
        assert_eq!(graph(&edges).components().len(), 1);
    }
}
