//! The parsers of the numbers and times that the flags of `tools maelstrom` and `tools workload` take.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::driver::maelstrom::service;
use crate::scenario::duration;

/// The largest count that a flag accepts: the most nodes of which networks were measured.
const COUNT_MAX: usize = 10_000;

/// The longest name of a node, in bytes. Chosen: with its extension it stays far below the 255 bytes that
/// Linux allows for the name of a log file.
const NAME_MAX: usize = 64;

/// The reason why a flag does not take a text.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::cli) enum QuantityError {
    /// The text is neither a number nor a list of names.
    #[error("`{0}` is neither a number of nodes nor a name: letters and digits")]
    Name(String),
    /// A name is longer than `NAME_MAX`.
    #[error("`{0}` is too long for a name: {NAME_MAX} letters at most")]
    LongName(String),
    /// A name comes twice.
    #[error("the names have `{0}` twice")]
    Twice(String),
    /// A name is that of a client or of a service.
    #[error("`{0}` is the id of a client or of a service: choose another for the node")]
    Taken(String),
    /// The text is no share.
    #[error("`total` is expected, or a number from 0 to 1")]
    Share,
    /// The text is no count.
    #[error("a number from 1 to {COUNT_MAX} is expected")]
    Count,
    /// Nothing would be asked.
    #[error("nothing would be asked, and nothing judged: from 0.001 to 1000000 operations a second")]
    NoLoad,
    /// The text is no rate.
    #[error("0 is expected, or a number from 0.001 to 1000000")]
    Rate,
    /// The text is no percentage.
    #[error("a number from 0 to less than 100 is expected")]
    Percent,
    /// The text is no duration; the message tells the reason.
    #[error("{0}")]
    Duration(#[from] crate::scenario::QuantityError),
}

/// The number of clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clients {
    /// The number for the whole network.
    All(usize),
    /// The number for each node.
    EachNode(usize),
}

/// The nodes of a test.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Nodes {
    /// The number of nodes, which get the names `n0`, `n1` and so on.
    Counted(usize),
    /// The names of the nodes.
    Named(Vec<String>),
}

/// Parses `5`, or `n1,n2`.
pub(in crate::cli) fn nodes(text: &str) -> Result<Nodes, QuantityError> {
    if text.parse::<i128>().is_ok() {
        return count(text).map(Nodes::Counted);
    }
    let names: Vec<String> = text.split(',').map(|name| node(name.trim())).collect::<Result<_, _>>()?;
    count(&names.len().to_string())?;
    distinct(&names)?;
    Ok(Nodes::Named(names))
}

/// Parses the id of a node, which also has to be valid in file names.
pub(in crate::cli) fn node(text: &str) -> Result<String, QuantityError> {
    let name = text.to_owned();
    let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
    if !name.starts_with(|first: char| first.is_ascii_alphanumeric()) || !name.chars().all(plain) {
        return Err(QuantityError::Name(name));
    }
    if name.len() > NAME_MAX {
        return Err(QuantityError::LongName(name));
    }
    let is_number = |digits: &str| digits.chars().all(|digit| digit.is_ascii_digit());
    if service::NAMES.contains(&text) || text.strip_prefix('c').is_some_and(is_number) {
        return Err(QuantityError::Taken(name));
    }
    Ok(name)
}

/// Fails if a name comes twice.
pub(in crate::cli) fn distinct(names: &[String]) -> Result<(), QuantityError> {
    let mut known = BTreeSet::new();
    match names.iter().find(|name| !known.insert(*name)) {
        Some(name) => Err(QuantityError::Twice(name.clone())),
        None => Ok(()),
    }
}

/// Parses `total`, or a share from 0 to 1.
pub(in crate::cli) fn share(text: &str) -> Result<f64, QuantityError> {
    match text.parse() {
        _ if text == "total" => Ok(1.0),
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err(QuantityError::Share),
    }
}

/// Parses `10`, or `4n`.
pub(in crate::cli) fn clients(text: &str) -> Result<Clients, QuantityError> {
    match text.strip_suffix('n') {
        Some(each) => count(each).map(Clients::EachNode),
        None => count(text).map(Clients::All),
    }
}

