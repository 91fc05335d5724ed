//! The drawing of a graph in Graphviz's language.

use super::super::graph::{Graph, Item};
use super::super::graphviz::{KEYWORDS, ORIGINAL};

/// Returns the graph for `dot`, `neato` and the like. Reading it gives the same graph.
#[must_use]
pub fn dot(graph: &Graph) -> String {
    let line = |item: &Item| match item {
        Item::Node(node) => format!("    {};\n", id(graph.name(*node))),
        Item::Link(link) => format!("    {} -- {};\n", id(graph.name(link.from)), id(graph.name(link.to))),
    };
    let body: String = graph.items().iter().map(line).collect();
    // The names that nodes had elsewhere: as a label to be seen, and as an attribute to be read again.
    let labelled = |(node, name)| {
        let (node, name) = (id(graph.name(node)), escaped(name));
        format!("    {node} [label=\"{name}\", {ORIGINAL}=\"{name}\"];\n")
    };
    let labels = (0..graph.nodes().len())
        .filter_map(|node| graph.original(node).map(|name| (node, name)))
        .map(labelled)
        .collect::<Vec<_>>()
        .concat();
    format!("graph {{\n{body}{labels}}}\n")
}

/// Returns a text between quotes. A backslash that would escape a quote is written as the entity that
/// Graphviz shows in its place.
fn escaped(text: &str) -> String {
    let text = if text.contains("\\\"") || text.ends_with('\\') {
        text.replace('\\', "&#92;")
    } else {
        text.to_owned()
    };
    text.replace('"', "\\\"")
}

/// Returns a name, in quotes if Graphviz would read it otherwise: as a keyword, or as a number that ends
/// where its letters begin.
fn id(name: &str) -> String {
    let is_keyword = KEYWORDS.iter().any(|word| word.eq_ignore_ascii_case(name));
    let is_number = name.bytes().all(|byte| byte.is_ascii_digit());
    let begins_as_number = name.starts_with(|c: char| c.is_ascii_digit()) && !is_number;
    if is_keyword || begins_as_number { format!("\"{name}\"") } else { name.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::super::super::parse;
    use super::*;
    use crate::text::Source;

    #[test]
    fn quotes_what_graphviz_would_take_for_something_else() {
        let graph = parse(&Source::new("topology", "node-Edge, 42-1337, 2B-_2, lone")).unwrap().graph;
        let expected =
            "graph {\n    \"node\" -- \"Edge\";\n    42 -- 1337;\n    \"2B\" -- _2;\n    lone;\n}\n";
        assert_eq!(dot(&graph), expected);
    }
}
