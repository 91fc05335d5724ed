//! Text that people wrote: where it came from, places in it, and what is said about them.

mod diagnostic;
mod duration;
mod nearest;
mod source;

pub use diagnostic::{Diagnostic, Severity};
pub use duration::duration;
pub use nearest::nearest;
pub use source::{Place, Source, Span};
