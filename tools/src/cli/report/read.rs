//! The reader of records: line by line, in bounded memory.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::time::SystemTime;

use super::find::cannot_read;
use crate::cli::failure::Failure;
use crate::cli::journal_file;
use crate::report::{SavedProblem, SavedRun};
use crate::run::Report;

/// The bytes that are read at once.
const BUFFER: usize = 1 << 18;

/// Returns the report of a record.
pub(super) fn report(path: &Path) -> Result<Report, Failure> {
    let unreadable = |error: io::Error| cannot_read(path, &error);
    let refused = |problem: SavedProblem| {
        Failure::usage(format!("{} cannot be reported: {problem}", path.display())).help(problem.help())
    };
    let file = File::open(path).map_err(unreadable)?;
    let written_ms = file
        .metadata()
        .and_then(|found| found.modified())
        .ok()
        .and_then(|when| when.duration_since(SystemTime::UNIX_EPOCH).ok())
        .and_then(|since| u64::try_from(since.as_millis()).ok());
    let mut run = SavedRun::new();
    read_lines(file, &mut run).map_err(unreadable)?.map_err(refused)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if run.continues_elsewhere() {
        for path in journal_file::later_files(folder) {
            match File::open(&path) {
                Ok(file) => read_lines(file, &mut run)
                    .map_err(|error| cannot_read(&path, &error))?
                    .map_err(refused)?,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(cannot_read(&path, &error)),
            }
        }
    }
    run.report(&folder.display().to_string(), written_ms).map_err(refused)
}

/// Hands each line to the run, until one is refused. A line that is too long is handed over empty.
fn read_lines(file: File, run: &mut SavedRun) -> io::Result<Result<(), SavedProblem>> {
    let mut reader = BufReader::with_capacity(BUFFER, file);
    let mut line = Vec::new();
    let max = run.line_max();
    loop {
        let mut is_too_long = false;
        let ended = loop {
            let piece = reader.fill_buf()?;
            if piece.is_empty() {
                break true;
            }
            let end = memchr::memchr(b'\n', piece);
            let text = &piece[..end.unwrap_or(piece.len())];
            is_too_long |= line.len() + text.len() > max;
            if is_too_long {
                line.clear();
            } else {
                line.extend_from_slice(text);
            }
            let read = end.map_or(piece.len(), |end| end + 1);
            reader.consume(read);
            if end.is_some() {
                break false;
            }
        };
        if ended && line.is_empty() {
            return Ok(Ok(()));
        }
        if let Err(problem) = run.read(&line) {
            return Ok(Err(problem));
        }
        line.clear();
        if ended {
            return Ok(Ok(()));
        }
    }
}
