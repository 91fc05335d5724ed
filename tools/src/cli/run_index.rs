//! The index of runs, `runs.jsonl` in the folder of logs: a line for each run that left a record.
//!
//! Several processes append at the same time: each line is one write to the end of the file, under a lock of
//! the file. When the file is full, its newest half replaces it. A reader passes over damaged lines.

use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _};
use std::path::Path;

use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};

use super::folder::{INDEX, create_private};
use crate::run::Report;

/// The most bytes of the file. Chosen: some ten thousand runs.
const BYTES_MAX: u64 = 4 << 20;
/// The most bytes of a line that are read.
const LINE_MAX: usize = 64 << 10;
/// The most times that a writer opens the file again because another process replaced it. Chosen: it is
/// replaced once in ten thousand runs.
const ATTEMPTS: usize = 16;

/// The entry of a run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RunEntry {
    /// The moment at which it began, in milliseconds since 1970; null if unknown.
    pub(super) began_ms: Option<u64>,
    /// The name of the scenario.
    pub(super) scenario: String,
    /// The file of the scenario.
    pub(super) file: String,
    /// The world in which it ran.
    pub(super) world: String,
    /// The seed of all draws.
    pub(super) seed: u64,
    /// The verdict, in the words of the JSON report.
    pub(super) verdict: String,
    /// The time that it took, in the world's time.
    pub(super) duration_ms: u64,
    /// The folder of its logs and its record.
    pub(super) folder: String,
}

impl RunEntry {
    /// Returns the entry of a run, or `None` if it left no record.
    pub(super) fn of(report: &Report) -> Option<Self> {
        Some(Self {
            began_ms: report.began_ms,
            scenario: report.scenario.clone(),
            file: report.file.clone(),
            world: report.world.clone(),
            seed: report.seed,
            verdict: report.verdict.word().to_owned(),
            duration_ms: u64::try_from(report.duration.as_millis()).unwrap_or(u64::MAX),
            folder: report.logs.clone()?,
        })
    }
}

/// Appends the entry of a run to the index in a folder of logs.
pub(super) fn append(logs: &Path, entry: &RunEntry) -> io::Result<()> {
    append_within(logs, entry, BYTES_MAX)
}

fn append_within(logs: &Path, entry: &RunEntry, bytes_max: u64) -> io::Result<()> {
    create_private(logs)?;
    let mut line = serde_json::to_string(entry)?;
    line.push('\n');
    let mut file = open_locked(logs)?;
    let length = file.metadata()?.len();
    if length + line.len() as u64 > bytes_max {
        file = replace_by_newest_half(logs, &mut file, bytes_max)?;
    } else if length > 0 && !ends_a_line(&mut file, length)? {
        // A writer was killed within its line, which would damage this one as well.
        line.insert(0, '\n');
    }
    file.write_all(line.as_bytes())
}

/// Opens the index and locks it. The lock ends with the file's last handle. A link in its place is refused.
fn open_locked(logs: &Path) -> io::Result<File> {
    let path = logs.join(INDEX);
    for _ in 0..ATTEMPTS {
        let mut options = OpenOptions::new();
        options.read(true).append(true).create(true).mode(0o600);
        options.custom_flags(OFlags::NOFOLLOW.bits().cast_signed());
        let file = options.open(&path)?;
        file.lock()?;
        // Another process may have replaced the file while this one waited for the lock.
        if fs::symlink_metadata(&path)
            .is_ok_and(|now| file.metadata().is_ok_and(|own| own.ino() == now.ino()))
        {
            return Ok(file);
        }
    }
    Err(io::Error::other(format!("{} is replaced again and again", path.display())))
}

/// Replaces the file by its newest lines, at most half of the bound. Returns the new file, locked.
fn replace_by_newest_half(logs: &Path, file: &mut File, bytes_max: u64) -> io::Result<File> {
    let mut newest = Vec::new();
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(bytes_max / 2)))?;
    file.take(bytes_max / 2).read_to_end(&mut newest)?;
    let begin = memchr::memchr(b'\n', &newest).map_or(newest.len(), |end| end + 1);
    let end = memchr::memrchr(b'\n', &newest).map_or(begin, |end| end + 1);
    let name = format!(".tools.runs-{}", std::process::id());
    let mut new = super::folder::create_file(logs, &name)?;
    new.lock()?;
    new.write_all(newest.get(begin..end).unwrap_or_default())?;
    fs::rename(logs.join(name), logs.join(INDEX))?;
    Ok(new)
}

fn ends_a_line(file: &mut File, length: u64) -> io::Result<bool> {
    let mut last = [0];
    file.seek(SeekFrom::Start(length - 1))?;
    file.read_exact(&mut last)?;
    Ok(last == *b"\n")
}

/// The entries of an index.
#[derive(Debug, Default)]
pub(super) struct RunIndex {
    /// The entries, in the order in which the runs ended.
    pub(super) entries: Vec<RunEntry>,
    /// The number of lines that could not be read.
    pub(super) damaged: u64,
}

/// Reads the index in a folder of logs, of which at most so many bytes count as writers leave.
pub(super) fn read(logs: &Path) -> io::Result<RunIndex> {
    let mut file = File::open(logs.join(INDEX))?;
    let mut index = RunIndex::default();
    let length = file.metadata()?.len();
    // A longer file is not one that runs wrote; its end has the newest entries.
    file.seek(SeekFrom::Start(length.saturating_sub(2 * BYTES_MAX)))?;
    for line in BufReader::new(file.take(2 * BYTES_MAX)).split(b'\n') {
        let line = line?;
        let read = Some(&line).filter(|line| line.len() <= LINE_MAX);
        match read.and_then(|line| serde_json::from_slice(line).ok()) {
            Some(entry) => index.entries.push(entry),
            None if line.is_empty() => {}
            None => index.damaged += 1,
        }
    }
    Ok(index)
}

#[cfg(test)]
mod tests;
