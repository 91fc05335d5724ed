//! The names that generators give: a, b, … z, aa, ab, …, or a prefix and a number.

use super::RESERVED;

/// An endless sequence of names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Names {
    /// The letters a, b, … z, aa, ab, … from this name on. Reserved words are left out: otherwise a generator
    /// of more than 999 nodes would name one `all`.
    Letters(String),
    /// The prefix with the numbers from this one on.
    Prefixed(String, u64),
}

impl Default for Names {
    fn default() -> Self {
        Self::Letters("a".to_owned())
    }
}

impl Iterator for Names {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        match self {
            Self::Letters(next) => {
                while RESERVED.contains(&next.as_str()) {
                    *next = successor(next);
                }
                let following = successor(next);
                Some(std::mem::replace(next, following))
            }
            Self::Prefixed(prefix, number) => {
                let name = format!("{prefix}{number}");
                // The last number was checked against the size when the option was read.
                *number = number.saturating_add(1);
                Some(name)
            }
        }
    }
}

/// Returns the next name in letters, as spreadsheets count their columns: z, aa, … az, ba, … zz, aaa.
fn successor(name: &str) -> String {
    let stem = name.trim_end_matches('z');
    let zeros = "a".repeat(name.len() - stem.len());
    match stem.char_indices().next_back() {
        Some((at, last)) => format!("{}{}{zeros}", &stem[..at], char::from(last as u8 + 1)),
        None => format!("a{zeros}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(names: Names, skip: usize, expected: [&str; 3]) {
        assert_eq!(names.skip(skip).take(3).collect::<Vec<_>>(), expected);
    }

    #[test]
    fn letters_count_like_columns_of_a_spreadsheet() {
        check(Names::default(), 0, ["a", "b", "c"]);
        check(Names::default(), 25, ["z", "aa", "ab"]);
        check(Names::default(), 701, ["zz", "aaa", "aab"]);
        check(Names::Letters("azz".to_owned()), 0, ["azz", "baa", "bab"]);
    }

    #[test]
    fn reserved_words_are_left_out() {
        check(Names::Letters("alk".to_owned()), 0, ["alk", "alm", "aln"]);
        check(Names::Letters("all".to_owned()), 0, ["alm", "aln", "alo"]);
        check(Names::Letters("randol".to_owned()), 0, ["randol", "randon", "randoo"]);
    }

    #[test]
    fn a_prefix_counts_in_numbers() {
        check(Names::Prefixed("n".to_owned(), 9), 0, ["n9", "n10", "n11"]);
    }
}
