//! The drawing of a running network.

use std::collections::BTreeMap;

use crate::cli::condition::{Condition, Conditions, parts};
use crate::cli::control::{NetworkState, NodeState};
use crate::topology::Graph;
use crate::topology::render::{LifeMark, LinkMark, Marks, NodeMark, svg_with_marks};

/// The first characters of a digest that are shown.
const DIGEST: usize = 8;

/// Returns the graph of a network.
pub(super) fn graph(state: &NetworkState) -> Graph {
    Graph::from_names(state.nodes.iter().map(|node| node.name.as_str()), links(state))
}

/// Returns the picture of a network in its present state.
pub(super) fn picture(state: &NetworkState) -> String {
    let conditions = Conditions::of(state);
    let marked = links(state).into_iter().filter_map(|(from, to)| {
        let mark = match conditions.of_link(&state.nodes[from].name, &state.nodes[to].name) {
            Condition::Open => return None,
            Condition::Shaped(shape) => LinkMark::Shaped(shape),
            Condition::Cut => LinkMark::Cut,
            Condition::Apart => LinkMark::Apart,
            Condition::Down => LinkMark::Down,
        };
        Some(((from.min(to), from.max(to)), mark))
    });
    let nodes = state.nodes.iter().map(|node| mark(node, &conditions)).collect();
    svg_with_marks(&graph(state), &Marks { nodes, links: marked.collect() })
}

/// Returns the links by the indices of their ends.
fn links(state: &NetworkState) -> Vec<(usize, usize)> {
    let places: BTreeMap<&str, usize> =
        state.nodes.iter().enumerate().map(|(at, node)| (node.name.as_str(), at)).collect();
    let place = |name: &String| places.get(name.as_str()).copied();
    state.links.iter().filter_map(|(from, to)| place(from).zip(place(to))).collect()
}

fn mark(node: &NodeState, conditions: &Conditions<'_>) -> NodeMark {
    let told = node.told.as_ref();
    let held = told.map_or(String::new(), |told| {
        let (count, digest) = parts(&told.digest);
        count.map_or_else(
            || digest.chars().take(DIGEST).collect(),
            |count| format!("{count} {}", if count == "1" { "key" } else { "keys" }),
        )
    });
    let digest = told.map_or(String::new(), |told| format!(", digest {}", told.digest));
    NodeMark {
        life: match node.state.as_str() {
            "running" | "starting" => LifeMark::Running,
            "paused" => LifeMark::Paused,
            _ => LifeMark::Down,
        },
        differs: told.is_some_and(|told| conditions.differs(&told.digest)),
        side: conditions.side(&node.name),
        note: held,
        title: format!("{}: {}{digest}", node.name, node.state),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::condition::tests::network;

    #[test]
    fn the_picture_tells_what_is_so_now_and_the_other_formats_the_graph() {
        let nodes = [("a", "running", "2:abc"), ("b", "paused", "1:def"), ("c", "killed", "")];
        let mut state = network(&nodes, &[("a", "b"), ("c", "a")]);
        state.faults.sides = vec![vec!["a".to_owned()], vec!["b".to_owned()]];
        let drawn = picture(&state);
        for part in [
            "<title>a: running, digest 2:abc</title>",
            ">[1] 2 keys</text>",
            ">‖ [2] ≠ 1 key</text>",
            "<title>c: killed</title><circle class=\"down\"",
            "<line class=\"apart\"",
            "<line class=\"down\"",
        ] {
            assert!(drawn.contains(part), "{part} is missing in {drawn}");
        }
        assert_eq!(crate::topology::render::dot(&graph(&state)), "graph {\n    a -- b;\n    c -- a;\n}\n");
        assert!(picture(&network(&[], &[])).starts_with("<svg "));
    }
}
