//! The file that runs for a program's name: found through `PATH`, and behind the first line of scripts.

use std::ffi::OsStr;
use std::fs::File;
use std::io::Read as _;
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};

/// The most scripts that are followed, as in Linux: the interpreter of a script may be a script.
const SCRIPTS_MAX: usize = 5;
/// The most bytes of a first line that count, as in Linux.
const LINE_MAX: u64 = 256;

/// The file that runs for a program's name.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A file that is no script.
    Binary(PathBuf),
    /// No file, or none that can be read: it may come later, or its name may not be known yet.
    Nothing,
}

/// Finds the file that runs for a program's name. Names without a folder are looked for in `path`.
pub(super) fn find(program: &Path, path: Option<&OsStr>) -> Found {
    let mut program = program.to_owned();
    for _ in 0..=SCRIPTS_MAX {
        let Some(file) = file_of(&program, path) else { return Found::Nothing };
        match interpreter(&file) {
            Ok(Some(interpreter)) => program = interpreter,
            Ok(None) => return Found::Binary(file),
            Err(_) => return Found::Nothing,
        }
    }
    Found::Nothing
}

/// Returns the path of a program's file.
fn file_of(program: &Path, path: Option<&OsStr>) -> Option<PathBuf> {
    if program.as_os_str().as_bytes().contains(&b'/') {
        return program.is_file().then(|| program.to_owned());
    }
    std::env::split_paths(path?).map(|folder| folder.join(program)).find(|file| file.is_file())
}

/// Returns the program that runs a script; none for a file that is no script.
fn interpreter(file: &Path) -> std::io::Result<Option<PathBuf>> {
    let mut start = Vec::new();
    File::open(file)?.take(LINE_MAX).read_to_end(&mut start)?;
    let Some(line) = start.strip_prefix(b"#!") else { return Ok(None) };
    let line = line.split(|byte| *byte == b'\n').next().unwrap_or_default();
    let line = String::from_utf8_lossy(line);
    let mut words = line.split_whitespace();
    let first = words.next().map(PathBuf::from);
    // `env` becomes the program that it names, behind its options and variables.
    let is_env = first.as_ref().is_some_and(|first| first.file_name() == Some(OsStr::new("env")));
    let named = words.find(|word| !word.starts_with('-') && !word.contains('='));
    Ok(if is_env { named.map(PathBuf::from).or(first) } else { first })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_found_through_the_path_and_behind_scripts() {
        let folder = tempfile::tempdir().unwrap();
        let in_it = |name: &str| folder.path().join(name);
        let write = |name: &str, text: &str| std::fs::write(in_it(name), text).unwrap();
        write("binary", "\x7fELF");
        write("direct", &format!("#! {} -x\nrest", in_it("binary").display()));
        write("by_env", "#!/usr/bin/env -S A=1 binary -u\n");
        write("by_script", &format!("#!{}", in_it("direct").display()));
        write("endless", &format!("#!{}", in_it("endless").display()));
        write("empty", "");
        let path = Some(folder.path().as_os_str());
        let binary = || Found::Binary(in_it("binary"));
        for (program, expected) in [
            ("binary", binary()),
            ("direct", binary()),
            ("by_env", binary()),
            ("by_script", binary()),
            ("endless", Found::Nothing),
            ("none", Found::Nothing),
            ("./none", Found::Nothing),
            ("{data}/binary", Found::Nothing),
            ("empty", Found::Binary(in_it("empty"))),
        ] {
            assert_eq!(find(Path::new(program), path), expected, "{program}");
        }
        assert_eq!(find(&in_it("binary"), None), binary(), "by its path");
        assert_eq!(find(Path::new("binary"), None), Found::Nothing);
    }
}
