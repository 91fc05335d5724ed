//! One thing to say about one place in a text.

use std::fmt;

use super::source::{Source, Span};

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It is taken as it stands, and probably not what was meant.
    Warning,
    /// Nothing is started.
    Error,
}

/// A message about a place. Displays as the place, the line and a caret:
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
    /// How bad it is.
    pub severity: Severity,
    /// The text.
    pub source: Source,
    /// The place in it.
    pub span: Span,
    /// What is wrong: a lower-case fragment.
    pub message: String,
    /// What to do about it, if that can be said.
    pub help: Option<String>,
}

impl Diagnostic {
    /// An error.
    pub fn error(source: &Source, span: impl Into<Span>, message: impl Into<String>) -> Self {
        let (source, span, message) = (source.clone(), span.into(), message.into());
        Self { severity: Severity::Error, source, span, message, help: None }
    }

    /// A warning.
    pub fn warning(source: &Source, span: impl Into<Span>, message: impl Into<String>) -> Self {
        Self { severity: Severity::Warning, ..Self::error(source, span, message) }
    }

    /// With what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// With `did you mean …?`, where there is a nearest name.
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
        let indent: String =
            place.text.chars().take(place.column - 1).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
        writeln!(f, "{label}: {}", self.message)?;
        writeln!(f, "{margin}--> {}:{}:{}", self.source.name(), place.line, place.column)?;
        writeln!(f, " {number} | {}", place.text)?;
        write!(f, " {margin} | {indent}{}", "^".repeat(place.width))?;
        match &self.help {
            Some(help) => write!(f, "\n {margin} = help: {help}"),
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
}
