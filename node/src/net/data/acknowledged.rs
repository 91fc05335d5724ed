//! The number of the last commit that was acknowledged, in a small file beside the store.
//!
//! If a commit's pages were damaged, redb takes the commit for one that a power cut tore. It goes back to
//! the commit before, and the later acknowledged writes are gone. So a store that is behind this number
//! is refused. The number is written after each commit and never synced: it outlives `kill -9`, and a
//! power cut can only leave it behind the store, never ahead.

use std::fs::{self, File, Permissions};
use std::io;
use std::os::unix::fs::{FileExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

/// The name of the file in the data folder.
pub(super) const FILE: &str = "store.redb.acknowledged";
/// The longest file that is read, in bytes. Chosen: a line has 46 bytes, and damage may lengthen it.
const LENGTH_MAX: usize = 256;

/// The number, in an open file.
#[derive(Debug)]
pub(super) struct Acknowledged {
    file: File,
    commits: u64,
}

/// The contents of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum AcknowledgedFile {
    /// There is no such file.
    Missing,
    /// This many commits were acknowledged.
    Commits(u64),
    /// The file was damaged.
    Unreadable,
}

impl Acknowledged {
    /// Reads the file in a folder.
    pub(super) fn read(folder: &Path) -> io::Result<AcknowledgedFile> {
        match fs::read(folder.join(FILE)) {
            Ok(text) if text.len() <= LENGTH_MAX => {
                Ok(parse(&text).map_or(AcknowledgedFile::Unreadable, AcknowledgedFile::Commits))
            }
            Ok(_) => Ok(AcknowledgedFile::Unreadable),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(AcknowledgedFile::Missing),
            Err(error) => Err(error),
        }
    }

    /// Opens or creates the file and writes this number to it.
    pub(super) fn open(folder: &Path, commits: u64) -> io::Result<Self> {
        let path = folder.join(FILE);
        let file = File::options().write(true).create(true).truncate(false).mode(0o600).open(&path)?;
        file.set_permissions(Permissions::from_mode(0o600))?;
        let text = line(commits);
        file.write_all_at(text.as_bytes(), 0)?;
        file.set_len(text.len() as u64)?;
        file.sync_all()?;
        File::open(folder)?.sync_all()?;
        Ok(Self { file, commits })
    }

    /// Returns the number of commits that were acknowledged.
    pub(super) fn commits(&self) -> u64 {
        self.commits
    }

    /// Writes the number of a commit that is about to be acknowledged. All lines have one length, so that no
    /// line is followed by the rest of another.
    pub(super) fn set(&mut self, commits: u64) -> io::Result<()> {
        self.commits = commits;
        self.file.write_all_at(line(commits).as_bytes(), 0)
    }
}

fn line(commits: u64) -> String {
    let text = format!("commits {commits:020}");
    format!("{text} {}\n", check(&text))
}

fn parse(text: &[u8]) -> Option<u64> {
    let (text, checked) = std::str::from_utf8(text).ok()?.strip_suffix('\n')?.rsplit_once(' ')?;
    let commits = text.strip_prefix("commits ")?.parse().ok()?;
    (checked == check(text)).then_some(commits)
}

fn check(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex()[..16].to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_is_read_as_it_was_written_last() {
        let folder = tempfile::tempdir().unwrap();
        let read = || Acknowledged::read(folder.path()).unwrap();
        assert_eq!(read(), AcknowledgedFile::Missing);
        let mut acknowledged = Acknowledged::open(folder.path(), 9).unwrap();
        assert_eq!(read(), AcknowledgedFile::Commits(9));
        for commits in [10, 11, u64::MAX] {
            acknowledged.set(commits).unwrap();
            assert_eq!(read(), AcknowledgedFile::Commits(commits));
        }
        drop(acknowledged);
        Acknowledged::open(folder.path(), 3).unwrap();
        assert_eq!(read(), AcknowledgedFile::Commits(3));
    }

    #[test]
    fn a_number_with_one_wrong_bit_is_none() {
        let good = line(12_345);
        for bit in 0..8 * good.len() {
            let mut damaged = good.clone().into_bytes();
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(parse(&damaged), None, "bit {bit}");
        }
        assert_eq!(parse(good.as_bytes()), Some(12_345));
    }
}
