//! The conditions of links and nodes in the state of a running network, for those that draw it.

use std::collections::{BTreeMap, BTreeSet};

use super::control::NetworkState;

/// The condition of a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Condition {
    /// Traffic passes.
    Open,
    /// Traffic passes, changed in this way: `delay 200ms`.
    Shaped(String),
    /// The link is cut, in one direction at least.
    Cut,
    /// A partition keeps its ends apart.
    Apart,
    /// One of its ends does not run.
    Down,
}

/// The faults of a network's links, and the versions of its nodes, by name.
#[derive(Debug, Clone, Default)]
pub(super) struct Conditions<'n> {
    cuts: BTreeSet<(&'n str, &'n str)>,
    shapes: BTreeMap<(&'n str, &'n str), &'n str>,
    sides: BTreeMap<&'n str, usize>,
    /// The nodes that do not run.
    down: BTreeSet<&'n str>,
    /// The digest that most running nodes tell, if there are several.
    common: Option<&'n str>,
}

impl<'n> Conditions<'n> {
    /// Reads the conditions from a state.
    pub(super) fn of(state: &'n NetworkState) -> Self {
        let faults = &state.faults;
        let mut shapes = BTreeMap::new();
        for shape in &faults.shapes {
            if let Some((link, shape)) = shape.split_once(' ') {
                shapes.extend(directions(link).into_iter().map(|direction| (direction, shape)));
            }
        }
        let side =
            |(side, names): (usize, &'n Vec<String>)| names.iter().map(move |name| (name.as_str(), side));
        Self {
            cuts: faults.cuts.iter().flat_map(|cut| directions(cut)).collect(),
            shapes,
            sides: faults.sides.iter().enumerate().flat_map(side).collect(),
            down: state
                .nodes
                .iter()
                .filter(|node| !runs(&node.state))
                .map(|node| node.name.as_str())
                .collect(),
            common: common_digest(state),
        }
    }

    /// Returns the condition of the link between two nodes.
    pub(super) fn of_link(&self, one: &str, other: &str) -> Condition {
        let sides = (self.sides.get(one), self.sides.get(other));
        let both = [(one, other), (other, one)];
        if self.down.contains(one) || self.down.contains(other) {
            Condition::Down
        } else if both.iter().any(|direction| self.cuts.contains(direction)) {
            Condition::Cut
        } else if matches!(sides, (Some(one), Some(other)) if one != other) {
            Condition::Apart
        } else if let Some(shape) = both.iter().find_map(|direction| self.shapes.get(direction)) {
            Condition::Shaped((*shape).to_owned())
        } else {
            Condition::Open
        }
    }

    /// Returns the side of the partition that a node is on.
    pub(super) fn side(&self, node: &str) -> Option<usize> {
        self.sides.get(node).copied()
    }

    /// Returns true if a node's digest is not the one that most nodes tell.
    pub(super) fn differs(&self, digest: &str) -> bool {
        self.common.is_some_and(|common| common != digest)
    }
}

/// Returns true if a node in this state runs.
pub(super) fn runs(state: &str) -> bool {
    matches!(state, "running" | "paused")
}

/// Returns the number of different digests that nodes tell.
pub(super) fn digests(state: &NetworkState) -> usize {
    let told = state.nodes.iter().filter_map(|node| node.told.as_ref());
    told.map(|told| told.digest.as_str()).collect::<BTreeSet<_>>().len()
}

/// Returns the number of versions that a node holds, if its digest tells it, and the rest of the digest.
pub(super) fn parts(digest: &str) -> (Option<&str>, &str) {
    let counted = digest.split_once(':').filter(|(count, _)| count.bytes().all(|byte| byte.is_ascii_digit()));
    counted.map_or((None, digest), |(count, rest)| (Some(count), rest))
}

/// Returns the digest that most nodes tell, and of several such the one told first.
fn common_digest(state: &NetworkState) -> Option<&str> {
    let told: Vec<&str> =
        state.nodes.iter().filter_map(|node| node.told.as_ref()).map(|told| told.digest.as_str()).collect();
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for digest in &told {
        *counts.entry(digest).or_default() += 1;
    }
    let most = counts.values().max()?;
    told.iter().find(|digest| counts.get(*digest) == Some(most)).copied()
}

/// Returns the directions of a link as faults name it: `a-b` is both, `a->b` is one.
fn directions(link: &str) -> Vec<(&str, &str)> {
    match (link.split_once("->"), link.split_once('-')) {
        (Some(direction), _) => vec![direction],
        (None, Some((one, other))) => vec![(one, other), (other, one)],
        (None, None) => Vec::new(),
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use crate::cli::control::{Faults, NodeState, Told};

    /// Returns a network of linked nodes: name, state and digest of each.
    pub(in crate::cli) fn network(nodes: &[(&str, &str, &str)], links: &[(&str, &str)]) -> NetworkState {
        let node = |(name, state, digest): &(&str, &str, &str)| NodeState {
            name: (*name).to_owned(),
            host: "127.0.0.1".to_owned(),
            port: 3000,
            driver: "native".to_owned(),
            pid: None,
            peers: links
                .iter()
                .filter_map(|(a, b)| if a == name { Some(b) } else { (b == name).then_some(a) })
                .map(|name| (*name).to_owned())
                .collect(),
            log: format!("logs/{name}.log"),
            attached: false,
            state: (*state).to_owned(),
            told: (!digest.is_empty()).then(|| Told { digest: (*digest).to_owned(), peers: 1 }),
        };
        NetworkState {
            nodes: nodes.iter().map(node).collect(),
            links: links.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect(),
            ready_ms: 1,
            faults: Faults::default(),
        }
    }

    #[test]
    fn a_link_has_the_gravest_of_its_conditions() {
        let nodes =
            [("a", "running", "1:x"), ("b", "running", "1:x"), ("c", "killed", ""), ("d", "paused", "2:y")];
        let mut state = network(&nodes, &[("a", "b"), ("a", "c"), ("b", "d"), ("a", "d")]);
        state.faults.cuts = vec!["b->d".to_owned()];
        state.faults.sides = vec![vec!["a".to_owned()], vec!["d".to_owned()]];
        state.faults.shapes = vec!["a-b delay 200ms loss 5%".to_owned(), "a->c delay 1s".to_owned()];
        let conditions = Conditions::of(&state);
        assert_eq!(conditions.of_link("b", "a"), Condition::Shaped("delay 200ms loss 5%".to_owned()));
        assert_eq!(conditions.of_link("a", "c"), Condition::Down);
        assert_eq!(conditions.of_link("d", "b"), Condition::Cut);
        assert_eq!(conditions.of_link("a", "d"), Condition::Apart);
        assert_eq!(
            (conditions.side("a"), conditions.side("b"), conditions.side("d")),
            (Some(0), None, Some(1))
        );
        assert!(conditions.differs("2:y") && !conditions.differs("1:x"));
        assert_eq!(digests(&state), 2);
    }

    #[test]
    fn a_digest_tells_the_number_of_versions_if_its_driver_counts_them() {
        assert_eq!(parts("12:abc"), (Some("12"), "abc"));
        assert_eq!(parts("abc"), (None, "abc"));
        assert_eq!(parts("x:abc"), (None, "x:abc"));
    }
}
