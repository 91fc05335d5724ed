//! The memory and the number of the processes that descend from one.

use std::collections::BTreeMap;

use procfs::process::{Process, all_processes};

/// The usage of a tree of processes, without its root.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Usage {
    /// The number of processes.
    pub(super) processes: usize,
    /// The memory that no file backs, in bytes.
    pub(super) memory: u64,
    /// The children of the root.
    pub(super) children: Vec<i32>,
}

/// Returns the usage of all that descends from a process. Processes that end meanwhile do not count.
pub(super) fn usage(root: i32) -> Usage {
    let Ok(all) = all_processes() else { return Usage::default() };
    let parents: BTreeMap<i32, i32> =
        all.filter_map(|process| process.ok()?.stat().ok()).map(|stat| (stat.pid, stat.ppid)).collect();
    let mut usage = Usage { children: children(&parents, root), ..Usage::default() };
    for process in descendants(&parents, root) {
        usage.processes += 1;
        usage.memory += memory(process).unwrap_or(0);
    }
    usage
}

fn children(parents: &BTreeMap<i32, i32>, of: i32) -> Vec<i32> {
    parents.iter().filter(|(_, parent)| **parent == of).map(|(process, _)| *process).collect()
}

fn descendants(parents: &BTreeMap<i32, i32>, root: i32) -> Vec<i32> {
    let mut by_parent: BTreeMap<i32, Vec<i32>> = BTreeMap::new();
    for (process, parent) in parents {
        by_parent.entry(*parent).or_default().push(*process);
    }
    let mut found = Vec::new();
    let mut next = vec![root];
    // Each process has one parent, so none comes twice.
    while let Some(process) = next.pop() {
        let children = by_parent.remove(&process).unwrap_or_default();
        found.extend(&children);
        next.extend(children);
    }
    found
}

fn memory(process: i32) -> Option<u64> {
    let pages = Process::new(process).ok()?.statm().ok()?;
    Some(pages.resident.saturating_sub(pages.shared) * procfs::page_size())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_that_descends_counts() {
        let parents = BTreeMap::from([(2, 1), (3, 2), (4, 2), (5, 3), (6, 1), (7, 9)]);
        let mut found = descendants(&parents, 2);
        found.sort_unstable();
        assert_eq!((found, children(&parents, 1)), (vec![3, 4, 5], vec![2, 6]));
        assert!(descendants(&parents, 8).is_empty());
    }

    #[test]
    fn a_process_uses_memory() {
        let own = i32::try_from(std::process::id()).unwrap();
        assert!(memory(own).unwrap() > 0);
        assert_eq!(memory(-1), None);
    }
}
