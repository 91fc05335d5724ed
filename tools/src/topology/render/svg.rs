//! The drawing of a graph as a picture.

use super::super::graph::Graph;
use super::count;
use super::layout::Layout;
use super::marks::{LifeMark, LinkMark, Marks, NodeMark};
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

/// The height of a line of the legend, in pixels.
const LEGEND_LINE: f64 = 18.0;
/// The least width of a drawing with a legend, in pixels: that of its longest line.
const LEGEND_WIDTH: f64 = 330.0;

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

/// The style of marks. Every mark is told by its form as well as by its colour.
const MARKS_STYLE: &str = "
  .topology line.cut { stroke: #b3261e; stroke-dasharray: 6 5 }
  .topology line.apart { stroke: #b3261e; stroke-dasharray: 2 5 }
  .topology line.shaped { stroke: #9a6700; stroke-width: 3 }
  .topology line.down { stroke-dasharray: 1 6 }
  .topology circle.paused { stroke-dasharray: 5 3 }
  .topology circle.down { stroke: #8c95a3; stroke-dasharray: 2 4 }
  .topology circle.differs { fill: none; stroke: #9a6700; stroke-width: 3 }
  .topology text.sign { font-size: 16px; font-weight: bold; paint-order: stroke; stroke: #ffffff; \
stroke-width: 4px }
  .topology text.note { font-size: 10px; paint-order: stroke; stroke: #ffffff; stroke-width: 3px }
  .topology text.legend { font-size: 12px; text-anchor: start }
  @media (prefers-color-scheme: dark) {
    .topology line.cut, .topology line.apart { stroke: #ff8a80 }
    .topology line.shaped { stroke: #e3b341 }
    .topology circle.down { stroke: #6b7686 }
    .topology circle.differs { stroke: #e3b341 }
    .topology text.sign, .topology text.note { stroke: #16202c }
  }
";

/// Returns the graph as a self-contained SVG, for a light or a dark ground. The same graph gives the same
/// picture.
#[must_use]
pub fn svg(graph: &Graph) -> String {
    drawing(graph, None)
}

/// Returns the same drawing of a running network: with the marks of its nodes and links, and a legend of
/// those that occur.
#[must_use]
pub fn svg_with_marks(graph: &Graph, marks: &Marks) -> String {
    drawing(graph, Some(marks))
}

/// The scale of a drawing.
struct Scale {
    layout: Layout,
    /// The length of a link, in pixels; `radius` is that of a node.
    unit: f64,
    radius: f64,
    /// True if names have room.
    named: bool,
}

impl Scale {
    fn x(&self, node: usize) -> f64 {
        self.layout.points[node].x * self.unit
    }

    fn y(&self, node: usize) -> f64 {
        self.layout.points[node].y * self.unit
    }
}

fn drawing(graph: &Graph, marks: Option<&Marks>) -> String {
    let named = graph.nodes().len() <= NAMED_NODES_MAX;
    let (unit, radius) = if named { (UNIT, RADIUS) } else { (12.0, 4.0) };
    let scale = Scale { layout: Layout::of(graph), unit, radius, named };
    let legend = marks.map(legend).unwrap_or_default();
    let (mut width, mut height) = (scale.layout.width * unit, scale.layout.height * unit);
    let top = height;
    if !legend.is_empty() {
        width = width.max(LEGEND_WIDTH);
        height += LEGEND_LINE * (legend.len() as f64 + 0.5);
    }
    let (width, height) = (figure(width), figure(height));
    let title = format!("{}, {}", count(graph.nodes().len(), "node"), count(graph.links().len(), "link"));
    let mut lines = vec![
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"topology\" width=\"{width}\" \
             height=\"{height}\" viewBox=\"0 0 {width} {height}\" role=\"img\">"
        ),
        format!("<title>{title}</title>"),
        format!("<style>{STYLE}{}</style>", if marks.is_some() { MARKS_STYLE } else { "" }),
    ];
    lines.extend(graph.links().iter().map(|link| {
        let mark = marks.and_then(|marks| marks.link(link.from, link.to));
        line(&scale, link.from, link.to, mark)
    }));
    lines.extend((0..graph.nodes().len()).map(|node| {
        let mark = marks.and_then(|marks| marks.nodes.get(node));
        circle(&scale, node, graph.original(node).unwrap_or(graph.name(node)), mark)
    }));
    lines.extend(legend.iter().enumerate().map(|(index, text)| {
        let y = figure(top + LEGEND_LINE * (index as f64 + 0.5));
        format!("<text class=\"legend\" x=\"12\" y=\"{y}\">{}</text>", escaped(text))
    }));
    lines.push("</svg>\n".to_owned());
    lines.join("\n")
}

/// Returns a link. A marked one has its sign in the middle, and its text for the pointer.
fn line(scale: &Scale, from: usize, to: usize, mark: Option<&LinkMark>) -> String {
    let (x1, y1, x2, y2) = (scale.x(from), scale.y(from), scale.x(to), scale.y(to));
    let ends =
        format!("x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"", figure(x1), figure(y1), figure(x2), figure(y2));
    let Some(mark) = mark else { return format!("<line {ends}/>") };
    let (class, sign, meaning) = mark.drawn();
    let title = if let LinkMark::Shaped(shape) = mark { shape } else { meaning };
    let sign = if scale.named && !sign.is_empty() {
        let (x, y) = (figure(f64::midpoint(x1, x2)), figure(f64::midpoint(y1, y2)));
        format!("<text class=\"sign\" x=\"{x}\" y=\"{y}\">{sign}</text>")
    } else {
        String::new()
    };
    format!("<g><title>{}</title><line class=\"{class}\" {ends}/>{sign}</g>", escaped(&readable(title)))
}

/// Returns a node with its name.
fn circle(scale: &Scale, node: usize, name: &str, mark: Option<&NodeMark>) -> String {
    let (x, y, radius) = (figure(scale.x(node)), scale.y(node), scale.radius);
    let long = name.len() > NAME_INSIDE_MAX;
    let name = escaped(&readable(name));
    let class = match mark.map(|mark| mark.life) {
        None | Some(LifeMark::Running) => "",
        Some(LifeMark::Paused) => " class=\"paused\"",
        Some(LifeMark::Down) => " class=\"down\"",
    };
    let mut drawn = format!("<circle{class} cx=\"{x}\" cy=\"{}\" r=\"{radius}\"/>", figure(y));
    if mark.is_some_and(|mark| mark.differs) {
        let ring = radius + 4.0;
        drawn += &format!("<circle class=\"differs\" cx=\"{x}\" cy=\"{}\" r=\"{ring}\"/>", figure(y));
    }
    let below = if long { radius + 9.0 } else { 0.0 };
    if scale.named {
        drawn += &format!("<text x=\"{x}\" y=\"{}\">{name}</text>", figure(y + below));
        let said = mark.map(note).unwrap_or_default();
        if !said.is_empty() {
            let below = if long { below + 11.0 } else { radius + 10.0 };
            let y = figure(y + below);
            drawn += &format!("<text class=\"note\" x=\"{x}\" y=\"{y}\">{}</text>", escaped(&said));
        }
    }
    let title = mark.map_or(name, |mark| escaped(&readable(&mark.title)));
    format!("<g><title>{title}</title>{drawn}</g>")
}

/// Returns the text below a node: its life unless it runs, its difference, its side, and its note.
fn note(mark: &NodeMark) -> String {
    let life = match mark.life {
        LifeMark::Running => "",
        LifeMark::Paused => "‖",
        LifeMark::Down => "†",
    };
    let side = mark.side.map(|side| format!("[{}]", side + 1)).unwrap_or_default();
    let differs = if mark.differs { "≠" } else { "" };
    let parts = [life, &side, differs, &readable(&mark.note)].map(str::to_owned);
    parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ")
}

/// Returns the legend of the marks that occur, a line each.
fn legend(marks: &Marks) -> Vec<String> {
    let node =
        |applies: fn(&NodeMark) -> bool, text: &str| marks.nodes.iter().any(applies).then(|| text.to_owned());
    let nodes = [
        node(|mark| mark.differs, "≠, a second ring: holds other versions than most"),
        node(|mark| mark.life == LifeMark::Paused, "‖, dashed: paused"),
        node(|mark| mark.life == LifeMark::Down, "†, dotted: does not run"),
        node(|mark| mark.side.is_some(), "[1] [2]: the sides of the partition"),
    ];
    let mut links: Vec<_> = marks.links.values().map(LinkMark::drawn).collect();
    links.sort_unstable();
    links.dedup();
    let said = links.into_iter().filter(|(_, sign, _)| !sign.is_empty());
    let links = said.map(|(_, sign, meaning)| format!("{sign} on a link: {meaning}"));
    nodes.into_iter().flatten().chain(links).collect()
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
    fn marks_are_told_by_forms_and_by_a_legend() {
        let graph = parse(&Source::new("topology", "a-b, b-c, c-a")).unwrap().graph;
        let mark = |life, differs, side| NodeMark {
            life,
            differs,
            side,
            note: "<2>".to_owned(),
            title: "\u{1b}<script>alert(1)</script>".to_owned(),
        };
        let marks = Marks {
            nodes: vec![
                mark(LifeMark::Running, true, Some(0)),
                mark(LifeMark::Paused, false, Some(1)),
                mark(LifeMark::Down, false, None),
            ],
            links: [
                ((0, 1), LinkMark::Cut),
                ((1, 2), LinkMark::Down),
                ((0, 2), LinkMark::Shaped("delay 1s & \u{7}".to_owned())),
            ]
            .into(),
        };
        let drawn = svg_with_marks(&graph, &marks);
        for part in [
            "<g><title>cut</title><line class=\"cut\"",
            "<title>delay 1s &amp; \\u{7}</title><line class=\"shaped\"",
            "<circle class=\"differs\"",
            "<circle class=\"paused\"",
            ">[1] ≠ &lt;2&gt;</text>",
            ">‖ [2] &lt;2&gt;</text>",
            ">† &lt;2&gt;</text>",
            ">≠, a second ring: holds other versions than most</text>",
            ">~ on a link: shaped</text>",
        ] {
            assert!(drawn.contains(part), "{part} is missing in {drawn}");
        }
        assert!(!drawn.contains("<script") && !drawn.contains('\u{1b}') && !drawn.contains("| on a link"));
        roxmltree::Document::parse(&drawn).unwrap();
    }

    #[test]
    fn text_means_nothing_to_xml() {
        assert_eq!(escaped("<a & \"b\">"), "&lt;a &amp; &quot;b&quot;&gt;");
    }
}
