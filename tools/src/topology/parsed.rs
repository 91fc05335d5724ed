//! The result of reading a topology, and the options of reading.

use super::graph::Graph;
use crate::text::Diagnostic;

/// The result of reading a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Parsed {
    /// The graph, with at least one node.
    pub graph: Graph,
    /// Warnings about valid text that is probably not meant so: links given twice, and nodes that bear the
    /// name of a generator.
    pub warnings: Vec<Diagnostic>,
}

/// Options of reading.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Reading {
    /// True if the text is a whole file. Then it may be in the language of another program (JSON, lists of
    /// edges, `GraphML`, GML, Mermaid, containerlab). Graphviz's language may stand in any text.
    pub is_file: bool,
    /// True if links from a node to itself are left out with a warning, and not refused.
    pub lenient: bool,
}
