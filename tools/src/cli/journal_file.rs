//! The files of a run's journal, `run.jsonl`: every event as a line.
//!
//! The journal of a network that stays is bounded. Its beginning stays in `run.jsonl`. Later events go to
//! `run.last.jsonl`, which becomes `run.previous.jsonl` when it is full. So the beginning and the latest
//! events are always there, and a line tells the number of events missing between them.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use rustix::fs::OFlags;

use super::folder::create_file;
use crate::journal::{JournalEntry, JournalEvent, Recorder};
use crate::page::Collector;

/// The file with the beginning of a journal, or with all of it.
const FIRST: &str = "run.jsonl";
/// The file with the events of a run that is done once more.
const AGAIN: &str = "run.again.jsonl";
/// The file with the latest events.
const LAST: &str = "run.last.jsonl";
/// The file with the events before those in `LAST`.
const PREVIOUS: &str = "run.previous.jsonl";

/// The bytes that are collected before they are written. A harness that is killed loses no more.
const BUFFER: usize = 64 << 10;

/// The room for the line that fills the buffer. A longer one is appended after one more allocation.
const LINE: usize = 1 << 10;

/// The time after which an event is flushed with those before it, in microseconds.
const UNFLUSHED_US: u64 = 50_000;

/// The most bytes of a journal that are read for the names of started nodes: the first file of a network that
/// stays (`Limits::STAYING`).
const READ_MAX: u64 = 16 << 20;

/// The bounds of a journal's files, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Limits {
    first: u64,
    last: u64,
}

impl Limits {
    /// The limits of a run that ends by itself: none, since its own time bounds it.
    pub(super) const NONE: Self = Self { first: u64::MAX, last: u64::MAX };
    /// The limits of a network that stays: 64 MiB in all, half an hour of a busy network.
    pub(super) const STAYING: Self = Self { first: 16 << 20, last: 24 << 20 };
}

/// The writer of a journal's files.
struct JournalFiles {
    folder: PathBuf,
    limits: Limits,
    file: File,
    /// The lines that are yet to be written to the file.
    unwritten: Vec<u8>,
    /// True once the first file is full and `LAST` is written.
    continued: bool,
    /// The bytes in the present file; `events` counts its events.
    bytes: u64,
    events: u64,
    /// The events in the file before, which are dropped next; `dropped` counts all that were dropped.
    previous: u64,
    dropped: u64,
}

