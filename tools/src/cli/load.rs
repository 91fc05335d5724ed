//! Finding scenarios in files and folders, and reading them in every combination of their parameters.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::scenario::{self, CombinationError, Headers, Scenario, Setting};
use crate::text::{Diagnostic, Severity, Source, Span, nearest};

/// The largest scenario that is read; all scenarios of a large suite together are smaller.
const SIZE_MAX: u64 = 1 << 20;

/// How deep folders are searched: deeper is a mistake in the path.
const FOLDERS_MAX: usize = 32;

/// The folder that is meant when no path is given.
pub const DEFAULT: &str = "scenarios";

/// Why scenarios are not even looked at. Nothing was read.
#[derive(Debug, Error)]
pub enum LoadError {
    /// A path that does not exist.
    #[error("there is no `{}`{}", path.display(), or_nearest(nearest.as_deref()))]
    Missing {
        /// What was given.
        path: PathBuf,
        /// What was probably meant.
        nearest: Option<PathBuf>,
    },
    /// A folder that cannot be listed.
    #[error("cannot list `{}`: {error}", path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
        /// Why.
        error: std::io::Error,
    },
    /// A folder without scenarios.
    #[error("there is no `.scn` file in `{}`", path.display())]
    Empty {
        /// The folder.
        path: PathBuf,
    },
    /// A parameter that no scenario has.
    #[error(transparent)]
    Params(CombinationError),
}

fn or_nearest(nearest: Option<&Path>) -> String {
    match nearest {
        Some(nearest) => format!(": did you mean `{}`?", nearest.display()),
        None => ": name scenarios, or folders that hold some".to_owned(),
    }
}

/// A file with the scenarios that it stands for.
#[derive(Debug)]
pub struct Loaded {
    /// The file; empty if it cannot be read.
    pub source: Source,
    /// What stands before its steps.
    pub headers: Headers,
    /// One scenario for each combination of parameters, of those that can be read.
    pub scenarios: Vec<Scenario>,
    /// What is wrong with it, and what is probably not meant; each once, however many combinations
    /// have it.
    pub diagnostics: Vec<Diagnostic>,
}

impl Loaded {
    /// Whether something is wrong, so that it may not run.
    #[must_use]
    pub fn is_wrong(&self) -> bool {
        self.diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
    }

    /// Adds what is wrong with its scenarios in that setting.
    pub fn check(&mut self, setting: &Setting<'_>) {
        for scenario in &self.scenarios {
            add(&mut self.diagnostics, scenario::check(scenario, setting));
        }
    }
}

/// The scenarios in files and folders, in the order of the paths; within a folder, and those in it,
/// by name. Wrong ones are among them. `params` fixes parameters of those that have them.
pub fn load(paths: &[PathBuf], params: &BTreeMap<String, String>) -> Result<Vec<Loaded>, LoadError> {
    let read: Vec<_> = find(paths)?.iter().map(|path| read_headers(path)).collect();
    let known = || {
        let headers = read.iter().filter_map(|(_, headers)| headers.as_ref().ok());
        headers.flat_map(|headers| &headers.params).map(|param| param.name.as_str())
    };
    // A file whose headers are wrong may have any parameter.
    let all_read = read.iter().all(|(_, headers)| headers.is_ok());
    if let Some(name) = params.keys().find(|name| all_read && !known().any(|known| known == name.as_str())) {
        let known: BTreeSet<&str> = known().collect();
        return Err(LoadError::Params(CombinationError::unknown(name, known)));
    }
    Ok(read
        .into_iter()
        .map(|(source, headers)| match headers {
            Ok(headers) => combine(source, headers, params),
            Err(wrong) => Loaded {
                source,
                headers: Headers::default(),
                scenarios: Vec::new(),
                diagnostics: vec![wrong],
            },
        })
        .collect())
}

/// The text of the scenario at `path`, and what stands before its steps.
pub fn read_headers(path: &Path) -> (Source, Result<Headers, Diagnostic>) {
    let name = path.to_string_lossy();
    match read(path) {
        Ok(text) => {
            let source = Source::new(name, text);
            let headers = scenario::headers(&source);
            (source, headers)
        }
        Err(why) => {
            let source = Source::new(name, "");
            let wrong = Diagnostic::error(&source, Span::default(), format!("cannot be read: {why}"));
            (source, Err(wrong))
        }
    }
}

/// Gets included files: what the scenario's parser is given.
pub fn include(path: &str) -> Result<Source, String> {
    match read(Path::new(path)) {
        Ok(text) => Ok(Source::new(path, text)),
        Err(why) => Err(format!("`{path}` cannot be read: {why}")),
    }
}

