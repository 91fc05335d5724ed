//! The drawing of a graph in the language of topologies.

use super::super::graph::{Graph, Item};

/// Returns the graph as a topology, an item a line. Reading it gives the same graph.
#[must_use]
pub fn topology(graph: &Graph) -> String {
    let line = |item: &Item| match item {
        Item::Node(node) => format!("{}\n", graph.name(*node)),
        Item::Link(link) => format!("{}\n", graph.label(link)),
    };
    graph.items().iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::super::super::parse;
    use super::*;
    use crate::text::Source;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        assert_eq!(topology(&parse(&Source::new("topology", text)).unwrap().graph), expected);
    }

    #[test]
    fn names_a_node_by_itself_only_where_no_link_names_it_in_time() {
        check("a-b-c, d", "a-b\nb-c\nd\n");
        check("a, b, b-a", "a\nb-a\n");
        check("a, b, c, c-a", "a\nb\nc-a\n");
        check("a, b, c, a-c, c-b", "a\nb\na-c\nc-b\n");
        check("a, c-b", "a\nc-b\n");
    }
}
