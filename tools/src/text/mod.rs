//! Text that people wrote: where it came from, places in it, and what is said about them.

mod diagnostic;
mod nearest;
mod source;

pub use diagnostic::{Diagnostic, Severity};
pub use nearest::nearest;
pub use source::{Place, Source, Span};
