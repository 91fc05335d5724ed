//! The files and the programs that belong to the start of a node, beside its own program.

use std::io;
use std::path::Path;

use futures_util::future::join3;

use super::error::SetupError;
use crate::driver::{NodeFile, Sidecar, SidecarLauncher, tail};
use crate::world::ExitStatus;
use crate::world::folder::{make_folder, write_file};

/// The part of a program's output that its failure shows, in bytes. Chosen: a few lines.
const SHOWN: usize = 1_000;

/// Writes the files of a node: those that are missing, or all of them anew.
pub(super) fn write_files(folder: &Path, files: &[NodeFile], anew: bool) -> Result<(), SetupError> {
    for file in files.iter().filter(|file| anew || !folder.join(&file.name).try_exists().unwrap_or(false)) {
        let path = folder.join(&file.name);
        write_within(folder, file).map_err(|error| SetupError::File { path, error })?;
    }
    Ok(())
}

/// Writes a file, with the folders of its name.
fn write_within(folder: &Path, file: &NodeFile) -> io::Result<()> {
    let mut folder = folder.to_owned();
    let mut parts: Vec<&str> = file.name.split('/').collect();
    let name = parts.pop().unwrap_or_default();
    for part in parts {
        make_folder(&folder, part)?;
        folder.push(part);
    }
    write_file(&folder, name, file.content.as_bytes())
}

/// Runs a program to its end, which has to be one of success.
pub(super) async fn run(launcher: &dyn SidecarLauncher, words: &[String]) -> Result<(), SetupError> {
    let Some((name, arguments)) = words.split_first() else { return Ok(()) };
    let name = || name.clone();
    let started = launcher.start(&name(), arguments).await;
    let Sidecar { life, input, output, problems } =
        started.map_err(|error| SetupError::Start { program: name(), error })?;
    drop(input);
    let (output, problems, ending) = join3(tail(output, SHOWN), tail(problems, SHOWN), life.ended()).await;
    if ending == ExitStatus::Code(0) {
        return Ok(());
    }
    let said = if problems.trim().is_empty() { output } else { problems };
    Err(SetupError::Ended { program: name(), ending, said: said.trim().to_owned() })
}

/// Returns true if nothing lies in a folder, or the folder is not there.
pub(super) fn is_empty(folder: &Path) -> bool {
    match std::fs::read_dir(folder) {
        Ok(mut entries) => entries.next().is_none(),
        Err(error) => error.kind() == io::ErrorKind::NotFound,
    }
}
