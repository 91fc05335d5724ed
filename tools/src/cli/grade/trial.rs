//! The runs of a grading: each submission with each scenario is a `tools test` of its own, with limits. So one that
//! hangs, floods or takes the harness down costs the others nothing.

use std::fs::{self, File};
use std::io;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};

use super::arguments::Arguments;
use super::limits::{Confinement, Limits};
use super::plan::{Graded, Plan};
use super::results::{Book, Outcome, TrialResult};
use super::submission::Submission;
use super::usage::{Usage, usage};
use super::verdict::{Verdict, judged};
use crate::cli::failure::Failure;
use crate::cli::interrupt::Interrupt;

/// The time between two looks at the usage of a run, which no event reports.
const LOOK: Duration = Duration::from_millis(100);
/// The time that a run may take to end once it is told to. Chosen: a run takes down its nodes in a second.
const PATIENCE: Duration = Duration::from_secs(30);
/// The variables of the environment that programs see, beside those of `--env`: those by which programs and their
/// libraries are found. All others may be secrets of the person.
const ENVIRONMENT: [&str; 15] = [
    "PATH",
    "HOME",
    "USER",
    "LANG",
    "TZ",
    "TMPDIR",
    "XDG_RUNTIME_DIR",
    "LD_LIBRARY_PATH",
    "NODE_PATH",
    "PYTHONPATH",
    "PYENV_ROOT",
    "VIRTUAL_ENV",
    "JAVA_HOME",
    "CARGO_HOME",
    "RUSTUP_HOME",
];
/// The beginning of the names of further variables that programs see: those of locales, and of the harness itself.
const ENVIRONMENT_STEMS: [&str; 2] = ["LC_", "TOOLS_"];

/// The runs of a grading.
pub(super) struct Trials<'a> {
    pub(super) plan: &'a Plan,
    pub(super) arguments: &'a Arguments,
    pub(super) interrupt: &'a Interrupt,
}

/// The end of a run.
enum End {
    /// It ended by itself.
    Itself(ExitStatus),
    /// It met a limit, as this text says, and was killed.
    Limit(String),
    /// The grading was interrupted.
    Interrupted,
}

