//! The lines of nodes' logs as entries of a run's journal, after its verdict.
//!
//! A journal has the last lines of each node, up to a bound; the files of the logs have all.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use super::logs::stamp;
use crate::journal::JournalEvent;
use crate::run::Session;
use crate::world::NodeIndex;

/// The most lines of one node. Chosen: what a person reads through after a run.
const LINES_MAX: usize = 500;

/// The most lines of all nodes. Chosen: about a megabyte.
const LINES_MAX_IN_ALL: usize = 5_000;

/// The most bytes that are read of the end of a file.
const TAIL: u64 = 256 << 10;

/// The levels that lines have.
const LEVELS: [&str; 5] = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR"];

/// The receiver of entries, each with its time in microseconds since the run began, if that is known.
type Append<'a> = &'a mut dyn FnMut(Option<u64>, JournalEvent);

/// The last lines of a log, and the number of those before them.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tail<'a> {
    left_out: u64,
    lines: VecDeque<&'a str>,
}

impl<'a> Tail<'a> {
    fn of(lines: impl Iterator<Item = &'a str>, lines_max: usize) -> Self {
        let mut tail = Self::default();
        for line in lines.filter(|line| !line.is_empty()) {
            tail.lines.push_back(line);
            if tail.lines.len() > lines_max {
                tail.lines.pop_front();
                tail.left_out += 1;
            }
        }
        tail
    }
}

/// Appends the logs of a simulated world, each with the name of its node. `wall_ms` is the time of day at which the
/// run began.
pub(super) fn append<'a>(
    session: &Session,
    logs: impl Iterator<Item = (&'a str, impl AsRef<[String]>)>,
    wall_ms: u64,
) {
    let nodes = nodes(session);
    let lines_max = share(nodes.len());
    for (name, lines) in logs {
        if let Some((node, _)) = nodes.iter().find(|(_, other)| other == name) {
            let append: Append<'_> = &mut |at_us, event| session.append(at_us, event);
            append_tail(
                append,
                *node,
                Tail::of(lines.as_ref().iter().map(String::as_str), lines_max),
                wall_ms,
            );
        }
    }
}

/// Appends the logs in a folder. `wall_ms` is the time of day at which the run began.
pub(super) fn append_files(session: &Session, folder: &Path, wall_ms: u64) {
    append_files_of(nodes(session), folder, wall_ms, &mut |at_us, event| session.append(at_us, event));
}

/// Hands over the logs of these nodes in a folder. `wall_ms` is the time of day at which the run began.
pub(super) fn append_files_of(
    nodes: Vec<(NodeIndex, String)>,
    folder: &Path,
    wall_ms: u64,
    append: Append<'_>,
) {
    let lines_max = share(nodes.len());
    for (node, name) in nodes {
        for kind in ["log", "err"] {
            // A node that wrote nothing, or whose log cannot be read, has no entries.
            let Ok((text, is_whole)) = end_of(&folder.join(format!("{name}.{kind}"))) else { continue };
            // The first line may be half of one.
            let lines = text.lines().skip(usize::from(!is_whole));
            append_tail(append, node, Tail::of(lines, lines_max), wall_ms);
        }
    }
}

fn nodes(session: &Session) -> Vec<(NodeIndex, String)> {
    session.network().nodes().map(|(index, node)| (index, node.name().to_owned())).collect()
}

/// Returns the most lines of each of so many nodes.
fn share(nodes: usize) -> usize {
    (LINES_MAX_IN_ALL / nodes.max(1)).clamp(1, LINES_MAX)
}

/// Returns the end of a file, and true if that is all of it.
fn end_of(path: &Path) -> std::io::Result<(String, bool)> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let from = length.saturating_sub(TAIL);
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes)?;
    Ok((String::from_utf8_lossy(&bytes).into_owned(), from == 0))
}

fn append_tail(append: Append<'_>, node: NodeIndex, tail: Tail<'_>, wall_ms: u64) {
    if tail.left_out > 0 {
        let left_out = Some(tail.left_out);
        append(None, JournalEvent::Log { node, level: None, text: None, left_out });
    }
    for line in tail.lines {
        let (at_us, level, text) = parts(line, wall_ms);
        let (level, text) = (level.map(str::to_owned), Some(text.to_owned()));
        append(at_us, JournalEvent::Log { node, level, text, left_out: None });
    }
}

/// Returns the time since the run began, the level and the text of a line, as far as it has them.
fn parts(line: &str, wall_ms: u64) -> (Option<u64>, Option<&'static str>, &str) {
    let began_us = i64::try_from(wall_ms.saturating_mul(1_000)).unwrap_or(i64::MAX);
    let Some(stamp_us) = stamp(line.as_bytes()) else { return (None, None, line) };
    let at_us = u64::try_from(stamp_us.saturating_sub(began_us)).ok();
    // The time ends at the first blank behind its hours.
    let Some(end) = line.char_indices().skip(11).find(|(_, c)| *c == ' ').map(|(at, _)| at) else {
        return (at_us, None, line);
    };
    let text = line[end..].trim_start();
    let level = LEVELS.into_iter().find(|level| text.split(' ').next() == Some(level));
    (at_us, level, level.and_then(|level| text.strip_prefix(level)).unwrap_or(text).trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 2026-01-01, in milliseconds since 1970.
    const BEGAN_MS: u64 = 1_767_225_600_000;

    #[test]
    fn a_line_has_its_time_its_level_and_its_text() {
        let line = "2026-01-01T00:00:01.250Z INFO set k";
        assert_eq!(parts(line, BEGAN_MS), (Some(1_250_000), Some("INFO"), "set k"));
        assert_eq!(parts("2026-01-01 00:00:01,5 set k", BEGAN_MS), (Some(1_500_000), None, "set k"));
        assert_eq!(parts("2026-01-01T00:00:00Z", BEGAN_MS), (Some(0), None, "2026-01-01T00:00:00Z"));
        // A time before the run began is none of it.
        assert_eq!(parts("2025-01-01T00:00:00Z WARN old", BEGAN_MS), (None, Some("WARN"), "old"));
        assert_eq!(parts("INFO says é", BEGAN_MS), (None, None, "INFO says é"));
        assert_eq!(parts("", BEGAN_MS), (None, None, ""));
    }

    #[test]
    fn the_last_lines_are_taken_and_the_others_counted() {
        let tail = Tail::of(["0", "1", "", "2", "3", "4"].into_iter(), 2);
        assert_eq!((tail.left_out, Vec::from(tail.lines)), (3, vec!["3", "4"]));
        assert_eq!((share(0), share(3), share(50), share(10_000)), (500, 500, 100, 1));
    }
}
