//! Which logs there are.

use std::collections::{BTreeMap, BTreeSet};
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::Wrong;
use super::file::{LogFile, unreadable};
use crate::text::nearest;

/// What nodes write: `NAME.log` is their standard output.
const LOG: &str = "log";
/// `NAME.err` is their standard error.
const PROBLEMS: &str = "err";
/// How many names are offered where one is unknown.
const NAMES_SHOWN: usize = 8;

/// One file of one node.
#[derive(Debug)]
pub(super) struct Log {
    /// The node's name.
    pub node: String,
    /// Whether it holds its problems.
    pub problems: bool,
    /// The node's place among all nodes, from which its colour comes.
    pub place: usize,
    /// What it holds.
    pub file: LogFile,
}

/// The logs that are shown.
#[derive(Debug)]
pub(super) struct Catalogue {
    /// Them; those that came later stand later.
    pub logs: Vec<Log>,
    folder: PathBuf,
    problems: bool,
    /// The nodes that were named; all are shown if none was.
    wanted: BTreeSet<String>,
    /// Where the log of a node, or its problems, stands among the logs.
    known: BTreeMap<(String, bool), usize>,
    /// The places of all nodes, shown or not.
    places: BTreeMap<String, usize>,
}

impl Catalogue {
    /// The logs of these nodes in a folder; of all if none is named.
    pub(super) fn read(folder: &Path, nodes: &[String], problems: bool) -> Result<Self, Wrong> {
        let mut catalogue = Self {
            logs: Vec::new(),
            folder: folder.to_owned(),
            problems,
            wanted: nodes.iter().cloned().collect(),
            known: BTreeMap::new(),
            places: BTreeMap::new(),
        };
        let files = catalogue.files()?;
        let names: Vec<&str> = files.iter().map(|(node, _)| node.as_str()).collect();
        let unknown = nodes.iter().find(|node| !names.contains(&node.as_str()));
        if let Some(unknown) = unknown.filter(|_| !names.is_empty()) {
            return Err(catalogue.unknown(unknown, names));
        }
        for (node, problems) in files {
            catalogue.add(node, problems)?;
        }
        Ok(catalogue)
    }

    /// Takes in the logs that were not there before.
    pub(super) fn look_again(&mut self) -> Result<(), Wrong> {
        let files = match self.files() {
            // The folder is gone, and whoever wrote to it: nothing more comes.
            Err(Wrong::Usage(_)) => return Ok(()),
            files => files?,
        };
        for (node, problems) in files {
            self.add(node, problems)?;
        }
        Ok(())
    }

    /// The log that lies in a file of this name, if it is to be shown; takes it in if it is new.
    pub(super) fn named(&mut self, name: &str) -> Result<Option<usize>, Wrong> {
        match self.parse(name) {
            Some((node, problems)) => self.add(node, problems),
            None => Ok(None),
        }
    }

    /// Where a log stands; none if it is not to be shown.
    fn add(&mut self, node: String, problems: bool) -> Result<Option<usize>, Wrong> {
        let places = self.places.len();
        let place = *self.places.entry(node.clone()).or_insert(places);
        if !self.wanted.is_empty() && !self.wanted.contains(&node) {
            return Ok(None);
        }
        let key = (node, problems);
        if let Some(index) = self.known.get(&key) {
            return Ok(Some(*index));
        }
        let kind = if problems { PROBLEMS } else { LOG };
        let mut file = LogFile::new(self.folder.join(format!("{}.{kind}", key.0)));
        file.look()?;
        self.logs.push(Log { node: key.0.clone(), problems, place, file });
        self.known.insert(key, self.logs.len() - 1);
        Ok(Some(self.logs.len() - 1))
    }

    /// The node and the kind of every log in the folder, in order.
    fn files(&self) -> Result<Vec<(String, bool)>, Wrong> {
        let wrong = |error: std::io::Error| {
            let what = unreadable(&self.folder, &error);
            match error.kind() {
                ErrorKind::NotFound | ErrorKind::NotADirectory => {
                    Wrong::Usage(format!("{what}; `tools run` writes logs, and --logs names another folder"))
                }
                _ => Wrong::Environment(what),
            }
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

    /// The node and the kind of a file of this name, if it is one of those that are asked for.
    fn parse(&self, name: &str) -> Option<(String, bool)> {
        let (node, kind) = name.rsplit_once('.')?;
        let problems = kind == PROBLEMS;
        let is_asked_for = kind == LOG || (problems && self.problems);
        (is_asked_for && !node.is_empty() && !node.starts_with('.')).then(|| (node.to_owned(), problems))
    }

    fn unknown(&self, node: &str, mut names: Vec<&str>) -> Wrong {
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
        Wrong::Usage(format!("node `{node}` has no log in `{}`; {help}", self.folder.display()))
    }
}

/// The order that topologies name nodes in: `z` before `aa`, `n9` before `n10`.
fn order(name: &str) -> (usize, String) {
    (name.len(), name.to_owned())
}
