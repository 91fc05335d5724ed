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
//! What always holds of a [`Graph`]: names are made of ASCII letters, digits and `_`, at most
//! [`NAME_MAX`] of them, and are none of the [`RESERVED`] words; nobody is linked to itself; two nodes share one link at most; there are
//! at most [`NODES_MAX`] nodes and [`LINKS_MAX`] links a text. Everything is in order of appearance.
//!
//! Text comes in and values go out: nothing here reads a file, prints, or knows what a node runs.

mod arguments;
mod builder;
mod cursor;
pub mod draw;
mod generator;
mod graph;
mod graphviz;
pub mod measures;
mod names;
mod parse;
mod problem;
mod random;
#[cfg(test)]
mod tests;

pub use graph::{Graph, Growth, Link, Node};
pub use parse::{Parsed, parse, parse_span};

/// The greatest number of nodes that one topology may have.
pub const NODES_MAX: usize = 1_000_000;

/// The greatest number of links that one topology may have.
pub const LINKS_MAX: usize = 4_000_000;

/// The greatest number of characters in a node's name: a host's name takes no more.
pub const NAME_MAX: usize = 63;

/// Words that scenarios use where a node's name may stand, so that no node may be called so.
pub const RESERVED: [&str; 6] = ["all", "any", "random", "first", "last", "rest"];

/// What a topology is when nobody says: a clique of three.
pub const DEFAULT: &str = "a-b, b-c, c-a";

/// Whether `name` may be a node's: letters, digits and `_`, not too long, and no reserved word.
#[must_use]
pub fn is_node_name(name: &str) -> bool {
    (1..=NAME_MAX).contains(&name.len())
        && name.chars().all(cursor::is_name_char)
        && !RESERVED.contains(&name)
}
