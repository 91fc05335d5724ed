//! The attempts at one run, as their folders tell: one report on all takes the place of those on each.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::os::unix::ffi::{OsStrExt as _, OsStringExt as _};
use std::path::{Path, PathBuf};

use crate::cli::folder::ATTEMPT;
use crate::run::Report;

/// Leaves out the reports on single attempts where the record of one of them has the report on all.
pub(super) fn group(mut found: Vec<(Report, PathBuf)>) -> Vec<(Report, PathBuf)> {
    let grouped: BTreeSet<(PathBuf, OsString)> = found
        .iter()
        .filter(|(report, _)| report.attempts.is_some())
        .filter_map(|(_, record)| run_of(record))
        .collect();
    found.retain(|(report, record)| {
        report.attempts.is_some() || !run_of(record).is_some_and(|run| grouped.contains(&run))
    });
    found
}

/// Returns the folder that has the folders of the attempts, and the name of the first attempt's folder.
fn run_of(record: &Path) -> Option<(PathBuf, OsString)> {
    let folder = record.parent()?;
    let name = folder.file_name()?.as_bytes();
    let is_number = |digits: &[u8]| !digits.is_empty() && digits.iter().all(u8::is_ascii_digit);
    let at = memchr::memmem::rfind(name, ATTEMPT.as_bytes());
    let first = match at {
        Some(at) if is_number(&name[at + ATTEMPT.len()..]) => &name[..at],
        _ => name,
    };
    Some((folder.parent()?.to_owned(), OsString::from_vec(first.to_vec())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attempts_belong_to_the_run_whose_name_they_bear() {
        let of = |record: &str| run_of(Path::new(record)).map(|(parent, name)| parent.join(name));
        assert_eq!(of("logs/sync/run.jsonl"), Some("logs/sync".into()));
        assert_eq!(of("logs/sync.attempt-12/run.jsonl"), Some("logs/sync".into()));
        assert_eq!(of("logs/sync.attempt-x/run.jsonl"), Some("logs/sync.attempt-x".into()));
        assert_eq!(of("run.jsonl"), None);
    }
}
