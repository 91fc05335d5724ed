//! The law of convergence: after heal and quiet, all running nodes of a component hold the same versions.

/// Judges the law of **convergence**. The nodes of one component all tell the same digest. A node that
/// has told none yet differs from all others. Evidence: the digests that nodes tell by `watch`, which do
/// not count versions that are not yet due.
pub(in crate::run) fn convergence<'a>(digests: impl IntoIterator<Item = Option<&'a str>>) -> bool {
    let mut digests = digests.into_iter();
    match digests.next() {
        Some(first) => first.is_some() && digests.all(|digest| digest == first),
        None => true,
    }
}

/// The version that a node holds of a key.
#[derive(Debug, Clone, Copy)]
pub(super) struct Held<'a> {
    pub rank: &'a str,
    /// The wall time of its stamp, in milliseconds since 1970.
    pub wall_ms: u64,
}

/// Judges **convergence** while some versions are not yet due. Of each key, all nodes of a component
/// hold the greatest version that is stamped up to `due_ms`, or a greater one. There must be at least
/// one later version: digests that differ without one are a difference. Evidence: the versions that
/// nodes tell by `watch`.
pub(super) fn what_is_due_converges<'a>(
    keys: impl IntoIterator<Item = Vec<Option<Held<'a>>>>,
    due_ms: u64,
) -> bool {
    let mut some_are_not = false;
    for held in keys {
        let (due, later): (Vec<&Held<'_>>, Vec<_>) =
            held.iter().flatten().partition(|held| held.wall_ms <= due_ms);
        some_are_not |= !later.is_empty();
        let Some(greatest) = due.iter().map(|held| held.rank).max() else { continue };
        if held.iter().any(|held| held.is_none_or(|held| held.rank < greatest)) {
            return false;
        }
    }
    some_are_not
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks the convergence of nodes that hold these versions of each key, as of wall time 5.
    #[track_caller]
    fn check_due(keys: &[&[Option<u64>]], expected: bool) {
        let texts: Vec<Vec<Option<(String, u64)>>> = keys
            .iter()
            .map(|held| held.iter().map(|wall| wall.map(|wall| (wall.to_string(), wall))).collect())
            .collect();
        let held = texts.iter().map(|held| {
            let held = held.iter().map(|held| held.as_ref());
            held.map(|held| held.map(|(rank, wall_ms)| Held { rank, wall_ms: *wall_ms })).collect()
        });
        assert_eq!(what_is_due_converges(held, 5), expected, "{keys:?}");
    }

    #[test]
    fn versions_that_are_not_yet_due_are_left_aside() {
        check_due(&[&[Some(7), None]], true);
        check_due(&[&[Some(7), Some(5)], &[Some(3), Some(3)]], true);
        check_due(&[&[Some(6), Some(8), None]], true);
    }

    #[test]
    fn what_is_due_has_to_be_everywhere_all_the_same() {
        check_due(&[&[Some(7), None], &[Some(5), None]], false);
        check_due(&[&[Some(7), None], &[Some(5), Some(4)]], false);
        // A node that holds an older version than another is behind, whatever its author holds.
        check_due(&[&[Some(7), Some(5), Some(4)]], false);
    }

    #[test]
    fn digests_that_differ_although_all_is_due_are_a_difference() {
        check_due(&[&[Some(5), Some(5)]], false);
        check_due(&[], false);
    }

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
