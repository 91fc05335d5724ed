//! The files that nodes write: `NAME.log` for their standard output and `NAME.err` for their standard error.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use crate::world::excerpt::excerpt;
use crate::world::folder::{append_file, create_file};
use crate::world::live::{LaunchError, Written};

/// The bytes of either end of a file that are read for its lines. Chosen: far more than the lines that a report
/// shows, and read in a moment.
const TAIL: u64 = 256 << 10;

/// Opens both files of a node: made anew at its first start in a run, continued after that.
pub(super) fn open(logs: &Path, name: &str, fresh: bool) -> Result<(File, File), LaunchError> {
    let open = |kind: &str| {
        let file = format!("{name}.{kind}");
        let opened = if fresh { create_file(logs, &file) } else { append_file(logs, &file) };
        opened.map_err(|error| LaunchError::Log { file: logs.join(&file), error })
    };
    Ok((open("log")?, open("err")?))
}

/// The kinds of files: the log of a node, and its problems.
pub(super) const KINDS: [&str; 2] = ["log", "err"];

/// Returns the amount that a node has written.
pub(super) fn written(logs: &Path, name: &str) -> Written {
    let length = |kind| std::fs::metadata(logs.join(format!("{name}.{kind}"))).map_or(0, |data| data.len());
    Written(KINDS.map(length))
}

/// Returns the whole lines that a node has written since, and the amount that they reach up to.
pub(super) fn lines_since(logs: &Path, name: &str, since: Written) -> (Vec<String>, Written) {
    let (mut lines, mut until) = (Vec::new(), since);
    for (kind, at) in KINDS.into_iter().zip(&mut until.0) {
        // A log that was cut is continued from its end.
        *at =
            (*at).min(std::fs::metadata(logs.join(format!("{name}.{kind}"))).map_or(*at, |data| data.len()));
        let Ok(bytes) = portion(&logs.join(format!("{name}.{kind}")), *at) else { continue };
        // A line longer than a portion is returned in parts, so that reading makes progress.
        let whole = bytes.iter().rposition(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        let taken = if whole == 0 && bytes.len() as u64 == TAIL { bytes.len() } else { whole };
        lines.extend(String::from_utf8_lossy(&bytes[..taken]).lines().map(str::to_owned));
        *at += taken as u64;
    }
    (lines, until)
}

fn portion(path: &Path, from: u64) -> std::io::Result<Vec<u8>> {
    let mut file = File::open(path)?;
    file.seek(SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Returns the first and the last lines of a node's log, then of its problems.
pub(super) fn excerpts(logs: &Path, name: &str, lines: usize) -> Vec<String> {
    let of = |kind| excerpt_of(&logs.join(format!("{name}.{kind}")), lines).unwrap_or_default();
    KINDS.into_iter().flat_map(of).collect()
}

/// Returns the first and the last lines of a file, of which only the two ends are read.
fn excerpt_of(path: &Path, lines: usize) -> std::io::Result<Vec<String>> {
    let length = std::fs::metadata(path)?.len();
    let end = portion(path, length.saturating_sub(TAIL))?;
    let end = String::from_utf8_lossy(&end);
    let end: Vec<&str> = end.lines().collect();
    if length <= TAIL {
        return Ok(excerpt(end.len(), lines, |line| end[line].to_owned()));
    }
    let beginning = portion(path, 0)?;
    let beginning = String::from_utf8_lossy(&beginning);
    let first = beginning.lines().take(lines);
    // The first line of the end may have begun before it.
    let last = end.iter().skip(1.max(end.len().saturating_sub(lines))).copied();
    Ok(first.chain(["… more lines …"]).chain(last).map(str::to_owned).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_and_the_last_lines_of_both_streams_are_found() {
        let folder = tempfile::tempdir().unwrap();
        let write = |kind: &str, lines: std::ops::Range<u64>| {
            let text: Vec<String> = lines.map(|line| format!("{kind} {line:0>100}")).collect();
            std::fs::write(folder.path().join(format!("a.{kind}")), text.join("\n") + "\n").unwrap();
        };
        let short = || -> Vec<String> {
            let lines = excerpts(folder.path(), "a", 2).into_iter();
            lines.map(|line| line.replace(&"0".repeat(90), "")).collect()
        };
        assert!(short().is_empty());
        write("log", 0..3);
        write("err", 0..9);
        let [log, err] = ["log", "err"].map(|kind| move |n: u64| format!("{kind} {n:0>10}"));
        let expected =
            [log(0), log(1), log(2), err(0), err(1), "… 5 more lines …".to_owned(), err(7), err(8)];
        assert_eq!(short(), expected);
        // The log is larger than the part of it that is read.
        write("log", 0..10_000);
        assert_eq!(short()[..5], [log(0), log(1), "… more lines …".to_owned(), log(9_998), log(9_999)]);
    }
}
