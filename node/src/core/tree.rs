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
//!
//! The two ends of a link may take a version for one of different trees, the shared one and its
//! author's own, since each counts who is busy by itself; so what one end was told may be unknown in
//! the tree that it uses now. Whoever is still pushing long after it was pruned is therefore a way
//! again, and an origin that may push to nobody begins anew.

use std::time::Duration;

use super::io::ConnId;
use super::sorted::Sorted;
use crate::wire::NodeId;

/// How many writes an origin is seen to make for certain before it gets a tree of its own: with
/// fewer, its tree would still be a copy of the shared one.
const BUSY: u64 = 3;

/// The trees that pass through this node.
#[derive(Debug, Default)]
pub(super) struct Trees {
    limit: usize,
    /// How long what was under way when a link was pruned may take.
    under_way: Duration,
    /// The tree that all origins without one of their own share.
    shared: Tree,
    /// The most frequent origins; at most `limit`.
    origins: Sorted<NodeId, Origin>,
    /// No count among them is smaller. It never shrinks: whoever takes a place counts on from there.
    least: u64,
}

#[derive(Debug)]
struct Origin {
    count: u64,
    /// How much of the count may belong to the origin whose place it took.
    error: u64,
    own: Option<Box<Tree>>,
}

/// A tree, as seen from here.
#[derive(Debug, Clone, Default)]
struct Tree {
    /// Where this node does not push: these neighbours said that they have another way.
    lazy: Sorted<ConnId, ()>,
    /// Who was told not to push here, and when last.
    pruned: Sorted<ConnId, Duration>,
    /// By whom its versions come; nobody at their origin itself.
    parent: Option<ConnId>,
}

impl Trees {
    /// With room for as many trees of their own. What was under way when a link was pruned has come
    /// within a time.
    pub(super) fn new(limit: usize, under_way: Duration) -> Self {
        Self { limit, under_way, ..Self::default() }
    }

    /// Counts a write of this origin.
    pub(super) fn note(&mut self, author: NodeId) {
        if self.limit == 0 {
            return;
        }
        if !self.origins.contains_key(&author) {
            let mut error = 0;
            if self.origins.len() >= self.limit
                && let Some((rarest, count)) = self.rarest()
            {
                self.origins.remove(&rarest);
                (self.least, error) = (count, count);
            }
            self.origins.insert(author, Origin { count: error, error, own: None });
        }
        if let Some(origin) = self.origins.get_mut(&author) {
            origin.count += 1;
            if origin.own.is_none() && origin.count - origin.error >= BUSY {
                // It starts with what the shared tree has learnt, so that it does not flood.
                origin.own = Some(Box::new(self.shared.clone()));
            }
        }
    }

    /// The origin that was seen least often, the first of them.
    fn rarest(&self) -> Option<(NodeId, u64)> {
        let mut rarest: Option<(NodeId, u64)> = None;
        for (id, origin) in self.origins.iter() {
            if origin.count <= self.least {
                return Some((*id, origin.count));
            }
            if rarest.is_none_or(|(_, count)| origin.count < count) {
                rarest = Some((*id, origin.count));
            }
        }
        rarest
    }

    /// The links that are lazy in the tree of this origin: its versions are announced there.
    pub(super) fn lazy(&self, author: NodeId) -> &Sorted<ConnId, ()> {
        let own = self.origins.get(&author).and_then(|origin| origin.own.as_deref());
        &own.unwrap_or(&self.shared).lazy
    }

    /// A write was made here, and so many neighbours keep trees. If all of them have another way for
    /// what passes through here, they have none for this: until they had grafted it nobody would hear
    /// of it.
    pub(super) fn originated(&mut self, author: NodeId, neighbours: usize) {
        let tree = self.tree(author);
        if tree.lazy.len() >= neighbours {
            tree.lazy = Sorted::default();
        }
    }

    /// A version that this neighbour pushed has won.
    pub(super) fn delivered(&mut self, author: NodeId, conn: ConnId, now: Duration) {
        let under_way = self.under_way;
        let tree = self.tree(author);
        // What a link had under way when it was pruned is no way that lasts. Who delivers later than
        // that does not know in its tree that it was.
        if tree.parent.is_some() && tree.pruned.get(&conn).is_some_and(|told| now < *told + under_way) {
            return;
        }
        tree.pruned.remove(&conn);
        tree.parent = Some(conn);
    }

    /// This neighbour pushed what had come by push already: whether to tell it not to.
    pub(super) fn repeated(&mut self, author: NodeId, conn: ConnId, now: Duration) -> bool {
        let tree = self.tree(author);
        let prune = tree.parent != Some(conn);
        if prune {
            tree.pruned.insert(conn, now);
        }
        prune
    }

