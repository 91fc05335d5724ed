//! The page of a run in virtual time, in which the person holds time: `tools ui SCENARIO --world sim`.
//!
//! A thread runs the scenario, and blocks before each event for as long as the person wants. To go *back* is to
//! run again from the seed, with the steps that were added, each before the event at which it was added.

mod added;
mod command;
mod control;
mod course;
mod engine;
mod holder;
mod lines;
mod routes;
mod saved;
mod saved_file;

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::sync::Notify;

use super::arguments::Arguments;
use super::{address, server};
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::load::{self, Loaded};
use crate::cli::random;
use crate::cli::test::unrun;
use crate::page::{LiveConfig, live_html};
use crate::report;
use crate::run::{Options, Report, Verdict};
use crate::scenario::{Scenario, Setting, Step};
use crate::world::SIM;
use control::Control;
use engine::Engine;
use lines::Lines;
use routes::Held;
use saved_file::SavedFile;

/// The most time that browsers have to hear of the end. Chosen: one that reads does so at once.
const FAREWELL: Duration = Duration::from_secs(1);

/// Serves the page of a scenario in virtual time until the person ends it.
pub(super) fn run(
    arguments: &Arguments,
    path: &Path,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<Exit, Failure> {
    let (scenario, name) = one_scenario(arguments, path, err)?;
    let seed = match arguments.seed {
        Some(seed) => seed,
        None => random::seed()?,
    };
    let options = Options { seed, flags: arguments.flags(), ..Options::default() };
    let settings = unrun(&scenario, SIM.name, &options, Verdict::Interrupted);
    let again = report::again(&settings);
    let listener = address::bind(arguments.port.unwrap_or(0))?;
    let token = address::token()?;
    let address = address::address(listener.local_addr()?.port(), &token);
    let config = LiveConfig {
        events: format!("/events?token={token}"),
        steps: format!("/do?token={token}"),
        time: Some(format!("/time?token={token}")),
    };
    let html = live_html(&config)?;
    let held = Held { control: Arc::new(Control::default()), lines: Arc::new(Lines::default()) };
    let file = SavedFile::new(arguments.logs.clone(), name, with_includes(settings, &scenario));
    let engine = Engine {
        scenario,
        again: again.clone(),
        seed,
        file,
        control: Arc::clone(&held.control),
        lines: Arc::clone(&held.lines),
    };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let running = thread::Builder::new().name("run".to_owned()).spawn(move || engine.run())?;
    let control = Arc::clone(&held.control);
    let served = runtime.block_on(async {
        listener.set_nonblocking(true)?;
        let listener = TcpListener::from_std(listener)?;
        writeln!(out, "{again}")?;
        write!(out, "{}", address::announce(&address, &arguments.logs))?;
        out.flush()?;
        let (wanted, end) = (Arc::new(Notify::new()), Arc::clone(&control));
        let ending = Arc::clone(&wanted);
        let ends = async move {
            ending.notified().await;
            end.quit();
        };
        tokio::select! {
            served = server::serve(listener, token, html, routes::routes(held), ends) => served,
            ended = interrupted(&wanted) => ended,
        }
    });
    control.quit();
    // A run that panicked has said so.
    let Ok(saved) = running.join() else {
        return Err(Failure::environment("the thread of the run panicked: please report this"));
    };
    if let Some(command) = saved {
        writeln!(out, "the run as a scenario: {command}")?;
    }
    served?;
    Ok(Exit::Interrupted)
}

/// Waits until the person at the terminal, or the system, wants an end, and then for as long as browsers may take to
/// hear of it.
async fn interrupted(wanted: &Notify) -> std::io::Result<()> {
    let told = Notify::new();
    let listening = crate::world::live::interrupts(|| {
        wanted.notify_one();
        told.notify_one();
    });
    tokio::select! {
        listening = listening => listening,
        () = async {
            told.notified().await;
            tokio::time::sleep(FAREWELL).await;
        } => Ok(()),
    }
}

/// Returns the scenario of a file, and its name. An error has been told, or is told by the failure.
fn one_scenario(
    arguments: &Arguments,
    path: &Path,
    err: &mut dyn Write,
) -> Result<(Scenario, String), Failure> {
    if path.is_dir() {
        return Err(
            Failure::usage(format!("`{}` is a folder", path.display())).help("name one scenario file")
        );
    }
    let mut loaded =
        load::load(&[path.to_owned()], &arguments.params.by_name(), &arguments.includes.folders)?;
    let Some(file) = loaded.first_mut() else { return Err(Failure::usage("there is no scenario")) };
    let options = std::collections::BTreeMap::new();
    let setting = Setting { options: &options, ..Setting::of(&SIM) };
    file.check(&setting, |_, _| {});
    for diagnostic in &file.diagnostics {
        writeln!(err, "{diagnostic}")?;
    }
    if file.is_wrong() {
        return Err(Failure::printed(Exit::Usage));
    }
    let worlds = &file.headers.worlds;
    if !worlds.is_empty() && !worlds.iter().any(|world| world == SIM.name) {
        let message =
            format!("`{}` is for the worlds {}, and not for `sim`", path.display(), worlds.join(", "));
        return Err(Failure::usage(message).help("time can be held in `sim` alone"));
    }
    if file.len() > 1 {
        let message = format!(
            "`{}` has {} scenarios, one for each combination of its parameters",
            path.display(),
            file.len()
        );
        return Err(Failure::usage(message).help(format!("choose one: {}", params_of(file))));
    }
    let scenario = file.scenario(0).ok_or_else(|| Failure::usage("there is no scenario"))?;
    Ok((scenario, crate::scenario::name(&file.source)))
}

/// Returns the flags that choose the first combination of the parameters of a file.
fn params_of(file: &Loaded) -> String {
    let params = file.scenario(0).map(|scenario| scenario.params).unwrap_or_default();
    let flags = params.iter().map(|(name, value)| format!("--param \"{name}={value}\""));
    flags.collect::<Vec<_>>().join(" ")
}

/// Returns the settings of a run whose scenario lies elsewhere: the files that it includes lie where they did.
fn with_includes(mut settings: Report, scenario: &Scenario) -> Report {
    let file = Path::new(scenario.source.name());
    let folder = file.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if has_included(&scenario.steps, scenario) {
        settings.flags.push(("include-dir".to_owned(), folder.display().to_string()));
    }
    settings
}

/// Returns true if some of these steps, or of those in their blocks, come from another file than the scenario's.
fn has_included(steps: &[Step], scenario: &Scenario) -> bool {
    steps.iter().any(|step| {
        step.at.source != scenario.source
            || step.kind.block().is_some_and(|block| has_included(block, scenario))
    })
}
