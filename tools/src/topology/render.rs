//! Drawings of a graph: pure functions from a graph to a string that ends in a newline.

mod graphviz;
mod json;
mod layout;
mod marks;
mod mermaid;
mod svg;
mod text;
mod topology;

pub use graphviz::dot;
pub use json::json;
pub use marks::{LifeMark, LinkMark, Marks, NodeMark};
pub(super) use mermaid::KEYWORDS as MERMAID_KEYWORDS;
pub use mermaid::mermaid;
pub use svg::{svg, svg_with_marks};
pub use text::text;
pub use topology::topology;

/// Returns a number of things: `1 node`, `2 nodes`.
fn count(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}
