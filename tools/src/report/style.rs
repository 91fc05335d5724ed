//! The style of a text: with or without colours, and the meaning of each colour.

use std::fmt::Display;

use anstyle::AnsiColor;

/// The choice between plain text and text with colours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Style(Colour);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Colour {
    Plain,
    Open,
    Sealed(Seal),
}

/// A number known only to the writer of a terminal and the code that colours text for it.
///
/// The seal stands behind the first character of every code. The writer shows escape characters without a
/// seal as text, so that text of strangers cannot colour anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seal([u8; 16]);

impl Seal {
    /// Makes a seal from a number, which must be hard to guess.
    #[must_use]
    pub fn new(number: u64) -> Self {
        let mut digits = [0; 16];
        for (at, digit) in digits.iter_mut().enumerate() {
            *digit = b"0123456789abcdef"[usize::try_from(number >> (4 * at) & 15).unwrap_or_default()];
        }
        Self(digits)
    }

    /// Returns the text behind the seal, if the text begins with the seal.
    #[must_use]
    pub fn strip(self, text: &str) -> Option<&str> {
        text.as_bytes().starts_with(&self.0).then(|| text.get(self.0.len()..)).flatten()
    }

    fn set_on(self, codes: &str) -> String {
        let digits: String = self.0.iter().copied().map(char::from).collect();
        codes.replace('\u{1b}', &format!("\u{1b}{digits}"))
    }
}

impl Style {
    /// Plain text: for files, pipes and people who ask for it.
    pub const PLAIN: Self = Self(Colour::Plain);
    /// Colours for readers of the codes that know no seal.
    pub const COLOUR: Self = Self(Colour::Open);

    /// Returns the style whose codes bear this seal.
    #[must_use]
    pub fn sealed(seal: Seal) -> Self {
        Self(Colour::Sealed(seal))
    }

    /// Colours a good result.
    pub(super) fn good(self, text: impl Display) -> String {
        self.paint(AnsiColor::Green.on_default(), text)
    }

    /// Colours a bad result.
    pub(super) fn bad(self, text: impl Display) -> String {
        self.paint(AnsiColor::Red.on_default().bold(), text)
    }

    /// Colours a result that says nothing about the nodes: skipped, interrupted.
    pub(super) fn neither(self, text: impl Display) -> String {
        self.paint(AnsiColor::Yellow.on_default(), text)
    }

    /// Emphasises the text that the eye should find first.
    pub(super) fn strong(self, text: impl Display) -> String {
        self.paint(anstyle::Style::new().bold(), text)
    }

    /// Dims a text that is there only for completeness.
    pub(super) fn faint(self, text: impl Display) -> String {
        self.paint(anstyle::Style::new().dimmed(), text)
    }

    /// Returns the text between the codes of a style, if the style has colours. An empty text has no codes.
    pub(crate) fn paint(self, style: anstyle::Style, text: impl Display) -> String {
        let text = text.to_string();
        let seal = match self.0 {
            Colour::Plain => return text,
            _ if text.is_empty() => return text,
            Colour::Open => return format!("{style}{text}{style:#}"),
            Colour::Sealed(seal) => seal,
        };
        let (begin, end) = (style.render().to_string(), style.render_reset().to_string());
        format!("{}{text}{}", seal.set_on(&begin), seal.set_on(&end))
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

    #[test]
    fn a_seal_stands_in_every_code_and_in_no_text() {
        let seal = Seal::new(0xfedc_ba98_7654_3210);
        let text = Style::sealed(seal).bad("x\u{1b}");
        assert_eq!(
            text,
            "\u{1b}0123456789abcdef[1m\u{1b}0123456789abcdef[31mx\u{1b}\u{1b}0123456789abcdef[0m"
        );
        assert_eq!(seal.strip("0123456789abcdef[1m"), Some("[1m"));
        assert_eq!(seal.strip("0123456789abcdee[1m"), None);
    }
}
