//! The wording of messages: lists of names, numbers of things, and the nearest name.

use crate::text::{Diagnostic, nearest};

/// Lists the first twelve names, which fill about a line, and counts the rest.
pub(super) fn listed<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    const SHOWN_MAX: usize = 12;
    let mut names = names.into_iter();
    let shown: Vec<&str> = names.by_ref().take(SHOWN_MAX).collect();
    match names.count() {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

/// Returns a number of things: `1 argument`, `2 arguments`.
pub(super) fn counted(count: usize, thing: &str) -> String {
    if count == 1 { format!("{count} {thing}") } else { format!("{count} {thing}s") }
}

/// Adds to the error the nearest of the names, or a list of the names.
pub(super) fn nearest_of<'n>(
    error: Diagnostic,
    word: &str,
    names: impl Iterator<Item = &'n str> + Clone,
    are: &str,
) -> Diagnostic {
    match nearest(word, names.clone()) {
        Some(near) => error.did_you_mean(Some(near)),
        None => error.help(format!("{are} {}", listed(names))),
    }
}
