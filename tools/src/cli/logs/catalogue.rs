//! The catalogue of the logs in a folder.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::error::LogsError;
use super::file::LogFile;
use crate::cli::journal_file;
use crate::text::nearest;

/// The ending of a node's standard output, `NAME.log`.
const LOG: &str = "log";
/// The ending of a node's standard error, `NAME.err`.
const PROBLEMS: &str = "err";
/// The most names that the error about an unknown name lists. Chosen: they fit on one line.
const NAMES_SHOWN: usize = 8;

/// A log of one node.
#[derive(Debug)]
pub(super) struct Log {
    /// The node's name.
    pub node: String,
    /// True if the file holds the node's standard error.
    pub problems: bool,
    /// The index of the node among all nodes, from which its colour comes.
    pub node_index: usize,
    /// The file, and the reader's position in it.
    pub file: LogFile,
}

/// The logs that are shown.
#[derive(Debug)]
pub(super) struct Catalogue {
    /// The logs, those found later at the end.
    pub logs: Vec<Log>,
    folder: PathBuf,
    problems: bool,
    /// The nodes that were named; if empty, all are shown.
    wanted: BTreeSet<String>,
    /// The nodes of earlier runs, which are shown only if they are named.
    earlier: BTreeSet<String>,
    /// The index of each known log, by node and by whether it holds standard error.
    known: BTreeMap<(String, bool), usize>,
    /// The indices of all nodes, shown or not.
    node_indices: BTreeMap<String, usize>,
}

impl Catalogue {
    /// Reads the logs of these nodes in a folder. If no node is named, reads those of the last run there, or
    /// with `all` those of every run.
    pub(super) fn read(
        folder: &Path,
        nodes: &[String],
        problems: bool,
        all: bool,
    ) -> Result<Self, LogsError> {
        let mut catalogue = Self {
            logs: Vec::new(),
            folder: folder.to_owned(),
            problems,
            wanted: nodes.iter().cloned().collect(),
            earlier: BTreeSet::new(),
            known: BTreeMap::new(),
            node_indices: BTreeMap::new(),
        };
        let files = catalogue.files()?;
        let names: Vec<&str> = files.iter().map(|(node, _)| node.as_str()).collect();
        let unknown = nodes.iter().find(|node| !names.contains(&node.as_str()));
        if let Some(unknown) = unknown.filter(|_| !names.is_empty()) {
            return Err(catalogue.unknown(unknown, names));
        }
        // Without a journal that can be read, the logs of earlier runs cannot be told apart.
        let started =
            if all { BTreeSet::new() } else { journal_file::started_nodes(folder).unwrap_or_default() };
        if !started.is_empty() {
            let of_others = names.iter().filter(|name| !started.contains(**name));
            catalogue.earlier = of_others.map(|name| (*name).to_owned()).collect();
        }
        for (node, problems) in files {
            catalogue.add(node, problems)?;
        }
        Ok(catalogue)
    }

    /// Adds the logs that were not there before.
    pub(super) fn add_new_logs(&mut self) -> Result<(), LogsError> {
        let files = match self.files() {
            // The folder is gone, and nothing writes to it any more.
            Err(LogsError::NoFolder { .. }) => return Ok(()),
            files => files?,
        };
        for (node, problems) in files {
            self.add(node, problems)?;
        }
        Ok(())
    }

    /// Returns the index of the log with this file name, if it is to be shown. Adds the log if it is new.
    pub(super) fn named(&mut self, name: &str) -> Result<Option<usize>, LogsError> {
        match self.parse(name) {
            Some((node, problems)) => {
                // A log that is written now is one of this run.
                self.earlier.remove(&node);
                self.add(node, problems)
            }
            None => Ok(None),
        }
    }

    /// Returns the index of a log, or `None` if it is not to be shown. Adds the log if it is new.
    fn add(&mut self, node: String, problems: bool) -> Result<Option<usize>, LogsError> {
        let next = self.node_indices.len();
        let node_index = *self.node_indices.entry(node.clone()).or_insert(next);
        let is_wanted =
            if self.wanted.is_empty() { !self.earlier.contains(&node) } else { self.wanted.contains(&node) };
        if !is_wanted {
            return Ok(None);
        }
        let key = (node, problems);
        if let Some(index) = self.known.get(&key) {
            return Ok(Some(*index));
        }
        let kind = if problems { PROBLEMS } else { LOG };
        let mut file = LogFile::new(self.folder.join(format!("{}.{kind}", key.0)));
        file.refresh()?;
        self.logs.push(Log { node: key.0.clone(), problems, node_index, file });
        self.known.insert(key, self.logs.len() - 1);
        Ok(Some(self.logs.len() - 1))
    }

    /// Returns the node and the kind of every log in the folder, in order.
    fn files(&self) -> Result<Vec<(String, bool)>, LogsError> {
        let wrong = |error: std::io::Error| match error.kind() {
            ErrorKind::NotFound | ErrorKind::NotADirectory => {
                LogsError::NoFolder { folder: self.folder.clone(), error }
            }
            _ => LogsError::Unreadable { path: self.folder.clone(), error },
        };
        let mut files = Vec::new();
        for entry in std::fs::read_dir(&self.folder).map_err(wrong)? {
            let name = entry.map_err(wrong)?.file_name();
            files.extend(name.to_str().and_then(|name| self.parse(name)));
        }
        files.sort_by(|(node, problems), (other, others)| {
            (order(node), problems).cmp(&(order(other), others))
        });
        Ok(files)
    }

    /// Returns the node and the kind of the log with this file name, if logs of that kind are shown.
    fn parse(&self, name: &str) -> Option<(String, bool)> {
        let (node, kind) = name.rsplit_once('.')?;
        let problems = kind == PROBLEMS;
        let is_asked_for = kind == LOG || (problems && self.problems);
        (is_asked_for && !node.is_empty() && !node.starts_with('.')).then(|| (node.to_owned(), problems))
    }

    fn unknown(&self, node: &str, mut names: Vec<&str>) -> LogsError {
        names.dedup();
        let help = match nearest(node, names.iter().copied()) {
            Some(nearest) => format!("did you mean `{nearest}`?"),
            None if names.len() > NAMES_SHOWN => {
                let (shown, more) = names.split_at(NAMES_SHOWN);
                format!("there are {} and {} more", shown.join(", "), more.len())
            }
            None if names.len() == 1 => format!("there is only `{}`", names[0]),
            None => format!("there are {}", names.join(", ")),
        };
        LogsError::UnknownNode { node: node.to_owned(), folder: self.folder.clone(), help }
    }
}

/// Returns the sort key for the order in which topologies name nodes: `z` before `aa`, `n9` before `n10`.
fn order(name: &str) -> (usize, String) {
    (name.len(), name.to_owned())
}
