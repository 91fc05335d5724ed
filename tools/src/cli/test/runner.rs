//! One run, from its first step to its report.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use serde_json::json;

use super::job::{Job, unrun};
use super::{Arguments, Keep};
use crate::cli::control::{self, Control};
use crate::cli::host::{Host, Setup, record_to};
use crate::cli::interrupt::{Interrupt, Interruptible};
use crate::report;
use crate::run::{Failure, FailureKind, Options, Report, Session, Verdict};
use crate::scenario::{Scenario, Setting, is_routed};
use crate::world;
use crate::world::process::{Lease, Ports};
use crate::world::sim::{self, Sim};

/// Runs scenarios, each in a world of its own. Cheap to clone.
#[derive(Clone)]
pub(super) struct Runner(Arc<Inner>);

struct Inner {
    world: &'static world::Declaration,
    logs: PathBuf,
    /// Whether each scenario runs with many seeds.
    many: bool,
    timeout_factor: f64,
    node_options: BTreeMap<String, String>,
    keep: Option<Keep>,
    fail_fast: bool,
    interrupt: Interrupt,
    /// Where the events of runs go, which are then done one after another.
    trace: Option<File>,
    /// The mistake that every node makes.
    #[cfg(feature = "mutants")]
    mutant: Option<world::Mutant>,
}

impl Runner {
    pub(super) fn new(
        arguments: &Arguments,
        node_options: BTreeMap<String, String>,
        many: bool,
        trace: Option<File>,
    ) -> Self {
        let world = arguments.setting.world;
        Self(Arc::new(Inner {
            world,
            logs: arguments.logs.clone(),
            many,
            timeout_factor: arguments.timeout_factor,
            node_options,
            keep: arguments.keep,
            fail_fast: arguments.fail_fast,
            // Worlds of real time hear it by themselves.
            interrupt: if world.virtual_time { Interrupt::listen() } else { Interrupt::default() },
            trace,
            #[cfg(feature = "mutants")]
            mutant: arguments.mutant,
        }))
    }

    /// The report of a scenario that does not apply in this world.
    pub(super) fn skipped(&self, scenario: &Scenario, seed: u64) -> Report {
        let reason = format!("it is for the worlds {}", scenario.headers.worlds.join(", "));
        let options = self.options(seed);
        unrun(scenario, self.0.world.name, &options, Verdict::Skipped(reason))
    }

