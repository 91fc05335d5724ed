//! The runner of `tools test`: one run, from its first step to its report.

mod brief;
mod compared;
mod simulated;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::thread;
use std::time::{Duration, SystemTime};

use super::arguments::{Arguments, Keep};
use super::kept::KeptNetworks;
use super::queue::{Case, Job};
use super::running::Running;
use super::unrun::unrun;
use super::watch::Watch;
use crate::cli::control::{self, Control};
use crate::cli::folder::{ATTEMPT, Folder, Refused};
use crate::cli::host::{Host, Setup};
use crate::cli::interrupt::Interrupt;
use crate::cli::journal_file::{self, Limits};
use crate::cli::log_entries;
use crate::cli::random;
use crate::cli::replay;
use crate::driver;
use crate::journal::JournalEntry;
use crate::page::{Collected, FULL_RUNS_MAX};
use crate::report;
use crate::run::{AttemptRule, Attempted, Failure, FailureKind, Options, Report, Verdict};
use crate::scenario::{Scenario, Setting, is_routed};
use crate::text::io_cause;
use crate::world::process::{Lease, Ports, clock};
use crate::world::sim::Reseed;
use crate::world::{self, Attachment, World as _};

use brief::BriefEvents;

/// The runner of scenarios, each in a world of its own. A clone is cheap and shares all state.
#[derive(Clone)]
pub(super) struct Runner(Arc<Inner>);

struct Inner {
    world: &'static world::Declaration,
    logs: PathBuf,
    /// True if each scenario runs with many seeds.
    many: bool,
    timeout_factor: f64,
    node_options: BTreeMap<String, String>,
    keep: Option<Keep>,
    /// True once a network has been left up.
    left_one_up: AtomicBool,
    /// The networks that are left up.
    kept: KeptNetworks,
    fail_fast: bool,
    /// The rule of further attempts, and the most attempts at one run.
    attempts: Option<(AttemptRule, u32)>,
    log_limit: u64,
    /// The further flags of the command that repeats a run.
    flags: Vec<(String, String)>,
    interrupt: Interrupt,
    /// The points of each run from which all is drawn anew.
    reseeds: Vec<Reseed>,
    /// The most runs that are drawn anew to find when a failure became certain, if that is wanted.
    when_lost: Option<u64>,
    detail: Detail,
    /// The scenarios of which a run failed, among many seeds in virtual time.
    failing: Mutex<BTreeMap<u64, Arc<Case>>>,
    /// The lines of the runs under way, on a terminal.
    running: Running,
    /// The events of runs that passed, for a page of many runs.
    brief: BriefEvents,
    /// The file that takes the events of runs. With one, runs are done one after another.
    trace: Option<File>,
    /// The mistake planted in every node.
    #[cfg(feature = "mutants")]
    mutant: Option<world::Mutant>,
}

/// The events that stand in the journal of every run beside the usual ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Detail {
    /// The messages between nodes.
    messages: bool,
    /// The versions that nodes store: a page shows who held which one when.
    versions: bool,
}

impl Detail {
    fn of(arguments: &Arguments, is_brief: bool) -> Self {
        let has_page = arguments.formats.html.is_some();
        // In virtual time a run that failed is run again for its messages, and one that passed has none in brief.
        let page_messages = has_page && !(is_brief && arguments.setting.world.virtual_time);
        Self { messages: arguments.messages || page_messages, versions: has_page }
    }
}

impl Runner {
    pub(super) fn new(
        arguments: &Arguments,
        node_options: BTreeMap<String, String>,
        many: bool,
        runs: u64,
        trace: Option<File>,
        kept: KeptNetworks,
    ) -> Self {
        let world = arguments.setting.world;
        let is_brief = arguments.formats.html.is_some() && runs > FULL_RUNS_MAX;
        Self(Arc::new(Inner {
            world,
            logs: arguments.logs.clone(),
            many,
            timeout_factor: arguments.timeout_factor,
            node_options,
            keep: arguments.keep,
            left_one_up: AtomicBool::new(false),
            kept,
            fail_fast: arguments.fail_fast,
            attempts: arguments.attempts(),
            log_limit: arguments.log_limit.bytes,
            flags: arguments.flags(),
            // Worlds of real time listen for the interrupt themselves.
            interrupt: if world.virtual_time { Interrupt::listen() } else { Interrupt::default() },
            reseeds: sorted(&arguments.reseed_at),
            when_lost: arguments.when_lost,
            failing: Mutex::default(),
            detail: Detail::of(arguments, is_brief),
            // Many runs have a bar that counts them.
            running: Running::new(!many),
            // The page of a sweep has no run that passed.
            brief: BriefEvents::new(is_brief && !many),
            trace,
            #[cfg(feature = "mutants")]
            mutant: arguments.mutant,
        }))
    }

