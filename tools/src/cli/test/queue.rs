//! The queue of runs: each scenario with each seed.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::selection::Selected;
use crate::cli::seeds::Seeds;
use crate::scenario::Scenario;

/// A scenario, and the name of the folder for its logs.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) scenario: Scenario,
    pub(super) folder: String,
}

/// A run: one scenario with one seed.
pub(super) struct Job {
    /// The index of the run among all runs.
    pub(super) number: u64,
    pub(super) case: Arc<Case>,
    pub(super) seed: u64,
    /// The number of the attempt, from 1; `None` if there is one attempt alone.
    pub(super) attempt: Option<u32>,
}

impl Job {
    /// Returns an attempt at this run.
    pub(super) fn attempt(&self, attempt: u32) -> Self {
        Self { number: self.number, case: Arc::clone(&self.case), seed: self.seed, attempt: Some(attempt) }
    }
}

/// The runs that have not begun, in order: every seed of one scenario, then those of the next.
pub(super) struct Queue {
    /// The scenarios to run, with the names of their folders for logs.
    scenarios: Vec<(Selected, String)>,
    seeds: Seeds,
    next: u64,
    count: u64,
    /// The scenario that was read last, with its index.
    read: Option<(u64, Arc<Case>)>,
}

impl Queue {
    /// Creates the queue of each scenario with each seed. Each scenario has a folder of its own: runs may
    /// overlap, and one must not empty the folder of another.
    pub(super) fn new(scenarios: Vec<Selected>, seeds: Seeds) -> Self {
        let mut taken = BTreeSet::new();
        let scenarios: Vec<(Selected, String)> = scenarios
            .into_iter()
            .map(|selected| {
                let folder = free_name(&folder(&selected.name), &taken);
                taken.insert(folder.clone());
                (selected, folder)
            })
            .collect();
        let count = seeds.count().saturating_mul(scenarios.len() as u64);
        Self { scenarios, seeds, next: 0, count, read: None }
    }

    /// Returns the number of all runs.
    pub(super) fn total(&self) -> u64 {
        self.count
    }

    /// Hands out no further run.
    pub(super) fn close(&mut self) {
        self.next = self.count;
    }

    /// Returns the scenario at an index, read unless it was the last one read.
    fn case(&mut self, index: u64) -> Option<Arc<Case>> {
        if let Some((_, case)) = self.read.as_ref().filter(|(read, _)| *read == index) {
            return Some(Arc::clone(case));
        }
        let (selected, folder) = self.scenarios.get(usize::try_from(index).ok()?)?;
        let case = Arc::new(Case { scenario: selected.scenario()?, folder: folder.clone() });
        self.read = Some((index, Arc::clone(&case)));
        Some(case)
    }
}

impl Iterator for Queue {
    type Item = Job;

    fn next(&mut self) -> Option<Job> {
        if self.next >= self.count {
            return None;
        }
        let number = self.next;
        self.next += 1;
        let (index, seed) = (number / self.seeds.count(), number % self.seeds.count());
        let case = self.case(index)?;
        Some(Job { number, case, seed: self.seeds.first() + seed, attempt: None })
    }
}

/// Returns the name of the folder for a scenario: without characters that could lead elsewhere.
fn folder(name: &str) -> String {
    let may_stand = |c: char| c.is_ascii_alphanumeric() || "_-.=".contains(c);
    let name: String = name.chars().map(|c| if may_stand(c) { c } else { '-' }).collect();
    if name.trim_matches('.').is_empty() { name.replace('.', "-") } else { name }
}

/// Returns a name that is not taken, with a number if needed.
fn free_name(name: &str, taken: &BTreeSet<String>) -> String {
    let numbered = (2_u32..).map(|number| format!("{name}-{number}"));
    std::iter::once(name.to_owned()).chain(numbered).find(|name| !taken.contains(name)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::super::selection;
    use super::*;

    #[test]
    fn a_folder_is_named_for_its_scenario_and_leads_nowhere_else() {
        assert_eq!(folder("latency[net=line(26),policy=last]"), "latency-net=line-26--policy=last-");
        assert_eq!(folder("../../etc"), "..-..-etc");
        assert_eq!((folder("."), folder("..")), ("-".to_owned(), "--".to_owned()));
    }

    #[test]
    fn names_that_are_alike_are_numbered() {
        let taken = BTreeSet::from(["sync".to_owned(), "sync-2".to_owned()]);
        assert_eq!(free_name("sync", &taken), "sync-3");
        assert_eq!(free_name("star", &taken), "star");
    }

    #[test]
    fn every_scenario_runs_with_every_seed_in_order() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["a.scn", "b.scn"] {
            std::fs::write(folder.path().join(name), "network a-b\n").unwrap();
        }
        let all = || selection::all(&[folder.path().to_owned()]);
        let queue = || Queue::new(all(), "7..9".parse().unwrap());
        let runs: Vec<String> =
            queue().map(|job| format!("{} {} {}", job.number, job.case.folder, job.seed)).collect();
        assert_eq!(runs, ["0 a 7", "1 a 8", "2 a 9", "3 b 7", "4 b 8", "5 b 9"]);
        let mut closed = queue();
        assert_eq!((closed.total(), closed.next().map(|job| job.seed)), (6, Some(7)));
        closed.close();
        assert!(closed.next().is_none());
    }
}
