//! The results of a grading, kept in a file from which it is continued.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::Path;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::plan::Plan;
use crate::cli::failure::Failure;
use crate::text::{io_cause, readable};

/// The file of results, in the folder of a grading.
const FILE: &str = "results.jsonl";
/// The longest file of results that is read, in bytes. Chosen: a million results.
const LENGTH_MAX: u64 = 1 << 30;

/// The kinds of results.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Outcome {
    /// All runs passed.
    Passed,
    /// An expectation did not hold, or a node died.
    Failed,
    /// The run met a limit and was ended.
    Stopped,
    /// The driver lacks what the scenario needs.
    Unfit,
    /// The submission cannot be started as it is.
    Unusable,
    /// The environment failed, or a node did not become ready.
    Broken,
}

impl Outcome {
    /// Returns the word for people and files.
    pub(super) fn word(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
            Self::Unfit => "unfit",
            Self::Unusable => "unusable",
            Self::Broken => "broken",
        }
    }
}

/// The result of one submission with one scenario.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct TrialResult {
    /// The name of the submission.
    pub(super) submission: String,
    /// The name of the scenario.
    pub(super) scenario: String,
    /// The digest of the scenario's text.
    pub(super) digest: String,
    pub(super) outcome: Outcome,
    /// The reason, unless it passed; text of strangers.
    pub(super) reason: Option<String>,
    /// The time that it took.
    pub(super) duration_ms: u64,
    /// The command that repeats it, if it ran.
    pub(super) again: Option<String>,
}

impl TrialResult {
    /// Returns the outcome with its reason, for a person.
    pub(super) fn line(&self) -> String {
        let seconds = Duration::from_millis(self.duration_ms).as_secs_f64();
        match &self.reason {
            Some(reason) => format!("{} ({seconds:.1} s): {}", self.outcome.word(), readable(reason)),
            None => format!("{} ({seconds:.1} s)", self.outcome.word()),
        }
    }
}

/// The first line of the file.
#[derive(Debug, Serialize, Deserialize)]
struct Beginning {
    settings: String,
    seed: u64,
}

/// The results so far, by submission and scenario.
#[derive(Debug)]
pub(super) struct Book {
    file: File,
    results: BTreeMap<(String, String), TrialResult>,
}

impl Book {
    /// Opens the results in a folder. A grading that is continued has its seed from there.
    pub(super) fn open(
        folder: &Path,
        plan: &mut Plan,
        resume: bool,
        seed_is_given: bool,
    ) -> Result<Self, Failure> {
        let path = folder.join(FILE);
        let unusable = |error: &io::Error| {
            let failure =
                Failure::environment(format!("cannot write {}: {}", path.display(), io_cause(error)));
            failure.help("`--out` names another folder")
        };
        std::fs::create_dir_all(folder).map_err(|error| unusable(&error))?;
        let mut options = OpenOptions::new();
        let mut file =
            options.read(true).append(true).create(true).open(&path).map_err(|error| unusable(&error))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let failure = Failure::usage(format!("another grading writes to {}", folder.display()));
                return Err(failure.help("wait for its end, or name another folder with `--out`"));
            }
            Err(TryLockError::Error(error)) => return Err(unusable(&error)),
        }
        let mut text = String::new();
        (&mut file).take(LENGTH_MAX).read_to_string(&mut text).map_err(|error| unusable(&error))?;
        if !text.is_empty() && !resume {
            let failure = Failure::usage(format!("{} holds a grading", folder.display()));
            return Err(failure.help("`--resume` continues it; `--out` names another folder"));
        }
        let mut lines = text.lines();
        match lines.next() {
            None => {
                let beginning = Beginning { settings: plan.settings.clone(), seed: plan.seed };
                append(&mut file, &beginning).map_err(|error| unusable(&error))?;
            }
            Some(first) => {
                let beginning: Beginning = serde_json::from_str(first).map_err(|_| {
                    Failure::usage(format!("{} holds no results of a grading", path.display()))
                })?;
                continued(&beginning, plan, seed_is_given)?;
                // A grading that was killed may have left a part of a line.
                if !text.ends_with('\n') {
                    file.write_all(b"\n").map_err(|error| unusable(&error))?;
                }
            }
        }
        let digests: BTreeMap<&str, &str> =
            plan.scenarios.iter().map(|graded| (graded.name.as_str(), graded.digest.as_str())).collect();
        let names: Vec<&str> = plan.submissions.iter().map(|submission| submission.name.as_str()).collect();
        let is_wanted = |result: &TrialResult| {
            digests.get(result.scenario.as_str()) == Some(&result.digest.as_str())
                && names.contains(&result.submission.as_str())
        };
        let read = lines.filter_map(|line| serde_json::from_str::<TrialResult>(line).ok()).filter(is_wanted);
        let results =
            read.map(|result| ((result.submission.clone(), result.scenario.clone()), result)).collect();
        Ok(Self { file, results })
    }

    /// Adds a result and writes it.
    pub(super) fn add(&mut self, result: TrialResult) -> io::Result<()> {
        append(&mut self.file, &result)?;
        self.results.insert((result.submission.clone(), result.scenario.clone()), result);
        Ok(())
    }

    /// Returns the result of a submission with a scenario, if there is one.
    pub(super) fn get(&self, submission: &str, scenario: &str) -> Option<&TrialResult> {
        self.results.get(&(submission.to_owned(), scenario.to_owned()))
    }

    /// Returns all results.
    pub(super) fn all(&self) -> impl Iterator<Item = &TrialResult> {
        self.results.values()
    }
}

