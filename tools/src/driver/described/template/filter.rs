//! The filters of placeholders: the ways in which values are written.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::text::value;

/// A filter of a placeholder: the way in which its value is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in super::super) enum Filter {
    /// As JSON: a text in quotes, or a typed value as it is.
    Json,
    /// In base64, with padding.
    Base64,
    /// As a part of a path or a query: all but letters, digits and `-_.~` is percent-encoded.
    Url,
}

impl Filter {
    /// All filters, each by its word.
    pub(super) const ALL: [(&'static str, Self); 3] =
        [("json", Self::Json), ("base64", Self::Base64), ("url", Self::Url)];

    /// Returns the words of all filters.
    pub(in super::super) fn words() -> impl Iterator<Item = &'static str> + Clone {
        Self::ALL.iter().map(|(word, _)| *word)
    }

    pub(super) fn apply(self, text: &str, is_typed: bool) -> String {
        match self {
            Self::Json if is_typed => value::json(text).into_owned(),
            Self::Json => serde_json::Value::from(text).to_string(),
            Self::Base64 => STANDARD.encode(text),
            Self::Url => encoded(text),
        }
    }
}

fn encoded(text: &str) -> String {
    let mut encoded = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            encoded.push_str(&format!("%{byte:02X}"));
        }
    }
    encoded
}
