//! The comment on top of a file: its origin, and the command that produces it again.

use super::plan::Plan;
use super::run::PlanFailure;

/// Returns the comment for a plan as it was drawn.
#[must_use]
pub fn drawn(seed: u64) -> String {
    format!("Drawn by `tools fuzz --seed {seed}`: a network, writes and faults that the laws must survive.")
}

/// Returns the comment for a plan as it was drawn, that failed. `again` holds the other words of its command.
#[must_use]
pub fn broken(broken: &PlanFailure, seed: u64, again: &str) -> String {
    format!(
        "Drawn by `tools fuzz --seed {seed}{again}`. Breaks {}: {}.",
        broken.signature,
        one_line(&broken.message)
    )
}

/// The origin of a plan that was shrunk.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    /// The plan before it was shrunk.
    pub drawn: &'a Plan,
    /// The file that the shrunk plan goes to, quoted for a shell.
    pub file: &'a str,
    /// The other words of the command that found it.
    pub again: &'a str,
    /// True if it also fails with only what `tools test` watches.
    pub plainly: bool,
}

/// Returns the comment for a plan that was shrunk.
#[must_use]
pub fn shrunk(broken: &PlanFailure, found: &Found<'_>) -> String {
    let Found { drawn, file, again, plainly } = found;
    let seed = drawn.seed;
    let mut about = format!(
        "Breaks {}: {}.\n\nWhat is left of what this draws, which fails in the same way:\n  tools fuzz --seed {seed}{again}\n",
        broken.signature,
        one_line(&broken.message),
    );
    if *plainly {
        about.push_str(&format!("It runs again by:\n  tools test {file} --world sim --seed {seed}{again}\n"));
    }
    about
}

/// Joins a message of several lines to one line, without its last full stop.
fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ").trim_end_matches('.').to_owned()
}
