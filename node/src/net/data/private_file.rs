//! Files and folders to which only their owner has access.

use std::fs::{self, DirBuilder, File, Permissions};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::Path;

/// The mode of a new folder: only its owner has access.
const FOLDER_MODE: u32 = 0o700;
/// The mode of a file: only its owner has access.
const FILE_MODE: u32 = 0o600;

/// Creates a folder and those above it; only the owner has access to new ones.
pub(super) fn create_folder(path: &Path) -> io::Result<()> {
    let missing: Vec<_> = path.ancestors().take_while(|folder| !exists(folder)).collect();
    for folder in missing.into_iter().rev() {
        match DirBuilder::new().mode(FOLDER_MODE).create(folder) {
            // A umask may take bits away from the owner as well.
            Ok(()) => fs::set_permissions(folder, Permissions::from_mode(FOLDER_MODE))?,
            // Another node made it meanwhile, and sets its mode.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error),
        }
    }
    if path.is_dir() { Ok(()) } else { Err(io::ErrorKind::NotADirectory.into()) }
}

fn exists(folder: &Path) -> bool {
    folder.as_os_str().is_empty() || folder.symlink_metadata().is_ok()
}

/// Opens a file for reading and writing, or creates it. Either way only its owner has access.
pub(in crate::net) fn open(path: &Path) -> io::Result<File> {
    restrict(File::options().read(true).write(true).create(true).truncate(false).mode(FILE_MODE).open(path)?)
}

/// Creates a file that must not exist. Only its owner has access.
pub(super) fn create(path: &Path) -> io::Result<File> {
    restrict(File::options().read(true).write(true).create_new(true).mode(FILE_MODE).open(path)?)
}

/// Opens an existing file. From now on only its owner has access.
pub(super) fn open_existing(path: &Path) -> io::Result<File> {
    restrict(File::options().read(true).write(true).open(path)?)
}

/// Takes the access of others away from a file.
fn restrict(file: File) -> io::Result<File> {
    let mode = file.metadata()?.mode() & 0o777;
    if mode != FILE_MODE {
        match file.set_permissions(Permissions::from_mode(FILE_MODE)) {
            // A writable file of another owner: its mode is that owner's affair.
            Err(error) if error.kind() == io::ErrorKind::PermissionDenied => {}
            changed => changed?,
        }
    }
    Ok(file)
}

/// Syncs a folder, so that the names in it survive a power cut.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}
