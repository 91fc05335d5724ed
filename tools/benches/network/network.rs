//! A network of the project's own nodes, started as `tools run` and `tools test` start it. It has the world
//! of processes, a session, and the release binary of `tools` as every node.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tools::report::{self, Style};
use tools::run::{Figures, Options, Session, Verdict};
use tools::scenario::{At, Scenario, Step, StepKind, parse};
use tools::text::{Source, Span};
use tools::topology;
use tools::world::live::{Live, MessageLogging};
use tools::world::netns;
use tools::world::process::{self, Lease, Links, Ports, Processes};

use crate::Result;

/// The binary that contains the node.
pub(crate) const PROGRAM: &str = env!("CARGO_BIN_EXE_tools");

/// The port of every node that has a network of its own.
const NETNS_PORT: u16 = 3000;

/// A running network. Its nodes end when this is dropped.
pub(crate) struct Network {
    session: Session,
    world: Live,
    processes: Rc<Processes>,
    /// The folder of the nodes' data folders, for nodes with a disk.
    pub(crate) data: PathBuf,
    /// The time from the first spawn to ready and wired.
    pub(crate) took: Duration,
}

impl Network {
    /// Starts a topology and waits until it is ready and wired.
    pub(crate) fn start(topology: &str, logs: &Path) -> Result<Self> {
        Self::wired(topology, || Self::empty(logs))
    }

    /// Starts a topology like [`Network::start`], with a network of its own for each node.
    pub(crate) fn start_in_netns(topology: &str, logs: &Path) -> Result<Self> {
        Self::wired(topology, || Self::made(logs, |options| netns::world(options, NETNS_PORT, false)))
    }

    /// Starts a topology like [`Network::start`], with a foreign program as every node.
    pub(crate) fn start_of(driver: &str, exec: &str, topology: &str, logs: &Path) -> Result<Self> {
        Self::wired(topology, || Self::empty_of(driver, exec, logs))
    }

    fn wired(topology: &str, empty: impl FnOnce() -> Result<Self>) -> Result<Self> {
        let source = Source::new("topology", topology);
        let graph = topology::parse(&source).map_err(|wrong| wrong.to_string())?.graph;
        let span = Span { start: 0, end: topology.len() };
        let step = Step { at: At { source, span }, kind: StepKind::Network(graph) };
        let began = Instant::now();
        let mut network = empty()?;
        let verdict = network.session.perform(&mut network.world, &[step]);
        network.took = began.elapsed();
        passed(&verdict)?;
        Ok(network)
    }

    /// Runs a scenario in a world of its own. Returns the figures of its measures, in order.
    pub(crate) fn measures(name: &str, text: &str, logs: &Path) -> Result<Vec<(String, Figures)>> {
        let mut none = |path: &str| Err(format!("there is no `{path}`"));
        let (scenario, _) = parse(&Source::new(name, text), &BTreeMap::new(), &mut none)
            .map_err(|wrong| wrong.to_string())?;
        Self::measured(Self::empty(logs)?, &scenario)
    }

    /// Runs a scenario like [`Network::measures`], with a foreign program as every node.
    pub(crate) fn measures_of(
        driver: &str,
        exec: &str,
        text: &str,
        logs: &Path,
    ) -> Result<Vec<(String, Figures)>> {
        let mut none = |path: &str| Err(format!("there is no `{path}`"));
        let (scenario, _) = parse(&Source::new("steps", text), &BTreeMap::new(), &mut none)
            .map_err(|wrong| wrong.to_string())?;
        Self::measured(Self::empty_of(driver, exec, logs)?, &scenario)
    }

    fn measured(mut network: Self, scenario: &Scenario) -> Result<Vec<(String, Figures)>> {
        let report = network.session.scenario(&mut network.world, scenario);
        passed(&report.verdict)?;
        Ok(report.measures)
    }

    /// Starts a network and performs some steps.
    pub(crate) fn perform(steps: &str, logs: &Path) -> Result<Self> {
        let mut network = Self::empty(logs)?;
        network.go_on(steps)?;
        Ok(network)
    }

    /// Performs further steps.
    pub(crate) fn go_on(&mut self, steps: &str) -> Result<()> {
        let mut none = |path: &str| Err(format!("there is no `{path}`"));
        let (scenario, _) = parse(&Source::new("steps", steps), &BTreeMap::new(), &mut none)
            .map_err(|wrong| wrong.to_string())?;
        passed(&self.session.perform(&mut self.world, &scenario.steps))
    }

    fn empty(logs: &Path) -> Result<Self> {
        Self::made(logs, |options| process::world(options, Ports::Leased(Lease::default()), Links::Direct))
    }

    fn empty_of(driver: &str, exec: &str, logs: &Path) -> Result<Self> {
        let given = [("driver", driver), ("exec", exec)];
        let node_options = given.map(|(name, value)| (name.to_owned(), value.to_owned())).into();
        let session = Session::without_journal(Options { node_options, ..Options::default() });
        let mut network = Self::empty(logs)?;
        network.session = session;
        Ok(network)
    }

    fn made(
        logs: &Path,
        world: impl FnOnce(process::Options) -> std::io::Result<(Live, Rc<Processes>)>,
    ) -> Result<Self> {
        let options = Self::options(logs);
        let data = options.data.clone();
        let (world, processes) = world(options)?;
        let session = Session::without_journal(Options::default());
        Ok(Self { session, world, processes, data, took: Duration::ZERO })
    }

    /// Returns the options of a world with data of its own.
    pub(crate) fn options(logs: &Path) -> process::Options {
        static LAST: AtomicU64 = AtomicU64::new(0);
        let number = LAST.fetch_add(1, Ordering::Relaxed);
        process::Options {
            logs: logs.to_owned(),
            data: logs.join(format!("data-{number}")),
            network: format!("bench-{}-{number}", std::process::id()),
            program: PathBuf::from(PROGRAM),
            seed: 1,
            log_limit: process::LOG_LIMIT,
            messages: MessageLogging::default(),
            clocks: false,
        }
    }

    /// Returns the addresses of the nodes, in order of appearance.
    pub(crate) fn addresses(&self) -> Vec<String> {
        let addresses = self.session.network().indices().filter_map(|node| self.processes.address(node));
        addresses.map(|(host, port)| format!("{host}:{port}")).collect()
    }

    /// Returns the process ids of the nodes, in order of appearance.
    pub(crate) fn processes(&self) -> Vec<u32> {
        self.session.network().indices().filter_map(|node| self.processes.process_id(node)).collect()
    }
}

impl Drop for Network {
    fn drop(&mut self) {
        self.session.stop_all(&mut self.world);
    }
}

fn passed(verdict: &Verdict) -> Result<()> {
    match verdict.failure() {
        Some(failure) => Err(report::explain(failure, Style::PLAIN).into()),
        None if *verdict == Verdict::Passed => Ok(()),
        None => Err(verdict.word().into()),
    }
}