fn combine(source: Source, headers: Headers, params: &BTreeMap<String, String>) -> Loaded {
    let has = |name: &str| headers.params.iter().any(|param| param.name == name);
    let own = params.iter().filter(|(name, _)| has(name)).map(|(name, value)| (name.clone(), value.clone()));
    let (mut scenarios, mut diagnostics) = (Vec::new(), Vec::new());
    match scenario::combinations(&headers, &own.collect()) {
        Ok(combinations) => {
            for choice in combinations {
                match scenario::parse(&source, &choice, &mut include) {
                    Ok((scenario, warnings)) => {
                        scenarios.push(scenario);
                        add(&mut diagnostics, warnings);
                    }
                    Err(wrong) => add(&mut diagnostics, vec![wrong]),
                }
            }
        }
        Err(why) => {
            let span = headers.params.iter().map(|param| param.span).reduce(Span::to).unwrap_or_default();
            diagnostics.push(Diagnostic::error(&source, span, why.to_string()));
        }
    }
    Loaded { source, headers, scenarios, diagnostics }
}

fn add(diagnostics: &mut Vec<Diagnostic>, more: Vec<Diagnostic>) {
    for diagnostic in more {
        if !diagnostics.contains(&diagnostic) {
            diagnostics.push(diagnostic);
        }
    }
}

fn read(path: &Path) -> Result<String, String> {
    let mut bytes = Vec::new();
    let file = File::open(path).map_err(|error| error.to_string())?;
    file.take(SIZE_MAX + 1).read_to_end(&mut bytes).map_err(|error| error.to_string())?;
    if bytes.len() as u64 > SIZE_MAX {
        return Err("it is larger than 1 MiB".to_owned());
    }
    String::from_utf8(bytes)
        .map_err(|error| format!("byte {} of it is no UTF-8 text", error.utf8_error().valid_up_to() + 1))
}

/// The files that paths stand for, each once: a file itself, a folder all `.scn` files in it and below.
pub fn find(paths: &[PathBuf]) -> Result<Vec<PathBuf>, LoadError> {
    let (mut files, mut seen) = (Vec::new(), BTreeSet::new());
    for path in paths {
        let found = match std::fs::metadata(path) {
            Ok(metadata) if metadata.is_dir() => {
                let mut found = Vec::new();
                in_folder(path, 0, &mut found)?;
                if found.is_empty() {
                    return Err(LoadError::Empty { path: path.clone() });
                }
                found
            }
            Ok(_) => vec![path.clone()],
            Err(_) => return Err(LoadError::Missing { path: path.clone(), nearest: meant(path) }),
        };
        files.extend(found.into_iter().filter(|path| seen.insert(path.clone())));
    }
    Ok(files)
}

/// Links to folders are not followed: they may lead in a circle. Hidden ones hold other things.
fn in_folder(folder: &Path, depth: usize, files: &mut Vec<PathBuf>) -> Result<(), LoadError> {
    let failed = |error| LoadError::Folder { path: folder.to_owned(), error };
    let entries: Result<Vec<_>, _> = std::fs::read_dir(folder).and_then(Iterator::collect).map_err(failed);
    let mut entries = entries?;
    entries.sort_by_key(std::fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        if entry.file_type().map_err(failed)?.is_dir() {
            if depth < FOLDERS_MAX {
                in_folder(&path, depth + 1, files)?;
            }
        } else if path.extension().is_some_and(|extension| extension == "scn") && path.is_file() {
            files.push(path);
        }
    }
    Ok(())
}

