//! The shift of one program's clock: the files through which libfaketime is told it.

use std::fs::OpenOptions;
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

/// The folder of shared memory, where the library looks for its semaphore.
const FOLDER: &str = "/dev/shm";
/// The first part of the names of all files of the harness there.
const PREFIX: &str = "tools-clock-";
/// The variable whose shift would win over that of the file.
pub(super) const VARIABLE: &str = "FAKETIME";
/// The variable with the libraries that a program loads before its own.
pub(in crate::world::process) const PRELOAD: &str = "LD_PRELOAD";
/// The size of the library's shared memory, in bytes. Chosen: one page, more than any version needs.
const SHARED: usize = 4_096;

/// The files of one life of a program; they are removed when this value is dropped.
#[derive(Debug)]
pub(in crate::world::process) struct Shift {
    /// The name of the shared memory; those of the other files are made from it.
    name: String,
}

/// Returns true if files can be made where the library needs them.
pub(super) fn is_possible() -> bool {
    rustix::fs::access(FOLDER, rustix::fs::Access::WRITE_OK).is_ok()
}

/// Removes the files of a run, by its network id: they are left where its harness was killed.
pub fn sweep(network: &str) {
    let start = format!("{PREFIX}{network}-");
    let files = std::fs::read_dir(FOLDER).into_iter().flatten().flatten();
    for file in files {
        let name = file.file_name();
        let name = name.to_string_lossy();
        if name.strip_prefix("sem.").unwrap_or(&name).starts_with(&start) {
            // Another one may have removed it.
            let _: io::Result<()> = std::fs::remove_file(file.path());
        }
    }
}

impl Shift {
    /// Makes the files for one life of a node, with the clock so many milliseconds ahead.
    pub(in crate::world::process) fn new(
        network: &str,
        node: usize,
        life: u64,
        ahead_ms: i64,
    ) -> io::Result<Self> {
        let shift = Self { name: format!("{PREFIX}{network}-{node}-{life}") };
        create(&shift.semaphore(), &semaphore())?;
        create(&shift.memory(), &[0; SHARED])?;
        shift.set(ahead_ms)?;
        Ok(shift)
    }

    /// Puts the clock so many milliseconds ahead of the machine's. It holds for all that the program asks from now on.
    pub(in crate::world::process) fn set(&self, ahead_ms: i64) -> io::Result<()> {
        let (sign, size) = (if ahead_ms < 0 { '-' } else { '+' }, ahead_ms.unsigned_abs());
        let text = format!("{sign}{}.{:03}\n", size / 1_000, size % 1_000);
        let new = self.path(".new");
        std::fs::write(&new, text)?;
        std::fs::rename(new, self.path(".time"))
    }

    /// Returns the variables with which a program loads the library. `preloaded` is what it loads without it.
    pub(in crate::world::process) fn environment(
        &self,
        library: &Path,
        preloaded: Option<&str>,
    ) -> Vec<(String, String)> {
        let library = library.display().to_string();
        let preload = match preloaded.filter(|list| !list.is_empty()) {
            Some(list) => format!("{library}:{list}"),
            None => library,
        };
        let shared = format!("/{0} /{0}", self.name);
        [
            (PRELOAD, preload),
            ("FAKETIME_TIMESTAMP_FILE", self.path(".time").display().to_string()),
            // The file is read each time, so that a shift is in force at once.
            ("FAKETIME_NO_CACHE", "1".to_owned()),
            // Timers go on, and waits by the monotonic clock are as long as they were.
            ("FAKETIME_DONT_FAKE_MONOTONIC", "1".to_owned()),
            ("FAKETIME_FORCE_MONOTONIC_FIX", "0".to_owned()),
            // The kernel gives files their times.
            ("NO_FAKE_STAT", "1".to_owned()),
            // The library would make files of its own for each process, and a process that is killed would leave them.
            ("FAKETIME_SHARED", shared),
        ]
        .map(|(name, value)| (name.to_owned(), value))
        .into()
    }

    fn path(&self, ending: &str) -> PathBuf {
        Path::new(FOLDER).join(format!("{}{ending}", self.name))
    }

    fn memory(&self) -> PathBuf {
        self.path("")
    }

    fn semaphore(&self) -> PathBuf {
        Path::new(FOLDER).join(format!("sem.{}", self.name))
    }
}

impl Drop for Shift {
    fn drop(&mut self) {
        for file in [self.path(".time"), self.path(".new"), self.memory(), self.semaphore()] {
            // The guard may have removed it.
            let _: io::Result<()> = std::fs::remove_file(file);
        }
    }
}

/// Makes a file that this user alone may use.
fn create(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(content)
}

/// Returns a semaphore with the value 1, as the GNU C library has it in its file: the value and the number of waiters
/// in 64 bits, and the mark that processes share it.
fn semaphore() -> [u8; 32] {
    let mut file = [0; 32];
    file[..8].copy_from_slice(&1_u64.to_ne_bytes());
    file[8..12].copy_from_slice(&128_u32.to_ne_bytes());
    file
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shift_is_told_in_seconds_and_its_files_go_with_it() {
        let network = format!("test{}", std::process::id());
        let named = |ending: &str| PathBuf::from(format!("{FOLDER}/{PREFIX}{network}-3-1{ending}"));
        let told = || std::fs::read_to_string(named(".time")).unwrap();
        let shift = Shift::new(&network, 3, 1, 0).unwrap();
        assert_eq!(told(), "+0.000\n");
        for (ahead_ms, text) in
            [(10_000, "+10.000\n"), (-1, "-0.001\n"), (-3_600_250, "-3600.250\n"), (5, "+0.005\n")]
        {
            shift.set(ahead_ms).unwrap();
            assert_eq!(told(), text);
        }
        assert!(named("").exists() && !named(".new").exists());
        drop(shift);
        assert!(!named(".time").exists() && !named("").exists());
    }

    #[test]
    fn what_a_killed_run_left_is_swept_away_and_nothing_of_another() {
        let [one, other] = ["one", "two"].map(|name| format!("test{name}{}", std::process::id()));
        let left = std::mem::ManuallyDrop::new(Shift::new(&one, 0, 1, 0).unwrap());
        let stays = Shift::new(&other, 0, 1, 0).unwrap();
        sweep(&one);
        assert!(!left.path(".time").exists() && !left.semaphore().exists());
        assert!(stays.path(".time").exists() && stays.semaphore().exists());
    }

    #[test]
    fn libraries_that_a_program_loads_anyway_come_after() {
        let shift = Shift::new(&format!("testenv{}", std::process::id()), 0, 1, 0).unwrap();
        let preload = |before| shift.environment(Path::new("/lib/f.so"), before)[0].1.clone();
        assert_eq!(preload(None), "/lib/f.so");
        assert_eq!(preload(Some("")), "/lib/f.so");
        assert_eq!(preload(Some("a.so b.so")), "/lib/f.so:a.so b.so");
    }
}
