//! The file of a page: the reports of runs, and the events that their records have.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};

use serde_json::value::to_raw_value;

use super::failure::Failure;
use super::report_file;
use crate::page::{Bounds, Collected, Collector, Events, PageRun, Room};
use crate::report::{self, ScenarioEntry, Sweep};
use crate::run::Report;

/// The files of a record, in the order of their events. The later two are those of a network that stays.
const FILES: [&str; 3] = ["run.jsonl", "run.previous.jsonl", "run.last.jsonl"];

/// The longest line that is read; a longer one is passed over. Chosen: ten times the longest report.
const LINE_MAX: u64 = 32 << 20;

/// The places of the events of reports.
#[derive(Debug, Default)]
pub(super) struct Records<'a> {
    /// The record of each report; without, its record is in its folder of logs.
    pub(super) files: &'a [PathBuf],
    /// The events of runs that are shown in brief, by the folder of logs.
    pub(super) brief: BTreeMap<PathBuf, Collected>,
}

/// Writes the page of these reports, and of sweeps with many seeds. A record that cannot be read leaves its run without
/// events.
pub(super) fn write(
    path: &Path,
    reports: &[Report],
    sweeps: &[Sweep],
    mut records: Records<'_>,
) -> Result<(), Failure> {
    let document = report::document(reports, sweeps);
    let entries = &document.scenarios;
    let mut events: Vec<Events> = entries.iter().map(|_| Events::Absent).collect();
    let mut room = Room::default();
    // Where there is no room for all, the runs that failed have it first.
    let (failed, passed): (Vec<usize>, Vec<usize>) =
        (0..entries.len()).partition(|index| entries[*index].failure.is_some());
    for index in failed.into_iter().chain(passed) {
        let entry = &entries[index];
        if let Some(collected) = entry.logs.and_then(|logs| records.brief.remove(Path::new(logs))) {
            events[index] = room.take_brief(collected, in_full(entry));
            continue;
        }
        let in_folder = || entry.logs.map(|logs| Path::new(logs).join(FILES[0]));
        let Some(record) = records.files.get(index).cloned().or_else(in_folder) else { continue };
        events[index] = if room.is_full() && record.exists() {
            Events::LeftOut
        } else {
            collect(&record).map_or(Events::Absent, |collected| room.take(collected))
        };
    }
    let runs: Vec<PageRun> = entries.iter().zip(events).map(page_run).collect::<serde_json::Result<_>>()?;
    report_file::write(path, crate::page::html(&runs))
}

/// Returns the words on a run that is shown in brief.
fn in_full(entry: &ScenarioEntry<'_>) -> String {
    format!("few events, as of every run that passed; all: {} --html FILE", entry.again)
}

fn page_run((entry, events): (&ScenarioEntry<'_>, Events)) -> serde_json::Result<PageRun> {
    Ok(PageRun { report: to_raw_value(entry)?, events })
}

/// Collects the events of a record, and of the files that continue it.
fn collect(record: &Path) -> io::Result<Collected> {
    let mut collector = Collector::new(Bounds::PAGE);
    read(record, &mut collector)?;
    if record.file_name().is_some_and(|name| name == FILES[0]) {
        for name in &FILES[1..] {
            match read(&record.with_file_name(name), &mut collector) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    Ok(collector.finish())
}

fn read(path: &Path, collector: &mut Collector) -> io::Result<()> {
    let mut file = BufReader::with_capacity(1 << 18, File::open(path)?);
    let mut line = Vec::new();
    loop {
        line.clear();
        if (&mut file).take(LINE_MAX).read_until(b'\n', &mut line)? == 0 {
            return Ok(());
        }
        let whole = line.ends_with(b"\n");
        if !whole && line.len() as u64 == LINE_MAX {
            file.skip_until(b'\n')?;
            continue;
        }
        if let Ok(text) = std::str::from_utf8(&line) {
            collector.push(text.trim_end_matches('\n'));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_record_is_read_with_the_files_that_continue_it() {
        let folder = tempfile::tempdir().unwrap();
        let line = |at: u64| format!("{{\"at_us\":{at},\"event\":\"changed\",\"node\":0}}\n");
        for (name, at) in FILES.iter().zip([1, 2, 3]) {
            fs::write(folder.path().join(name), line(at)).unwrap();
        }
        // A line cut short is what a killed harness leaves.
        fs::write(folder.path().join(FILES[2]), line(3) + "{\"at_us\":4,\"ev").unwrap();
        let collected = collect(&folder.path().join(FILES[0])).unwrap();
        assert_eq!(collected.len(), line(1).len() * 3);
        assert!(collect(&folder.path().join("none.jsonl")).is_err());
    }
}