    /// This neighbour said that it has another way.
    pub(super) fn pruned(&mut self, author: NodeId, conn: ConnId) {
        self.tree(author).lazy.insert(conn, ());
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
        let own = self.origins.values_mut().filter_map(|origin| origin.own.as_deref_mut());
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
        match self.origins.get_mut(&author).and_then(|origin| origin.own.as_deref_mut()) {
            Some(own) => own,
            None => &mut self.shared,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Hex;

    const NOW: Duration = Duration::from_secs(1);
    const LATE: Duration = Duration::from_millis(500);

    fn author(number: u16) -> NodeId {
        let mut id = [0; 16];
        id[..2].copy_from_slice(&number.to_be_bytes());
        Hex(id)
    }

    #[test]
    fn a_busy_origin_gets_a_tree_of_its_own_that_starts_pruned() {
        let mut trees = Trees::new(4, LATE);
        let (busy, rare, link, other) = (author(1), author(2), ConnId(1), ConnId(2));
        trees.pruned(busy, link);
        for _ in 0..BUSY {
            trees.note(busy);
        }
        assert!(trees.lazy(busy).contains_key(&link) && trees.lazy(rare).contains_key(&link));
        trees.wanted(busy, link);
        trees.pruned(busy, other);
        assert!(!trees.lazy(busy).contains_key(&link) && trees.lazy(busy).contains_key(&other));
        assert!(trees.lazy(rare).contains_key(&link) && !trees.lazy(rare).contains_key(&other));
        assert_eq!(trees.count(), 1);
    }

    #[test]
    fn ten_thousand_origins_of_one_write_take_bounded_space_and_no_tree() {
        let mut trees = Trees::new(8, LATE);
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
        let mut trees = Trees::new(4, LATE);
        let (busy, link) = (author(1), ConnId(1));
        trees.pruned(busy, link);
        for _ in 0..BUSY {
            trees.note(busy);
        }
        trees.forget(link);
        assert!(!trees.lazy(busy).contains_key(&link) && !trees.lazy(author(2)).contains_key(&link));
    }

    /// A tree of one origin, with two links by which its writes come.
    fn two_ways() -> (Trees, NodeId, ConnId, ConnId) {
        let (mut trees, author) = (Trees::new(4, LATE), author(1));
        for _ in 0..BUSY {
            trees.note(author);
        }
        (trees, author, ConnId(1), ConnId(2))
    }

    #[test]
    fn a_burst_that_comes_first_by_one_link_then_by_the_other_prunes_only_one() {
        let (mut trees, author, one, other) = two_ways();
        trees.delivered(author, one, NOW);
        assert!(trees.repeated(author, other, NOW));
        // What the pruned link had under way comes first now, and by the parent again.
        trees.delivered(author, other, NOW + LATE / 2);
        assert!(!trees.repeated(author, one, NOW), "the parent stays");

        let (mut trees, author, one, other) = two_ways();
        trees.delivered(author, one, NOW);
        trees.delivered(author, other, NOW);
        assert!(!trees.repeated(author, other, NOW), "the last of two open ways is the parent");
        assert!(trees.repeated(author, one, NOW));
    }

    #[test]
    fn who_was_pruned_and_does_not_know_of_it_is_a_way_again() {
        let (mut trees, author, one, other) = two_ways();
        trees.delivered(author, one, NOW);
        assert!(trees.repeated(author, other, NOW));
        trees.delivered(author, other, NOW + LATE);
        assert!(trees.repeated(author, one, NOW + LATE));
        assert!(!trees.repeated(author, other, NOW + LATE));
    }

    #[test]
    fn an_origin_that_may_push_to_nobody_begins_anew() {
        let (mut trees, author, one, other) = two_ways();
        trees.pruned(author, one);
        trees.originated(author, 2);
        assert!(trees.lazy(author).contains_key(&one), "the other way is open");
        trees.pruned(author, other);
        trees.originated(author, 2);
        assert!(trees.lazy(author).is_empty());
    }

    #[test]
    fn a_graft_makes_a_parent_and_a_broken_link_leaves_none() {
        let (mut trees, author, one, other) = two_ways();
        trees.delivered(author, one, NOW);
        assert!(trees.repeated(author, other, NOW));
        trees.grafted(author, other);
        assert!(!trees.repeated(author, other, NOW) && trees.repeated(author, one, NOW));
        trees.forget(other);
        trees.delivered(author, one, NOW);
        assert!(!trees.repeated(author, one, NOW), "a way that was pruned is better than none");
    }
}
