//! The source files of a package, without their tests.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use super::reader;

/// A source file, and the module in it.
pub(super) struct File {
    pub(super) path: PathBuf,
    /// The path of the module from the root of its crate; empty for the root itself.
    pub(super) module: Vec<String>,
    /// The text without comments, contents of strings and code that is compiled for tests only.
    pub(super) code: String,
}

/// The workspace, from the folder of this package.
pub(super) fn workspace() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a package lies in its workspace")
}

/// Returns the files of the package at `source`, in the order of their paths. Files that are compiled for tests
/// only are left out.
pub(super) fn files(source: &Path) -> Vec<File> {
    let mut files = Vec::new();
    let mut tests = BTreeSet::new();
    for path in paths(source) {
        let inside = path.strip_prefix(source).expect("a file lies in its package").with_extension("");
        let mut module: Vec<String> =
            inside.iter().map(|part| part.to_str().expect("UTF-8").to_owned()).collect();
        module.retain(|part| !matches!(part.as_str(), "lib" | "main"));
        let text = std::fs::read_to_string(&path).expect("a source file is text");
        let code = reader::code(&text);
        tests.extend(code.test_modules.into_iter().map(|name| [module.clone(), vec![name]].concat()));
        files.push(File { path, module, code: code.text });
    }
    files.retain(|file| !tests.iter().any(|module| file.module.starts_with(module)));
    files
}

/// Returns the paths of all Rust files in a folder and below it, sorted.
pub(super) fn paths(folder: &Path) -> Vec<PathBuf> {
    let mut paths = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(&folder).expect("a folder of sources") {
            let path = entry.expect("an entry of a folder of sources").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    paths
}
