//! The files that nodes write: `NAME.log` for their standard output and `NAME.err` for their standard error.

use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom};
use std::path::Path;

use crate::world::LogLines;
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

/// Returns the lines that a node has written since, to its log and to its problems.
pub(super) fn lines(logs: &Path, name: &str, since: Written) -> [LogLines; 2] {
    let mut since = since.0.into_iter();
    KINDS.map(|kind| {
        let since = since.next().unwrap_or_default();
        let lines = lines_of(&logs.join(format!("{name}.{kind}")), since);
        lines.unwrap_or_else(|_| LogLines::Whole(Vec::new()))
    })
}

/// Returns the lines of a file from an offset, of which only the two ends are read.
fn lines_of(path: &Path, since: u64) -> std::io::Result<LogLines> {
    let length = std::fs::metadata(path)?.len();
    // In a log that was cut meanwhile, the offset is lost.
    let since = if since > length { 0 } else { since };
    let owned =
        |bytes: &[u8]| -> Vec<String> { String::from_utf8_lossy(bytes).lines().map(str::to_owned).collect() };
    if length - since <= TAIL {
        return Ok(LogLines::Whole(owned(&portion(path, since)?)));
    }
    let mut end = owned(&portion(path, length.saturating_sub(TAIL))?);
    // The first line of the end may have begun before it.
    end.drain(..1.min(end.len()));
    Ok(LogLines::Ends(owned(&portion(path, since)?), end))
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
            let lines = lines(folder.path(), "a", Written::default()).map(|lines| lines.excerpt(2));
            lines.concat().into_iter().map(|line| line.replace(&"0".repeat(90), "")).collect()
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

    #[test]
    fn lines_of_an_earlier_life_are_left_out() {
        let folder = tempfile::tempdir().unwrap();
        let write = |text: &str| std::fs::write(folder.path().join("a.log"), text).unwrap();
        let read = |since| {
            let [output, problems] = lines(folder.path(), "a", since);
            assert_eq!(problems, LogLines::Whole(Vec::new()));
            output.excerpt(5)
        };
        write("one\ntwo\n");
        let since = written(folder.path(), "a");
        assert_eq!(read(since), [""; 0]);
        write("one\ntwo\nthree\n");
        assert_eq!(read(since), ["three"]);
        assert_eq!(read(Written::default()), ["one", "two", "three"]);
        // The log was cut.
        write("one\n");
        assert_eq!(read(since), ["one"]);
    }
}
