//! The first start of a node, which has programs of its own: one that was not completed is begun anew.
//!
//! A mark lies beside the folder of the node's data from the begin of the first start until all its programs have
//! ended. What an uncompleted start left in the folder is moved aside, and nothing of it is removed: no node was asked
//! anything by then, and a person may have looked after it.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use super::setup::is_empty;
use crate::world::NodeIndex;
use crate::world::folder::write_file;

/// The ending of the names of marks, and of folders that were moved aside.
const UNFINISHED: &str = "unfinished";
/// The most folders of one node that are moved aside. Chosen: a person who sees so many looks for the reason.
const ASIDE_MAX: u32 = 100;

/// The nodes whose first start began in this run, and was not completed.
pub(super) type Begun = Rc<RefCell<BTreeSet<NodeIndex>>>;

/// A first start that is under way.
pub(super) struct FirstStart {
    node: NodeIndex,
    data: PathBuf,
    begun: Begun,
}

impl FirstStart {
    /// Returns the first start of a node, whose data would lie in this folder.
    pub(super) fn new(node: NodeIndex, data: &Path, begun: &Begun) -> Self {
        Self { node, data: data.to_owned(), begun: Rc::clone(begun) }
    }

    /// Returns true if it was begun, in this run or in an earlier one, and not completed.
    pub(super) fn is_unfinished(&self) -> bool {
        self.begun.borrow().contains(&self.node) || self.mark().is_file()
    }

    /// Moves aside what lies in the folder.
    pub(super) fn clear(&self) -> io::Result<()> {
        if is_empty(&self.data) {
            return Ok(());
        }
        let Some(name) = self.data.file_name().map(|name| name.to_string_lossy().into_owned()) else {
            return Ok(());
        };
        let numbered = |number: u32| {
            let number = if number == 1 { String::new() } else { format!("-{number}") };
            self.data.with_file_name(format!("{name}.{UNFINISHED}{number}"))
        };
        let free = (1..=ASIDE_MAX).map(numbered).find(|path| path.symlink_metadata().is_err());
        let full = || io::Error::other(format!("{ASIDE_MAX} folders of first starts lie there: remove them"));
        std::fs::rename(&self.data, free.ok_or_else(full)?)
    }

    /// Marks it as begun. Without a folder for data no later run can know of it.
    pub(super) fn begin(&self) -> io::Result<()> {
        self.begun.borrow_mut().insert(self.node);
        let mark = self.mark();
        match (
            mark.parent().filter(|folder| folder.is_dir()),
            mark.file_name().and_then(|name| name.to_str()),
        ) {
            (Some(folder), Some(name)) => write_file(folder, name, b""),
            _ => Ok(()),
        }
    }

    /// Marks it as completed.
    pub(super) fn complete(&self) -> io::Result<()> {
        self.begun.borrow_mut().remove(&self.node);
        match std::fs::remove_file(self.mark()) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn mark(&self) -> PathBuf {
        let name = self.data.file_name().unwrap_or_default().to_string_lossy();
        self.data.with_file_name(format!(".{name}.{UNFINISHED}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_uncompleted_start_left_is_moved_aside_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("a");
        for number in ["a.unfinished", "a.unfinished-2"] {
            std::fs::create_dir(&data).unwrap();
            std::fs::write(data.join("half"), "written").unwrap();
            // Each run knows only the mark.
            let first = FirstStart::new(NodeIndex(0), &data, &Begun::default());
            assert_eq!(first.is_unfinished(), number != "a.unfinished");
            first.begin().unwrap();
            assert!(first.is_unfinished());
            first.clear().unwrap();
            assert!(is_empty(&data));
            assert_eq!(std::fs::read_to_string(folder.path().join(number).join("half")).unwrap(), "written");
        }
        let first = FirstStart::new(NodeIndex(0), &data, &Begun::default());
        first.complete().unwrap();
        assert!(!first.is_unfinished());
        first.complete().unwrap();
    }

    #[test]
    fn a_start_without_a_folder_is_known_in_its_run() {
        let folder = tempfile::tempdir().unwrap();
        let begun = Begun::default();
        let first = FirstStart::new(NodeIndex(0), &folder.path().join("none/a"), &begun);
        first.begin().unwrap();
        first.clear().unwrap();
        assert!(first.is_unfinished());
        assert!(!FirstStart::new(NodeIndex(1), &folder.path().join("none/b"), &begun).is_unfinished());
        first.complete().unwrap();
        assert!(!first.is_unfinished());
    }
}