impl JournalFiles {
    fn new(folder: &Path, first: &str, limits: Limits) -> io::Result<Self> {
        for name in [LAST, PREVIOUS] {
            match fs::remove_file(folder.join(name)) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
        Ok(Self {
            folder: folder.to_owned(),
            limits,
            file: create_file(folder, first)?,
            unwritten: Vec::with_capacity(BUFFER + LINE),
            continued: false,
            bytes: 0,
            events: 0,
            previous: 0,
            dropped: 0,
        })
    }

    /// Appends the line that a function appends, with its newline; to the next file if the present one is full. A
    /// line of which the function returns an error is left out.
    fn append<E>(&mut self, append_to: impl FnOnce(&mut Vec<u8>) -> Result<(), E>) -> io::Result<()> {
        let begin = self.unwritten.len();
        if append_to(&mut self.unwritten).is_err() {
            self.unwritten.truncate(begin);
            return Ok(());
        }
        let length = (self.unwritten.len() - begin) as u64;
        let limit = if self.continued { self.limits.last } else { self.limits.first };
        if self.bytes.saturating_add(length) > limit {
            let line = self.unwritten.split_off(begin);
            self.start_next_file()?;
            self.unwritten.extend_from_slice(&line);
        }
        self.bytes += length;
        self.events += 1;
        if self.unwritten.len() >= BUFFER { self.flush() } else { Ok(()) }
    }

    /// Writes all lines to the file. Those that cannot be written are dropped.
    fn flush(&mut self) -> io::Result<()> {
        let written = self.file.write_all(&self.unwritten);
        self.unwritten.clear();
        written
    }

    /// Starts the next file, and drops the oldest of the later ones.
    fn start_next_file(&mut self) -> io::Result<()> {
        if self.continued {
            self.flush()?;
            fs::rename(self.folder.join(LAST), self.folder.join(PREVIOUS))?;
            self.dropped += std::mem::replace(&mut self.previous, self.events);
        } else {
            self.remark(JournalEvent::Continued { file: LAST.to_owned() })?;
            self.flush()?;
            self.continued = true;
        }
        (self.bytes, self.events) = (0, 0);
        self.file = create_file(&self.folder, LAST)?;
        if self.dropped > 0 {
            self.remark(JournalEvent::Dropped { events: self.dropped })?;
        }
        Ok(())
    }

    /// Writes a line about the files themselves.
    fn remark(&mut self, event: JournalEvent) -> io::Result<()> {
        JournalEntry { at_us: None, event }.write_line(&mut self.unwritten)
    }
}

impl Drop for JournalFiles {
    fn drop(&mut self) {
        // A journal that cannot be written stays short, like one of a full disk.
        let _: io::Result<()> = self.flush();
    }
}

/// Returns the names of the nodes that the last run in a folder started, as far as the first file of its
/// journal tells. Fails if there is no journal.
pub(super) fn started_nodes(logs: &Path) -> io::Result<BTreeSet<String>> {
    let file = File::open(logs.join(FIRST))?;
    if !file.metadata()?.is_file() {
        return Ok(BTreeSet::new());
    }
    let mut names = BTreeSet::new();
    for line in BufReader::new(file.take(READ_MAX)).split(b'\n') {
        let line = line?;
        if memchr::memmem::find(&line, b"\"event\":\"launch\"").is_none() {
            continue;
        }
        let Ok(event) = serde_json::from_slice::<serde_json::Value>(&line) else { continue };
        names.extend(event["spec"]["name"].as_str().map(str::to_owned));
    }
    Ok(names)
}

/// Opens the files of a journal that is being written, in order, each with its present length. Those that cannot
/// be opened are left out.
pub(super) fn open_so_far(logs: &Path) -> Vec<(File, u64)> {
    let open = |name| {
        let file = File::open(logs.join(name)).ok()?;
        let metadata = file.metadata().ok().filter(fs::Metadata::is_file)?;
        Some((file, metadata.len()))
    };
    [FIRST, PREVIOUS, LAST].into_iter().filter_map(open).collect()
}

/// Returns the files that later events went to, if the journal has such, in order.
pub(super) fn later_files(logs: &Path) -> [PathBuf; 2] {
    [logs.join(PREVIOUS), logs.join(LAST)]
}

/// Creates the journal of a run in an existing folder.
pub(super) fn create(logs: &Path, limits: Limits) -> io::Result<JournalFile> {
    JournalFile::new(logs, FIRST, limits)
}

/// Creates a journal beside that of a run, for the same run once more. [`end_again`] ends it.
pub(super) fn create_again(logs: &Path) -> io::Result<JournalFile> {
    JournalFile::new(logs, AGAIN, Limits::NONE)
}

/// Appends the report on several attempts to the journal of one of them, which has ended.
pub(super) fn append_attempts(logs: &Path, report: serde_json::Value) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.append(true).custom_flags(OFlags::NOFOLLOW.bits().cast_signed());
    let file = options.open(logs.join(FIRST))?;
    JournalEntry { at_us: None, event: JournalEvent::Attempts { report: Box::new(report) } }.write_line(file)
}

/// Puts the journal of the second run in the place of the first, or removes it.
pub(super) fn end_again(logs: &Path, replaces: bool) {
    let again = logs.join(AGAIN);
    // Without it the journal of the first run stays, which is complete.
    let _: io::Result<()> =
        if replaces { fs::rename(again, logs.join(FIRST)) } else { fs::remove_file(again) };
}

/// The recorder that writes each entry to the files of a journal.
///
/// In real time the files lack the events of the last 100 ms at most, whatever happens to the harness: an event that
/// comes [`UNFLUSHED_US`] after the last flush is flushed with all before it, and a runner that waits for an event so
/// long flushes, too. In virtual time a seed brings the run back.
pub(super) struct JournalFile {
    files: JournalFiles,
    /// The collector of a page, which is handed each line as well.
    collector: Option<Rc<RefCell<Collector>>>,
    virtual_time: bool,
    /// The time of the last entry before the last flush, in microseconds since the run began.
    flushed_us: u64,
}

impl JournalFile {
    fn new(logs: &Path, first: &str, limits: Limits) -> io::Result<Self> {
        let files = JournalFiles::new(logs, first, limits)?;
        Ok(Self { files, collector: None, virtual_time: false, flushed_us: 0 })
    }

