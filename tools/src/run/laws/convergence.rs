//! After heal and quiet, all running nodes of a component hold the same versions.

/// **Convergence.** The nodes of one component all tell the same digest. One that has told none yet
/// does not hold the same as another. Evidence: what nodes tell by `watch`, those versions aside that are
/// not yet due, which no digest counts.
pub(in crate::run) fn convergence<'a>(digests: impl IntoIterator<Item = Option<&'a str>>) -> bool {
    let mut digests = digests.into_iter();
    match digests.next() {
        Some(first) => first.is_some() && digests.all(|digest| digest == first),
        None => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nodes_that_tell_the_same_digest_hold_the_same() {
        assert!(convergence([Some("2:ab"), Some("2:ab")]));
        assert!(convergence([Some("2:ab")]));
        assert!(convergence([]));
    }

    #[test]
    fn another_digest_or_none_at_all_is_a_difference() {
        assert!(!convergence([Some("2:ab"), Some("2:ac")]));
        assert!(!convergence([Some("2:ab"), None]));
        assert!(!convergence([None, None]));
    }
}
