//! The file of a report, whatever its format.

use std::fmt::Display;
use std::fs::{self, File};
use std::io;
use std::path::Path;

use super::failure::Failure;
use crate::text::io_cause;

/// Checks that the file can be written, before a run that may take long.
pub(super) fn prepare(path: &Path) -> Result<(), Failure> {
    File::options().append(true).create(true).open(path).map(drop).map_err(|error| cannot_write(path, &error))
}

/// Writes the report to the file. Fails also if the report could not be made.
pub(super) fn write(path: &Path, report: Result<String, impl Display>) -> Result<(), Failure> {
    let report =
        report.map_err(|error| Failure::environment(format!("cannot write {}: {error}", path.display())))?;
    fs::write(path, report).map_err(|error| cannot_write(path, &error))
}

/// Returns the failure of a file that cannot be written.
pub(super) fn cannot_write(path: &Path, error: &io::Error) -> Failure {
    Failure::environment(format!("cannot write {}: {}; choose another file", path.display(), io_cause(error)))
}
