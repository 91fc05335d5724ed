//! The folders of runs: every file that a run writes there is made anew, never through a link.
//!
//! Another user may be able to write to such a folder, in a shared checkout or below `/tmp`. A link that lies
//! there under the name of a log must not make the harness empty the file that it points to.

use std::fs::File;
use std::io;
use std::path::Path;

use rustix::fs::{AtFlags, CWD, Mode, OFlags, mkdirat, openat, unlinkat};
use rustix::io::Errno;

/// The mode of files: the data of a network may be private.
const FILE_MODE: Mode = Mode::RUSR.union(Mode::WUSR);
/// The mode of folders.
const FOLDER_MODE: Mode = Mode::RWXU;
/// The number of attempts against a program that makes a file of the same name again and again. Chosen: one
/// nearly always suffices, and a hostile program must not hold the harness up.
const ATTEMPTS: usize = 16;

/// Creates an empty file in an existing folder, in place of the file of that name. Writes go to its end,
/// whichever process writes to it.
pub fn create_file(folder: &Path, name: &str) -> io::Result<File> {
    let folder = open_folder(folder)?;
    let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
    for _ in 0..ATTEMPTS {
        match unlinkat(&folder, name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => {}
            Err(error) => return Err(error.into()),
        }
        match openat(&folder, name, flags, FILE_MODE) {
            Ok(file) => return Ok(File::from(file)),
            Err(Errno::EXIST) => {}
            Err(error) => return Err(error.into()),
        }
    }
    Err(Errno::EXIST.into())
}

/// Opens a file that [`create_file`] made, to continue it at its end. A link is refused.
pub fn append_file(folder: &Path, name: &str) -> io::Result<File> {
    let flags = OFlags::WRONLY | OFlags::APPEND | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(File::from(openat(open_folder(folder)?, name, flags, Mode::empty())?))
}

/// Writes a whole file, made as by [`create_file`].
pub fn write_file(folder: &Path, name: &str, text: &[u8]) -> io::Result<()> {
    io::Write::write_all(&mut create_file(folder, name)?, text)
}

/// Makes a folder of that name in an existing folder, unless it is there already. A link in its place, or
/// anything else that is no folder, is refused.
pub fn make_folder(parent: &Path, name: &str) -> io::Result<()> {
    let parent = open_folder(parent)?;
    match mkdirat(&parent, name, FOLDER_MODE) {
        Ok(()) => return Ok(()),
        Err(Errno::EXIST) => {}
        Err(error) => return Err(error.into()),
    }
    let flags = OFlags::PATH | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    match openat(&parent, name, flags, Mode::empty()) {
        Ok(_) => Ok(()),
        Err(Errno::NOTDIR | Errno::LOOP) => Err(io::Error::other("it is a link, or no folder: remove it")),
        Err(error) => Err(error.into()),
    }
}

fn open_folder(folder: &Path) -> io::Result<rustix::fd::OwnedFd> {
    Ok(openat(CWD, folder, OFlags::PATH | OFlags::DIRECTORY | OFlags::CLOEXEC, Mode::empty())?)
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    #[test]
    fn a_file_is_made_anew_and_never_through_a_link() {
        let folder = tempfile::tempdir().unwrap();
        let precious = folder.path().join("precious");
        std::fs::write(&precious, "precious").unwrap();
        for (name, target) in [("a.log", "precious"), ("b.log", "nothing")] {
            symlink(folder.path().join(target), folder.path().join(name)).unwrap();
            assert!(append_file(folder.path(), name).is_err());
            create_file(folder.path(), name).unwrap().write_all(b"one").unwrap();
            append_file(folder.path(), name).unwrap().write_all(b" two").unwrap();
            assert_eq!(std::fs::read(folder.path().join(name)).unwrap(), b"one two");
        }
        // A second name of the same file is a link as well.
        std::fs::hard_link(&precious, folder.path().join("c.log")).unwrap();
        write_file(folder.path(), "c.log", b"other").unwrap();
        assert_eq!(std::fs::read(&precious).unwrap(), b"precious");
        assert!(!folder.path().join("nothing").exists());
        let mode = std::fs::metadata(folder.path().join("a.log")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
    }

    #[test]
    fn a_folder_is_made_unless_it_is_there_and_a_link_is_refused() {
        let folder = tempfile::tempdir().unwrap();
        make_folder(folder.path(), "data").unwrap();
        make_folder(folder.path(), "data").unwrap();
        let mode = std::fs::metadata(folder.path().join("data")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700);
        symlink("data", folder.path().join("link")).unwrap();
        std::fs::write(folder.path().join("file"), "").unwrap();
        for name in ["link", "file"] {
            let error = make_folder(folder.path(), name).unwrap_err();
            assert_eq!(error.to_string(), "it is a link, or no folder: remove it");
        }
    }
}
