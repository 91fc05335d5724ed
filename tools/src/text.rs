//! Texts that people wrote: their origin, places in them, and diagnostics about them.

mod cause;
mod diagnostic;
mod duration;
mod nearest;
mod readable;
mod source;
mod utc;
pub mod value;
mod xml;

pub use cause::{io_cause, regex_cause};
pub use diagnostic::{Diagnostic, Severity};
pub use duration::{TIME_UNITS, duration, parse_duration, step_duration};
pub use nearest::nearest;
pub use readable::{is_plain, readable, readable_lines};
pub use source::{Place, Source, Span};
pub use utc::utc_seconds;
pub use xml::xml;
