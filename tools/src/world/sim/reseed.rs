//! A point of a run from which all is drawn anew: the run is the same up to there, and another after it.

use std::str::FromStr;

/// A point of a run from which all is drawn from another seed, written `EVENT:SEED`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Reseed {
    /// The number of events of the world that happen before it.
    pub event: u64,
    /// The seed of all draws from then on.
    pub seed: u64,
}

/// The reason why a text is no [`Reseed`].
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no point of a run: write EVENT:SEED with two whole numbers, such as 1200:7")]
pub struct ReseedError(String);

impl FromStr for Reseed {
    type Err = ReseedError;

    fn from_str(text: &str) -> Result<Self, ReseedError> {
        let numbers =
            text.split_once(':').and_then(|(event, seed)| Some((event.parse().ok()?, seed.parse().ok()?)));
        let (event, seed) = numbers.ok_or_else(|| ReseedError(text.to_owned()))?;
        Ok(Self { event, seed })
    }
}

impl std::fmt::Display for Reseed {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}:{}", self.event, self.seed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_point_is_two_numbers() {
        let point = Reseed { event: 1200, seed: 7 };
        assert_eq!("1200:7".parse(), Ok(point));
        assert_eq!(point.to_string(), "1200:7");
        for wrong in ["", "1200", "1200:", ":7", "-1:7", "1:2:3", "1200 7", "18446744073709551616:1"] {
            assert_eq!(wrong.parse::<Reseed>(), Err(ReseedError(wrong.to_owned())));
        }
    }
}
