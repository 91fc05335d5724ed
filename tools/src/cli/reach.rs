//! The reach of scenarios: the folders below which they may have files read.
//!
//! A scenario may come from a stranger, as in a pull request that CI checks, and an error shows a line of the
//! file. So no scenario can have a file read that the user has not put within reach. This holds for `..`,
//! absolute paths and links as well. A file without the name of a scenario is confidential until it runs.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use clap::Args;

use crate::scenario;
use crate::text::{Source, io_cause};

/// The largest scenario that is read, in bytes. Chosen: all scenarios of a large suite together are smaller.
pub(super) const SIZE_MAX: u64 = 1 << 20;

/// The folders of files that scenarios include
#[derive(Debug, Clone, Default, Args)]
pub struct IncludeArguments {
    /// Let scenarios include files below this folder as well as below their own folder and the folders
    /// named; may be given several times
    #[arg(long = "include-dir", value_name = "FOLDER")]
    pub folders: Vec<PathBuf>,
}

/// The folders whose files may be read.
#[derive(Debug, Clone, Default)]
pub struct Reach {
    /// The absolute path of each folder as named, and its path without links.
    folders: Vec<[PathBuf; 2]>,
    /// The texts that are read in place of files, by their paths.
    texts: Arc<BTreeMap<String, String>>,
}

impl Reach {
    /// Puts the files below these folders within reach. A folder that does not exist has none.
    pub fn of_folders<'a>(folders: impl IntoIterator<Item = &'a Path>) -> Self {
        let mut reach = Self::default();
        for folder in folders {
            reach.add(folder);
        }
        reach
    }

    /// Puts files within reach: those below the folders among these paths, and those below the folder of each
    /// file among them. Of a link, the folder of its target counts.
    pub fn of_paths(paths: &[PathBuf]) -> Self {
        let mut reach = Self::default();
        for path in paths {
            if path.is_dir() {
                reach.add(path);
            } else if let Some(folder) = path.canonicalize().ok().as_deref().and_then(Path::parent) {
                reach.add(folder);
            }
        }
        reach
    }

    /// Puts the files below these folders within reach as well.
    #[must_use]
    pub fn with_folders(mut self, folders: &[PathBuf]) -> Self {
        for folder in folders {
            self.add(folder);
        }
        self
    }

    /// Puts the files below the folder of the scenario at `path` within reach as well.
    #[must_use]
    pub fn with_scenario(&self, path: &Path) -> Self {
        let mut reach = self.clone();
        reach.add(path.parent().unwrap_or(Path::new("")));
        reach
    }

    /// Reads these texts in place of the files at their paths, if those are within reach.
    #[must_use]
    pub(super) fn with_texts(self, texts: Arc<BTreeMap<String, String>>) -> Self {
        Self { texts, ..self }
    }

    fn add(&mut self, folder: &Path) {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        if let (Ok(named), Ok(real)) = (std::path::absolute(folder), folder.canonicalize()) {
            self.folders.push([without_dots(&named), real]);
        }
    }

    /// Returns the text of an included file, for the scenario's parser. The error is for a person, and
    /// reveals nothing about a file out of reach.
    pub fn include(&self, path: &str) -> Result<Source, String> {
        let outside = || {
            format!(
                "`{path}` lies outside of the scenario's folder, and is not read: copy it there, or name its \
                 folder with `--include-dir`"
            )
        };
        // The path is checked before any access to the disk, so that the error does not reveal whether the
        // file exists.
        let named = std::path::absolute(path)
            .map_err(|error| format!("`{path}` cannot be read: {}", io_cause(&error)))?;
        if !self.folders.iter().flatten().any(|folder| without_dots(&named).starts_with(folder)) {
            return Err(outside());
        }
        if let Some(text) = self.texts.get(path) {
            return Ok(Source::new(path, text.as_str()));
        }
        let unread = |error: ReadError| format!("`{path}` cannot be read: {error}");
        let real = Path::new(path).canonicalize().map_err(|error| unread(error.into()))?;
        if !self.contains(&real) {
            return Err(outside());
        }
        let text = read(&real).map_err(unread)?;
        // A file without the name of a scenario cannot be run by itself, and may hold anything.
        Ok(if is_scenario(&real) { Source::new(path, text) } else { Source::confidential(path, text) })
    }

    /// Returns the reason why a scenario found in a folder is not read: it is a link that leads out of reach,
    /// or to a file of another kind.
    pub(super) fn refusal(&self, path: &Path) -> Option<String> {
        if !path.symlink_metadata().is_ok_and(|metadata| metadata.is_symlink()) {
            return None;
        }
        let real = path.canonicalize().ok()?;
        (!self.contains(&real) || !is_scenario(&real)).then(|| {
            "is a link to a file that is no scenario below its folder, and is not read: copy the file, or name its \
             folder with `--include-dir`"
                .to_owned()
        })
    }

    fn contains(&self, real: &Path) -> bool {
        self.folders.iter().any(|[_, folder]| real.starts_with(folder))
    }
}

/// Returns true if a file has the name of a scenario.
pub(super) fn is_scenario(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == scenario::EXTENSION)
}

