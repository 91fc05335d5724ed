//! Columns of text, aligned by what they take on a terminal.

use unicode_width::UnicodeWidthStr;

/// On which side a cell is filled up.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Side {
    Left,
    Right,
}

/// The text filled up to a width with blanks on one side.
pub(super) fn pad(text: &str, width: usize, side: Side) -> String {
    let blanks = " ".repeat(width.saturating_sub(text.width()));
    match side {
        Side::Left => format!("{blanks}{text}"),
        Side::Right => format!("{text}{blanks}"),
    }
}

/// The width of the widest text.
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
