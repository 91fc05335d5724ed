//! The filter of lines, by a regular expression.

use regex::Regex;

use super::error::LogsError;

/// The filter of lines; without an expression every line passes.
pub(super) struct Filter(Option<Regex>);

impl Filter {
    /// Creates the filter of an expression, if there is one.
    pub(super) fn new(pattern: Option<&str>) -> Result<Self, LogsError> {
        Ok(Self(pattern.map(Regex::new).transpose()?))
    }

    /// Returns true if the line passes.
    pub(super) fn matches(&self, text: &str) -> bool {
        self.0.as_ref().is_none_or(|regex| regex.is_match(text))
    }
}
