//! Names that a topology can spell, in place of those from other languages that it cannot.

use std::collections::BTreeSet;

use deunicode::deunicode;

use super::cursor::is_name_char;
use super::{NAME_MAX, RESERVED, is_node_name};

/// The characters that are left for a number behind a name that was cut: `_`, and the seven digits of
/// [`NODES_MAX`](super::NODES_MAX).
const NUMBER_MAX: usize = 8;

/// Returns the name nearest to `name` that a node may have: `leaf-1` is `leaf_1`, `(0, 0)` is `0_0`,
/// `Zürich` is `Zurich`.
pub(super) fn spelled(name: &str) -> String {
    let mut spelled = String::new();
    for character in deunicode(name).chars() {
        if is_name_char(character) {
            spelled.push(character);
        } else if !spelled.is_empty() && !spelled.ends_with('_') {
            spelled.push('_');
        }
        if spelled.len() >= NAME_MAX - NUMBER_MAX {
            break;
        }
    }
    // A sign at the end of a name has no meaning, and leaves no `_`.
    if name.ends_with(|c: char| !is_name_char(c)) {
        spelled.truncate(spelled.trim_end_matches('_').len());
    }
    if spelled.is_empty() {
        spelled.push_str("node");
    }
    if RESERVED.contains(&spelled.as_str()) {
        spelled.push('_');
    }
    spelled
}

/// Returns the same as [`spelled`], with a number behind it if that name is taken.
pub(super) fn spelled_unlike(name: &str, taken: &BTreeSet<String>) -> String {
    let nearest = spelled(name);
    let numbered = (2_u32..).map(|number| format!("{}_{number}", nearest.trim_end_matches('_')));
    let mut all = std::iter::once(nearest.clone()).chain(numbered);
    all.find(|name| !taken.contains(name)).unwrap_or_default()
}

/// Returns true if a node of this name may have had the name `label` before. Then the label is stored as its
/// original name; any other label is only a text of the picture.
pub(super) fn is_spelling_of(name: &str, label: &str) -> bool {
    let is_number = |rest: &str| rest.bytes().all(|byte| byte.is_ascii_digit());
    !is_node_name(label)
        && (name == spelled(label)
            || name
                .strip_prefix(spelled(label).trim_end_matches('_'))
                .and_then(|rest| rest.strip_prefix('_'))
                .is_some_and(is_number))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(name: &str, expected: &str) {
        assert_eq!(spelled(name), expected);
        assert!(is_node_name(&spelled(name)));
        assert!(is_node_name(name) || is_spelling_of(&spelled(name), name));
    }

    #[test]
    fn names_are_mapped_readably() {
        check("leaf-1", "leaf_1");
        check("10.0.0.1", "10_0_0_1");
        check("(0, 0)", "0_0");
        check("Zürich", "Zurich");
        check("my node!", "my_node");
        check("a_", "a_");
        check("all", "all_");
        check("", "node");
        check("\u{1b}[31m", "31m");
        check("→", "node");
        assert_eq!(spelled(&"x".repeat(100)).len(), NAME_MAX - NUMBER_MAX);
    }

    #[test]
    fn names_that_are_alike_are_numbered() {
        let taken = BTreeSet::from(["a_1".to_owned(), "a_1_2".to_owned()]);
        assert_eq!(spelled_unlike("a-1", &taken), "a_1_3");
        assert_eq!(spelled_unlike("a-2", &taken), "a_2");
        assert!(is_spelling_of("a_1_3", "a-1"));
        // Another name with the same beginning is no spelling of it.
        assert!(!is_spelling_of("call2", " call "));
    }
}