    /// Returns the report of a scenario that is not run, with the reason.
    pub(super) fn skipped(&self, scenario: &Scenario, seed: u64, reason: &str) -> Report {
        let options = self.options(seed);
        unrun(scenario, self.0.world.name, &options, Verdict::Skipped(reason.to_owned()))
    }

    /// Returns the command that repeats this run.
    pub(super) fn again(&self, job: &Job) -> String {
        let options = self.options(job.seed);
        let again =
            report::again(&unrun(&job.case.scenario, self.0.world.name, &options, Verdict::Interrupted));
        #[cfg(feature = "mutants")]
        if let Some(mutant) = self.0.mutant {
            return format!("{again} --mutant {mutant}");
        }
        again
    }

    fn options(&self, seed: u64) -> Options {
        let usual = if self.0.world.virtual_time {
            Options::in_virtual_time(seed)
        } else {
            Options { seed, ..Options::default() }
        };
        Options {
            timeout_factor: self.0.timeout_factor,
            node_options: self.0.node_options.clone(),
            flags: self.0.flags.clone(),
            #[cfg(feature = "mutants")]
            mutant: self.0.mutant,
            report_entry: Some(report::entry),
            messages: self.0.detail.messages,
            versions: usual.versions || self.0.detail.versions,
            ..usual
        }
    }

    /// Runs one scenario. If its network is left up, the network lives on in a thread of its own. Returns
    /// true if no further scenario is to be started.
    pub(super) fn run_job(
        &self,
        job: Job,
        hand_over: impl Fn(Report) -> bool + Send + 'static,
    ) -> io::Result<bool> {
        if !self.0.many {
            // What an earlier command left would be taken for attempts of this run.
            Folder::remove_attempts(&self.folder(&job));
        }
        if let Some((rule, most)) = self.0.attempts {
            return self.attempt(&job, rule, most, hand_over);
        }
        if self.0.keep.is_none() {
            return self.run(&job, hand_over, &|_| {});
        }
        let (sender, receiver) = mpsc::channel();
        let (runner, again) = (self.clone(), self.again(&job));
        let thread = thread::Builder::new().name("run".to_owned()).spawn(move || {
            let announce = |commands| {
                // The receiver waits until it has heard of the network or of the end.
                let _: Result<(), _> = sender.send(RunMessage::LeftUp(commands));
            };
            let ended = replay::with_command(again, || runner.run(&job, hand_over, &announce));
            let _: Result<(), _> = sender.send(RunMessage::Ended(ended));
        })?;
        match receiver.recv() {
            Ok(RunMessage::Ended(ended)) => ended,
            Ok(RunMessage::LeftUp(commands)) => {
                self.0.kept.add(commands, thread);
                Ok(false)
            }
            Err(_) => Err(io::Error::other("a scenario's thread panicked: please report this")),
        }
    }

    /// Runs one scenario as often as the rule asks for, and hands over one report on all attempts. Returns true
    /// if no further scenario is to be started.
    fn attempt(
        &self,
        job: &Job,
        rule: AttemptRule,
        most: u32,
        hand_over: impl Fn(Report) -> bool,
    ) -> io::Result<bool> {
        let mut attempted = Attempted::new(rule);
        for attempt in 1..=most {
            let ended = RefCell::new(None);
            let keep = |report| {
                ended.replace(Some(report));
                true
            };
            // In an attempt, an interrupt alone stops what follows.
            let interrupted = self.run(&job.attempt(attempt), keep, &|_| {})?;
            let Some(report) = ended.into_inner() else { continue };
            let passed = report.verdict == Verdict::Passed;
            attempted.add(report);
            if interrupted || (passed && rule == AttemptRule::Retry) {
                break;
            }
        }
        let Some(report) = attempted.report() else { return Ok(false) };
        if let Some(logs) = report.logs.as_ref().filter(|_| report.attempts.is_some()) {
            // Of attempts that all passed no journal is left. Where it cannot be written, each attempt has its own.
            let _: io::Result<()> = journal_file::append_attempts(Path::new(logs), report::entry(&report));
        }
        let stop = matches!(report.verdict, Verdict::Interrupted) || self.stops_after(job, &report);
        Ok(!hand_over(report) || stop)
    }

    /// Returns the lines of the runs under way.
    pub(super) fn running(&self) -> &Running {
        &self.0.running
    }

    /// Returns the events of the runs so far that a page shows in brief, by the folder of the run.
    pub(super) fn take_brief_events(&self) -> BTreeMap<PathBuf, Collected> {
        self.0.brief.take()
    }

