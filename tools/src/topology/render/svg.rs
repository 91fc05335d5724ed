//! The drawing of a graph as a picture.

use super::super::graph::Graph;
use super::count;
use super::layout::Layout;
use crate::text::readable;

/// The length of a link, in pixels.
const UNIT: f64 = 72.0;
const RADIUS: f64 = 14.0;
/// The longest name that stands inside of its node, in characters; longer ones stand below. Three fit into the
/// circle of [`RADIUS`].
const NAME_INSIDE_MAX: usize = 3;
/// The most nodes whose names are drawn. Chosen: beyond it names would cover each other: nodes are dots, and a
/// pointer shows their names.
const NAMED_NODES_MAX: usize = 500;

const STYLE: &str = "
  .topology line { stroke: #8c95a3; stroke-width: 1.5 }
  .topology circle { fill: #ffffff; stroke: #2a62b8; stroke-width: 2 }
  .topology text { fill: #1b2430; font: 12px system-ui, sans-serif; text-anchor: middle; \
dominant-baseline: central }
  @media (prefers-color-scheme: dark) {
    .topology line { stroke: #6b7686 }
    .topology circle { fill: #16202c; stroke: #7fb0ff }
    .topology text { fill: #e6ebf2 }
  }
";

/// Returns the graph as a self-contained SVG, for a light or a dark ground. The same graph gives the same
/// picture.
#[must_use]
pub fn svg(graph: &Graph) -> String {
    let layout = Layout::of(graph);
    let named = graph.nodes().len() <= NAMED_NODES_MAX;
    let (unit, radius) = if named { (UNIT, RADIUS) } else { (12.0, 4.0) };
    let x = |node: usize| figure(layout.points[node].x * unit);
    let y = |node: usize| figure(layout.points[node].y * unit);
    let (width, height) = (figure(layout.width * unit), figure(layout.height * unit));
    let title = format!("{}, {}", count(graph.nodes().len(), "node"), count(graph.links().len(), "link"));
    let mut lines = vec![
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"topology\" width=\"{width}\" \
             height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\">"
        ),
        format!("<title>{title}</title>"),
        format!("<style>{STYLE}</style>"),
    ];
    lines.extend(graph.links().iter().map(|link| {
        let (from, to) = (link.from, link.to);
        format!("<line x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"/>", x(from), y(from), x(to), y(to))
    }));
    lines.extend((0..graph.nodes().len()).map(|node| {
        let name = escaped(&readable(graph.original(node).unwrap_or(graph.name(node))));
        let circle = format!("<circle cx=\"{}\" cy=\"{}\" r=\"{radius}\"/>", x(node), y(node));
        let below = if name.len() > NAME_INSIDE_MAX { RADIUS + 9.0 } else { 0.0 };
        let label = format!(
            "<text x=\"{}\" y=\"{}\">{name}</text>",
            x(node),
            figure(layout.points[node].y * unit + below)
        );
        let label = if named { label.as_str() } else { "" };
        format!("<g><title>{name}</title>{circle}{label}</g>")
    }));
    lines.push("</svg>\n".to_owned());
    lines.join("\n")
}

/// Returns a coordinate to a tenth of a pixel, which is enough and hides differences in rounding between
/// machines.
fn figure(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map_or(text.clone(), str::to_owned)
}

/// Escapes a text for XML. The name of a node in a file may hold any text.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::super::super::parse;
    use super::*;
    use crate::text::Source;

    fn drawn(input: &str) -> String {
        svg(&parse(&Source::new("topology", input)).unwrap().graph)
    }

    #[test]
    fn draws_every_node_and_every_link_once() {
        let drawn = drawn("grid(3x4), x-alice, lone");
        assert_eq!(drawn.matches("<line ").count(), 18);
        assert_eq!(drawn.matches("<circle ").count(), 15);
        assert!(drawn.contains("<title>15 nodes, 18 links</title>") && drawn.contains(">alice</text>"));
        assert!(!drawn.contains("NaN") && !drawn.contains("inf") && !drawn.contains("-0\""));
    }

    #[test]
    fn a_large_graph_has_names_for_the_pointer_only() {
        let drawn = drawn("random(501)");
        assert_eq!(drawn.matches("<circle ").count(), 501);
        assert!(drawn.contains("<title>a</title>") && !drawn.contains("<text "));
    }

    #[test]
    fn text_means_nothing_to_xml() {
        assert_eq!(escaped("<a & \"b\">"), "&lt;a &amp; &quot;b&quot;&gt;");
    }
}