    /// The command that does this run again.
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
            #[cfg(feature = "mutants")]
            mutant: self.0.mutant,
            ..usual
        }
    }

    /// Runs one scenario in a world of its own, and tells its report before the world is taken down.
    /// Whether no further scenario is to be started. An error is one of a network that was to be left
    /// up; what else the environment fails is in the report.
    pub(super) fn run(&self, job: &Job, tell: impl Fn(Report) -> bool) -> io::Result<bool> {
        let inner = &self.0;
        let mut options = self.options(job.seed);
        // With many seeds in virtual time nothing is written: the one that fails can be had again,
        // with all that there is to know of it.
        let folder = (!inner.many || !inner.world.virtual_time).then(|| self.folder(job));
        options.logs = folder.as_ref().map(|folder| folder.display().to_string());
        let broken = |options: &Options, failure: Failure| {
            unrun(&job.case.scenario, inner.world.name, options, Verdict::Broken(Box::new(failure)))
        };
        if let Some(folder) = &folder
            && let Err(failure) = make_empty(folder)
        {
            let report = broken(&options, *failure);
            let stop = self.stops_after(&report);
            return Ok(!tell(report) || stop);
        }
        if inner.world.virtual_time {
            let report = self
                .in_virtual_time(job, options.clone(), folder.as_deref())
                .unwrap_or_else(|error| broken(&options, environment(error.to_string())));
            let stop = self.stops_after(&report);
            return Ok(!tell(report) || stop);
        }
        self.in_real_time(job, &options, &folder.unwrap_or_default(), broken, tell)
    }

    fn in_virtual_time(&self, job: &Job, options: Options, folder: Option<&Path>) -> io::Result<Report> {
        let session = match folder {
            Some(folder) => {
                let record = record_to(folder).map_err(|error| cannot_write(folder, &error))?;
                Session::new(options, record)
            }
            None => Session::unrecorded(options),
        };
        let file = self.0.trace.as_ref().map(File::try_clone).transpose()?;
        let trace = file.map(|file| Trace::new(file, &job.case.scenario.name, job.seed));
        let world = Sim::new(sim::Options {
            trace: trace.as_ref().map(Trace::writer),
            ..sim::Options::judged(job.seed)
        });
        let mut world = Interruptible::new(world, self.0.interrupt.clone());
        let report = session.scenario(&mut world, &job.case.scenario);
        let world = world.into_world();
        if let Some(folder) = folder {
            write_logs(&world, folder);
        }
        drop(world);
        match trace.map(Trace::finish) {
            Some(Err(error)) => Err(io::Error::other(format!("cannot write the trace: {error}"))),
            Some(Ok(())) | None => Ok(report),
        }
    }

    fn in_real_time(
        &self,
        job: &Job,
        options: &Options,
        folder: &Path,
        broken: impl Fn(&Options, Failure) -> Report,
        tell: impl Fn(Report) -> bool,
    ) -> io::Result<bool> {
        let made = record_to(folder).map_err(|error| cannot_write(folder, &error)).and_then(|record| {
            let ports = Ports::Leased(Lease::default());
            let (logs, data) = (folder.to_owned(), folder.join("data"));
            // Whoever leaves links alone is not slowed down by what could change them.
            let world = self.0.world;
            let scenario = &job.case.scenario;
            let setting = Setting { options: &options.node_options, ..Setting::of(world) };
            let proxies = scenario.needs_any(world.proxied) && !is_routed(scenario, &setting);
            Host::new(Setup { logs, data, ports, options: options.clone(), world, proxies }, record)
        });
        let mut host = match made {
            Ok(host) => host,
            Err(error) => {
                let report = broken(options, environment(error.to_string()));
                let stop = self.stops_after(&report);
                return Ok(!tell(report) || stop);
            }
        };
        let report = host.session.scenario(&mut host.world, &job.case.scenario);
        let stop = self.stops_after(&report) || host.session.was_interrupted();
        let taken = tell(report.clone());
        if self.keeps(&report) {
            hold(&mut host, folder, &report)?;
        }
        host.end();
        // What failed cannot be had again by its seed alone, since time was real: that is left to be
        // looked at. Of what passed nothing is, or many seeds would fill the disk.
        if self.0.many && report.verdict == Verdict::Passed {
            let _: io::Result<()> = std::fs::remove_dir_all(folder);
        }
        Ok(!taken || stop)
    }

    /// Where a run writes.
    fn folder(&self, job: &Job) -> PathBuf {
        let name = &job.case.folder;
        if self.0.many {
            self.0.logs.join(format!("{name}.seed-{}", job.seed))
        } else {
            self.0.logs.join(name)
        }
    }

    /// Whether no further scenario is started after this one.
    fn stops_after(&self, report: &Report) -> bool {
        let failed = report.verdict.failure().is_some();
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

/// What the environment fails before a scenario's first step.
fn environment(reason: String) -> Failure {
    Failure::new(FailureKind::Environment, None, Duration::ZERO, reason)
}

fn cannot_write(folder: &Path, error: &io::Error) -> io::Error {
    io::Error::other(format!("cannot write to {}: {error}", folder.display()))
}

/// Makes the folder of a run, with nothing in it.
fn make_empty(folder: &Path) -> Result<(), Box<Failure>> {
    if control::connect(folder).is_ok() {
        let folder = folder.display();
        let mut failure = environment(format!("a network that was left up is running in {folder}"));
        failure.help = Some(format!("end it with `tools stop --logs {folder}`"));
        return Err(Box::new(failure));
    }
    let wrong = |error| Box::new(environment(cannot_write(folder, &error).to_string()));
    match std::fs::remove_dir_all(folder) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(wrong(error)),
        _ => {}
    }
    std::fs::create_dir_all(folder).map_err(wrong)
}

/// Writes what nodes said, as nodes of real time do by themselves. What cannot be written is missed as
/// little as a line of a record: the run is judged without it.
fn write_logs(world: &Sim, folder: &Path) {
    for (name, lines) in world.logs() {
        let mut text = lines.join("\n");
        text.push('\n');
        let _: io::Result<()> = std::fs::write(folder.join(format!("{name}.log")), text);
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

/// The events of a run on their way into a file. The first error ends the writing, and is kept.
struct Trace(Rc<RefCell<(BufWriter<File>, io::Result<()>)>>);

impl Trace {
    /// The events of this run, after those of runs before in the same file.
    fn new(file: File, scenario: &str, seed: u64) -> Self {
        let trace = Self(Rc::new(RefCell::new((BufWriter::with_capacity(1 << 16, file), Ok(())))));
        let run = json!({ "at_ns": 0, "event": "run", "scenario": scenario, "seed": seed });
        trace.writer()(&run.to_string());
        trace
    }

    /// What takes a line.
    fn writer(&self) -> Box<dyn FnMut(&str)> {
        let shared = Rc::clone(&self.0);
        Box::new(move |line| {
            let (file, result) = &mut *shared.borrow_mut();
            if result.is_ok() {
                *result = file.write_all(line.as_bytes()).and_then(|()| file.write_all(b"\n"));
            }
        })
    }

    /// Writes what is left.
    fn finish(self) -> io::Result<()> {
        let (file, result) = &mut *self.0.borrow_mut();
        std::mem::replace(result, Ok(()))?;
        file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_lines_and_its_first_error_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trace.jsonl");
        let file = File::create(&path).unwrap();
        for scenario in ["one", "two"] {
            let trace = Trace::new(file.try_clone().unwrap(), scenario, 7);
            trace.writer()("{}");
            trace.finish().unwrap();
        }
        let run = |name: &str| {
            format!("{{\"at_ns\":0,\"event\":\"run\",\"scenario\":\"{name}\",\"seed\":7}}\n{{}}\n")
        };
        assert_eq!(std::fs::read_to_string(&path).unwrap(), run("one") + &run("two"));
        // Opened for reading, it takes nothing.
        let trace = Trace::new(File::open(&path).unwrap(), "one", 7);
        trace.writer()(&"x".repeat(1 << 17));
        assert!(trace.finish().is_err());
    }
}
