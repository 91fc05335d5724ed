//! The drawing of a graph for Mermaid, which many programs that show Markdown draw.

use super::super::graph::{Graph, Item};
use crate::text::readable;

/// Words that Mermaid does not accept as a node, in upper or lower case: all that its lexer knows. `v` draws
/// an arrow's head down.
pub(in super::super) const KEYWORDS: [&str; 21] = [
    "_blank",
    "_parent",
    "_self",
    "_top",
    "accdescr",
    "acctitle",
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
    "interpolate",
    "linkstyle",
    "style",
    "subgraph",
    "v",
];

/// Returns the graph as a Mermaid flowchart. Mermaid draws 500 links unless `maxEdges` says otherwise.
#[must_use]
pub fn mermaid(graph: &Graph) -> String {
    let line = |item: &Item| match item {
        Item::Node(node) => format!("    {}\n", id(graph, *node)),
        Item::Link(link) => format!("    {} --- {}\n", id(graph, link.from), id(graph, link.to)),
    };
    let body: String = graph.items().iter().map(line).collect();
    format!("graph LR\n{body}")
}

/// Returns a node's name, with its original name as the label. A name that Mermaid reads as a keyword is
/// replaced by another, which has the name as its label.
fn id(graph: &Graph, node: usize) -> String {
    let name = graph.name(node);
    if let Some(original) = graph.original(node) {
        return format!("{name}[\"{}\"]", readable(original).replace('&', "&amp;").replace('"', "&quot;"));
    }
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
        // The text has all words that Mermaid's lexer reads as something else than a name.
        let all = "_blank-_parent-_self-_top-accDescr-accTitle-call-class-classDef-click-default-direction-end-\
                   flowchart-graph-href-interpolate-linkStyle-style-subgraph-v";
        let drawn = mermaid(&parse(&Source::new("topology", all)).unwrap().graph);
        for name in all.split('-') {
            assert!(drawn.contains(&format!("{name}_[\"{name}\"]")), "{name}: {drawn}");
        }
    }
}
