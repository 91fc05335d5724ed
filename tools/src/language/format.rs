//! The tidy form of a scenario's text.
//!
//! Only blanks, newlines and `;` change: every other character stays, in its order, comments included. Lines
//! are neither broken nor joined, except around the braces of a block that has several lines:
//!
//! - A level of blocks is two blanks. A line that goes on behind a comma is one level deeper.
//! - Words have one blank between them; none stands before `,` and `:`, and one does behind.
//! - A block in one line stays in it: `{ kill a; start a }`.
//! - A comment behind a step begins at [`COMMENT_COLUMN`], or two blanks behind a longer step.
//! - At most one line is empty, and none at either end of a block or of the file.
//! - The first end of a line decides on `\n` or `\r\n`. A byte order mark is left out.

mod tree;
mod writer;

use crate::scenario;
use crate::text::{Diagnostic, Source};

pub use writer::COMMENT_COLUMN;

/// Returns the tidy form of a scenario. The error has the mistakes in it, at least one.
///
/// ```
/// use tools::{language, text::Source};
///
/// let tidy = language::format::tidy(&Source::new("x.scn", "a:get x;do{kill a\nstart   a}"))?;
/// assert_eq!(tidy, "a: get x\ndo {\n  kill a\n  start a\n}\n");
/// # Ok::<(), Vec<tools::text::Diagnostic>>(())
/// ```
pub fn tidy(source: &Source) -> Result<String, Vec<Diagnostic>> {
    let (marks, mistakes) = scenario::marks(source);
    if !mistakes.is_empty() {
        return Err(mistakes);
    }
    let text = source.text();
    let end = match text.find('\n') {
        Some(newline) if text[..newline].ends_with('\r') => "\r\n",
        _ => "\n",
    };
    Ok(writer::written(&tree::file(text, &marks.gaps), end))
}

#[cfg(test)]
mod tests;