/// The path that exists and is nearest to one that does not.
fn meant(path: &Path) -> Option<PathBuf> {
    let name = path.file_name()?.to_str()?;
    let stem = name.strip_suffix(".scn").unwrap_or(name);
    let beside = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    for folder in [beside.unwrap_or(Path::new(".")), Path::new(DEFAULT)] {
        let Ok(entries) = std::fs::read_dir(folder) else { continue };
        let names: BTreeSet<String> =
            entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
        let stem_of = |name: &str| name.strip_suffix(".scn").unwrap_or(name).to_owned();
        let stems: Vec<String> = names.iter().map(|name| stem_of(name)).collect();
        let same = stems.iter().find(|other| *other == stem).map(String::as_str);
        let near = same.or_else(|| nearest(stem, stems.iter().map(String::as_str)));
        if let Some(near) = near {
            let found = names.iter().find(|name| stem_of(name) == near)?;
            let folder = if folder == Path::new(".") { Path::new("") } else { folder };
            return Some(folder.join(found));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A folder with these files.
    fn folder(files: &[(&str, &str)]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            let path = folder.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        }
        folder
    }

    #[test]
    fn finds_scenarios_below_a_folder_by_name() {
        let folder = folder(&[
            ("b.scn", ""),
            ("a/z.scn", ""),
            ("a/notes.txt", ""),
            (".hidden/c.scn", ""),
            ("c.scn", ""),
        ]);
        let names = |paths: &[PathBuf]| -> Vec<String> {
            let found = find(paths).unwrap();
            let relative = |path: &PathBuf| path.strip_prefix(folder.path()).unwrap().display().to_string();
            found.iter().map(relative).collect()
        };
        assert_eq!(names(&[folder.path().to_owned()]), ["a/z.scn", "b.scn", "c.scn"]);
        let twice = [folder.path().join("c.scn"), folder.path().to_owned()];
        assert_eq!(names(&twice), ["c.scn", "a/z.scn", "b.scn"]);
        assert_eq!(names(&[folder.path().join("a/notes.txt")]), ["a/notes.txt"]);
    }

    #[test]
    fn a_missing_path_says_what_was_probably_meant() {
        let folder = folder(&[("sync.scn", ""), ("empty/x.txt", "")]);
        let message = |name: &str| {
            let error = find(&[folder.path().join(name)]).unwrap_err().to_string();
            error.replace(&folder.path().display().to_string(), "DIR")
        };
        assert_eq!(message("snyc.scn"), "there is no `DIR/snyc.scn`: did you mean `DIR/sync.scn`?");
        assert_eq!(message("sync"), "there is no `DIR/sync`: did you mean `DIR/sync.scn`?");
        assert_eq!(
            message("nothing_like_it"),
            "there is no `DIR/nothing_like_it`: name scenarios, or folders that hold some"
        );
        assert_eq!(message("empty"), "there is no `.scn` file in `DIR/empty`");
    }

    #[test]
    fn loads_every_combination_and_says_a_thing_once() {
        let folder = folder(&[
            ("a.scn", "param x = 1 | 2\nparam net = a-b | a-b-c\nnetwork $net\na: set k $x\nwait 5"),
            ("b.scn", "param x = 1 | 2\nnetwork a-b\nz: set k $x\ninclude \"part/more\""),
            ("part/more", "a: get k"),
        ]);
        let paths = [folder.path().to_owned()];
        let mut loaded = load(&paths, &BTreeMap::new()).unwrap();
        let counts = |loaded: &[Loaded]| -> Vec<(usize, usize)> {
            loaded.iter().map(|loaded| (loaded.scenarios.len(), loaded.diagnostics.len())).collect()
        };
        assert_eq!(counts(&loaded), [(0, 1), (2, 0)]);
        let setting = Setting::of(&crate::world::PROCESS);
        for one in &mut loaded {
            one.check(&setting);
        }
        assert!(loaded.iter().all(Loaded::is_wrong));
        // One unknown node, and one warning that nothing is expected.
        assert_eq!(counts(&loaded), [(0, 1), (2, 2)]);
        // `net` is a parameter of one of them only.
        let fixed = |name: &str| BTreeMap::from([(name.to_owned(), "a-b".to_owned())]);
        assert_eq!(counts(&load(&paths, &fixed("net")).unwrap()), [(0, 1), (2, 0)]);
        let error = load(&paths, &fixed("nte")).unwrap_err().to_string();
        assert_eq!(error, "unknown parameter `nte`: did you mean `net`?");
    }

    #[test]
    fn what_cannot_be_read_is_wrong_and_does_not_hide_the_rest() {
        let folder = folder(&[("a.scn", ""), ("b.scn", "network a-b"), ("c.scn", "include \"none\"")]);
        std::fs::write(folder.path().join("a.scn"), b"kill \xff").unwrap();
        std::fs::write(folder.path().join("d.scn"), vec![b' '; (1 << 20) + 1]).unwrap();
        let loaded = load(&[folder.path().to_owned()], &BTreeMap::new()).unwrap();
        let messages: Vec<Option<String>> = loaded
            .iter()
            .map(|loaded| loaded.diagnostics.first().map(|diagnostic| diagnostic.message.clone()))
            .map(|message| message.map(|text| text.replace(&folder.path().display().to_string(), "DIR")))
            .collect();
        assert_eq!(
            messages,
            [
                Some("cannot be read: byte 6 of it is no UTF-8 text".to_owned()),
                None,
                Some("`DIR/none` cannot be read: No such file or directory (os error 2)".to_owned()),
                Some("cannot be read: it is larger than 1 MiB".to_owned()),
            ]
        );
    }
}