/// Checks that a grading is continued with the settings with which it began, and takes over its seed.
fn continued(beginning: &Beginning, plan: &mut Plan, seed_is_given: bool) -> Result<(), Failure> {
    if beginning.settings != plan.settings {
        let failure = Failure::usage(format!(
            "the grading began with other settings:\n  then: {}\n  now:  {}",
            beginning.settings, plan.settings
        ));
        return Err(failure.help("give the same flags, or name another folder with `--out`"));
    }
    if seed_is_given && beginning.seed != plan.seed {
        let message =
            format!("the grading began with the seed {}, and now it is {}", beginning.seed, plan.seed);
        return Err(Failure::usage(message).help("leave `--seed` out, or name another folder with `--out`"));
    }
    plan.seed = beginning.seed;
    Ok(())
}

fn append(file: &mut File, line: &impl Serialize) -> io::Result<()> {
    let mut text = serde_json::to_string(line)?;
    text.push('\n');
    file.write_all(text.as_bytes())
}

#[cfg(test)]
mod tests {
    use super::super::plan::Graded;
    use super::super::submission::Submission;
    use super::*;

    fn plan(settings: &str, seed: u64) -> Plan {
        let submission = |name: &str| Submission {
            name: name.to_owned(),
            path: format!("/{name}").into(),
            flags: Ok(Vec::new()),
        };
        let graded = |name: &str| Graded {
            name: name.to_owned(),
            file: format!("/{name}.scn").into(),
            digest: format!("digest of {name}"),
            points: 1.0,
        };
        Plan {
            submissions: ["ada", "bob"].map(submission).to_vec(),
            scenarios: ["sync", "crash"].map(graded).to_vec(),
            world: "process",
            seed,
            settings: settings.to_owned(),
        }
    }

    fn result(submission: &str, scenario: &str) -> TrialResult {
        TrialResult {
            submission: submission.to_owned(),
            scenario: scenario.to_owned(),
            digest: format!("digest of {scenario}"),
            outcome: Outcome::Failed,
            reason: Some("\u{1b}[2J".to_owned()),
            duration_ms: 1_234,
            again: None,
        }
    }

    fn open(folder: &Path, plan: &mut Plan, resume: bool, seed: bool) -> Result<Book, String> {
        Book::open(folder, plan, resume, seed).map_err(|failure| failure.to_string())
    }

    #[test]
    fn a_grading_is_continued_with_its_seed_and_its_results() {
        let folder = tempfile::tempdir().unwrap();
        let mut book = open(folder.path(), &mut plan("s", 7), false, false).unwrap();
        book.add(result("ada", "sync")).unwrap();
        let changed = TrialResult { digest: "of an older text".to_owned(), ..result("ada", "crash") };
        book.add(changed).unwrap();
        book.add(result("carol", "sync")).unwrap();
        drop(book);
        // The end of a line that was not written whole.
        let path = folder.path().join(FILE);
        let mut text = std::fs::read_to_string(&path).unwrap();
        text += "{\"submission\": \"bo";
        std::fs::write(&path, text).unwrap();
        let mut again = plan("s", 8);
        let mut book = open(folder.path(), &mut again, true, false).unwrap();
        assert_eq!((again.seed, book.all().count()), (7, 1));
        assert_eq!(book.get("ada", "sync"), Some(&result("ada", "sync")));
        book.add(result("bob", "sync")).unwrap();
        drop(book);
        assert_eq!(open(folder.path(), &mut again, true, true).unwrap().all().count(), 2);
    }

    #[test]
    fn a_folder_with_results_is_not_overwritten_and_other_settings_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let book = open(folder.path(), &mut plan("s", 7), false, false).unwrap();
        let taken = open(folder.path(), &mut plan("s", 7), true, false).unwrap_err();
        assert!(taken.contains("another grading writes to"), "{taken}");
        drop(book);
        let refused = |settings: &str, seed, resume| {
            open(folder.path(), &mut plan(settings, seed), resume, true).unwrap_err()
        };
        assert!(refused("s", 7, false).contains("holds a grading\n  = help: `--resume` continues it"));
        assert!(refused("other", 7, true).contains("  then: s\n  now:  other\n"));
        assert!(refused("s", 8, true).contains("began with the seed 7, and now it is 8"));
        std::fs::write(folder.path().join(FILE), "{}\n").unwrap();
        assert!(refused("s", 7, true).contains("holds no results of a grading"));
    }

    #[test]
    fn a_line_for_a_person_has_no_text_that_steers_a_terminal() {
        assert_eq!(result("ada", "sync").line(), "failed (1.2 s): \\u{1b}[2J");
    }
}
