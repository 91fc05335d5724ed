//! Columns of text, aligned by their width on a terminal.

use unicode_width::UnicodeWidthStr;

/// The side on which a cell is filled with blanks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
}

/// Returns the text, filled to a width with blanks on one side.
pub(super) fn pad(text: &str, width: usize, side: Side) -> String {
    let blanks = " ".repeat(width.saturating_sub(text.width()));
    match side {
        Side::Left => format!("{blanks}{text}"),
        Side::Right => format!("{text}{blanks}"),
    }
}

/// Returns the width of the widest text.
pub(super) fn widest<'a>(texts: impl IntoIterator<Item = &'a str>) -> usize {
    texts.into_iter().map(UnicodeWidthStr::width).max().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fills_up_what_is_seen_and_cuts_nothing() {
        assert_eq!(pad("é", 3, Side::Right), "é  ");
        assert_eq!(pad("東", 3, Side::Left), " 東");
        assert_eq!(pad("long", 2, Side::Left), "long");
        assert_eq!(widest(["a", "東", "b"]), 2);
    }
}
