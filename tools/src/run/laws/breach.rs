//! The breach of a law, as the laws report it.

use super::law::Law;
use crate::run::results::Finding;

/// The most lines of evidence that a report lists; chosen: a person reads them on one screen.
const SHOWN: usize = 20;

/// The breach of a law, with the evidence in words.
#[derive(Debug, Clone, PartialEq)]
pub(in crate::run) struct Breach {
    pub law: Law,
    /// The message: a lower-case fragment.
    pub message: String,
    /// The nodes concerned, each with its answer.
    pub findings: Vec<Finding>,
    /// The evidence: one line each.
    pub evidence: Vec<String>,
}

/// Cuts lines of evidence to the number that a report shows.
pub(in crate::run) fn shortened(mut lines: Vec<String>) -> Vec<String> {
    let count = lines.len();
    if count > SHOWN {
        lines.truncate(SHOWN);
        lines.push(format!("… and {} more", count - SHOWN));
    }
    lines
}
