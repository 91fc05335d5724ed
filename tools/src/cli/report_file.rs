//! The file of a report, whatever its format.

use std::fmt::Display;
use std::fs::{self, File};
use std::io;
use std::path::Path;

use super::failure::Failure;
use crate::text::io_cause;

/// Checks that the file can be written, before a run that may take long. Leaves no file where there was none.
pub(super) fn prepare(path: &Path) -> Result<(), Failure> {
    refuse_sources(path)?;
    let is_new = !path.exists();
    File::options().append(true).create(true).open(path).map_err(|error| cannot_write(path, &error))?;
    if is_new {
        // What cannot be removed is written over at the end.
        let _: io::Result<()> = fs::remove_file(path);
    }
    Ok(())
}

/// Refuses the file of a scenario or of a record: it is no place for a report, which would replace it.
pub(super) fn refuse_sources(path: &Path) -> Result<(), Failure> {
    let is_record = path.file_name().is_some_and(|name| name == "run.jsonl");
    let what = if is_record {
        "the record of a run"
    } else if path.extension().is_some_and(|extension| extension == "scn") {
        "a scenario"
    } else {
        return Ok(());
    };
    let message = format!("{} is {what}, which a report would replace", path.display());
    Err(Failure::usage(message).help("choose another file"))
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
