//! The values of the environment that were filled in, which no message may show.

use std::collections::BTreeSet;
use std::fmt;

/// The shortest value that is hidden, in bytes. Chosen: a shorter one is no secret, and stands in many texts by chance.
const LENGTH_MIN: usize = 4;

/// The values of variables, each with its placeholder; longer ones first.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Secrets(Vec<(String, String)>);

impl fmt::Debug for Secrets {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.0.iter().map(|(_, placeholder)| placeholder)).finish()
    }
}

impl Secrets {
    /// Returns the values of these placeholders, such as `env.TOKEN`.
    pub(crate) fn of(placeholders: &BTreeSet<String>) -> Self {
        let value =
            |name: &String| Some((std::env::var(name.strip_prefix("env.")?).ok()?, format!("{{{name}}}")));
        Self::new(placeholders.iter().filter_map(value).collect())
    }

    fn new(mut values: Vec<(String, String)>) -> Self {
        values.retain(|(value, _)| value.len() >= LENGTH_MIN);
        values.sort_by_key(|(value, _)| std::cmp::Reverse(value.len()));
        Self(values)
    }

    /// Returns a text with placeholders in place of their values.
    pub(crate) fn hide(&self, text: String) -> String {
        self.0.iter().fold(text, |text, (value, placeholder)| text.replace(value, placeholder))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_hidden_in_texts() {
        let of = |value: &str, name: &str| (value.to_owned(), format!("{{env.{name}}}"));
        let secrets = Secrets::new(vec![of("abcd", "SHORT"), of("abcdef", "LONG"), of("x", "NONE")]);
        assert_eq!(secrets.hide("abcdef abcd x".to_owned()), "{env.LONG} {env.SHORT} x");
    }
}
