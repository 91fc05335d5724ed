//! The search for libfaketime.

use std::path::{Path, PathBuf};

/// The names of the library; the first one is safe for programs with threads.
const NAMES: [&str; 2] = ["libfaketimeMT.so.1", "libfaketime.so.1"];

/// Returns the folders in which distributions install the library: `LIB/faketime`, for each folder `LIB` of libraries.
pub(super) fn folders() -> Vec<PathBuf> {
    let mut folders = Vec::new();
    for root in ["/usr/lib", "/usr/lib64", "/usr/local/lib"] {
        // Debian has a folder for each machine.
        let inside = std::fs::read_dir(root).into_iter().flatten().flatten();
        let machines = inside.map(|entry| entry.path()).filter(|path| is_of_this_machine(path));
        folders.extend(machines.map(|path| path.join("faketime")));
        folders.push(Path::new(root).join("faketime"));
    }
    folders
}

/// Returns true if a folder is named after this machine, as in `x86_64-linux-gnu`.
fn is_of_this_machine(folder: &Path) -> bool {
    let name = folder.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| name.starts_with(std::env::consts::ARCH) && name.contains("linux"))
}

/// Returns the library in the first of these folders that has it.
pub(super) fn find(folders: &[PathBuf]) -> Option<PathBuf> {
    let files = folders.iter().flat_map(|folder| NAMES.iter().map(|name| folder.join(name)));
    files.into_iter().find(|file| file.is_file())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_library_is_found_in_the_first_folder_that_has_it_and_missed_where_none_has() {
        let folder = tempfile::tempdir().unwrap();
        let [one, other] = ["one", "other"].map(|name| folder.path().join(name));
        for folder in [&one, &other] {
            std::fs::create_dir(folder).unwrap();
        }
        let folders = [folder.path().join("none"), one.clone(), other.clone()];
        assert_eq!(find(&folders), None);
        std::fs::write(other.join("libfaketimeMT.so.1"), "").unwrap();
        assert_eq!(find(&folders), Some(other.join("libfaketimeMT.so.1")));
        std::fs::write(one.join("libfaketime.so.1"), "").unwrap();
        assert_eq!(find(&folders), Some(one.join("libfaketime.so.1")));
        std::fs::write(one.join("libfaketimeMT.so.1"), "").unwrap();
        assert_eq!(find(&folders), Some(one.join("libfaketimeMT.so.1")), "with threads");
    }
}