impl Trials<'_> {
    /// Runs all that has no result yet. Hands over each result as it comes, and adds it to the book.
    pub(super) fn run(
        &self,
        book: &mut Book,
        mut each: impl FnMut(&TrialResult) -> io::Result<()>,
    ) -> Result<(), Failure> {
        let all = self.plan.submissions.iter().enumerate().flat_map(|(number, submission)| {
            self.plan.scenarios.iter().map(move |graded| (number, submission, graded))
        });
        let missing: Vec<_> = all
            .filter(|(_, submission, graded)| book.get(&submission.name, &graded.name).is_none())
            .collect();
        let (next, failed) = (AtomicUsize::new(0), Mutex::new(None));
        std::thread::scope(|scope| {
            let (sender, receiver) = mpsc::channel();
            for _ in 0..self.arguments.jobs.get().min(missing.len()) {
                let (sender, next, missing, failed) = (sender.clone(), &next, &missing, &failed);
                scope.spawn(move || {
                    while let Some((number, submission, graded)) =
                        missing.get(next.fetch_add(1, Ordering::Relaxed))
                    {
                        let ended = self.trial(*number, submission, graded);
                        let stop = match ended {
                            Ok(Some(result)) => sender.send(result).is_err(),
                            Ok(None) => true,
                            Err(error) => {
                                failed.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(error);
                                true
                            }
                        };
                        if stop || self.interrupt.is_set() {
                            next.store(missing.len(), Ordering::Relaxed);
                        }
                    }
                });
            }
            drop(sender);
            // The receiver is dropped at the first error, so that no further run begins.
            receiver.into_iter().try_for_each(|result| {
                each(&result)?;
                book.add(result)
            })
        })?;
        match failed.into_inner().unwrap_or_else(PoisonError::into_inner) {
            Some(error) => Err(error.into()),
            None => Ok(()),
        }
    }

    /// Runs a submission with a scenario; none if the grading was interrupted.
    fn trial(
        &self,
        number: usize,
        submission: &Submission,
        graded: &Graded,
    ) -> io::Result<Option<TrialResult>> {
        let began = Instant::now();
        let result = |verdict: Verdict, began: Instant| TrialResult {
            submission: submission.name.clone(),
            scenario: graded.name.clone(),
            digest: graded.digest.clone(),
            outcome: verdict.outcome,
            reason: verdict.reason,
            duration_ms: u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX),
            again: verdict.again,
        };
        let flags = match &submission.flags {
            Ok(flags) => flags,
            Err(reason) => {
                return Ok(Some(result(Verdict::new(Outcome::Unusable, reason), began)));
            }
        };
        let files = Files::new(&self.arguments.out, number, submission, graded)?;
        let mut child = self.command(submission, flags, graded, &files)?.spawn()?;
        let end = self.watch(&mut child, began)?;
        let verdict = match end {
            End::Interrupted => return Ok(None),
            End::Limit(reason) => Verdict::new(Outcome::Stopped, &reason),
            // The run was interrupted together with the grading.
            End::Itself(_) if self.interrupt.is_set() => return Ok(None),
            End::Itself(status) => judged(&files.report, &files.text, status),
        };
        Ok(Some(result(verdict, began)))
    }

    fn command(
        &self,
        submission: &Submission,
        flags: &[String],
        graded: &Graded,
        files: &Files,
    ) -> io::Result<Command> {
        let arguments = self.arguments;
        let text = File::create(&files.text)?;
        let mut command = Command::new(std::env::current_exe()?);
        command
            .arg("test")
            .arg(&graded.file)
            .args(flags)
            .args(["--world", self.plan.world, "--seed", &self.plan.seed.to_string()])
            .args(["--log-limit", &arguments.log_limit.bytes.to_string()])
            .args([Confinement::FLAG, &Confinement::of(arguments.limits()).value()])
            .arg("--logs")
            .arg(&files.logs)
            .arg("--report-json")
            .arg(&files.report)
            .current_dir(submission.folder())
            .stdin(Stdio::null())
            .stdout(text.try_clone()?)
            .stderr(text)
            // A terminal's interrupt comes to this process alone, which passes it on once.
            .process_group(0)
            .env_clear()
            .envs(std::env::vars_os().filter(|(name, _)| self.sees(&name.to_string_lossy())));
        if let Some(retries) = arguments.retries {
            command.args(["--retries", &retries.to_string()]);
        }
        Ok(command)
    }

    /// Returns true if programs see a variable of the environment.
    fn sees(&self, name: &str) -> bool {
        ENVIRONMENT.contains(&name)
            || ENVIRONMENT_STEMS.iter().any(|stem| name.starts_with(stem))
            || self.arguments.env.iter().any(|other| other == name)
    }

    /// Waits for the end of a run. One that meets a limit is killed with all that it started.
    fn watch(&self, child: &mut Child, began: Instant) -> io::Result<End> {
        let process = Pid::from_child(child);
        let ended = pidfd_open(process, PidfdFlags::empty())?;
        let limits = self.arguments.limits();
        loop {
            if wait(&ended, LOOK)? {
                return Ok(End::Itself(child.wait()?));
            }
            if self.interrupt.is_set() {
                // A run that has ended meanwhile needs no signal.
                let _: rustix::io::Result<()> = kill_process(process, Signal::INT);
                if !wait(&ended, PATIENCE)? {
                    kill(child, &usage(process.as_raw_nonzero().get()))?;
                }
                child.wait()?;
                return Ok(End::Interrupted);
            }
            let used = usage(process.as_raw_nonzero().get());
            if let Some(reason) = broken_limit(limits, &used, began.elapsed()) {
                kill(child, &used)?;
                return Ok(End::Limit(reason));
            }
        }
    }
}

