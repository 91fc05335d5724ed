//! A message about a place in a text.

use std::fmt;

use super::readable::{readable, readable_lines, readable_width};
use super::source::{Source, Span};

/// The severity of a diagnostic.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// The text is accepted as it stands, but is probably a mistake.
    Warning,
    /// The text is refused: nothing is started.
    Error,
}

/// A message about a place. Its display has the place, the line and a caret, with all foreign text
/// [`readable`]:
///
/// ```text
/// error: unknown step `netwrok`
///  --> sync.scn:3:1
///  3 | netwrok a-b
///    | ^^^^^^^
///    = help: did you mean `network`?
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// The severity.
    pub severity: Severity,
    /// The text.
    pub source: Source,
    /// The place in the source.
    pub span: Span,
    /// The fault: a lower-case fragment.
    pub message: String,
    /// The remedy, if there is one to name.
    pub help: Option<String>,
    /// True if the line must not be shown.
    pub is_withheld: bool,
}

impl Diagnostic {
    /// Creates an error.
    pub fn error(source: &Source, span: impl Into<Span>, message: impl Into<String>) -> Self {
        let (source, span, message) = (source.clone(), span.into(), message.into());
        Self { severity: Severity::Error, source, span, message, help: None, is_withheld: false }
    }

    /// Creates a warning.
    pub fn warning(source: &Source, span: impl Into<Span>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(source, span, message) }
    }

    /// Adds a remedy.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Removes all words of a confidential text. A diagnostic about any other text stays as it is.
    #[must_use]
    pub fn without_secrets(self) -> Self {
        if !self.source.is_confidential() {
            return self;
        }
        let message = "this cannot be done as a step, and a file that may be no scenario is not quoted";
        Self { message: message.to_owned(), is_withheld: true, ..self }
            .help("end its name in `.scn` to see the line and the reason")
    }

    /// Adds the remedy `did you mean …?`, where there is a nearest name.
    #[must_use]
    pub fn did_you_mean(self, nearest: Option<&str>) -> Self {
        match nearest {
            Some(nearest) => self.help(format!("did you mean `{nearest}`?")),
            None => self,
        }
    }
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let label = match self.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        let place = self.source.place(self.span);
        let number = place.line.to_string();
        let margin = " ".repeat(number.len());
        let mut characters = place.text.chars();
        // The caret stands under the characters as shown: an escape takes more columns than its character.
        let indent: String = characters
            .by_ref()
            .take(place.column - 1)
            .map(|c| if c == '\t' { "\t".to_owned() } else { " ".repeat(readable_width(c)) })
            .collect();
        let width: usize = characters.take(place.width).map(readable_width).sum();
        writeln!(f, "{label}: {}", readable_lines(&self.message))?;
        writeln!(f, "{margin}--> {}:{}:{}", readable(self.source.name()), place.line, place.column)?;
        if self.is_withheld {
            write!(f, " {number} | …")?;
        } else {
            writeln!(f, " {number} | {}", readable(&place.text))?;
            write!(f, " {margin} | {indent}{}", "^".repeat(width.max(1)))?;
        }
        match &self.help {
            Some(help) => write!(f, "\n {margin} = help: {}", readable_lines(help)),
            None => Ok(()),
        }
    }
}

impl std::error::Error for Diagnostic {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shows_the_place_the_line_a_caret_and_the_remedy() {
        let source = Source::new("sync.scn", "# one\nnetwrok a-b\n");
        let diagnostic =
            Diagnostic::error(&source, 6..13, "unknown step `netwrok`").did_you_mean(Some("network"));
        let expected = "error: unknown step `netwrok`\n --> sync.scn:2:1\n 2 | netwrok a-b\n   | ^^^^^^^\n   \
                        = help: did you mean `network`?";
        assert_eq!(diagnostic.to_string(), expected);
    }

    #[test]
    fn text_of_others_is_shown_with_the_caret_below_it() {
        let source = Source::new("f\u{1b}]0;x\u{7}.scn", "a\u{1b}[2J 東\u{202e} bad\r\n");
        let start = source.text().find("bad").unwrap();
        let diagnostic = Diagnostic::error(&source, start..start + 3, "unknown `\u{9b}`").help("not\u{1b}");
        let expected = "error: unknown `\\u{9b}`\n --> f\\u{1b}]0;x\\u{7}.scn:1:10\n 1 | a\\u{1b}[2J 東\\u{202e} bad\n   |                       ^^^\n   = help: not\\u{1b}";
        assert_eq!(diagnostic.to_string(), expected);
    }
}
