//! The comment on top of a file: what it is, and how to have it again.

use super::plan::Plan;
use super::run::Broken;

/// Of a plan as it was drawn.
#[must_use]
pub fn drawn(seed: u64) -> String {
    format!("Drawn by `tools fuzz --seed {seed}`: a network, writes and faults that the laws must survive.")
}

/// Of a plan as it was drawn, that failed; `again` is what its command said besides.
#[must_use]
pub fn broken(broken: &Broken, seed: u64, again: &str) -> String {
    format!(
        "Drawn by `tools fuzz --seed {seed}{again}`. Breaks {}: {}.",
        broken.signature,
        one_line(&broken.message)
    )
}

/// How what is left of a plan was found.
#[derive(Debug, Clone, Copy)]
pub struct Found<'a> {
    /// The plan that it is left of.
    pub drawn: &'a Plan,
    /// The file that it goes to, as a shell takes it.
    pub file: &'a str,
    /// What the command said besides.
    pub again: &'a str,
    /// Whether it fails as well where only so much is watched as `tools test` does.
    pub plainly: bool,
}

/// Of what is left of a plan.
#[must_use]
pub fn shrunk(broken: &Broken, found: &Found<'_>) -> String {
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

/// A message may have several lines; a sentence has one, and one full stop.
fn one_line(message: &str) -> String {
    message.split_whitespace().collect::<Vec<_>>().join(" ").trim_end_matches('.').to_owned()
}
