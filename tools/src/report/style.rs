//! Whether a text is coloured, and what the colours mean.

use std::fmt::Display;

use anstyle::AnsiColor;

/// Whether a text is coloured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style {
    colour: bool,
}

impl Style {
    /// Letters only: for files, pipes and people who ask for it.
    pub const PLAIN: Self = Self { colour: false };
    /// With colours: for terminals.
    pub const COLOUR: Self = Self { colour: true };

    /// With colours or without.
    #[must_use]
    pub fn new(colour: bool) -> Self {
        Self { colour }
    }

    /// What went as it should.
    pub(super) fn good(self, text: impl Display) -> String {
        self.paint(AnsiColor::Green.on_default(), text)
    }

    /// What did not.
    pub(super) fn bad(self, text: impl Display) -> String {
        self.paint(AnsiColor::Red.on_default().bold(), text)
    }

    /// What says nothing about the nodes: skipped, interrupted.
    pub(super) fn neither(self, text: impl Display) -> String {
        self.paint(AnsiColor::Yellow.on_default(), text)
    }

    /// What the eye should find first.
    pub(super) fn strong(self, text: impl Display) -> String {
        self.paint(anstyle::Style::new().bold(), text)
    }

    /// What is there for completeness.
    pub(super) fn faint(self, text: impl Display) -> String {
        self.paint(anstyle::Style::new().dimmed(), text)
    }

    /// The text between the codes of a style, if there are to be any. An empty text has none.
    pub(crate) fn paint(self, style: anstyle::Style, text: impl Display) -> String {
        let text = text.to_string();
        if self.colour && !text.is_empty() { format!("{style}{text}{style:#}") } else { text }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn colours_only_where_they_are_wanted() {
        assert_eq!(Style::PLAIN.bad("x"), "x");
        assert_eq!(Style::COLOUR.bad("x"), "\u{1b}[1m\u{1b}[31mx\u{1b}[0m");
        assert_eq!(Style::COLOUR.faint(""), "");
    }
}
