//! The push trees: for each origin, the links along which its versions are pushed, and those on
//! which they are only announced.
//!
//! Plumtree: Leitão, Pereira, Rodrigues, *Epidemic Broadcast Trees* (2007). Each tree stores its
//! *lazy* links; all others are eager, so that a new link is eager in every tree. The busiest
//! origins have a tree each, in a bounded number; all others share one. Busy origins are counted in
//! bounded space: Metwally, Agrawal, El Abbadi, *Efficient Computation of Frequent and Top-k
//! Elements in Data Streams* (2005), "space-saving".
//!
//! Unlike the paper's, each direction of a link is lazy or eager by itself, and each node has a
//! *parent* in each tree: the link by which the last version came first. The parent is never
//! pruned, and only a link that was not pruned becomes the parent. So a burst of writes, of which
//! some come first by one link and some by another, cannot prune all paths to a node. In the
//! paper's tree it can, and only the grafts of the next writes would mend it.
//!
//! Parents never form a cycle; a cycle would receive no version from outside:
//!
//! - The first copies of one write form a tree rooted at its author.
//! - A node that keeps its parent also relays a version that came first by another link. A receiver
//!   that then took this node for its parent might be on the node's own path from the author. Such
//!   a copy is therefore a *stray*: it is relayed as a stray, and replaces no parent.
//! - So each node's parent was set by a write whose copies came along the parents of that time. A
//!   later write sets it anew all the way from the author.
//! - Hence, along the parents, the writes by which they were set are never older. In a cycle all of
//!   them would be one write, whose copies came in order of time.
//!
//! A graft is the exception: it makes any neighbour that has the version a parent, and the next
//! writes mend a wrong choice.
//!
//! The two ends of a link may assign a version to different trees, the shared one and its author's
//! own: each end counts busy origins by itself. So a prune may be unknown in the tree that its
//! receiver uses now. Hence two rules:
//!
//! - a neighbour that still pushes long after it was pruned can become the parent again;
//! - an origin whose links are all lazy makes them eager again.

use std::time::Duration;

use crate::core::io::ConnId;
use crate::core::sorted_map::SortedMap;
use crate::wire::NodeId;

/// The number of certain writes after which an origin gets a tree of its own.
///
/// Chosen: with fewer, its tree would still be a copy of the shared one.
const BUSY_AFTER: u64 = 3;

/// The trees that pass through this node.
#[derive(Debug, Default)]
pub(in crate::core) struct Trees {
    /// The maximum number of counted origins.
    limit: usize,
    /// The time within which copies arrive that were in flight when their link was pruned.
    in_flight_max: Duration,
    /// The tree of all origins without one of their own.
    shared: Tree,
    /// The most frequent origins; at most `limit`.
    origins: SortedMap<NodeId, Origin>,
    /// Lower bound of the counts in `origins`. It never decreases: a new origin continues from the
    /// count of the one that it replaces.
    least: u64,
}

/// The count of one origin, and its tree.
#[derive(Debug)]
struct Origin {
    /// The number of its writes, as far as it is known.
    count: u64,
    /// The part of the count that may belong to the origins that had this place before.
    error: u64,
    /// The tree of this origin alone, once it is busy.
    own: Option<Box<Tree>>,
}

/// One tree, as this node sees it.
#[derive(Debug, Clone, Default)]
struct Tree {
    /// Links on which this node announces and does not push: these neighbours sent a prune.
    lazy: SortedMap<ConnId, ()>,
    /// Neighbours to which this node sent a prune, with the time of the last one.
    prune_sent: SortedMap<ConnId, Duration>,
    /// The neighbour that pushes the tree's versions to this node; none at their origin itself.
    parent: Option<ConnId>,
}

impl Trees {
    /// Creates the shared tree, with room for `limit` trees of single origins. `in_flight_max` bounds
    /// the time that copies in flight take after a prune.
    pub(in crate::core) fn new(limit: usize, in_flight_max: Duration) -> Self {
        Self { limit, in_flight_max, ..Self::default() }
    }

