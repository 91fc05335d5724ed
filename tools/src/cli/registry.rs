//! The registry of this user's running networks on this machine: a small file for each, locked by the process
//! that the network belongs to.
//!
//! If a file's lock is free, its process has ended, however it did. Any process that finds such a file
//! removes it.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;
use serde::{Deserialize, Serialize};

use super::random;

/// The extension of the files.
const EXTENSION: &str = "json";
/// The longest file that is read, in bytes. Chosen: far above a path (4 KiB in Linux) and a number.
const SIZE_MAX: u64 = 64 << 10;

/// The content of the file of a running network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct RegistryEntry {
    /// The folder of logs.
    pub logs: PathBuf,
    /// The id of the process that the network belongs to.
    pub pid: u32,
}

/// The entry of a network, removed when this value is dropped.
#[derive(Debug)]
pub(super) struct Registration {
    path: PathBuf,
    _lock: File,
}

/// The folder of the entries.
#[derive(Debug)]
pub(super) struct Registry(PathBuf);

impl Registry {
    /// Opens the registry of this user. A process that will change its user has to open it before that.
    pub(super) fn open() -> io::Result<Self> {
        folder().map(Self)
    }

    /// Registers the network of this folder, which belongs to this process.
    pub(super) fn register(&self, logs: &Path) -> io::Result<Registration> {
        self.add(&RegistryEntry { logs: logs.canonicalize()?, pid: std::process::id() })
    }

    fn add(&self, network: &RegistryEntry) -> io::Result<Registration> {
        let name = random::network_id()?;
        let (new, path) = (self.0.join(format!("{name}.new")), self.0.join(format!("{name}.{EXTENSION}")));
        let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&new)?;
        file.lock()?;
        file.write_all(&serde_json::to_vec(network)?)?;
        // The file gets its name only when it is locked, so that no reader takes its process for one that has
        // ended.
        fs::rename(&new, &path)?;
        Ok(Registration { path, _lock: file })
    }

    /// Returns the running networks, in the order of their folders.
    pub(super) fn networks(&self) -> io::Result<Vec<RunningNetwork>> {
        let mut found = Vec::new();
        for entry in fs::read_dir(&self.0)? {
            let path = entry?.path();
            if path.extension().is_none_or(|kind| kind != EXTENSION) {
                continue;
            }
            // The process has removed the file meanwhile, or the file is no entry.
            let Ok(one) = read(&path) else { continue };
            if one.has_ended() {
                // Another process may have removed it.
                let _: io::Result<()> = fs::remove_file(&path);
            } else {
                found.push(one);
            }
        }
        found.sort_by(|one, other| one.network.logs.cmp(&other.network.logs));
        Ok(found)
    }
}

impl Drop for Registration {
    fn drop(&mut self) {
        // A file that stays is removed by the next process that lists the networks.
        let _: io::Result<()> = fs::remove_file(&self.path);
    }
}

/// A network that was found, with the lock that tells of its end.
#[derive(Debug)]
pub(super) struct RunningNetwork {
    /// The network.
    pub network: RegistryEntry,
    file: File,
}

impl RunningNetwork {
    /// Waits until the network has ended.
    pub(super) fn wait_for_end(&self) -> io::Result<()> {
        self.file.lock()
    }

    /// Returns true if the network has ended.
    pub(super) fn has_ended(&self) -> bool {
        !matches!(self.file.try_lock_shared(), Err(TryLockError::WouldBlock))
    }
}

fn read(path: &Path) -> io::Result<RunningNetwork> {
    let mut options = OpenOptions::new();
    options.read(true).custom_flags((OFlags::NOFOLLOW | OFlags::NONBLOCK).bits().cast_signed());
    let file = options.open(path)?;
    let mut bytes = Vec::new();
    (&file).take(SIZE_MAX).read_to_end(&mut bytes)?;
    Ok(RunningNetwork { network: serde_json::from_slice(&bytes)?, file })
}

