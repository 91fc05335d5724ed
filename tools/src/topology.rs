//! Topologies: from a line of text to a graph of nodes and links, each with its place in that text.
//!
//! ```
//! use tools::text::Source;
//! use tools::topology;
//!
//! let source = Source::new("topology", "ring(5), star(6, prefix=s), a-s1");
//! let parsed = topology::parse(&source)?;
//! assert_eq!((parsed.graph.nodes().len(), parsed.graph.links().len()), (11, 11));
//! # Ok::<(), tools::text::Diagnostic>(())
//! ```
//!
//! These properties always hold for a [`Graph`]:
//!
//! - Names are made of ASCII letters, digits and `_`, at most [`NAME_MAX`] of them, and are none of the
//!   [`RESERVED`] words.
//! - No node is linked to itself, and two nodes share one link at most.
//! - There are at most [`NODES_MAX`] nodes and [`LINKS_MAX`] links in a text.
//! - Nodes and links are in order of appearance.
//!
//! Text comes in and values go out: this module reads no file, prints nothing, and does not know the programs
//! of nodes.

mod arguments;
mod builder;
mod cursor;
mod draft;
mod foreign;
mod generator;
mod graph;
mod graphviz;
#[cfg(test)]
mod languages;
pub mod measures;
mod names;
mod parse;
mod parsed;
mod problem;
pub mod render;
mod spelling;
#[cfg(test)]
mod tests;

pub use generator::names as generators;
pub use graph::{Graph, Growth, Link, Node};
pub use parse::{parse, parse_span, read};
pub use parsed::{Parsed, Reading};

/// The greatest number of nodes that one topology may have. Chosen: far more than one machine can run, and few
/// enough that the graph fits into some hundred megabytes.
pub const NODES_MAX: usize = 1_000_000;

/// The greatest number of links that one topology may have. Chosen: four for each node, as random graphs have
/// twice by default.
pub const LINKS_MAX: usize = 4_000_000;

/// The greatest number of characters in a node's name: a label of a host's name has no more (RFC 1035, 2.3.4).
pub const NAME_MAX: usize = 63;

/// Words that scenarios use where a node's name may stand, so that no node may have one of them as its name.
pub const RESERVED: [&str; 6] = ["all", "any", "random", "first", "last", "rest"];

/// The topology of a network for which none is given: a clique of three.
pub const DEFAULT: &str = "a-b, b-c, c-a";

/// Returns true if `name` may be a node's: letters, digits and `_`, not too long, and no reserved word.
#[must_use]
pub fn is_node_name(name: &str) -> bool {
    (1..=NAME_MAX).contains(&name.len())
        && name.chars().all(cursor::is_name_char)
        && !RESERVED.contains(&name)
}
