//! The log of a node: its events, their rate limits and the form of a line.
//!
//! Keys and names may stand in a line, values and secrets never do. Text from remote ends is shown
//! with its control characters escaped, so that nobody can forge a line. The driver decides where
//! lines go, and gives the time.

mod event;
mod level;
mod line;
mod rate_limit;
mod utc;
mod version_lines;

pub use event::LogEvent;
pub use level::Level;
pub use line::push_log_line;
pub(super) use rate_limit::RateLimits;
pub(super) use utc::utc;