    /// Returns the networks that are left up.
    pub(super) fn kept(&self) -> &KeptNetworks {
        &self.0.kept
    }

    /// Runs one scenario in a world of its own, and hands over its report before the world is taken down.
    /// Returns true if no further scenario is to be started.
    ///
    /// A network that is left up is announced through `announce` and served until its end. An error comes
    /// only from such a network; any other failure of the environment is in the report.
    fn run(
        &self,
        job: &Job,
        hand_over: impl Fn(Report) -> bool,
        announce: &dyn Fn(String),
    ) -> io::Result<bool> {
        let inner = &self.0;
        let began_ms = wall_ms();
        let hand_over = move |report| hand_over(Report { began_ms, ..report });
        let mut options = self.options(job.seed);
        // With many seeds in virtual time nothing is written: a failing seed can be run again, with all its
        // details.
        let path = (!inner.many || !inner.world.virtual_time).then(|| self.folder(job));
        options.logs = path.as_ref().map(|path| path.display().to_string());
        options.again = path.is_some().then(|| self.again(job));
        let broken = |options: &Options, failure: Failure| {
            unrun(&job.case.scenario, inner.world.name, options, Verdict::Broken(Box::new(failure)))
        };
        let folder = match path.as_deref().map(take_empty).transpose() {
            Ok(folder) => folder,
            Err(failure) => {
                let report = broken(&options, *failure);
                let stop = self.stops_after(job, &report);
                return Ok(!hand_over(report) || stop);
            }
        };
        let Some(folder) = folder.filter(|_| !inner.world.virtual_time) else {
            let report = self
                .in_virtual_time(job, options.clone(), path.as_deref())
                .unwrap_or_else(|error| broken(&options, environment(error.to_string())));
            self.remember_failing(job, &report);
            let stop = self.stops_after(job, &report);
            return Ok(!hand_over(report) || stop);
        };
        self.in_real_time(job, &options, folder, broken, hand_over, announce)
    }

    fn in_real_time(
        &self,
        job: &Job,
        options: &Options,
        folder: Folder,
        broken: impl Fn(&Options, Failure) -> Report,
        hand_over: impl Fn(Report) -> bool,
        announce: &dyn Fn(String),
    ) -> io::Result<bool> {
        let path = folder.path().to_owned();
        let path = path.as_path();
        // A network that is left up runs for as long as its owner wants.
        let limits = if self.0.keep.is_some() { Limits::STAYING } else { Limits::NONE };
        let journal = self.0.brief.create_journal(path, limits);
        let watch = self.watch();
        let mut recorder = watch.as_ref().map(Watch::recorder);
        let watching = move |entry: &JournalEntry| {
            if let Some(recorder) = &mut recorder {
                recorder(entry);
            }
        };
        let made = journal.and_then(|(journal, brief)| {
            let has_address = |option: &String| Attachment::node_of(option).is_some();
            let attaches = job.case.scenario.attaches() || options.node_options.keys().any(has_address);
            let ports =
                Ports::Leased(if attaches { Lease::apart(random::number()?) } else { Lease::default() });
            let (logs, data) = (path.to_owned(), path.join("data"));
            // Proxies slow links down, so only scenarios that need them have them. A machine that cannot shape
            // links is refused only by scenarios that do.
            let world = self.0.world;
            let scenario = &job.case.scenario;
            let setting = Setting {
                drivers: driver::all(),
                clock_reach: clock::reach,
                options: &options.node_options,
                ..Setting::of(world)
            };
            let prepares_links = scenario.needs_any(world.prepared) && !is_routed(scenario, &setting);
            let (options, log_limit) = (options.clone(), self.0.log_limit);
            let prepares_clocks = scenario.shifts_clocks();
            let setup =
                Setup { logs, data, ports, options, world, prepares_links, prepares_clocks, log_limit };
            let running = self.0.running.recorder(&scenario.name);
            Ok((Host::new(setup, (journal, (watching, running)))?, brief))
        });
        let (mut host, brief) = match made {
            Ok(made) => made,
            Err(error) => {
                let report = broken(options, environment(error.to_string()));
                let stop = self.stops_after(job, &report);
                return Ok(!hand_over(report) || stop);
            }
        };
        let wall_ms = host.world.wall_ms();
        let mut report = host.session.scenario(&mut host.world, &job.case.scenario);
        report.features = watch.map(|watch| Box::new(watch.finish()));
        log_entries::append_files(&host.session, path, wall_ms);
        self.0.brief.add(brief, &report);
        let stop = self.stops_after(job, &report) || host.session.was_interrupted();
        let wanted = hand_over(report.clone());
        if self.leaves_up(&report) && !self.0.left_one_up.swap(true, Ordering::Relaxed) {
            // The receiver of reports waits for no more of them from here.
            drop(hand_over);
            let _entry = self.0.kept.register(folder.path());
            serve_until_stopped(&mut host, folder, &report, announce)?;
            host.end();
            return Ok(!wanted || stop);
        }
        host.end();
        // Real time does not come back with a seed, so the folder of a failed run stays for inspection. The
        // folder of a passed run is removed, or many seeds would fill the disk.
        let repeated = self.0.attempts.is_some_and(|(rule, _)| rule == AttemptRule::Repeat);
        if (self.0.many || repeated) && report.verdict == Verdict::Passed {
            let _: io::Result<()> = folder.remove();
        }
        Ok(!wanted || stop)
    }