/// Returns the folder of the entries, and makes it if needed. It is below `XDG_RUNTIME_DIR`, else below
/// `/run/user/UID` if that is private to this user, else in the folder for temporary files.
fn folder() -> io::Result<PathBuf> {
    let user = rustix::process::geteuid().as_raw();
    let given = std::env::var_os("XDG_RUNTIME_DIR").map(PathBuf::from).filter(|path| path.is_absolute());
    let usual = PathBuf::from(format!("/run/user/{user}"));
    let runtime = given.or_else(|| is_private(&usual, user).then_some(usual));
    let folder = match runtime {
        Some(runtime) => runtime.join("tools"),
        None => std::env::temp_dir().join(format!("tools-{user}")),
    };
    private(&folder, user)?;
    Ok(folder)
}

/// Makes a folder that only this user may enter. Refuses an existing folder that another user could have
/// made.
fn private(folder: &Path, user: u32) -> io::Result<()> {
    match DirBuilder::new().mode(0o700).create(folder) {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(io::Error::new(error.kind(), format!("cannot make {}: {error}", folder.display())));
        }
        _ => {}
    }
    if is_private(folder, user) {
        return Ok(());
    }
    let reason = format!(
        "{} is no folder of this user alone: remove it, or set XDG_RUNTIME_DIR to one that is",
        folder.display()
    );
    Err(io::Error::new(io::ErrorKind::PermissionDenied, reason))
}

/// Returns true if this is a folder of this user that no other user may enter.
fn is_private(folder: &Path, user: u32) -> bool {
    let others = |mode: u32| mode & 0o077;
    fs::symlink_metadata(folder)
        .is_ok_and(|found| found.is_dir() && found.uid() == user && others(found.mode()) == 0)
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    use super::*;

    fn network(logs: &str) -> RegistryEntry {
        RegistryEntry { logs: PathBuf::from(logs), pid: 7 }
    }

    #[test]
    fn networks_are_known_while_they_run() {
        let folder = tempfile::tempdir().unwrap();
        let registry = Registry(folder.path().to_owned());
        let entry = |logs| registry.add(&network(logs)).unwrap();
        let (b, a) = (entry("/b/logs"), entry("/a/logs"));
        let known = || -> Vec<RegistryEntry> {
            registry.networks().unwrap().into_iter().map(|found| found.network).collect()
        };
        assert_eq!(known(), [network("/a/logs"), network("/b/logs")]);
        drop(a);
        assert_eq!(known(), [network("/b/logs")]);
        let found = registry.networks().unwrap().remove(0);
        assert!(!found.has_ended());
        let waiting = std::thread::spawn(move || found.wait_for_end());
        drop(b);
        waiting.join().unwrap().unwrap();
    }

    #[test]
    fn the_file_of_a_killed_process_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("killed.json");
        fs::write(&path, serde_json::to_vec(&network("/a/logs")).unwrap()).unwrap();
        fs::write(folder.path().join("other.json"), "not ours").unwrap();
        symlink("/dev/zero", folder.path().join("zero.json")).unwrap();
        assert!(Registry(folder.path().to_owned()).networks().unwrap().is_empty());
        assert!(!path.exists());
    }

    #[test]
    fn a_folder_that_others_may_enter_is_refused() {
        let root = tempfile::tempdir().unwrap();
        let user = rustix::process::geteuid().as_raw();
        let path = root.path().join("tools");
        private(&path, user).unwrap();
        private(&path, user).unwrap();
        assert!(private(&path, user + 1).is_err());
        fs::set_permissions(&path, fs::Permissions::from_mode(0o770)).unwrap();
        let error = private(&path, user).unwrap_err().to_string();
        assert!(error.contains("is no folder of this user alone: remove it"), "{error}");
        let link = root.path().join("link");
        symlink(root.path(), &link).unwrap();
        assert!(private(&link, user).is_err());
    }
}