    /// Counts a write of this origin, and gives the origin a tree of its own once it is busy.
    pub(in crate::core) fn count_write(&mut self, author: NodeId) {
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
            if origin.own.is_none() && origin.count - origin.error >= BUSY_AFTER {
                // It starts as a copy of the shared tree, so that it does not flood.
                origin.own = Some(Box::new(self.shared.clone()));
            }
        }
    }

    /// Returns the origin with the smallest count, the first of them in order of id.
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

    /// Returns the links that are lazy in the tree of this origin: its versions are announced
    /// there.
    pub(super) fn lazy(&self, author: NodeId) -> &SortedMap<ConnId, ()> {
        let own = self.origins.get(&author).and_then(|origin| origin.own.as_deref());
        &own.unwrap_or(&self.shared).lazy
    }

    /// Prepares the tree of a write that was made at this node; `neighbours` is the number of links
    /// with trees. If all of them are lazy, they become eager again. Each neighbour has another
    /// path for versions that pass through this node, but none for its own writes; nobody would
    /// receive this one before grafting it.
    pub(super) fn prepare_write(&mut self, author: NodeId, neighbours: usize) {
        let tree = self.tree(author);
        if tree.lazy.len() >= neighbours {
            tree.lazy = SortedMap::default();
        }
    }

    /// Records that a version pushed by this neighbour has won. `stray` is true if it left its tree
    /// on the way. Returns true if it came along the tree, so that the next nodes may take its path
    /// for theirs.
    pub(super) fn record_first_copy(
        &mut self,
        author: NodeId,
        conn: ConnId,
        stray: bool,
        now: Duration,
    ) -> bool {
        let in_flight_max = self.in_flight_max;
        let tree = self.tree(author);
        // A path by copies that were in flight at the prune does not last. A neighbour that
        // delivers later than that does not know of the prune in the tree that it uses.
        let late = tree.prune_sent.get(&conn).is_some_and(|sent| now < *sent + in_flight_max);
        if tree.parent.is_some() && (stray || late) {
            return false;
        }
        tree.prune_sent.remove(&conn);
        tree.parent = Some(conn);
        !stray
    }

    /// Records that this neighbour pushed a version that had already come by push. Returns true if
    /// the neighbour is to be sent a prune; the parent never is.
    pub(super) fn record_duplicate(&mut self, author: NodeId, conn: ConnId, now: Duration) -> bool {
        let tree = self.tree(author);
        let prune = tree.parent != Some(conn);
        if prune {
            tree.prune_sent.insert(conn, now);
        }
        prune
    }

    /// Records a prune from this neighbour, which has another path: its link becomes lazy.
    pub(in crate::core) fn record_prune_received(&mut self, author: NodeId, conn: ConnId) {
        self.tree(author).lazy.insert(conn, ());
    }

    /// Records a graft sent to this neighbour for a version that it announced: it becomes the
    /// parent.
    pub(super) fn record_graft_sent(&mut self, author: NodeId, conn: ConnId) {
        let tree = self.tree(author);
        tree.prune_sent.remove(&conn);
        tree.parent = Some(conn);
    }

    /// Records a graft from this neighbour for a version announced to it: its link becomes eager.
    pub(super) fn record_graft_received(&mut self, author: NodeId, conn: ConnId) {
        self.tree(author).lazy.remove(&conn);
    }

    /// Forgets a link that is down.
    pub(in crate::core) fn remove_link(&mut self, conn: ConnId) {
        let own = self.origins.values_mut().filter_map(|origin| origin.own.as_deref_mut());
        for tree in own.chain([&mut self.shared]) {
            tree.lazy.remove(&conn);
            tree.prune_sent.remove(&conn);
            tree.parent = tree.parent.filter(|parent| *parent != conn);
        }
    }

    /// Returns the number of origins with a tree of their own.
    pub(in crate::core) fn count(&self) -> usize {
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
        trees.record_prune_received(busy, link);
        for _ in 0..BUSY_AFTER {
            trees.count_write(busy);
        }
        assert!(trees.lazy(busy).contains_key(&link) && trees.lazy(rare).contains_key(&link));
        trees.record_graft_received(busy, link);
        trees.record_prune_received(busy, other);
        assert!(!trees.lazy(busy).contains_key(&link) && trees.lazy(busy).contains_key(&other));
        assert!(trees.lazy(rare).contains_key(&link) && !trees.lazy(rare).contains_key(&other));
        assert_eq!(trees.count(), 1);
    }

    #[test]
    fn ten_thousand_origins_of_one_write_take_bounded_space_and_no_tree() {
        let mut trees = Trees::new(8, LATE);
        for number in 0..10_000 {
            trees.count_write(author(number));
        }
        assert_eq!((trees.origins.len(), trees.count()), (8, 0));
        for _ in 0..BUSY_AFTER {
            trees.count_write(author(20_000));
        }
        assert_eq!(trees.count(), 1);
    }

    #[test]
    fn a_link_that_went_down_is_forgotten_in_every_tree() {
        let mut trees = Trees::new(4, LATE);
        let (busy, link) = (author(1), ConnId(1));
        trees.record_prune_received(busy, link);
        for _ in 0..BUSY_AFTER {
            trees.count_write(busy);
        }
        trees.remove_link(link);
        assert!(!trees.lazy(busy).contains_key(&link) && !trees.lazy(author(2)).contains_key(&link));
    }

    /// Returns the trees of a node with one busy origin, and two links by which its writes come.
    fn two_ways() -> (Trees, NodeId, ConnId, ConnId) {
        let (mut trees, author) = (Trees::new(4, LATE), author(1));
        for _ in 0..BUSY_AFTER {
            trees.count_write(author);
        }
        (trees, author, ConnId(1), ConnId(2))
    }

    #[test]
    fn a_burst_that_comes_first_by_one_link_then_by_the_other_prunes_only_one() {
        let (mut trees, author, one, other) = two_ways();
        trees.record_first_copy(author, one, false, NOW);
        assert!(trees.record_duplicate(author, other, NOW));
        // A copy in flight on the pruned link comes first now, and again by the parent.
        trees.record_first_copy(author, other, false, NOW + LATE / 2);
        assert!(!trees.record_duplicate(author, one, NOW), "the parent stays");

        let (mut trees, author, one, other) = two_ways();
        trees.record_first_copy(author, one, false, NOW);
        trees.record_first_copy(author, other, false, NOW);
        assert!(!trees.record_duplicate(author, other, NOW), "the last of two open ways is the parent");
        assert!(trees.record_duplicate(author, one, NOW));
    }

    #[test]
    fn a_stray_changes_no_parent_and_stays_a_stray() {
        let (mut trees, author, one, other) = two_ways();
        assert!(trees.record_first_copy(author, one, false, NOW));
        assert!(
            trees.record_first_copy(author, other, false, NOW),
            "an open way that is faster becomes the parent"
        );
        assert!(trees.record_duplicate(author, one, NOW));
        assert!(
            !trees.record_first_copy(author, one, false, NOW),
            "it was under way when the link was pruned"
        );
        assert!(
            !trees.record_first_copy(author, other, true, NOW)
                && !trees.record_first_copy(author, one, true, NOW + LATE)
        );
        assert!(!trees.record_duplicate(author, other, NOW) && trees.record_duplicate(author, one, NOW));

        let (mut trees, author, one, _) = two_ways();
        assert!(!trees.record_first_copy(author, one, true, NOW), "strays stay strays");
        assert!(!trees.record_duplicate(author, one, NOW), "and are a way where there is no other");
    }

    #[test]
    fn a_neighbour_that_does_not_know_of_its_prune_becomes_the_parent_again() {
        let (mut trees, author, one, other) = two_ways();
        trees.record_first_copy(author, one, false, NOW);
        assert!(trees.record_duplicate(author, other, NOW));
        trees.record_first_copy(author, other, false, NOW + LATE);
        assert!(trees.record_duplicate(author, one, NOW + LATE));
        assert!(!trees.record_duplicate(author, other, NOW + LATE));
    }

    #[test]
    fn an_origin_that_may_push_to_nobody_begins_anew() {
        let (mut trees, author, one, other) = two_ways();
        trees.record_prune_received(author, one);
        trees.prepare_write(author, 2);
        assert!(trees.lazy(author).contains_key(&one), "the other way is open");
        trees.record_prune_received(author, other);
        trees.prepare_write(author, 2);
        assert!(trees.lazy(author).is_empty());
    }

    #[test]
    fn a_graft_makes_a_parent_and_a_broken_link_leaves_none() {
        let (mut trees, author, one, other) = two_ways();
        trees.record_first_copy(author, one, false, NOW);
        assert!(trees.record_duplicate(author, other, NOW));
        trees.record_graft_sent(author, other);
        assert!(!trees.record_duplicate(author, other, NOW) && trees.record_duplicate(author, one, NOW));
        trees.remove_link(other);
        trees.record_first_copy(author, one, false, NOW);
        assert!(!trees.record_duplicate(author, one, NOW), "a way that was pruned is better than none");
    }
}
