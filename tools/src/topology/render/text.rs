//! The drawing of a graph for a person at a terminal.

use super::super::graph::Graph;
use super::super::measures::{Degrees, Diameter, Measures};
use super::count;
use crate::text::readable;

/// The most nodes that are listed. Chosen, as the bounds below: they fit on a screen or two.
const NODES_SHOWN: usize = 60;
/// The most neighbours of one node, and the most bridges, that are named.
const NAMES_SHOWN: usize = 12;
/// The most different numbers of neighbours that are listed one by one.
const DEGREES_SHOWN: usize = 5;

/// Returns counts and measures, then every node with its neighbours. Of large graphs only the beginning is
/// listed, followed by the number of nodes left out.
#[must_use]
pub fn text(graph: &Graph) -> String {
    let measures = Measures::of(graph);
    let mut lines = vec![
        format!("{}, {}, {}", count(measures.nodes, "node"), count(measures.links, "link"), parts(&measures)),
        format!("diameter: {}", diameter(measures.diameter)),
        format!("neighbours: {}", neighbours(&measures.degrees)),
        format!("bridges: {}", bridges(graph, &measures.bridges)),
        String::new(),
    ];
    let shown = measures.nodes.min(NODES_SHOWN);
    let width = (0..shown).map(|node| graph.name(node).len()).max().unwrap_or_default();
    lines.extend((0..shown).map(|node| {
        let names = graph.neighbours(node).iter().map(|&neighbour| graph.name(neighbour));
        let original = graph.original(node).map(|name| format!("  ({})", readable(name)));
        format!("{:width$}  {}{}", graph.name(node), listed(names, " ", "-"), original.unwrap_or_default())
    }));
    if measures.nodes > shown {
        lines.push(format!("… and {}", count(measures.nodes - shown, "more node")));
    }
    lines.push(String::new());
    lines.join("\n")
}

fn parts(measures: &Measures) -> String {
    match measures.components {
        1 => "connected".to_owned(),
        components => format!("in {} that cannot reach each other", count(components, "component")),
    }
}

fn diameter(diameter: Diameter) -> String {
    match diameter {
        Diameter::Exact(value) => value.to_string(),
        Diameter::AtLeast(value) => format!("at least {value}"),
    }
}

fn neighbours(degrees: &Degrees) -> String {
    if degrees.min == degrees.max {
        return format!("{} each", degrees.min);
    }
    let range = format!("{} to {}, {:.2} on average", degrees.min, degrees.max, degrees.average);
    if degrees.histogram.len() > DEGREES_SHOWN {
        return range;
    }
    let each = |(degree, nodes): (&usize, &usize)| {
        let have = if *nodes == 1 { "has" } else { "have" };
        format!("{} {have} {degree}", count(*nodes, "node"))
    };
    format!("{range}: {}", degrees.histogram.iter().map(each).collect::<Vec<_>>().join(", "))
}

fn bridges(graph: &Graph, bridges: &[usize]) -> String {
    let links = bridges.iter().filter_map(|&at| graph.links().get(at));
    let labels: Vec<String> = links.take(NAMES_SHOWN + 1).map(|link| graph.label(link)).collect();
    let rest = bridges.len() - labels.len();
    listed(labels.iter().map(String::as_str).chain(std::iter::repeat_n("", rest)), ", ", "none")
}

/// Lists the first few names, and counts the rest; returns `none` if there are none.
fn listed<'a>(names: impl Iterator<Item = &'a str>, separator: &str, none: &str) -> String {
    let mut names = names.peekable();
    if names.peek().is_none() {
        return none.to_owned();
    }
    let shown: Vec<&str> = names.by_ref().take(NAMES_SHOWN).collect();
    match names.count() {
        0 => shown.join(separator),
        more => format!("{}{separator}… and {more} more", shown.join(separator)),
    }
}

#[cfg(test)]
mod tests {
    use super::super::super::parse;
    use super::*;
    use crate::text::Source;

    fn drawn(input: &str) -> String {
        text(&parse(&Source::new("topology", input)).unwrap().graph)
    }

    #[test]
    fn tells_counts_measures_and_neighbours() {
        insta::assert_snapshot!(drawn("ring(3), a-alice"), @"
        4 nodes, 4 links, connected
        diameter: 2
        neighbours: 1 to 3, 2.00 on average: 1 node has 1, 2 nodes have 2, 1 node has 3
        bridges: a-alice

        a      b c alice
        b      a c
        c      b a
        alice  a
        ");
        insta::assert_snapshot!(drawn("a"), @"
        1 node, 0 links, connected
        diameter: 0
        neighbours: 0 each
        bridges: none

        a  -
        ");
        insta::assert_snapshot!(drawn("a-b, c-d"), @"
        4 nodes, 2 links, in 2 components that cannot reach each other
        diameter: 1
        neighbours: 1 each
        bridges: a-b, c-d

        a  b
        b  a
        c  d
        d  c
        ");
    }

    #[test]
    fn cuts_what_is_long_and_says_so() {
        let drawn = drawn("star(100)");
        assert_eq!(drawn.lines().count(), 5 + NODES_SHOWN + 1);
        assert!(drawn.ends_with("… and 40 more nodes\n"), "{drawn}");
        assert!(drawn.contains("\na   b c d e f g h i j k l m … and 87 more\n"), "{drawn}");
        assert!(drawn.contains(
            "\nbridges: a-b, a-c, a-d, a-e, a-f, a-g, a-h, a-i, a-j, a-k, a-l, a-m, … and 87 more\n"
        ));
    }
}
