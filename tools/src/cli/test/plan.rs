//! The plan of `tools test`, made from the arguments and checked as a whole before anything starts.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::arguments::Arguments;
use super::selection::{Selected, check_files, divide, select};
use super::unrun::unrun;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::load::{self, Loaded};
use crate::cli::seeds::Seeds;
use crate::cli::setting::SettingArguments;
use crate::cli::tags;
use crate::report;
use crate::run::{Options, Verdict};
use crate::scenario;
use crate::text::nearest;

/// The scenarios to run, in order.
pub(super) struct Plan {
    pub(super) scenarios: Vec<Selected>,
    /// The scenarios that are not for this world or do not fit the nodes, each with the reason.
    pub(super) skipped: Vec<(Selected, String)>,
    /// The words that select scenarios of which none runs, each with the reason and the remedy.
    pub(super) passed_over: Vec<String>,
    /// Options of every node, from the command line.
    pub(super) node_options: BTreeMap<String, String>,
    /// The seeds of each scenario; `None` if one seed is to be drawn.
    pub(super) seeds: Option<Seeds>,
}

/// The tag of scenarios that need programs which few machines have. They are run if they are asked for.
const OPTIONAL: &str = "optional";

fn is_optional(file: &Loaded) -> bool {
    file.headers.tags.iter().any(|tag| tag == OPTIONAL)
}

/// Returns true if a path names a file, or the folder in which it lies.
fn is_asked_for(file: &Loaded, paths: &[PathBuf]) -> bool {
    let own = Path::new(file.source.name());
    paths.iter().any(|path| path == own || Some(path.as_path()) == own.parent())
}

/// Says that optional scenarios are not run.
fn print_left_out(count: usize, err: &mut dyn Write) -> Result<(), Failure> {
    if count > 0 {
        let scenarios =
            if count == 1 { "1 optional scenario is" } else { &format!("{count} optional scenarios are") };
        writeln!(err, "note: {scenarios} left out: name the folder, or a tag with --tag, to run them")?;
    }
    Ok(())
}

impl Plan {
    /// Loads, checks and selects scenarios, and prints their diagnostics to `err`. With an error, nothing
    /// runs.
    pub(super) fn new(arguments: &Arguments, err: &mut dyn Write) -> Result<Self, Failure> {
        let node_options = arguments.program.node_options()?;
        let world = arguments.setting.world;
        arguments.program.fits_world(world)?;
        let (paths, names): (Vec<&String>, Vec<&String>) =
            arguments.select.iter().partition(|word| is_path(word));
        let mut paths: Vec<PathBuf> = paths.into_iter().map(Into::into).collect();
        if paths.is_empty() {
            paths.push(load::DEFAULT.into());
        }
        let mut loaded = load::load(&paths, &arguments.params.by_name(), &arguments.includes.folders)?;
        names.iter().try_for_each(|word| check_name(word, &loaded))?;
        // Files not selected by name or tag are not checked, so that their errors do not stop the others.
        loaded.retain(|file| names.is_empty() || names.iter().any(|word| is_named(file, word)));
        if arguments.tag.is_empty() && names.is_empty() {
            let all = loaded.len();
            loaded.retain(|file| !is_optional(file) || is_asked_for(file, &paths));
            print_left_out(all - loaded.len(), err)?;
        }
        // A file whose headers are wrong may have any tag.
        if !loaded.iter().any(Loaded::is_wrong) {
            tags::check(&arguments.tag, loaded.iter().map(|file| &file.headers))?;
        }
        loaded.retain(|file| file.is_wrong() || tags::fits(&arguments.tag, &file.headers));
        let setting = arguments.setting.setting(&node_options);
        let facts = check_files(&mut loaded, &setting, err)?;
        if loaded.iter().any(Loaded::is_wrong) {
            return Err(Failure::printed(Exit::Usage));
        }
        arguments.program.are_used(|option| loaded.iter().any(|file| file.uses(option)))?;
        let files = loaded.into_iter().zip(facts);
        let selected: Vec<Selected> = files.flat_map(|(file, facts)| select(file, facts)).collect();
        if selected.is_empty() {
            let failure = Failure::usage("no scenario is selected");
            return Err(failure.help("`tools list` shows those that there are"));
        }
        let (scenarios, skipped) = divide(selected, world.name, &arguments.program);
        if scenarios.is_empty() {
            print_misfits(&skipped, world.name, err)?;
        }
        let seeds = arguments.seeds.or(arguments.seed.map(Seeds::from));
        let passed_over = passed_over(&arguments.select, &scenarios, &skipped, &arguments.setting);
        let plan = Self { scenarios, skipped, passed_over, node_options, seeds };
        Self::check_keep(arguments)?;
        Self::check_attempts(arguments)?;
        plan.check_trace(arguments)?;
        plan.check_redraws(arguments)?;
        Ok(plan)
    }

