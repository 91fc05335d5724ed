//! The nearest name to a mistyped word.

/// Returns the candidate closest to `word`, if it is close enough to be a typing error.
#[must_use]
pub fn nearest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let lower = word.to_lowercase();
    let bound = match word.chars().count() {
        0..=2 => 1,
        3..=5 => 2,
        _ => 3,
    };
    candidates
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&lower, &candidate.to_lowercase()), candidate))
        .filter(|(distance, _)| *distance <= bound && *distance < word.chars().count())
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_slips_and_leaves_the_rest_alone() {
        let words = ["network", "expect", "restart", "within"];
        assert_eq!(nearest("netwrok", words), Some("network"));
        assert_eq!(nearest("Expct", words), Some("expect"));
        assert_eq!(nearest("banana", words), None);
        assert_eq!(nearest("x", ["a"]), None);
    }
}
