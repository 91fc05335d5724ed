//! Files that are written for a person to start from. None that is there already is overwritten.

use std::fs::{self, OpenOptions};
use std::io::{self, Write};
use std::path::Path;

use super::failure::Failure;
use crate::text::io_cause;

/// Writes files into a folder, by their paths in it, and prints the path of each. The folder is made if it is missing.
///
/// # Errors If one of them is there already, before anything is written; if one cannot be written.
pub(super) fn write_new_files(
    folder: &Path,
    files: &[(impl AsRef<str>, impl AsRef<str>)],
    out: &mut dyn Write,
) -> Result<(), Failure> {
    let there = |name: &str| fs::symlink_metadata(folder.join(name)).is_ok();
    if let Some((name, _)) = files.iter().find(|(name, _)| there(name.as_ref())) {
        let path = folder.join(name.as_ref());
        let message = format!("{} is there already: nothing was written", path.display());
        return Err(Failure::usage(message).help("name another folder"));
    }
    for (name, text) in files {
        let path = folder.join(name.as_ref());
        write_new(&path, text.as_ref()).map_err(|error| {
            let message = format!("cannot write {}: {}", path.display(), io_cause(&error));
            Failure::environment(message).help("name another folder")
        })?;
        writeln!(out, "{}", path.display())?;
    }
    Ok(())
}

/// Writes a file that is not there yet, and the folders above it.
fn write_new(path: &Path, text: &str) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        fs::create_dir_all(folder)?;
    }
    OpenOptions::new().write(true).create_new(true).open(path)?.write_all(text.as_bytes())
}

/// Returns a folder as a word of a shell, without a slash at its end.
pub(super) fn folder_word(folder: &Path) -> Result<String, Failure> {
    let folder = folder.display().to_string();
    let folder = shlex::try_quote(&folder).map_err(|error| Failure::usage(error.to_string()))?;
    Ok(folder.trim_end_matches('/').to_owned())
}