/// Returns the path with `..` resolved as text.
fn without_dots(path: &Path) -> PathBuf {
    let mut whole = PathBuf::new();
    for component in path.components() {
        match component {
            Component::ParentDir => {
                whole.pop();
            }
            Component::CurDir => {}
            other => whole.push(other),
        }
    }
    whole
}

/// The reason why a scenario is not read.
#[derive(Debug, thiserror::Error)]
pub(super) enum ReadError {
    /// The path leads to a folder, a pipe or a device.
    #[error("it is no file")]
    NoFile,
    /// The file is larger than `SIZE_MAX`.
    #[error("it is larger than 1 MiB")]
    TooLarge,
    /// The file is no UTF-8; the message tells the line.
    #[error("{0}")]
    NoText(String),
    /// The system failed.
    #[error("{}", io_cause(.0))]
    Io(#[from] std::io::Error),
}

/// Returns the text of a regular file of at most 1 MiB.
pub(super) fn read(path: &Path) -> Result<String, ReadError> {
    // A pipe would block, and a device has no end.
    if !path.metadata()?.is_file() {
        return Err(ReadError::NoFile);
    }
    let mut bytes = Vec::new();
    File::open(path)?.take(SIZE_MAX + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > SIZE_MAX {
        return Err(ReadError::TooLarge);
    }
    String::from_utf8(bytes)
        .map_err(|error| ReadError::NoText(not_text(error.as_bytes(), error.utf8_error().valid_up_to())))
}

/// Returns the message about bytes that are no text, with their line and the remedy.
pub(super) fn not_text(bytes: &[u8], at: usize) -> String {
    let line = memchr::memchr_iter(b'\n', &bytes[..at]).count() + 1;
    let byte = bytes.get(at).copied().unwrap_or_default();
    format!("line {line} is no UTF-8 text (byte {} is {byte:#04x}): save it as UTF-8", at + 1)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    /// Creates a folder with a subfolder `scenarios/`, and files inside and outside of it.
    fn folder() -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let at = |path: &str| folder.path().join(path);
        std::fs::create_dir_all(at("scenarios/part")).unwrap();
        for path in ["scenarios/part/more.scn", "outside.scn", "scenarios/.env", "secret"] {
            std::fs::write(at(path), "wait 1s\n").unwrap();
        }
        symlink(at("outside.scn"), at("scenarios/out.scn")).unwrap();
        symlink(at("scenarios/.env"), at("scenarios/env.scn")).unwrap();
        symlink("part/more.scn", at("scenarios/inside.scn")).unwrap();
        symlink(folder.path(), at("scenarios/up")).unwrap();
        folder
    }

    #[track_caller]
    fn check(reach: &Reach, folder: &Path, path: &str, expected: Result<(), &str>) {
        let path = folder.join(path);
        let read = reach.include(path.to_str().unwrap()).map(drop);
        match (read, expected) {
            (Ok(()), Ok(())) => {}
            (Err(error), Err(part)) if error.contains(part) => {}
            (read, expected) => panic!("{}: {read:?}, and not {expected:?}", path.display()),
        }
    }

    #[test]
    fn only_scenarios_below_the_folder_are_included() {
        let folder = folder();
        let reach = Reach::default().with_scenario(&folder.path().join("scenarios/a.scn"));
        let check = |path: &str, expected| check(&reach, folder.path(), path, expected);
        check("scenarios/part/more.scn", Ok(()));
        check("scenarios/inside.scn", Ok(()));
        for outside in [
            "outside.scn",
            "none.scn",
            "scenarios/../outside.scn",
            "scenarios/out.scn",
            "scenarios/up/outside.scn",
            "/etc/passwd",
            "/dev/zero",
        ] {
            check(outside, Err("lies outside"));
        }
        check("scenarios/none.scn", Err("there is no such file"));
        check("scenarios/part", Err("it is no file"));
        let is_confidential = |path: &str| {
            let path = folder.path().join(path);
            reach.include(path.to_str().unwrap()).unwrap().is_confidential()
        };
        assert!(is_confidential("scenarios/.env") && is_confidential("scenarios/env.scn"));
        assert!(!is_confidential("scenarios/inside.scn"));
    }

    #[test]
    fn a_named_folder_is_within_reach() {
        let folder = folder();
        let reach = Reach::of_folders([folder.path()]);
        check(&reach, folder.path(), "outside.scn", Ok(()));
        check(&reach, folder.path(), "scenarios/out.scn", Ok(()));
        check(&reach, folder.path(), "secret", Ok(()));
    }

    #[test]
    fn a_link_among_scenarios_leads_to_scenarios() {
        let folder = folder();
        let refused =
            |reach: &Reach, name: &str| reach.refusal(&folder.path().join("scenarios").join(name)).is_some();
        let own = Reach::of_folders([folder.path().join("scenarios").as_path()]);
        assert!(refused(&own, "out.scn") && refused(&own, "env.scn") && !refused(&own, "inside.scn"));
        let all = Reach::of_folders([folder.path()]);
        assert!(!refused(&all, "out.scn") && refused(&all, "env.scn"));
    }

    #[test]
    fn bytes_that_are_no_text_are_named_by_their_line() {
        assert_eq!(
            not_text(b"network a-b\n# caf\xe9\n", 17),
            "line 2 is no UTF-8 text (byte 18 is 0xe9): save it as UTF-8"
        );
    }
}