    /// Checks the flags that leave a network up or change the nodes.
    fn check_keep(arguments: &Arguments) -> Result<(), Failure> {
        let world = arguments.setting.world;
        if arguments.keep.is_some() && world.virtual_time {
            let message = format!(
                "--keep leaves nodes up to be explored, and in the world `{}` there are none once a run has \
                 ended",
                world.name
            );
            return Err(Failure::usage(message)
                .help("`--trace FILE` writes all that happened; `--world process` has nodes that stay"));
        }
        #[cfg(feature = "mutants")]
        if arguments.mutant.is_some() && arguments.program.exec.is_some() {
            return Err(Failure::usage("--mutant is for our own node, and --exec names another"));
        }
        Ok(())
    }

    /// Checks that what is drawn anew along a run is drawn from a run that a seed brings back.
    fn check_redraws(&self, arguments: &Arguments) -> Result<(), Failure> {
        let flags = [
            ("--reseed-at", !arguments.reseed_at.is_empty()),
            ("--when-lost", arguments.when_lost.is_some()),
        ];
        let Some((flag, _)) = flags.into_iter().find(|(_, given)| *given) else { return Ok(()) };
        let world = arguments.setting.world;
        if !world.virtual_time {
            let message = format!(
                "{flag} runs the beginning of a run again, and in the world `{}` no seed brings a run back",
                world.name
            );
            return Err(Failure::usage(message).help("add `--world sim`"));
        }
        let seeds = self.seeds.map_or(1, Seeds::count);
        if flag == "--when-lost" && seeds > 1 {
            let message =
                format!("--when-lost is about one run of each scenario, and {seeds} seeds are given");
            return Err(Failure::usage(message).help("give the seed of a run that failed: `--seed N`"));
        }
        Ok(())
    }

    /// Checks that further attempts may end in another way.
    fn check_attempts(arguments: &Arguments) -> Result<(), Failure> {
        let world = arguments.setting.world;
        let flag = match (arguments.repeat, arguments.retries) {
            (Some(_), _) => "--repeat",
            (_, Some(_)) => "--retries",
            _ => return Ok(()),
        };
        if !world.virtual_time {
            return Ok(());
        }
        let name = world.name;
        Err(Failure::usage(format!(
            "{flag} runs a scenario with the same seed again, and in the world `{name}` that gives the same run"
        ))
        .help("`--seeds 1..10` runs each scenario with ten seeds"))
    }

    /// Checks that a trace is of one scenario with one seed, in a world that sees every event.
    fn check_trace(&self, arguments: &Arguments) -> Result<(), Failure> {
        if arguments.trace.is_none() {
            return Ok(());
        }
        let world = arguments.setting.world;
        if !world.virtual_time {
            let name = world.name;
            return Err(Failure::usage(format!(
                "--trace writes every event, and the world `{name}` does not see them all"
            ))
            .help("add `--world sim`"));
        }
        let seeds = self.seeds.map_or(1, Seeds::count);
        let files: BTreeSet<&str> =
            self.scenarios.iter().map(|selected| selected.file.source.name()).collect();
        let files = files.len() as u64;
        if files == 1 && seeds == 1 {
            return Ok(());
        }
        let count =
            |number: u64, noun: &str| format!("{number} {noun}{}", if number == 1 { "" } else { "s" });
        let failure = Failure::usage(format!(
            "--trace takes one scenario with one seed, and {} are selected: {} with {}{}",
            count((self.scenarios.len() as u64).saturating_mul(seeds), "run"),
            count(files, "file"),
            count(seeds, "seed"),
            if files == 1 { "" } else { " each" },
        ));
        let Some(first) = self.scenarios.first().and_then(Selected::scenario) else { return Err(failure) };
        let options = Options {
            seed: self.seeds.map_or(1, Seeds::first),
            timeout_factor: arguments.timeout_factor,
            node_options: self.node_options.clone(),
            flags: arguments.flags(),
            ..Options::default()
        };
        let again = report::again(&unrun(&first, world.name, &options, Verdict::Interrupted));
        Err(failure.help(format!("name one file and give one seed: {again} --trace FILE")))
    }

