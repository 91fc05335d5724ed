//! The drawing of a graph for programs: JSON with its measures.

use std::collections::BTreeMap;

use serde::Serialize;

use super::super::graph::{Graph, Node};
use super::super::measures::Measures;

#[derive(Serialize)]
struct Drawing<'a> {
    nodes: Vec<&'a str>,
    /// The names of both ends of each link: the node that dials, then the node that is dialled.
    links: Vec<[&'a str; 2]>,
    components: usize,
    /// The greatest distance between two nodes that can reach each other.
    diameter: usize,
    /// False if the graph is so large that the diameter is only a lower bound.
    diameter_exact: bool,
    degree: Degree,
    bridges: Vec<[&'a str; 2]>,
    /// The names that nodes had in the file that they were read from, if a topology cannot spell them.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    labels: BTreeMap<&'a str, &'a str>,
}

#[derive(Serialize)]
struct Degree {
    min: usize,
    average: f64,
    max: usize,
    histogram: BTreeMap<usize, usize>,
}

/// Returns the graph as one JSON object on one line: `nodes`, `links`, `components`, `diameter`,
/// `diameter_exact`, `degree`, `bridges`, and `labels` if names were changed.
#[must_use]
pub fn json(graph: &Graph) -> String {
    let measures = Measures::of(graph);
    let ends = |at: usize| graph.links().get(at).map(|link| [graph.name(link.from), graph.name(link.to)]);
    let drawing = Drawing {
        nodes: graph.nodes().iter().map(Node::name).collect(),
        links: (0..graph.links().len()).filter_map(ends).collect(),
        components: measures.components,
        diameter: measures.diameter.value(),
        diameter_exact: measures.diameter.is_exact(),
        degree: Degree {
            min: measures.degrees.min,
            average: measures.degrees.average,
            max: measures.degrees.max,
            histogram: measures.degrees.histogram,
        },
        bridges: measures.bridges.into_iter().filter_map(ends).collect(),
        labels: (0..graph.nodes().len())
            .filter_map(|node| Some((graph.name(node), graph.original(node)?)))
            .collect(),
    };
    // The object has strings and numbers only, which always serialise.
    let line = serde_json::to_string(&drawing).unwrap_or_default();
    format!("{line}\n")
}

#[cfg(test)]
mod tests {
    use super::super::super::parse;
    use super::*;
    use crate::text::Source;

    #[test]
    fn says_all_that_is_known() {
        let graph = parse(&Source::new("topology", "a-b, c")).unwrap().graph;
        let expected = concat!(
            r#"{"nodes":["a","b","c"],"links":[["a","b"]],"components":2,"diameter":1,"diameter_exact":true,"#,
            r#""degree":{"min":0,"average":0.6666666666666666,"max":1,"histogram":{"0":1,"1":2}},"#,
            r#""bridges":[["a","b"]]}"#,
            "\n"
        );
        assert_eq!(json(&graph), expected);
    }
}
