//! Which links a version is pushed along, and which are only told of it.
//!
//! Plumtree: Leitão, Pereira, Rodrigues, *Epidemic Broadcast Trees* (2007). Of every tree the
//! *lazy* links are remembered; all others are eager, so that a new link is eager everywhere.
//! The busiest origins have a tree each, in a bounded number; all others share one. Who is busy is
//! counted in bounded space: Metwally, Agrawal, El Abbadi, *Efficient Computation of Frequent and
//! Top-k Elements in Data Streams* (2005), "space-saving".
//!
//! Unlike the paper's, the links of a tree are lazy or eager a direction at a time, and each node
//! has a *parent* in it: the link by which the last version came first. The parent is never pruned,
//! and only a link that was not pruned becomes it. So a burst of writes, of which some come first by
//! one link and some by another, cannot prune all ways to a node, as it can in the paper's tree,
//! where only the grafts of the next writes would mend it.

use std::collections::{BTreeMap, BTreeSet};

use super::io::ConnId;
use crate::wire::NodeId;

/// How many writes an origin is seen to make for certain before it gets a tree of its own: with
/// fewer, its tree would still be a copy of the shared one.
const BUSY: u64 = 3;

/// The trees that pass through this node.
#[derive(Debug, Default)]
pub(super) struct Trees {
    limit: usize,
    /// The tree that all origins without one of their own share.
    shared: Tree,
    /// The most frequent origins; at most `limit`.
    origins: BTreeMap<NodeId, Origin>,
}

#[derive(Debug)]
struct Origin {
    count: u64,
    /// How much of the count may belong to the origin whose place it took.
    error: u64,
    own: Option<Tree>,
}

/// A tree, as seen from here.
#[derive(Debug, Clone, Default)]
struct Tree {
    /// Where this node does not push: these neighbours said that they have another way.
    lazy: BTreeSet<ConnId>,
    /// Who was told not to push here.
    pruned: BTreeSet<ConnId>,
    /// By whom its versions come; nobody at their origin itself.
    parent: Option<ConnId>,
}