    /// Returns the most nodes that `jobs` scenarios have together at one time.
    pub(super) fn nodes_at_once(&self, jobs: usize) -> usize {
        let mut sizes: Vec<usize> = self.scenarios.iter().map(|selected| selected.facts.nodes).collect();
        sizes.sort_unstable_by(|one, other| other.cmp(one));
        let Some(largest) = sizes.first() else { return 0 };
        // With many seeds, several runs of the largest scenario may overlap.
        match self.seeds {
            Some(seeds) if seeds.count() > 1 => largest * jobs,
            _ => sizes.into_iter().take(jobs).sum(),
        }
    }
}

/// Prints, once each, the abilities that nodes lack for skipped scenarios.
fn print_misfits(skipped: &[(Selected, String)], world: &str, err: &mut dyn Write) -> io::Result<()> {
    let unfit = skipped.iter().map(|(selected, _)| selected).filter(|selected| selected.applies(world));
    let files: BTreeMap<&str, &Loaded> =
        unfit.map(|selected| (selected.file.source.name(), &*selected.file)).collect();
    for misfit in files.values().flat_map(|file| &file.misfits) {
        writeln!(err, "{misfit}")?;
    }
    Ok(())
}

/// Returns true if the name of a file's scenarios contains a word. The parameters are not part of the name.
fn is_named(file: &Loaded, word: &str) -> bool {
    scenario::name(&file.source).contains(word)
}

/// Returns true if a word of the command line is a path, and not part of a name.
fn is_path(word: &str) -> bool {
    let path = Path::new(word);
    path.exists() || word.contains('/') || path.extension().is_some_and(|extension| extension == "scn")
}

/// Checks that a word selects a scenario.
fn check_name(word: &str, loaded: &[Loaded]) -> Result<(), Failure> {
    if loaded.iter().any(|file| is_named(file, word)) {
        return Ok(());
    }
    let names: Vec<String> = loaded.iter().map(|file| scenario::name(&file.source)).collect();
    let failure = Failure::usage(format!("no scenario is called `{word}`"));
    Err(match nearest(word, names.iter().map(String::as_str)) {
        Some(near) => failure.help(format!("did you mean `{near}`?")),
        None => {
            failure.help("`tools list` shows those that there are; `--param NAME=VALUE` chooses parameters")
        }
    })
}

/// Returns, for each word that is no folder and of whose scenarios none runs, a message with the reason and
/// the remedy. If nothing runs because no scenario fits the nodes, there is always such a message.
fn passed_over(
    select: &[String],
    scenarios: &[Selected],
    skipped: &[(Selected, String)],
    setting: &SettingArguments,
) -> Vec<String> {
    let world = setting.world.name;
    let is_meant = |word: &str, selected: &Selected| {
        Path::new(selected.file.source.name()) == Path::new(word) || is_named(&selected.file, word)
    };
    let named = select.iter().filter(|word| !Path::new(word.as_str()).is_dir());
    let idle = named.filter(|word| !scenarios.iter().any(|selected| is_meant(word, selected)));
    let named = idle.filter_map(|word| {
        let (first, reason) = skipped.iter().find(|(selected, _)| is_meant(word, selected))?;
        if first.applies(world) {
            return Some(format!("`{word}` was named, and nothing of it was run: {reason}\n  = help: {SHOWS_FITTING}"));
        }
        let meant = &first.file.headers.worlds;
        let remedy = meant.first().map_or("sim", String::as_str);
        Some(format!(
            "`{word}` was named, and nothing of it was run: it is for the worlds {}, and not for `{world}`\n  = \
             help: add `--world {remedy}`",
            meant.join(", ")
        ))
    });
    let mut passed_over: Vec<String> = named.collect();
    let misfit = skipped.iter().find(|(selected, _)| selected.applies(world));
    if let Some((_, reason)) = misfit.filter(|_| scenarios.is_empty() && passed_over.is_empty()) {
        passed_over
            .push(format!("nothing was run: of the first scenario, {reason}\n  = help: {SHOWS_FITTING}"));
    }
    passed_over
}

/// The remedy where scenarios do not fit the nodes.
const SHOWS_FITTING: &str = "`tools list --driver NAME` shows those that fit a driver";
