//! Errors of the system as texts for people.

use std::io::{Error, ErrorKind};

/// Returns an error of the system as text, without its number.
pub(super) fn describe(error: &Error) -> String {
    match error.kind() {
        ErrorKind::ConnectionRefused => "nobody listens there".to_owned(),
        ErrorKind::ConnectionReset => "the connection was reset".to_owned(),
        _ => error.to_string(),
    }
}