/// Parses a count from 1 to `COUNT_MAX`.
pub(in crate::cli) fn count(text: &str) -> Result<usize, QuantityError> {
    match text.parse() {
        Ok(count) if (1..=COUNT_MAX).contains(&count) => Ok(count),
        _ => Err(QuantityError::Count),
    }
}

/// Parses a rate in operations a second: 0, or from 0.001 to 1,000,000.
pub(in crate::cli) fn rate(text: &str) -> Result<f64, QuantityError> {
    match text.parse() {
        Ok(rate) if rate == 0.0 || (0.001..=1e6).contains(&rate) => Ok(rate),
        _ => Err(QuantityError::Rate),
    }
}

/// Parses a rate as [`rate`] does, but for 0, of which nothing would be judged.
pub(in crate::cli) fn load_rate(text: &str) -> Result<f64, QuantityError> {
    match rate(text) {
        Ok(0.0) => Err(QuantityError::NoLoad),
        rate => rate,
    }
}

/// Parses a percentage from 0 to less than 100, and returns it as a share of one.
pub(in crate::cli) fn percent(text: &str) -> Result<f64, QuantityError> {
    match text.strip_suffix('%').unwrap_or(text).parse::<f64>() {
        Ok(share) if (0.0..100.0).contains(&share) => Ok(share),
        _ => Err(QuantityError::Percent),
    }
}

/// Parses a duration; a bare number is seconds.
pub(in crate::cli) fn seconds(text: &str) -> Result<Duration, QuantityError> {
    bare(text, 1.0).map_or_else(|| duration(text).map_err(QuantityError::Duration), Ok)
}

/// Parses a duration; a bare number is milliseconds.
pub(in crate::cli) fn milliseconds(text: &str) -> Result<Duration, QuantityError> {
    bare(text, 1e-3).map_or_else(|| duration(text).map_err(QuantityError::Duration), Ok)
}

/// Parses a number without a unit, of this many seconds each.
fn bare(text: &str, unit: f64) -> Option<Duration> {
    /// The longest duration as a bare number, in seconds: a day. Chosen: a larger number is in another unit.
    const DAY: f64 = 86_400.0;
    let number = text.parse::<f64>().ok()?;
    (0.0..=DAY / unit).contains(&number).then(|| Duration::from_secs_f64(number * unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_times_are_parsed() {
        assert_eq!((clients("10"), clients("4n")), (Ok(Clients::All(10)), Ok(Clients::EachNode(4))));
        assert!(clients("n").is_err() && clients("0").is_err() && count("-1").is_err());
        assert_eq!(seconds("20"), Ok(Duration::from_secs(20)));
        assert_eq!(seconds("2.5s"), Ok(Duration::from_millis(2_500)));
        assert_eq!(milliseconds("100"), Ok(Duration::from_millis(100)));
        assert_eq!(milliseconds("1s"), Ok(Duration::from_secs(1)));
        assert!(seconds("-1").is_err() && seconds("soon").is_err() && seconds("NaN").is_err());
        assert!(
            rate("-1").is_err() && rate("NaN").is_err() && rate("0.5") == Ok(0.5) && rate("0") == Ok(0.0)
        );
        assert_eq!((nodes("3"), share("total")), (Ok(Nodes::Counted(3)), Ok(1.0)));
        assert_eq!(nodes("a, b-1"), Ok(Nodes::Named(vec!["a".to_owned(), "b-1".to_owned()])));
        assert!(nodes("0").is_err() && nodes("-1").is_err() && nodes("a,").is_err() && nodes("").is_err());
        for taken in ["c1", "c", "a,lin-kv"] {
            assert!(nodes(taken).unwrap_err().to_string().contains("of a client or of a service"), "{taken}");
        }
        assert!(node("n1").is_ok() && node("cat").is_ok() && node("a,b").is_err() && node("").is_err());
        assert!(share("1.1").is_err() && share("NaN").is_err() && share("0.9") == Ok(0.9));
        assert!(percent("100").is_err() && percent("5%") == Ok(5.0));
    }
}
