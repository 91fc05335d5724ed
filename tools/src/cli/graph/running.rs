//! The drawing of a running network.

use std::collections::BTreeMap;

use super::Format;
use crate::cli::condition::{Condition, Conditions, parts};
use crate::cli::control::{NetworkState, NodeState};
use crate::topology::Graph;
use crate::topology::render::{LifeMark, LinkMark, Marks, NodeMark, svg_with_marks};

/// The first characters of a digest that are shown.
const DIGEST: usize = 8;

/// Returns the drawing of a network in its present state. Only the picture tells more than nodes and links.
pub(super) fn render(state: &NetworkState, format: Format) -> String {
    let names: Vec<&str> = state.nodes.iter().map(|node| node.name.as_str()).collect();
    let places: BTreeMap<&str, usize> = names.iter().enumerate().map(|(at, name)| (*name, at)).collect();
    let place = |name: &String| places.get(name.as_str()).copied();
    let links: Vec<(usize, usize)> =
        state.links.iter().filter_map(|(from, to)| place(from).zip(place(to))).collect();
    let graph = Graph::from_names(names.iter().copied(), links.iter().copied());
    if format != Format::Svg {
        return format.render(&graph);
    }
    let conditions = Conditions::of(state);
    let marked = links.iter().filter_map(|(from, to)| {
        let mark = match conditions.of_link(names[*from], names[*to]) {
            Condition::Open => return None,
            Condition::Shaped(shape) => LinkMark::Shaped(shape),
            Condition::Cut => LinkMark::Cut,
            Condition::Apart => LinkMark::Apart,
            Condition::Down => LinkMark::Down,
        };
        Some(((*from.min(to), *from.max(to)), mark))
    });
    let nodes = state.nodes.iter().map(|node| mark(node, &conditions)).collect();
    svg_with_marks(&graph, &Marks { nodes, links: marked.collect() })
}

fn mark(node: &NodeState, conditions: &Conditions<'_>) -> NodeMark {
    let told = node.told.as_ref();
    let note = told.map_or(String::new(), |told| {
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
        note,
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
        let drawn = render(&state, Format::Svg);
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
        assert_eq!(render(&state, Format::Dot), "graph {\n    a -- b;\n    c -- a;\n}\n");
        assert!(render(&network(&[], &[]), Format::Svg).starts_with("<svg "));
    }
}
