//! The files that nodes write: `NAME.log`, their standard output, and `NAME.err`, their standard
//! error.

use std::fs::{File, OpenOptions};
use std::io::{Read as _, Seek as _, SeekFrom};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::Path;

use rustix::fs::OFlags;

use crate::world::live::Written;

/// How much of the end of a file is read for its last lines.
const TAIL: u64 = 256 << 10;

/// Opens both files of a node: emptied at its first start in a run, gone on with after that.
pub(super) fn open(logs: &Path, name: &str, fresh: bool) -> Result<(File, File), String> {
    let open = |kind: &str| {
        let path = logs.join(format!("{name}.{kind}"));
        let mut options = OpenOptions::new();
        // A file that is appended to is never written over, whoever else writes to it.
        options.create(true).append(true);
        if fresh {
            options.custom_flags(OFlags::TRUNC.bits().cast_signed());
        }
        options.open(&path).map_err(|error| format!("cannot write {}: {error}", path.display()))
    };
    Ok((open("log")?, open("err")?))
}

/// The log of a node, and its problems.
const KINDS: [&str; 2] = ["log", "err"];

/// How much a node has written.
pub(super) fn written(logs: &Path, name: &str) -> Written {
    let length = |kind| std::fs::metadata(logs.join(format!("{name}.{kind}"))).map_or(0, |data| data.len());
    Written(KINDS.map(length))
}

/// The whole lines that a node has written since, and how much it had written then.
pub(super) fn lines_since(logs: &Path, name: &str, since: Written) -> (Vec<String>, Written) {
    let (mut lines, mut until) = (Vec::new(), since);
    for (kind, at) in KINDS.into_iter().zip(&mut until.0) {
        let Ok(bytes) = portion(&logs.join(format!("{name}.{kind}")), *at) else { continue };
        // A line longer than a portion is taken in parts, so that there is an end to it.
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

/// The last lines of a node's log, then of its problems.
pub(super) fn last_lines(logs: &Path, name: &str, lines: usize) -> Vec<String> {
    let mut found = Vec::new();
    for kind in KINDS {
        let text = tail(&logs.join(format!("{name}.{kind}"))).unwrap_or_default();
        let all: Vec<&str> = text.lines().collect();
        found.extend(all[all.len().saturating_sub(lines)..].iter().map(|line| (*line).to_owned()));
    }
    found
}

fn tail(path: &Path) -> std::io::Result<String> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(TAIL)))?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes)?;
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
