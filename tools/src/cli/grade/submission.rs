//! A submission: its name, and the way in which it is started and asked.

use std::collections::BTreeSet;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use crate::cli::failure::Failure;
use crate::text::io_cause;

/// The description of its driver, in the folder of a submission.
const DESCRIPTION: &str = "node.toml";
/// The program, in the folder of a submission that has no description.
const PROGRAM: &str = "node";
/// The placeholder for the path of a submission.
pub(super) const SUBMISSION: &str = "{submission}";

/// One submission.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Submission {
    /// The last part of its path, or the whole path where others have the same.
    pub(super) name: String,
    /// The absolute path.
    pub(super) path: PathBuf,
    /// The flags of `tools test`, or the reason why it cannot be started.
    pub(super) flags: Result<Vec<String>, String>,
}

/// The flags of the command line about all submissions.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Templates<'a> {
    pub(super) driver: Option<&'a str>,
    pub(super) exec: Option<&'a str>,
}

impl Submission {
    /// Finds the submissions at these paths. A path at which there is nothing is an error; a submission that cannot
    /// be started is none, since others can.
    pub(super) fn find(paths: &[PathBuf], templates: Templates<'_>) -> Result<Vec<Self>, Failure> {
        let mut found: Vec<Self> = Vec::new();
        for path in paths {
            let absolute = path.canonicalize().map_err(|error| {
                let failure = Failure::usage(format!(
                    "there is no submission `{}`: {}",
                    path.display(),
                    io_cause(&error)
                ));
                failure.help("name each folder or file, such as submissions/*")
            })?;
            if found.iter().any(|other| other.path == absolute) {
                let failure = Failure::usage(format!("the submission `{}` is named twice", path.display()));
                return Err(failure.help("keep one of the two"));
            }
            let name = absolute.file_name().unwrap_or(absolute.as_os_str()).to_string_lossy().into_owned();
            found.push(Self { name, flags: flags(&absolute, templates), path: absolute });
        }
        let (mut seen, mut twice) = (BTreeSet::new(), BTreeSet::new());
        for submission in &found {
            if !seen.insert(submission.name.clone()) {
                twice.insert(submission.name.clone());
            }
        }
        for submission in found.iter_mut().filter(|submission| twice.contains(&submission.name)) {
            submission.name = submission.path.to_string_lossy().into_owned();
        }
        Ok(found)
    }

    /// Returns the folder in which its programs are started.
    pub(super) fn folder(&self) -> &Path {
        if self.path.is_dir() { &self.path } else { self.path.parent().unwrap_or(Path::new("/")) }
    }
}

/// Returns the flags of `tools test` for a submission, or the reason why it cannot be started.
fn flags(path: &Path, templates: Templates<'_>) -> Result<Vec<String>, String> {
    let text = path.to_str().ok_or("its path is no text")?;
    // A node's placeholders are filled in later, and braces of the path would be taken for one.
    if text.contains(['{', '}']) {
        return Err("its path has a brace".to_owned());
    }
    let quoted =
        shlex::try_quote(text).map_err(|_| "its path has a character that no command line may have")?;
    let mut flags = Vec::new();
    let driver = match templates.driver {
        Some(driver) => Some(driver.replace(SUBMISSION, text)),
        None => description(path).map(|path| path.to_string_lossy().into_owned()),
    };
    let exec = match templates.exec {
        Some(exec) => Some(exec.replace(SUBMISSION, &quoted)),
        None if templates.driver.is_some_and(|driver| !driver.contains(SUBMISSION)) => program(path)?,
        None => None,
    };
    if driver.is_none() && exec.is_none() {
        return Err(if path.is_dir() {
            format!("it has no `{DESCRIPTION}`, the description of its driver")
        } else {
            "it is no description of a driver (`.toml`)".to_owned()
        });
    }
    for (flag, value) in [("--driver", driver), ("--exec", exec)] {
        flags.extend(value.map(|value| [flag.to_owned(), value]).into_iter().flatten());
    }
    Ok(flags)
}

/// Returns the description of a driver that is the submission, or that lies in its folder.
fn description(path: &Path) -> Option<PathBuf> {
    let inside = path.join(DESCRIPTION);
    if path.is_dir() {
        return inside.is_file().then_some(inside);
    }
    path.extension().is_some_and(|extension| extension == "toml").then(|| path.to_owned())
}