    /// Hands each line to a collector as well, from now on.
    pub(super) fn hand_lines_to(&mut self, collector: Rc<RefCell<Collector>>) {
        self.collector = Some(collector);
    }
}

impl Recorder for JournalFile {
    fn record(&mut self, entry: &JournalEntry) {
        // A full disk must not end a run that can still be judged.
        let _: io::Result<()> = self.files.append(|lines| {
            let begin = lines.len();
            entry.append_line(lines)?;
            if let Some(collector) = &self.collector {
                collector.borrow_mut().push_entry(entry, lines[begin..].trim_ascii_end());
            }
            serde_json::Result::Ok(())
        });
        let at_us = entry.at_us.unwrap_or_default();
        let is_due = match &entry.event {
            JournalEvent::Plan { virtual_time, .. } => {
                self.virtual_time = *virtual_time;
                false
            }
            // The journal is complete as soon as a report points to it, even while the network is left up.
            JournalEvent::Verdict { .. } => true,
            // From the start it tells which logs belong to the run.
            JournalEvent::Launch { .. } => !self.virtual_time,
            _ => !self.virtual_time && at_us.saturating_sub(self.flushed_us) >= UNFLUSHED_US,
        };
        if is_due {
            self.flushed_us = at_us;
            self.flush();
        }
    }

    fn flush(&mut self) {
        let _: io::Result<()> = self.files.flush();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(folder: &Path, name: &str) -> Vec<String> {
        fs::read_to_string(folder.join(name)).unwrap_or_default().lines().map(str::to_owned).collect()
    }

    fn written(folder: &Path, limits: Limits, events: u64) {
        let mut journal = JournalFiles::new(folder, FIRST, limits).unwrap();
        for event in 0..events {
            journal.append(|line| writeln!(line, "{event:0>9}")).unwrap();
        }
        journal.flush().unwrap();
    }

    #[test]
    fn a_journal_without_limits_is_one_file() {
        let folder = tempfile::tempdir().unwrap();
        written(folder.path(), Limits::NONE, 1_000);
        assert_eq!(lines(folder.path(), FIRST).len(), 1_000);
        assert!(!folder.path().join(LAST).exists());
    }

    #[test]
    fn a_journal_has_the_names_of_started_nodes() {
        let folder = tempfile::tempdir().unwrap();
        assert!(started_nodes(folder.path()).is_err());
        let lines = "{\"event\":\"plan\",\"text\":\"network x\"}\n\
                     {\"at_us\":1,\"event\":\"launch\",\"op\":1,\"node\":0,\"spec\":{\"name\":\"a\"}}\n\
                     {\"at_us\":2,\"event\":\"launch\",\"op\":2,\"node\":1,\"spec\":{\"name\":\"b\"}}\n{\"at_us\":3,\"ev";
        fs::write(folder.path().join(FIRST), lines).unwrap();
        assert!(started_nodes(folder.path()).unwrap().into_iter().eq(["a", "b"]));
    }

    #[test]
    fn the_journal_of_a_network_that_stays_is_bounded_and_has_the_number_of_missing_events() {
        let folder = tempfile::tempdir().unwrap();
        // The first file takes three events, the later ones two each.
        let limits = Limits { first: 30, last: 20 };
        let event = |event: u64| format!("{event:0>9}");
        written(folder.path(), limits, 3);
        assert_eq!(lines(folder.path(), FIRST), [event(0), event(1), event(2)]);
        let continued = r#"{"event":"continued","file":"run.last.jsonl"}"#.to_owned();
        for events in [4, 5, 6, 7, 8, 9, 100, 101] {
            written(folder.path(), limits, events);
            assert_eq!(lines(folder.path(), FIRST), [event(0), event(1), event(2), continued.clone()]);
            let mut after = lines(folder.path(), PREVIOUS);
            after.extend(lines(folder.path(), LAST));
            let dropped = |line: &String| line.starts_with('{');
            let (said, after): (Vec<String>, Vec<String>) = after.into_iter().partition(dropped);
            let missing = events - 3 - after.len() as u64;
            let expected: Vec<String> = (3 + missing..events).map(event).collect();
            assert_eq!(after, expected);
            assert!((1..=4).contains(&after.len()));
            let last = said.last().cloned().unwrap_or_default();
            let told = format!(r#"{{"event":"dropped","events":{missing}}}"#);
            assert_eq!(last, if missing == 0 { String::new() } else { told });
        }
    }
}