impl Trees {
    /// With room for as many trees of their own.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, ..Self::default() }
    }

    /// Counts a write of this origin.
    pub(super) fn note(&mut self, author: NodeId) {
        if self.limit == 0 {
            return;
        }
        if !self.origins.contains_key(&author) {
            let mut error = 0;
            if self.origins.len() >= self.limit
                && let Some((least, count)) = self
                    .origins
                    .iter()
                    .map(|(id, origin)| (*id, origin.count))
                    .min_by_key(|(_, count)| *count)
            {
                self.origins.remove(&least);
                error = count;
            }
            self.origins.insert(author, Origin { count: error, error, own: None });
        }
        if let Some(origin) = self.origins.get_mut(&author) {
            origin.count += 1;
            if origin.own.is_none() && origin.count - origin.error >= BUSY {
                // It starts with what the shared tree has learnt, so that it does not flood.
                origin.own = Some(self.shared.clone());
            }
        }
    }

    /// Whether a link is lazy in the tree of this origin: its versions are announced there.
    pub(super) fn is_lazy(&self, author: NodeId, conn: ConnId) -> bool {
        let own = self.origins.get(&author).and_then(|origin| origin.own.as_ref());
        own.unwrap_or(&self.shared).lazy.contains(&conn)
    }

    /// A version that this neighbour pushed has won.
    pub(super) fn delivered(&mut self, author: NodeId, conn: ConnId) {
        let tree = self.tree(author);
        if tree.parent.is_none() {
            tree.pruned.remove(&conn);
        }
        // A pruned link that still delivers had this under way: it is no way that lasts.
        if !tree.pruned.contains(&conn) {
            tree.parent = Some(conn);
        }
    }

    /// This neighbour pushed what had come by push already: whether to tell it not to.
    pub(super) fn repeated(&mut self, author: NodeId, conn: ConnId) -> bool {
        let tree = self.tree(author);
        let prune = tree.parent != Some(conn);
        if prune {
            tree.pruned.insert(conn);
        }
        prune
    }

    /// This neighbour said that it has another way.
    pub(super) fn pruned(&mut self, author: NodeId, conn: ConnId) {
        self.tree(author).lazy.insert(conn);
    }

    /// This neighbour is asked to push what it announced: it is the way from now on.
    pub(super) fn grafted(&mut self, author: NodeId, conn: ConnId) {
        let tree = self.tree(author);
        tree.pruned.remove(&conn);
        tree.parent = Some(conn);
    }

    /// This neighbour asked for what was announced to it: it is pushed to from now on.
    pub(super) fn wanted(&mut self, author: NodeId, conn: ConnId) {
        self.tree(author).lazy.remove(&conn);
    }

    /// Forgets a link that is down.
    pub(super) fn forget(&mut self, conn: ConnId) {
        let own = self.origins.values_mut().filter_map(|origin| origin.own.as_mut());
        for tree in own.chain([&mut self.shared]) {
            tree.lazy.remove(&conn);
            tree.pruned.remove(&conn);
            tree.parent = tree.parent.filter(|parent| *parent != conn);
        }
    }

    /// How many origins have a tree of their own.
    pub(super) fn count(&self) -> usize {
        self.origins.values().filter(|origin| origin.own.is_some()).count()
    }

    fn tree(&mut self, author: NodeId) -> &mut Tree {
        match self.origins.get_mut(&author).and_then(|origin| origin.own.as_mut()) {
            Some(own) => own,
            None => &mut self.shared,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Hex;

    fn author(number: u16) -> NodeId {
        let mut id = [0; 16];
        id[..2].copy_from_slice(&number.to_be_bytes());
        Hex(id)
    }

    #[test]
    fn a_busy_origin_gets_a_tree_of_its_own_that_starts_pruned() {
        let mut trees = Trees::new(4);
        let (busy, rare, link, other) = (author(1), author(2), ConnId(1), ConnId(2));
        trees.pruned(busy, link);
        for _ in 0..BUSY {
            trees.note(busy);
        }
        assert!(trees.is_lazy(busy, link) && trees.is_lazy(rare, link));
        trees.wanted(busy, link);
        trees.pruned(busy, other);
        assert!(!trees.is_lazy(busy, link) && trees.is_lazy(busy, other));
        assert!(trees.is_lazy(rare, link) && !trees.is_lazy(rare, other));
        assert_eq!(trees.count(), 1);
    }

    #[test]
    fn ten_thousand_origins_of_one_write_take_bounded_space_and_no_tree() {
        let mut trees = Trees::new(8);
        for number in 0..10_000 {
            trees.note(author(number));
        }
        assert_eq!((trees.origins.len(), trees.count()), (8, 0));
        for _ in 0..BUSY {
            trees.note(author(20_000));
        }
        assert_eq!(trees.count(), 1);
    }

    #[test]
    fn a_link_that_went_down_is_forgotten_in_every_tree() {
        let mut trees = Trees::new(4);
        let (busy, link) = (author(1), ConnId(1));
        trees.pruned(busy, link);
        for _ in 0..BUSY {
            trees.note(busy);
        }
        trees.forget(link);
        assert!(!trees.is_lazy(busy, link) && !trees.is_lazy(author(2), link));
    }

    /// A tree of one origin, with two links by which its writes come.
    fn two_ways() -> (Trees, NodeId, ConnId, ConnId) {
        let (mut trees, author) = (Trees::new(4), author(1));
        for _ in 0..BUSY {
            trees.note(author);
        }
        (trees, author, ConnId(1), ConnId(2))
    }

    #[test]
    fn a_burst_that_comes_first_by_one_link_then_by_the_other_prunes_only_one() {
        let (mut trees, author, one, other) = two_ways();
        trees.delivered(author, one);
        assert!(trees.repeated(author, other));
        // What the pruned link had under way comes first now, and by the parent again.
        trees.delivered(author, other);
        assert!(!trees.repeated(author, one), "the parent stays");

        let (mut trees, author, one, other) = two_ways();
        trees.delivered(author, one);
        trees.delivered(author, other);
        assert!(!trees.repeated(author, other), "the last of two open ways is the parent");
        assert!(trees.repeated(author, one));
    }

    #[test]
    fn a_graft_makes_a_parent_and_a_broken_link_leaves_none() {
        let (mut trees, author, one, other) = two_ways();
        trees.delivered(author, one);
        assert!(trees.repeated(author, other));
        trees.grafted(author, other);
        assert!(!trees.repeated(author, other) && trees.repeated(author, one));
        trees.forget(other);
        trees.delivered(author, one);
        assert!(!trees.repeated(author, one), "a way that was pruned is better than none");
    }
}
