//! The selection of scenarios by their tags.

use std::collections::BTreeSet;

use super::failure::Failure;
use super::setting::SettingError;
use crate::scenario::Headers;

/// Returns true if scenarios with these headers have one of the tags. Without a tag, all are selected.
pub(super) fn fits(wanted: &[String], headers: &Headers) -> bool {
    wanted.is_empty() || wanted.iter().any(|tag| headers.tags.contains(tag))
}

/// Checks that each tag is one that some of these scenarios have. The error names the tags that there are.
pub(super) fn check<'h>(
    wanted: &[String],
    headers: impl IntoIterator<Item = &'h Headers>,
) -> Result<(), Failure> {
    let there: BTreeSet<&str> =
        headers.into_iter().flat_map(|headers| &headers.tags).map(String::as_str).collect();
    let Some(unknown) = wanted.iter().find(|tag| !there.contains(tag.as_str())) else { return Ok(()) };
    if there.is_empty() {
        let failure = Failure::usage(format!("no scenario has the tag `{unknown}`, nor any other"));
        return Err(failure.help("`tags slow, ci` at the top of a scenario gives it tags"));
    }
    let there: Vec<&str> = there.into_iter().collect();
    Err(SettingError::unknown("tag", unknown, &there).into())
}
