//! The graph for Mermaid, which many places that show Markdown draw.

use super::super::graph::{Graph, Item};

/// Words that Mermaid does not take for a node, in any case of letters.
const KEYWORDS: [&str; 13] = [
    "call",
    "class",
    "classdef",
    "click",
    "default",
    "direction",
    "end",
    "flowchart",
    "graph",
    "href",
    "linkstyle",
    "style",
    "subgraph",
];

/// The graph as a Mermaid flowchart. Mermaid draws 500 links unless `maxEdges` says otherwise.
#[must_use]
pub fn mermaid(graph: &Graph) -> String {
    let line = |item: &Item| match item {
        Item::Node(node) => format!("    {}\n", id(graph, *node)),
        Item::Link(link) => format!("    {} --- {}\n", id(graph, link.from), id(graph, link.to)),
    };
    let body: String = graph.items().iter().map(line).collect();
    format!("graph LR\n{body}")
}

/// A name, or, for one that Mermaid takes for a keyword, another one that bears it as its label.
fn id(graph: &Graph, node: usize) -> String {
    let name = graph.name(node);
    let lower = name.to_ascii_lowercase();
    if !KEYWORDS.contains(&lower.as_str()) {
        return name.to_owned();
    }
    let mut free = format!("{name}_");
    while graph.index_of(&free).is_some() {
        free.push('_');
    }
    format!("{free}[\"{name}\"]")
}

#[cfg(test)]
mod tests {
    use super::super::super::parse;
    use super::*;
    use crate::text::Source;

    #[test]
    fn gives_keywords_another_name_and_their_own_label() {
        let graph = parse(&Source::new("topology", "a-end, end_-b, lone")).unwrap().graph;
        let expected = "graph LR\n    a --- end__[\"end\"]\n    end_ --- b\n    lone\n";
        assert_eq!(mermaid(&graph), expected);
    }
}