/// Returns the limit that a run has met, for a person.
fn broken_limit(limits: Limits, used: &Usage, elapsed: Duration) -> Option<String> {
    const MIB: u64 = 1 << 20;
    // The guard of a run is no program of the submission.
    let processes = used.processes.saturating_sub(1);
    if used.memory > limits.memory {
        let (used, most) = (used.memory / MIB, limits.memory / MIB);
        Some(format!("its programs had {used} MiB of memory, and {most} MiB are the most (--memory)"))
    } else if processes > limits.processes {
        let most = limits.processes;
        Some(format!("it had {processes} processes, and {most} are the most (--processes)"))
    } else if elapsed > limits.time {
        let most = limits.time.as_secs();
        Some(format!("it was not done after {most} s (--time)"))
    } else {
        None
    }
}

/// Kills a run, and waits until its guard has ended all that it started.
fn kill(child: &mut Child, used: &Usage) -> io::Result<()> {
    let guards: Vec<_> = used
        .children
        .iter()
        .filter_map(|guard| pidfd_open(Pid::from_raw(*guard)?, PidfdFlags::empty()).ok())
        .collect();
    child.kill()?;
    child.wait()?;
    let until = Instant::now() + PATIENCE;
    for guard in guards {
        wait(&guard, until.saturating_duration_since(Instant::now()))?;
    }
    Ok(())
}

/// Waits for the end of a process, and returns false if it did not come in time.
fn wait(process: &impl std::os::fd::AsFd, patience: Duration) -> io::Result<bool> {
    let patience = Timespec::try_from(patience).map_err(io::Error::other)?;
    match poll(&mut [PollFd::new(process, PollFlags::IN)], Some(&patience)) {
        Ok(ready) => Ok(ready > 0),
        Err(rustix::io::Errno::INTR) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// The files of one run.
struct Files {
    /// The folder of a submission, in which each scenario has a folder of logs.
    logs: PathBuf,
    /// The report for programs.
    report: PathBuf,
    /// All that it printed.
    text: PathBuf,
}

impl Files {
    /// Makes the folder of a submission, without the files of an earlier run. The number tells submissions apart whose
    /// names have no letters for a folder.
    fn new(out: &Path, number: usize, submission: &Submission, graded: &Graded) -> io::Result<Self> {
        let folder = format!("{}-{}", number + 1, folder_name(&submission.name));
        let logs = out.canonicalize()?.join("logs").join(folder);
        fs::create_dir_all(&logs)?;
        let name = folder_name(&graded.name);
        let (report, text) = (logs.join(format!("{name}.json")), logs.join(format!("{name}.txt")));
        for file in [&report, &text] {
            match fs::remove_file(file) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        Ok(Self { logs, report, text })
    }
}

/// The longest name of a folder, in bytes. Chosen: far below the limit of file systems.
const NAME_MAX: usize = 100;

/// Returns a name as that of a folder: without characters that could lead elsewhere.
fn folder_name(name: &str) -> String {
    let may_stand = |c: char| c.is_ascii_alphanumeric() || "_-.=".contains(c);
    name.chars().take(NAME_MAX).map(|c| if may_stand(c) { c } else { '-' }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_that_is_met_is_named_with_its_flag() {
        let limits = Limits { memory: 64 << 20, processes: 3, time: Duration::from_secs(9) };
        let met = |processes, memory, seconds| {
            broken_limit(
                limits,
                &Usage { processes, memory, children: Vec::new() },
                Duration::from_secs(seconds),
            )
        };
        assert_eq!(met(4, 64 << 20, 9), None);
        assert_eq!(
            met(4, 65 << 20, 9).as_deref(),
            Some("its programs had 65 MiB of memory, and 64 MiB are the most (--memory)")
        );
        assert_eq!(met(5, 0, 9).as_deref(), Some("it had 4 processes, and 3 are the most (--processes)"));
        assert_eq!(met(1, 0, 10).as_deref(), Some("it was not done after 9 s (--time)"));
    }

    #[test]
    fn a_name_leads_nowhere_else() {
        assert_eq!(folder_name("../a/b c"), "..-a-b-c");
        assert_eq!(folder_name(&"x".repeat(999)).len(), NAME_MAX);
    }
}
