//! The sign by which a started node is known to be ready.

use std::str::FromStr;

use crate::text::regex_cause;

/// The sign by which a started program is known to be ready.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ready {
    /// A message that the program writes to its standard input, one end of a socket pair. The program ends
    /// when that closes. Only our own node does so.
    Told,
    /// An accepted connection at its port.
    Port,
    /// A line of its standard output or standard error that matches this regular expression.
    Log(String),
    /// A page that it serves by HTTP at its port.
    Page {
        /// The path of the page.
        path: String,
        /// The regular expression that the body of the page has to match, if there is one.
        body: Option<String>,
    },
    /// The end of this program with success. It is run again until then.
    Exec(Vec<String>),
    /// An answer on its standard output to a question on its standard input. Both are pipes of the driver.
    Spoken,
}

impl Ready {
    /// Returns the sign of a node whose log is not known: a port stands for a line of the log.
    #[must_use]
    pub(crate) fn without_log(self) -> Self {
        if let Self::Log(_) = self { Self::Port } else { self }
    }
}

/// The reason why a text names no sign of readiness.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ReadyError {
    /// The text after `log:` is no regular expression.
    #[error("`{pattern}` is no pattern: {}", regex_cause(error))]
    Pattern {
        /// The text after `log:`.
        pattern: String,
        /// The mistake in it.
        error: regex::Error,
    },
    /// The text has none of the three forms.
    #[error(
        "`{0}` does not say how a node is known to be ready: `port`, `log:REGEX`, or the path of a page that it \
         serves, such as `/health`"
    )]
    Form(String),
}

impl FromStr for Ready {
    type Err = ReadyError;

    /// Parses `port`, `log:REGEX`, or the path of a page.
    fn from_str(text: &str) -> Result<Self, ReadyError> {
        if text == "port" {
            return Ok(Self::Port);
        }
        if let Some(pattern) = text.strip_prefix("log:") {
            let wrong = |error| ReadyError::Pattern { pattern: pattern.to_owned(), error };
            regex::Regex::new(pattern).map_err(wrong)?;
            return Ok(Self::Log(pattern.to_owned()));
        }
        if text.starts_with('/') {
            return Ok(Self::Page { path: text.to_owned(), body: None });
        }
        Err(ReadyError::Form(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readiness_is_a_port_a_line_or_a_page() {
        let ready = |text: &str| text.parse::<Ready>().map_err(|error| error.to_string());
        assert_eq!(ready("port"), Ok(Ready::Port));
        assert_eq!(ready("log:listening on .*"), Ok(Ready::Log("listening on .*".to_owned())));
        assert_eq!(ready("/health"), Ok(Ready::Page { path: "/health".to_owned(), body: None }));
        assert!(ready("log:(").unwrap_err().contains("is no pattern"));
        assert!(ready("soon").unwrap_err().contains("`soon` does not say"));
    }
}
