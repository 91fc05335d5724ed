//! Numbers and times as people type them after these flags.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::scenario::duration;

/// The most of anything that is started.
const COUNT_MAX: usize = 10_000;

/// The longest name of a node: logs are called so.
const NAME_MAX: usize = 64;

/// How many clients.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Clients {
    /// So many.
    All(usize),
    /// So many for each node.
    EachNode(usize),
}

/// Which nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Nodes {
    /// So many.
    Counted(usize),
    /// Those.
    Named(Vec<String>),
}

/// `5`, or `n1,n2`. Names are those of files as well.
pub(super) fn nodes(text: &str) -> Result<Nodes, String> {
    if text.parse::<i128>().is_ok() {
        return count(text).map(Nodes::Counted);
    }
    let names: Vec<String> = text.split(',').map(|name| name.trim().to_owned()).collect();
    count(&names.len().to_string())?;
    let mut known = BTreeSet::new();
    for name in &names {
        let plain = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
        if !name.starts_with(|first: char| first.is_ascii_alphanumeric()) || !name.chars().all(plain) {
            return Err(format!("`{name}` is neither a number of nodes nor a name: letters and digits"));
        }
        if name.len() > NAME_MAX {
            return Err(format!("`{name}` is too long for a name: {NAME_MAX} letters at most"));
        }
        if !known.insert(name) {
            return Err(format!("there is `{name}` twice"));
        }
    }
    Ok(Nodes::Named(names))
}

/// `total`, or a share of one.
pub(super) fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        _ if text == "total" => Ok(1.0),
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        _ => Err("`total` is expected, or a number from 0 to 1".to_owned()),
    }
}

/// `10`, or `4n`.
pub(super) fn clients(text: &str) -> Result<Clients, String> {
    match text.strip_suffix('n') {
        Some(each) => count(each).map(Clients::EachNode),
        None => count(text).map(Clients::All),
    }
}

/// A number of things, at least one.
pub(super) fn count(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(count) if (1..=COUNT_MAX).contains(&count) => Ok(count),
        _ => Err(format!("a number from 1 to {COUNT_MAX} is expected")),
    }
}

/// So many a second.
pub(super) fn rate(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(rate) if (0.001..=1e6).contains(&rate) => Ok(rate),
        _ => Err("a number above 0 is expected, and at most 1000000".to_owned()),
    }
}

/// A share in a hundred, as a share of one.
pub(super) fn percent(text: &str) -> Result<f64, String> {
    match text.strip_suffix('%').unwrap_or(text).parse::<f64>() {
        Ok(share) if (0.0..100.0).contains(&share) => Ok(share),
        _ => Err("a number from 0 to less than 100 is expected".to_owned()),
    }
}

/// A duration; a bare number is seconds.
pub(super) fn seconds(text: &str) -> Result<Duration, String> {
    bare(text, 1.0).map_or_else(|| duration(text), Ok)
}

/// A duration; a bare number is milliseconds.
pub(super) fn milliseconds(text: &str) -> Result<Duration, String> {
    bare(text, 1e-3).map_or_else(|| duration(text), Ok)
}

fn bare(text: &str, unit: f64) -> Option<Duration> {
    /// More is a slip.
    const DAY: f64 = 86_400.0;
    let number = text.parse::<f64>().ok()?;
    (0.0..=DAY / unit).contains(&number).then(|| Duration::from_secs_f64(number * unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_typed_is_understood() {
        assert_eq!((clients("10"), clients("4n")), (Ok(Clients::All(10)), Ok(Clients::EachNode(4))));
        assert!(clients("n").is_err() && clients("0").is_err() && count("-1").is_err());
        assert_eq!(seconds("20"), Ok(Duration::from_secs(20)));
        assert_eq!(seconds("2.5s"), Ok(Duration::from_millis(2_500)));
        assert_eq!(milliseconds("100"), Ok(Duration::from_millis(100)));
        assert_eq!(milliseconds("1s"), Ok(Duration::from_secs(1)));
        assert!(seconds("-1").is_err() && seconds("soon").is_err() && seconds("NaN").is_err());
        assert!(rate("0").is_err() && rate("NaN").is_err() && rate("0.5") == Ok(0.5));
        assert_eq!((nodes("3"), share("total")), (Ok(Nodes::Counted(3)), Ok(1.0)));
        assert_eq!(nodes("a, b-1"), Ok(Nodes::Named(vec!["a".to_owned(), "b-1".to_owned()])));
        assert!(nodes("0").is_err() && nodes("-1").is_err() && nodes("a,").is_err() && nodes("").is_err());
        assert!(share("1.1").is_err() && share("NaN").is_err() && share("0.9") == Ok(0.9));
        assert!(percent("100").is_err() && percent("5%") == Ok(5.0));
    }
}