/// Returns the command line of a submission that is a program, or whose folder has one. A description among the
/// drivers starts its programs itself.
fn program(path: &Path) -> Result<Option<String>, String> {
    let program = if path.is_dir() { path.join(PROGRAM) } else { path.to_owned() };
    let is_executable = std::fs::metadata(&program)
        .is_ok_and(|file| file.is_file() && file.permissions().mode() & 0o111 != 0);
    if !is_executable {
        return Ok(None);
    }
    let quoted = shlex::try_quote(program.to_str().unwrap_or_default()).map_err(|error| error.to_string())?;
    Ok(Some(format!("{quoted} {{port}}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(files: &[(&str, u32)], templates: Templates<'_>) -> Vec<(String, Result<String, String>)> {
        let folder = tempfile::tempdir().unwrap();
        for (name, mode) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(&path, "").unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(*mode)).unwrap();
        }
        let mut paths: Vec<PathBuf> =
            std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().path()).collect();
        paths.sort();
        let root = folder.path().canonicalize().unwrap().display().to_string();
        let found = Submission::find(&paths, templates).unwrap();
        let words = |flags: Vec<String>| flags.join(" ").replace(&root, "DIR");
        found.into_iter().map(|submission| (submission.name, submission.flags.map(words))).collect()
    }

    fn ok(name: &str, flags: &str) -> (String, Result<String, String>) {
        (name.to_owned(), Ok(flags.to_owned()))
    }

    fn wrong(name: &str, reason: &str) -> (String, Result<String, String>) {
        (name.to_owned(), Err(reason.to_owned()))
    }

    #[test]
    fn a_submission_is_a_description_or_a_folder_with_one() {
        let files = [("ada/node.toml", 0o644), ("bob/x", 0o644), ("eve.toml", 0o644), ("mal", 0o755)];
        let expected = [
            ok("ada", "--driver DIR/ada/node.toml"),
            wrong("bob", "it has no `node.toml`, the description of its driver"),
            ok("eve.toml", "--driver DIR/eve.toml"),
            wrong("mal", "it is no description of a driver (`.toml`)"),
        ];
        assert_eq!(find(&files, Templates::default()), expected);
    }

    #[test]
    fn a_template_says_how_all_are_started() {
        let files = [("a b/x", 0o644), ("c/node", 0o755), ("d", 0o755)];
        let byc = Templates { driver: Some("byc"), exec: None };
        let expected = [
            ok("a b", "--driver byc"),
            ok("c", "--driver byc --exec DIR/c/node {port}"),
            ok("d", "--driver byc --exec DIR/d {port}"),
        ];
        assert_eq!(find(&files, byc), expected);
        let both =
            Templates { driver: Some("{submission}/kv.toml"), exec: Some("node {submission}/x.js {port}") };
        let found = find(&files, both);
        assert_eq!(found[0], ok("a b", "--driver DIR/a b/kv.toml --exec node 'DIR/a b'/x.js {port}"));
    }

    #[test]
    fn a_path_without_anything_is_an_error_and_so_is_one_that_comes_twice() {
        let missing = Submission::find(&["nonesuch".into()], Templates::default()).unwrap_err().to_string();
        assert!(missing.starts_with("error: there is no submission `nonesuch`: "), "{missing}");
        let folder = tempfile::tempdir().unwrap();
        let twice = [folder.path().to_owned(), folder.path().join(".")];
        let twice = Submission::find(&twice, Templates::default()).unwrap_err().to_string();
        assert!(twice.contains("is named twice"), "{twice}");
    }

    #[test]
    fn submissions_of_one_name_are_told_apart_by_their_paths() {
        let folder = tempfile::tempdir().unwrap();
        let paths = ["a/kv", "b/kv", "c"].map(|name| folder.path().join(name));
        for path in &paths {
            std::fs::create_dir_all(path).unwrap();
        }
        let found = Submission::find(&paths, Templates::default()).unwrap();
        assert!(found[0].name.ends_with("/a/kv") && found[1].name.ends_with("/b/kv"), "{found:?}");
        assert_eq!(found[2].name, "c");
    }
}
