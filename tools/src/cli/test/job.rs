//! One scenario, from its first step to its report.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use super::{Arguments, Keep};
use crate::cli::control::{self, Control};
use crate::cli::host::{Host, Setup, record_to};
use crate::run::{Options, Report, Verdict};
use crate::scenario::Scenario;
use crate::world::process::{Lease, Ports};

/// One scenario to be run, and the folder for its logs.
pub(super) struct Job {
    scenario: Scenario,
    folder: String,
}

impl Job {
    /// Scenarios to be run, each with a folder that no other has: they may run side by side, and one
    /// must not empty the folder of another.
    pub(super) fn all(scenarios: Vec<Scenario>) -> VecDeque<Self> {
        let mut taken = BTreeSet::new();
        let jobs = scenarios.into_iter().map(|scenario| {
            let folder = unlike(&folder(&scenario.name), &taken);
            taken.insert(folder.clone());
            Self { scenario, folder }
        });
        jobs.collect()
    }
}

/// Runs scenarios, each in a world of its own. Cheap to clone.
#[derive(Clone)]
pub(super) struct Runner(Arc<Inner>);

struct Inner {
    logs: PathBuf,
    seed: u64,
    timeout_factor: f64,
    node_options: BTreeMap<String, String>,
    keep: Option<Keep>,
    fail_fast: bool,
}

impl Runner {
    pub(super) fn new(arguments: &Arguments, node_options: BTreeMap<String, String>, seed: u64) -> Self {
        Self(Arc::new(Inner {
            logs: arguments.logs.clone(),
            seed,
            timeout_factor: arguments.timeout_factor,
            node_options,
            keep: arguments.keep,
            fail_fast: arguments.fail_fast,
        }))
    }

    /// Runs one scenario in a world of its own, and tells its report before the world is taken down.
    /// Whether no further scenario is to be started.
    pub(super) fn run(&self, job: Job, tell: impl FnOnce(&Report) -> bool) -> io::Result<bool> {
        let Job { scenario, folder } = job;
        let inner = &self.0;
        let logs = inner.logs.join(folder);
        let wrong = |error| io::Error::other(format!("cannot write to {}: {error}", logs.display()));
        if control::connect(&logs).is_ok() {
            let folder = logs.display();
            return Err(io::Error::other(format!(
                "a network that was left up is running in {folder}: end it with `tools stop --logs {folder}`"
            )));
        }
        match std::fs::remove_dir_all(&logs) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(wrong(error)),
            _ => {}
        }
        std::fs::create_dir_all(&logs).map_err(wrong)?;
        let record = record_to(&logs).map_err(wrong)?;
        let options = Options {
            seed: inner.seed,
            timeout_factor: inner.timeout_factor,
            node_options: inner.node_options.clone(),
            logs: Some(logs.display().to_string()),
            ..Options::default()
        };
        let setup = Setup { logs: logs.clone(), ports: Ports::Leased(Lease::default()), options };
        let mut host = Host::new(setup, record)?;
        let report = host.session.scenario(&mut host.world, &scenario);
        let taken = tell(&report);
        if self.keeps(&report) {
            hold(&mut host, &logs, &report)?;
        }
        host.end();
        Ok(!taken || self.stops_after(&report))
    }

    /// Whether no further scenario is started after this one.
    fn stops_after(&self, report: &Report) -> bool {
        let failed = matches!(report.verdict, Verdict::Failed(_) | Verdict::Broken(_));
        matches!(report.verdict, Verdict::Interrupted) || (self.0.fail_fast && failed) || self.keeps(report)
    }

    fn keeps(&self, report: &Report) -> bool {
        match self.0.keep {
            Some(Keep::Any) => !matches!(report.verdict, Verdict::Interrupted),
            Some(Keep::Failed) => matches!(report.verdict, Verdict::Failed(_)),
            None => false,
        }
    }
}

/// Leaves the network up until somebody ends it.
fn hold(host: &mut Host, logs: &Path, report: &Report) -> io::Result<()> {
    let mut control = Control::take(logs).map_err(io::Error::other)?;
    control.listen(host.world.waker())?;
    let mut err = io::stderr();
    let folder = logs.display();
    writeln!(
        err,
        "the network of {} is left up: tools ps --logs {folder}, tools do --logs {folder} …; \
         Ctrl-C or tools stop --logs {folder} ends it",
        report.scenario,
    )?;
    host.serve(&mut control, Duration::ZERO, None, &mut err).map(drop)
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

/// The report of a scenario that does not apply here.
pub(super) fn skipped(scenario: &Scenario, world: &str, seed: u64) -> Report {
    let worlds = scenario.headers.worlds.join(", ");
    Report {
        scenario: scenario.name.clone(),
        file: scenario.source.name().to_owned(),
        about: scenario.about.clone(),
        params: scenario.params.clone(),
        world: world.to_owned(),
        seed,
        verdict: Verdict::Skipped(format!("it is for the worlds {worlds}")),
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
}