    /// Returns the folder that a run writes to.
    fn folder(&self, job: &Job) -> PathBuf {
        let mut name = job.case.folder.clone();
        if self.0.many {
            name += &format!(".seed-{}", job.seed);
        }
        if let Some(attempt) = job.attempt.filter(|attempt| *attempt > 1) {
            name += &format!("{ATTEMPT}{attempt}");
        }
        self.0.logs.join(name)
    }

    /// Returns true if no further scenario is to be started after this report.
    fn stops_after(&self, job: &Job, report: &Report) -> bool {
        let fails_fast = self.0.fail_fast && job.attempt.is_none();
        matches!(report.verdict, Verdict::Interrupted) || (fails_fast && report.counts_as_failed())
    }

    /// Returns true if the network of this report is to be left up.
    fn leaves_up(&self, report: &Report) -> bool {
        match self.0.keep {
            Some(Keep::Any) => !matches!(report.verdict, Verdict::Interrupted),
            Some(Keep::Failed) => matches!(report.verdict, Verdict::Failed(_)),
            None => false,
        }
    }
}

/// Returns the points of a run in their order.
fn sorted(reseeds: &[Reseed]) -> Vec<Reseed> {
    let mut reseeds = reseeds.to_vec();
    reseeds.sort();
    reseeds
}

/// Returns the moment by the clock of the machine, in milliseconds since 1970.
fn wall_ms() -> Option<u64> {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).ok()?;
    u64::try_from(since.as_millis()).ok()
}

/// Returns a failure of the environment before a scenario's first step.
fn environment(reason: String) -> Failure {
    Failure::new(FailureKind::Environment, None, Duration::ZERO, reason)
}

/// Takes the folder of a run and empties it.
fn take_empty(path: &Path) -> Result<Folder, Box<Failure>> {
    Folder::acquire_empty(path).map_err(|refused| {
        let folder = path.display();
        let (reason, help) = match &refused {
            Refused::Taken(_) if control::connect(path).is_ok() => (
                format!("a network that was left up is running in {folder}"),
                format!("end it with `tools stop --logs {folder}`"),
            ),
            Refused::Taken(_) => (
                format!("another run writes to {folder}"),
                "wait for its end, or use another folder with --logs".to_owned(),
            ),
            Refused::Foreign { why, .. } => (
                format!("{folder} {why}, which no run made: nothing was changed there"),
                "move that elsewhere, or use another folder with --logs".to_owned(),
            ),
            Refused::Unusable(folder, error) => (
                format!("cannot write to {folder}: {}", io_cause(error)),
                "choose another folder with --logs".to_owned(),
            ),
        };
        let mut failure = environment(reason);
        failure.help = Some(help);
        Box::new(failure)
    })
}

/// Leaves the network up until a person ends it, or its folder is removed.
fn serve_until_stopped(
    host: &mut Host,
    folder: Folder,
    report: &Report,
    announce: &dyn Fn(String),
) -> io::Result<()> {
    let logs = folder.path().to_owned();
    let control = Control::new(folder);
    control.listen(host.world.waker())?;
    control.end_with_folder(host.world.waker())?;
    let logs = report::quoted(&logs.display().to_string());
    announce(format!(
        "the network of {} is left up: tools ps --logs {logs}, tools do --logs {logs} …; tools stop --logs {logs} \
         ends it",
        report.scenario,
    ));
    // The network is no longer bound to the terminal that it came from.
    host.serve(&control, Duration::ZERO, None, &mut io::sink()).map(drop)
}

/// A message from the thread of a run.
enum RunMessage {
    /// The run has ended; true if no further scenario is to be started.
    Ended(io::Result<bool>),
    /// The network is left up; the text names the commands that reach it.
    LeftUp(String),
}
