//! The loader of scenarios: finds them in files and folders, and reads them in every combination of their
//! parameters.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use thiserror::Error;

use super::failure::Failure;
use super::reach::{Reach, is_scenario, read};
use crate::driver;
use crate::scenario::{
    self, CombinationError, Combinations, Fit, Headers, Scenario, Setting, Step, StepKind,
};
use crate::text::{Diagnostic, Severity, Source, Span, io_cause, nearest};

/// The deepest level of folders that is searched. Chosen: a deeper tree is a mistake in the path.
const FOLDERS_MAX: usize = 32;

/// The folder that is searched when no path is given.
pub const DEFAULT: &str = "scenarios";

/// The reason why no scenario was loaded. No scenario was checked.
#[derive(Debug, Error)]
pub enum LoadError {
    /// A path that does not exist.
    #[error("there is no `{}`{}", path.display(), or_nearest(nearest.as_deref()))]
    Missing {
        /// The path that was given.
        path: PathBuf,
        /// The existing path nearest to it, if any.
        nearest: Option<PathBuf>,
    },
    /// A folder that cannot be listed.
    #[error("cannot list `{}`: {}", path.display(), io_cause(error))]
    Folder {
        /// The folder.
        path: PathBuf,
        /// The reason that the system gave.
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

impl From<LoadError> for Failure {
    fn from(error: LoadError) -> Self {
        Self::usage(error)
    }
}

fn or_nearest(nearest: Option<&Path>) -> String {
    match nearest {
        Some(nearest) => format!(": did you mean `{}`?", nearest.display()),
        None => ": name scenarios, or folders that hold some".to_owned(),
    }
}

/// A file with the scenarios that it holds, one for each combination of its parameters. Each is read on
/// demand, so that there need not be room for all of them.
#[derive(Debug)]
pub struct Loaded {
    /// The file; empty if it cannot be read.
    pub source: Source,
    /// The lines before its steps.
    pub headers: Headers,
    /// The errors and warnings; each once, however many combinations have it.
    pub diagnostics: Vec<Diagnostic>,
    /// The abilities that its scenarios need and nodes of the command line lack; each once, however many
    /// combinations need it.
    pub misfits: Vec<Diagnostic>,
    /// The number of its scenarios that do not fit those nodes.
    unfit: usize,
    /// The options that only some kinds of nodes use and that nodes of its scenarios use.
    used_options: BTreeSet<&'static str>,
    /// The combinations of the parameters; `None` if the headers cannot be read or combined.
    combinations: Option<Combinations>,
    reach: Reach,
    /// The included files, as they were when first read.
    included: Mutex<BTreeMap<String, Result<Source, String>>>,
}

/// The most diagnostics kept of one file, since each of a great many combinations may have its own. Chosen:
/// more than a person reads.
const DIAGNOSTICS_MAX: usize = 200;

impl Loaded {
    /// Creates a file with its headers, or with the diagnostics of headers that cannot be read.
    pub(super) fn new(
        source: Source,
        headers: Result<Headers, Diagnostic>,
        params: &BTreeMap<String, String>,
        reach: &Reach,
    ) -> Self {
        let reach = reach.with_scenario(Path::new(source.name()));
        let mut loaded = Self {
            source,
            headers: Headers::default(),
            diagnostics: Vec::new(),
            misfits: Vec::new(),
            unfit: 0,
            used_options: BTreeSet::new(),
            combinations: None,
            reach,
            included: Mutex::default(),
        };
        match headers {
            Ok(headers) => {
                loaded.headers = headers;
                loaded.combine(params);
            }
            Err(wrong) if loaded.source.text().is_empty() => loaded.diagnostics.push(wrong),
            Err(wrong) => {
                loaded.diagnostics = loaded.read(&BTreeMap::new()).err().unwrap_or_else(|| vec![wrong]);
            }
        }
        loaded
    }

    fn combine(&mut self, params: &BTreeMap<String, String>) {
        let own = self.headers.params.iter().filter_map(|param| {
            let value = params.get(&param.name)?;
            Some((param.name.clone(), value.clone()))
        });
        match scenario::combinations(&self.headers, &own.collect()) {
            Ok(combinations) => self.combinations = Some(combinations),
            Err(why) => {
                let spans = self.headers.params.iter().map(|param| param.span);
                let span = spans.reduce(Span::to).unwrap_or_default();
                self.diagnostics.push(Diagnostic::error(&self.source, span, why.to_string()));
            }
        }
    }

    /// Returns true if the file has an error, so that its scenarios may not run.
    #[must_use]
    pub fn is_wrong(&self) -> bool {
        is_wrong(&self.diagnostics)
    }

    /// Returns the number of its scenarios.
    #[must_use]
    pub fn len(&self) -> usize {
        self.combinations.as_ref().map_or(0, Combinations::len)
    }

    /// Returns true if the file has no scenario, since it cannot be read.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the name of the scenario at an index.
    #[must_use]
    pub fn name(&self, index: usize) -> String {
        let choice = self.combinations.as_ref().map(|all| all.at(index)).unwrap_or_default();
        scenario::combination_name(&self.source, &self.headers, &choice)
    }

    /// Returns the scenario at an index, if it can be read.
    #[must_use]
    pub fn scenario(&self, index: usize) -> Option<Scenario> {
        let choice = self.combinations.as_ref()?.at(index);
        self.read(&choice).ok().map(|(scenario, _)| scenario)
    }

    /// Adds the diagnostics of its scenarios in a setting. Hands each scenario that can be read to `each`,
    /// with the first ability that nodes of the setting lack for it.
    pub fn check(&mut self, setting: &Setting<'_>, mut each: impl FnMut(&Scenario, Option<&Diagnostic>)) {
        let Some(combinations) = self.combinations.take() else { return };
        for choice in combinations.iter() {
            match self.read(&choice) {
                Ok((scenario, warnings)) => {
                    self.add(warnings);
                    let wrong = find_drivers(&scenario.steps);
                    if !wrong.is_empty() {
                        // All else that is wrong would follow from the driver that cannot be read.
                        self.add(wrong);
                        each(&scenario, None);
                        continue;
                    }
                    let setting = &Setting { drivers: driver::all(), ..*setting };
                    let found = scenario::check(&scenario, setting);
                    if setting.options.keys().any(|option| driver::user_of(option).is_some()) {
                        self.used_options.extend(scenario::options_in_use(&scenario, setting));
                    }
                    let misfit = if is_wrong(&found) { scenario::fit(&scenario, setting) } else { Fit::Fits };
                    if let Fit::Misfit(lacking) = misfit {
                        self.unfit += 1;
                        each(&scenario, lacking.first());
                        add(&mut self.misfits, lacking);
                    } else {
                        self.add(found);
                        each(&scenario, None);
                    }
                }
                Err(mistakes) => self.add(mistakes),
            }
        }
        self.combinations = Some(combinations);
    }

    /// Returns the relation of its scenarios to the nodes of a setting: those of the first scenario that fits, else
    /// the abilities that nodes lack for the first that is right with other nodes, else the mistakes of all.
    #[must_use]
    pub fn fit(&self, setting: &Setting<'_>) -> Fit {
        let Some(combinations) = &self.combinations else { return Fit::Wrong(self.diagnostics.clone()) };
        let (mut misfit, mut mistakes) = (None, Vec::new());
        for choice in combinations.iter() {
            let fit = |(scenario, _): (Scenario, _)| {
                let wrong = find_drivers(&scenario.steps);
                let setting = Setting { drivers: driver::all(), ..*setting };
                if wrong.is_empty() { scenario::fit(&scenario, &setting) } else { Fit::Wrong(wrong) }
            };
            match self.read(&choice).map(fit) {
                Ok(Fit::Fits) => return Fit::Fits,
                Ok(Fit::Misfit(lacking)) => misfit = misfit.or(Some(lacking)),
                Ok(Fit::Wrong(wrong)) | Err(wrong) => add(&mut mistakes, wrong),
            }
        }
        misfit.map_or(Fit::Wrong(mistakes), Fit::Misfit)
    }

    /// Returns true if some node of its scenarios uses an option.
    #[must_use]
    pub fn uses(&self, option: &str) -> bool {
        self.used_options.contains(option)
    }

    /// Returns true if none of its scenarios fits the nodes that the command line names.
    #[must_use]
    pub fn is_unfit(&self) -> bool {
        self.unfit > 0 && self.unfit == self.len()
    }

    fn read(
        &self,
        choice: &BTreeMap<String, String>,
    ) -> Result<(Scenario, Vec<Diagnostic>), Vec<Diagnostic>> {
        scenario::parse_all(&self.source, choice, &mut |path: &str| {
            let mut included = self.included.lock().unwrap_or_else(PoisonError::into_inner);
            included.entry(path.to_owned()).or_insert_with(|| self.reach.include(path)).clone()
        })
    }

    fn add(&mut self, more: Vec<Diagnostic>) {
        add(&mut self.diagnostics, more);
    }
}

/// Reads the descriptions of the drivers that steps name, those in blocks included. Returns what is wrong with them.
pub(super) fn find_drivers(steps: &[Step]) -> Vec<Diagnostic> {
    let mut wrong = Vec::new();
    for step in steps {
        if let Some(block) = step.kind.block() {
            wrong.extend(find_drivers(block));
        }
        let StepKind::Node { options, .. } = &step.kind else { continue };
        for option in options.iter().filter(|option| option.name == "driver") {
            // The check of the scenario says what is no driver at all.
            let found = option.value.fixed().map(|name| driver::find(&name));
            match found {
                Some(Err(driver::LoadError::Wrong(more))) => wrong.extend(more),
                Some(Err(error)) => {
                    wrong.push(Diagnostic::error(&step.at.source, option.value.span, error.to_string()));
                }
                Some(Ok(_)) | None => {}
            }
        }
    }
    wrong
}

/// Adds the diagnostics that are new, up to the bound.
fn add(diagnostics: &mut Vec<Diagnostic>, more: Vec<Diagnostic>) {
    for diagnostic in more {
        if diagnostics.len() < DIAGNOSTICS_MAX && !diagnostics.contains(&diagnostic) {
            diagnostics.push(diagnostic);
        }
    }
}

fn is_wrong(diagnostics: &[Diagnostic]) -> bool {
    diagnostics.iter().any(|diagnostic| diagnostic.severity == Severity::Error)
}

/// Loads the scenarios in files and folders, in the order of the paths and within a folder by name. Scenarios
/// with errors are among them.
///
/// `params` fixes parameters of the scenarios that have them. A scenario may include files below its own
/// folder, below a folder among the paths, or below one of `folders`.
pub fn load(
    paths: &[PathBuf],
    params: &BTreeMap<String, String>,
    folders: &[PathBuf],
) -> Result<Vec<Loaded>, LoadError> {
    let reach = Reach::of_paths(paths).with_folders(folders);
    let read: Vec<_> = find(paths)?.iter().map(|path| read_headers(path, &reach)).collect();
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
    let loaded = |(source, headers)| Loaded::new(source, headers, params, &reach);
    Ok(read.into_iter().map(loaded).collect())
}

/// Reads the text of the scenario at `path`, and its headers. A link is followed only to scenarios within
/// reach.
pub fn read_headers(path: &Path, reach: &Reach) -> (Source, Result<Headers, Diagnostic>) {
    let name = path.to_string_lossy();
    // Another user may have put the file among the others, where a shell's `*` finds it.
    if let Some(why) = reach.with_scenario(path).refusal(path).filter(|_| is_scenario(path)) {
        let source = Source::new(name, "");
        let wrong = Diagnostic::error(&source, Span::default(), why);
        return (source, Err(wrong));
    }
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

/// Returns the files that paths stand for, each once. A path to a folder stands for all `.scn` files in it
/// and below.
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

/// Adds the scenarios in a folder and below. Skips links to folders, which may form a circle, and hidden
/// files and folders.
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
        } else if is_scenario(&path) && path.is_file() {
            files.push(path);
        }
    }
    Ok(())
}

/// Returns the existing path that is nearest to a missing one.
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
mod tests;
