//! What is to be run: each scenario with each seed.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use crate::cli::seeds::Seeds;
use crate::run::{Options, Report, Verdict};
use crate::scenario::Scenario;

/// A scenario, and the name of the folder for its logs.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) scenario: Scenario,
    pub(super) folder: String,
}

/// One run.
pub(super) struct Job {
    /// Its place among all runs.
    pub(super) number: u64,
    pub(super) case: Arc<Case>,
    pub(super) seed: u64,
}

/// All runs that are still to begin, in order: every seed of one scenario, then those of the next.
pub(super) struct Queue {
    cases: Vec<Arc<Case>>,
    seeds: Seeds,
    next: u64,
    count: u64,
}

impl Queue {
    /// Each of these scenarios with each seed. They have folders that no other has: they may run side
    /// by side, and one must not empty the folder of another.
    pub(super) fn new(scenarios: Vec<Scenario>, seeds: Seeds) -> Self {
        let mut taken = BTreeSet::new();
        let cases: Vec<Arc<Case>> = scenarios
            .into_iter()
            .map(|scenario| {
                let folder = unlike(&folder(&scenario.name), &taken);
                taken.insert(folder.clone());
                Arc::new(Case { scenario, folder })
            })
            .collect();
        let count = seeds.count().saturating_mul(cases.len() as u64);
        Self { cases, seeds, next: 0, count }
    }

    /// How many runs there are in all.
    pub(super) fn total(&self) -> u64 {
        self.count
    }

    /// Lets no further run begin.
    pub(super) fn close(&mut self) {
        self.next = self.count;
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
        let (place, seed) = (number / self.seeds.count(), number % self.seeds.count());
        let case = self.cases.get(usize::try_from(place).ok()?)?;
        Some(Job { number, case: Arc::clone(case), seed: self.seeds.first() + seed })
    }
}

/// The name of a scenario as that of a folder, never one that leads elsewhere.
fn folder(name: &str) -> String {
    let may_stand = |c: char| c.is_ascii_alphanumeric() || "_-.=".contains(c);
    let name: String = name.chars().map(|c| if may_stand(c) { c } else { '-' }).collect();
    if name.trim_matches('.').is_empty() { name.replace('.', "-") } else { name }
}

/// A name, numbered where it is taken.
fn unlike(name: &str, taken: &BTreeSet<String>) -> String {
    let numbered = (2_u32..).map(|number| format!("{name}-{number}"));
    std::iter::once(name.to_owned()).chain(numbered).find(|name| !taken.contains(name)).unwrap_or_default()
}

/// The report of a scenario of which no step was done.
pub(super) fn unrun(scenario: &Scenario, world: &str, options: &Options, verdict: Verdict) -> Report {
    Report {
        scenario: scenario.name.clone(),
        file: scenario.source.name().to_owned(),
        about: scenario.about.clone(),
        params: scenario.params.clone(),
        world: world.to_owned(),
        seed: options.seed,
        timeout_factor: options.timeout_factor,
        node_options: options.node_options.clone(),
        verdict,
        duration: Duration::ZERO,
        nodes: 0,
        held: 0,
        measures: Vec::new(),
        excused: Vec::new(),
        logs: None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario;
    use crate::text::Source;

    #[test]
    fn a_folder_is_named_for_its_scenario_and_leads_nowhere_else() {
        assert_eq!(folder("latency[net=line(26),policy=last]"), "latency-net=line-26--policy=last-");
        assert_eq!(folder("../../etc"), "..-..-etc");
        assert_eq!((folder("."), folder("..")), ("-".to_owned(), "--".to_owned()));
    }

    #[test]
    fn names_that_are_alike_are_numbered() {
        let taken = BTreeSet::from(["sync".to_owned(), "sync-2".to_owned()]);
        assert_eq!(unlike("sync", &taken), "sync-3");
        assert_eq!(unlike("star", &taken), "star");
    }

    #[test]
    fn every_scenario_runs_with_every_seed_in_order() {
        let read = |name: &str| {
            let source = Source::new(name, "network a-b\n");
            let include = &mut |path: &str| Err(path.to_owned());
            scenario::parse(&source, &std::collections::BTreeMap::default(), include).unwrap().0
        };
        let queue = || Queue::new(vec![read("a.scn"), read("b.scn")], "7..9".parse().unwrap());
        let runs: Vec<String> =
            queue().map(|job| format!("{} {} {}", job.number, job.case.folder, job.seed)).collect();
        assert_eq!(runs, ["0 a 7", "1 a 8", "2 a 9", "3 b 7", "4 b 8", "5 b 9"]);
        let mut closed = queue();
        assert_eq!((closed.total(), closed.next().map(|job| job.seed)), (6, Some(7)));
        closed.close();
        assert!(closed.next().is_none());
    }
}
