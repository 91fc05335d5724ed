//! The rank of a version, as events have it.
//!
//! Ranks are compared as texts. The rank of a native version has 120 digits, of which the hash of the version is half.
//! Events with ranks come by the thousand, so they have the parts in which the versions of one key differ.

/// The digits at the beginning: a stamp, and a quarter of an author's id or of a value's hash.
const FIRST: usize = 32;
/// The digits at the end: a quarter of a hash.
const LAST: usize = 16;

/// Returns a rank as events have it.
#[must_use]
pub fn brief_rank(rank: &str) -> String {
    match parts(rank) {
        Some((first, last)) => [first, last].concat(),
        None => rank.to_owned(),
    }
}

/// Returns the beginning and the end of a rank that is longer than both.
fn parts(rank: &str) -> Option<(&str, &str)> {
    if rank.len() <= FIRST + LAST {
        return None;
    }
    Some((rank.get(..FIRST)?, rank.get(rank.len() - LAST..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_rank_has_its_beginning_and_its_end() {
        let long = format!("{}{}{}", "a".repeat(FIRST), "b".repeat(100), "c".repeat(LAST));
        assert_eq!(brief_rank(&long), "a".repeat(FIRST) + &"c".repeat(LAST));
        for short in ["", "1", &"a".repeat(FIRST + LAST), &"é".repeat(FIRST)] {
            assert_eq!(brief_rank(&brief_rank(short)), brief_rank(short), "{short}");
        }
        // A character of several bytes is not cut.
        let wide = format!("a{}", "é".repeat(40));
        assert_eq!(brief_rank(&wide), wide);
    }
}
