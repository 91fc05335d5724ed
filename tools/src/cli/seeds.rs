//! The seeds on a command line: one, or a range with both ends, as ranges are in scenarios.

use std::ops::RangeInclusive;
use std::str::FromStr;

/// One seed or a range of them, at least one and at most [`SEEDS_MAX`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seeds {
    first: u64,
    last: u64,
}

/// The most seeds in one range. Chosen: a typing mistake should not keep a machine busy for weeks.
pub const SEEDS_MAX: u64 = 10_000_000;

/// The reason why a text is no [`Seeds`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SeedsError {
    /// The text is empty, or one end of a range is missing.
    #[error("a seed is a number, a range two of them: 5, or 1..200")]
    Missing,
    /// A seed is not a number, or too great.
    #[error("`{0}` is no seed: a seed is a number from 0 to {max}, a range two of them: 1..200", max = u64::MAX)]
    Number(String),
    /// The first seed is greater than the last.
    #[error("the range {0}..{1} is reversed: did you mean {1}..{0}?")]
    Reversed(u64, u64),
    /// The range has more than [`SEEDS_MAX`] seeds.
    #[error("the range {0}..{1} has more than {SEEDS_MAX} seeds")]
    TooMany(u64, u64),
}

impl Seeds {
    /// Returns the first seed.
    #[must_use]
    pub fn first(self) -> u64 {
        self.first
    }

    /// Returns the last seed, which is also the first if there is only one.
    #[must_use]
    pub fn last(self) -> u64 {
        self.last
    }

    /// Returns the number of seeds, which is never 0.
    #[must_use]
    pub fn count(self) -> u64 {
        self.last - self.first + 1
    }

    /// Returns every seed, in order.
    #[must_use]
    pub fn iter(self) -> RangeInclusive<u64> {
        self.first..=self.last
    }
}

impl IntoIterator for Seeds {
    type Item = u64;
    type IntoIter = RangeInclusive<u64>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl From<u64> for Seeds {
    fn from(seed: u64) -> Self {
        Self { first: seed, last: seed }
    }
}

impl std::fmt::Display for Seeds {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.first == self.last {
            return write!(f, "{}", self.first);
        }
        write!(f, "{}..{}", self.first, self.last)
    }
}

impl FromStr for Seeds {
    type Err = SeedsError;

    fn from_str(text: &str) -> Result<Self, SeedsError> {
        let Some((first, last)) = text.split_once("..") else { return seed(text).map(Self::from) };
        let (first, last) = (seed(first)?, seed(last)?);
        if first > last {
            return Err(SeedsError::Reversed(first, last));
        }
        if last - first >= SEEDS_MAX {
            return Err(SeedsError::TooMany(first, last));
        }
        Ok(Self { first, last })
    }
}

fn seed(text: &str) -> Result<u64, SeedsError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(SeedsError::Missing);
    }
    // `parse` would accept a sign, but a seed has none.
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| digits).ok_or_else(|| SeedsError::Number(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let said = match text.parse::<Seeds>() {
            Ok(seeds) => format!("{seeds}: {} seeds", seeds.count()),
            Err(error) => error.to_string(),
        };
        assert_eq!(said, expected);
    }

    #[test]
    fn one_seed_or_a_range_with_both_ends() {
        check("5", "5: 1 seeds");
        check("1..200", "1..200: 200 seeds");
        check(" 3 .. 3 ", "3: 1 seeds");
        check("0..9999999", "0..9999999: 10000000 seeds");
        check("18446744073709551615", "18446744073709551615: 1 seeds");
        assert_eq!("7..9".parse::<Seeds>().unwrap().into_iter().collect::<Vec<_>>(), [7, 8, 9]);
    }

    #[test]
    fn a_text_that_is_no_range_is_refused_with_an_example() {
        check("9..3", "the range 9..3 is reversed: did you mean 3..9?");
        check("0..10000000", "the range 0..10000000 has more than 10000000 seeds");
        check("0..18446744073709551615", "the range 0..18446744073709551615 has more than 10000000 seeds");
        for empty in ["", "..", "1..", "..5", " "] {
            check(empty, "a seed is a number, a range two of them: 5, or 1..200");
        }
        let number = |text: &str| {
            format!(
                "`{text}` is no seed: a seed is a number from 0 to 18446744073709551615, a range two of them: 1..200"
            )
        };
        check("five", &number("five"));
        check("-5", &number("-5"));
        check("+5", &number("+5"));
        check("1...5", &number(".5"));
        check("1..18446744073709551616", &number("18446744073709551616"));
    }
}
