//! The output file of a scenario: written whole, or left as it was.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

/// A file that is new, or may be replaced. Nothing changes before the text is written.
#[derive(Debug)]
pub(super) struct Output {
    path: PathBuf,
    force: bool,
}

impl Output {
    /// Checks that the file may be written, before a run that may take long.
    pub(super) fn new(path: &Path, force: bool) -> io::Result<Self> {
        let output = Self { path: path.to_owned(), force };
        output.refuse_existing()?;
        match fs::metadata(path) {
            Ok(existing) if existing.is_file() || existing.is_dir() => {
                OpenOptions::new().write(true).open(path)?;
            }
            // A pipe or a device: opening it already has an effect.
            Ok(_) => return Ok(output),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let beside = output.beside()?;
        File::create_new(&beside)?;
        fs::remove_file(beside)?;
        Ok(output)
    }

    /// Returns the path as it was given.
    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Writes the text. If the process ends midway, the old file stays.
    pub(super) fn write(&self, text: &str) -> io::Result<()> {
        // Another program may have created the file meanwhile.
        self.refuse_existing()?;
        let existing = fs::metadata(&self.path).ok();
        if existing.as_ref().is_some_and(|existing| !existing.is_file()) {
            return fs::write(&self.path, text);
        }
        let beside = self.beside()?;
        let write = || {
            let mut file = File::create_new(&beside)?;
            file.write_all(text.as_bytes())?;
            if let Some(existing) = existing {
                file.set_permissions(existing.permissions())?;
            }
            fs::rename(&beside, self.target()?)
        };
        write().inspect_err(|_| {
            // The first error is the one to report.
            let _: io::Result<()> = fs::remove_file(&beside);
        })
    }

    fn refuse_existing(&self) -> io::Result<()> {
        // A link that leads nowhere counts as existing, too.
        if !self.force && fs::symlink_metadata(&self.path).is_ok() {
            return Err(io::ErrorKind::AlreadyExists.into());
        }
        Ok(())
    }

    /// Returns the path of the file itself, so that a link to it stays a link.
    fn target(&self) -> io::Result<PathBuf> {
        match fs::canonicalize(&self.path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(self.path.clone()),
            target => target,
        }
    }

    /// Returns the path of a temporary file in the same folder, from which the text is moved in one step.
    fn beside(&self) -> io::Result<PathBuf> {
        let target = self.target()?;
        let Some(name) = target.file_name() else { return Err(io::ErrorKind::InvalidInput.into()) };
        let mut beside = std::ffi::OsString::from(".");
        beside.push(name);
        beside.push(format!(".{}", std::process::id()));
        Ok(target.with_file_name(beside))
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    /// Returns the names in a folder, sorted.
    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    #[test]
    fn a_file_is_as_it_was_until_it_is_written_whole() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("found.scn");
        let new = Output::new(&path, false).unwrap();
        assert!(names(folder.path()).is_empty());
        new.write("new\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new\n");

        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        let replaced = Output::new(&path, true).unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "new\n");
        replaced.write("newer\n").unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), "newer\n");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
        assert_eq!(names(folder.path()), ["found.scn"]);
    }

    #[test]
    fn an_existing_file_is_kept_even_if_it_came_meanwhile() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("found.scn");
        let new = Output::new(&path, false).unwrap();
        fs::write(&path, "mine\n").unwrap();
        for refused in [new.write("new\n"), Output::new(&path, false).map(drop)] {
            assert_eq!(refused.unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        }
        assert_eq!(fs::read_to_string(&path).unwrap(), "mine\n");
        assert_eq!(names(folder.path()), ["found.scn"]);
    }

    #[test]
    fn a_link_stays_a_link_and_no_device_becomes_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("found.scn"), folder.path().join("link.scn"));
        fs::write(&path, "old\n").unwrap();
        symlink("found.scn", &link).unwrap();
        Output::new(&link, true).unwrap().write("new\n").unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read_to_string(&path).unwrap(), "new\n");

        let null = folder.path().join("null.scn");
        symlink("/dev/null", &null).unwrap();
        Output::new(&null, true).unwrap().write("new\n").unwrap();
        assert_eq!(fs::read_to_string(&null).unwrap(), "");
        assert_eq!(names(folder.path()), ["found.scn", "link.scn", "null.scn"]);
    }

    #[test]
    fn a_path_that_cannot_be_written_is_refused_before_the_run() {
        let folder = tempfile::tempdir().unwrap();
        for path in ["no/such/found.scn", ".", "..", ""] {
            assert!(Output::new(&folder.path().join(path), true).is_err(), "{path:?}");
        }
        assert!(names(folder.path()).is_empty());
    }
}
