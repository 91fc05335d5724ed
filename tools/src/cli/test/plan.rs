//! What was typed becomes what is run: checked as a whole before anything starts.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::Arguments;
use super::job::unrun;
use crate::cli::exit::Exit;
use crate::cli::load::{self, Loaded};
use crate::cli::seeds::Seeds;
use crate::report;
use crate::run::{Options, Verdict};
use crate::scenario::{Scenario, StepKind};
use crate::world::Ability;

/// What is run, in order.
pub(super) struct Plan {
    pub(super) scenarios: Vec<Scenario>,
    /// What does not apply in this world.
    pub(super) skipped: Vec<Scenario>,
    /// Options of every node, from the command line.
    pub(super) node_options: BTreeMap<String, String>,
    /// The seeds that each runs with, unless one is to be drawn.
    pub(super) seeds: Option<Seeds>,
}

impl Plan {
    /// Loads, checks and selects. What is wrong is told, and nothing is run.
    pub(super) fn new(arguments: &Arguments, err: &mut dyn Write) -> io::Result<Result<Self, Exit>> {
        let usage = |err: &mut dyn Write, message: &str| {
            writeln!(err, "error: {message}")?;
            Ok(Err(Exit::Usage))
        };
        let node_options = match arguments.program.node_options() {
            Ok(options) => options,
            Err(wrong) => return usage(err, &wrong),
        };
        let world = arguments.setting.world;
        if arguments.program.exec.is_some() && !world.can(Ability::Exec) {
            let wrong = format!(
                "--exec names a program, and in the world `{}` nodes are our own\n  = help: `--world process` \
                 runs any program",
                world.name
            );
            return usage(err, &wrong);
        }
        let is_path = |word: &&String| {
            let path = Path::new(word.as_str());
            path.exists()
                || word.contains('/')
                || path.extension().is_some_and(|extension| extension == "scn")
        };
        let (paths, names): (Vec<&String>, Vec<&String>) = arguments.select.iter().partition(is_path);
        let mut paths: Vec<PathBuf> = paths.into_iter().map(Into::into).collect();
        if paths.is_empty() {
            paths.push(load::DEFAULT.into());
        }
        let mut loaded = match load::load(&paths, &arguments.params.by_name()) {
            Ok(loaded) => loaded,
            Err(wrong) => return usage(err, &wrong.to_string()),
        };
        // What is not selected by name is not looked at, so that it cannot be in the way.
        loaded.retain(|file| {
            let in_path = |word: &&String| file.source.name().contains(word.as_str());
            names.is_empty() || names.iter().any(in_path) || file.scenarios.iter().any(&named_in(&names))
        });
        for file in &mut loaded {
            file.check(&arguments.setting.setting(&node_options));
            for diagnostic in &file.diagnostics {
                writeln!(err, "{diagnostic}")?;
            }
        }
        if loaded.iter().any(Loaded::is_wrong) {
            return Ok(Err(Exit::Usage));
        }
        let selected = |scenario: &Scenario| {
            let by_name = names.is_empty() || named_in(&names)(scenario);
            let tags = &scenario.headers.tags;
            by_name && (arguments.tag.is_empty() || arguments.tag.iter().any(|tag| tags.contains(tag)))
        };
        let selected: Vec<Scenario> =
            loaded.into_iter().flat_map(|file| file.scenarios).filter(selected).collect();
        if selected.is_empty() {
            return usage(err, "no scenario is selected\n  = help: `tools list` shows those that there are");
        }
        let (scenarios, skipped) = selected.into_iter().partition(|scenario| {
            let worlds = &scenario.headers.worlds;
            worlds.is_empty() || worlds.iter().any(|name| name == arguments.setting.world.name)
        });
        let seeds = arguments.seeds.or(arguments.seed.map(Seeds::from));
        let plan = Self { scenarios, skipped, node_options, seeds };
        match plan.refusal(arguments) {
            Some(wrong) => usage(err, &wrong),
            None => Ok(Ok(plan)),
        }
    }

    /// Why flags that do not go together are refused.
    fn refusal(&self, arguments: &Arguments) -> Option<String> {
        let world = arguments.setting.world;
        if arguments.keep.is_some() && world.virtual_time {
            return Some(format!(
                "--keep leaves nodes up to be explored, and in the world `{}` there are none once a run has \
                 ended\n  = help: `--trace FILE` writes all that happened; `--world process` has nodes that stay",
                world.name
            ));
        }
        #[cfg(feature = "mutants")]
        if arguments.mutant.is_some() && arguments.program.exec.is_some() {
            return Some("--mutant is for our own node, and --exec names another".to_owned());
        }
        arguments.trace.as_ref()?;
        if !world.virtual_time {
            return Some(format!(
                "--trace writes every event, and the world `{}` does not see them all\n  = help: add `--world sim`",
                world.name
            ));
        }
        let seeds = self.seeds.map_or(1, Seeds::count);
        let files: BTreeSet<&str> = self.scenarios.iter().map(|scenario| scenario.source.name()).collect();
        let files = files.len() as u64;
        if files == 1 && seeds == 1 {
            return None;
        }
        let count =
            |number: u64, noun: &str| format!("{number} {noun}{}", if number == 1 { "" } else { "s" });
        let mut wrong = format!(
            "--trace takes one scenario with one seed, and {} are selected: {} with {}{}",
            count((self.scenarios.len() as u64).saturating_mul(seeds), "run"),
            count(files, "file"),
            count(seeds, "seed"),
            if files == 1 { "" } else { " each" },
        );
        if let Some(first) = self.scenarios.first() {
            let options = Options {
                seed: self.seeds.map_or(1, Seeds::first),
                timeout_factor: arguments.timeout_factor,
                node_options: self.node_options.clone(),
                ..Options::default()
            };
            let report = unrun(first, world.name, &options, Verdict::Interrupted);
            // Writing to a string does not fail.
            let _ = write!(
                wrong,
                "\n  = help: name one file and give one seed: {} --trace FILE",
                report::again(&report)
            );
        }
        Some(wrong)
    }

    /// The most nodes that so many scenarios side by side have together.
    pub(super) fn nodes_at_once(&self, jobs: usize) -> usize {
        let mut sizes: Vec<usize> = self.scenarios.iter().map(|scenario| nodes(&scenario.steps)).collect();
        sizes.sort_unstable_by(|one, other| other.cmp(one));
        let Some(largest) = sizes.first() else { return 0 };
        // With many seeds the largest may run beside itself.
        match self.seeds {
            Some(seeds) if seeds.count() > 1 => largest * jobs,
            _ => sizes.into_iter().take(jobs).sum(),
        }
    }
}

/// Whether a scenario's name holds one of these words.
fn named_in(words: &[&String]) -> impl Fn(&Scenario) -> bool {
    move |scenario| words.iter().any(|word| scenario.name.contains(word.as_str()))
}

/// The most nodes that steps can start; names that come again are counted again.
fn nodes(steps: &[crate::scenario::Step]) -> usize {
    steps
        .iter()
        .map(|step| match &step.kind {
            StepKind::Network(graph) => graph.nodes().len(),
            StepKind::Together(block)
            | StepKind::Do(block)
            | StepKind::Measure { block, .. }
            | StepKind::Repeat { block, .. }
            | StepKind::Each { block, .. } => nodes(block),
            _ => 0,
        })
        .sum()
}
