//! The place of a part of a scenario.

use crate::text::{Source, Span};

/// A place in one of the files of a scenario.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At {
    /// The file; with `include` there are several.
    pub source: Source,
    /// The stretch of text within the file.
    pub span: Span,
}
