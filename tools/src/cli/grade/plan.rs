//! The plan of a grading: submissions, scenarios and points, checked before anything starts.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::{Path, PathBuf};

use super::arguments::Arguments;
use super::submission::{SUBMISSION, Submission, Templates};
use super::weights;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::load::{self, Loaded};
use crate::cli::setting::{driver_named, node_program};
use crate::cli::{random, tags};
use crate::driver;
use crate::scenario;

/// A scenario that each submission is run against.
#[derive(Debug, Clone)]
pub(super) struct Graded {
    /// The name, without its parameters.
    pub(super) name: String,
    /// The absolute path of its file.
    pub(super) file: PathBuf,
    /// The digest of its text: a result is of this text.
    pub(super) digest: String,
    /// The points that it gives.
    pub(super) points: f64,
}

/// The plan.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) submissions: Vec<Submission>,
    pub(super) scenarios: Vec<Graded>,
    pub(super) world: &'static str,
    pub(super) seed: u64,
    /// All that a result depends on beside submission and scenario, in words.
    pub(super) settings: String,
}

impl Plan {
    /// Finds the submissions and the scenarios, and reads the points. A scenario with a mistake ends the command.
    pub(super) fn new(arguments: &Arguments, err: &mut dyn Write) -> Result<Self, Failure> {
        let world = arguments.setting.world;
        if world.virtual_time {
            let message =
                format!("the world `{}` runs only the node of tools, and no submissions", world.name);
            return Err(Failure::usage(message).help("`--world netns` keeps programs off the network"));
        }
        let mut loaded = load::load(&arguments.scenarios, &BTreeMap::new(), &[])?;
        if !loaded.iter().any(Loaded::is_wrong) {
            tags::check(&arguments.tag, loaded.iter().map(|file| &file.headers))?;
        }
        loaded.retain(|file| file.is_wrong() || tags::fits(&arguments.tag, &file.headers));
        let (mut scenarios, mut elsewhere) = (Vec::new(), Vec::new());
        for file in &loaded {
            for diagnostic in &file.diagnostics {
                writeln!(err, "{diagnostic}")?;
            }
            let (name, worlds) = (scenario::name(&file.source), &file.headers.worlds);
            if worlds.is_empty() || worlds.iter().any(|other| other == world.name) {
                scenarios.push(graded(name, file)?);
            } else {
                elsewhere.push(name);
            }
        }
        if loaded.iter().any(Loaded::is_wrong) {
            return Err(Failure::printed(Exit::Usage));
        }
        if let Some(twice) = twice(&scenarios) {
            let failure = Failure::usage(format!("two scenarios are called `{twice}`"));
            return Err(
                failure.help("rename one, or grade them one after another, each with its own `--out`")
            );
        }
        if scenarios.is_empty() {
            let failure = Failure::usage(format!("no scenario is for the world `{}`", world.name));
            return Err(failure.help("`tools list` shows the worlds of each with --json"));
        }
        if !elsewhere.is_empty() {
            let names = elsewhere.join(", ");
            writeln!(err, "note: not for the world `{}`, and left out: {names}", world.name)?;
        }
        let names: Vec<String> = scenarios.iter().map(|graded| graded.name.clone()).collect();
        let points = weights::read(arguments.weights.as_deref(), &names)?;
        for (graded, points) in scenarios.iter_mut().zip(points) {
            graded.points = points;
        }
        let driver = arguments.driver.as_deref().map(driver).transpose()?;
        if let Some(exec) = &arguments.exec {
            node_program(&exec.replace(SUBMISSION, "submission"))?;
        }
        let templates = Templates { driver: driver.as_deref(), exec: arguments.exec.as_deref() };
        let submissions = Submission::find(&arguments.submissions, templates)?;
        let seed = arguments.seed.map_or_else(random::seed, Ok)?;
        let settings = settings(arguments);
        Ok(Self { submissions, scenarios, world: world.name, seed, settings })
    }

    /// Returns the number of all results.
    pub(super) fn len(&self) -> usize {
        self.submissions.len() * self.scenarios.len()
    }
}

/// Returns the driver of all submissions, which are started in folders of their own: a path is made absolute. One that
/// is the same for all is read, so that a mistake in it is told before anything starts.
fn driver(named: &str) -> Result<String, Failure> {
    if named.contains(SUBMISSION) {
        return Ok(named.to_owned());
    }
    driver_named(named)?;
    let path = Path::new(named);
    if !named.ends_with(driver::EXTENSION) || path.is_absolute() {
        return Ok(named.to_owned());
    }
    Ok(std::env::current_dir()?.join(path).to_string_lossy().into_owned())
}

/// Returns the name that two scenarios have, if there is one.
fn twice(scenarios: &[Graded]) -> Option<&str> {
    let mut seen = BTreeSet::new();
    scenarios.iter().map(|graded| graded.name.as_str()).find(|name| !seen.insert(*name))
}

fn graded(name: String, file: &Loaded) -> Result<Graded, Failure> {
    let path = PathBuf::from(file.source.name()).canonicalize()?;
    let digest = blake3::hash(file.source.text().as_bytes()).to_hex().to_string();
    Ok(Graded { name, file: path, digest, points: 0.0 })
}

/// Returns all that a result depends on beside submission and scenario.
fn settings(arguments: &Arguments) -> String {
    let or_none = |text: &Option<String>| text.clone().unwrap_or_else(|| "none".to_owned());
    format!(
        "world {}, driver {}, exec {}, memory {}, processes {}, time {:?}, log-limit {}, retries {}",
        arguments.setting.world.name,
        or_none(&arguments.driver),
        or_none(&arguments.exec),
        arguments.memory,
        arguments.processes,
        arguments.time,
        arguments.log_limit.bytes,
        arguments.retries.unwrap_or(0),
    )
}
