//! The logs of nodes: the end of one of them, and the news that one was written.

use std::collections::BTreeSet;
use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use rustix::fs::inotify::WatchFlags;

use crate::cli::folder_watch::FolderWatch;

/// The most bytes of a log that are read. Chosen: several pages of a terminal.
const BYTES_MAX: u64 = 64 << 10;
/// The most lines that are kept.
const LINES_MAX: usize = 1_000;

/// Returns the last lines of a log; none if it cannot be read.
pub(super) fn last_lines(path: &Path) -> Vec<String> {
    read_end(path).unwrap_or_default()
}

fn read_end(path: &Path) -> io::Result<Vec<String>> {
    let mut file = File::open(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Ok(Vec::new());
    }
    let begin = metadata.len().saturating_sub(BYTES_MAX);
    file.seek(SeekFrom::Start(begin))?;
    let mut bytes = Vec::new();
    file.take(BYTES_MAX).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    // The first line is cut where the reading began within it.
    let mut lines: Vec<&str> = text.lines().skip(usize::from(begin > 0)).collect();
    lines.drain(..lines.len().saturating_sub(LINES_MAX));
    Ok(lines.into_iter().map(str::to_owned).collect())
}

/// The watch of a folder of logs.
#[derive(Debug)]
pub(super) struct Written(FolderWatch);

impl Written {
    /// Starts to watch a folder.
    pub(super) fn watch(folder: &Path) -> io::Result<Self> {
        let what = WatchFlags::MODIFY | WatchFlags::CREATE | WatchFlags::MOVED_TO;
        FolderWatch::start(folder, what).map(Self)
    }

    /// Waits until files were written, and returns their names; none if the kernel lost count. Returns `None`
    /// once the folder is gone.
    pub(super) fn wait(&self) -> Option<BTreeSet<String>> {
        let mut names = BTreeSet::new();
        let more = self.0.wait(|name| names.extend(str::from_utf8(name).ok().map(str::to_owned)));
        more.then_some(names)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_end_of_a_log_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.log");
        assert!(last_lines(&path).is_empty() && last_lines(folder.path()).is_empty());
        std::fs::write(&path, b"one\n\xff two").unwrap();
        assert_eq!(last_lines(&path), ["one", "\u{fffd} two"]);
        let line = format!("{}\n", "x".repeat(99));
        std::fs::write(&path, line.repeat(2_000)).unwrap();
        let lines = last_lines(&path);
        assert!(lines.len() == 655 && lines.iter().all(|line| line.len() == 99), "{}", lines.len());
    }

    #[test]
    fn a_written_log_is_told() {
        let folder = tempfile::tempdir().unwrap();
        let written = Written::watch(folder.path()).unwrap();
        std::fs::write(folder.path().join("a.log"), "x").unwrap();
        assert!(written.wait().unwrap().contains("a.log"));
        folder.close().unwrap();
        while written.wait().is_some() {}
    }
}
