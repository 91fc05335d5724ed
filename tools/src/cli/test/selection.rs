//! The selected scenarios, with the findings of their check.

use std::io::{self, Write};
#[cfg(test)]
use std::path::PathBuf;
use std::sync::Arc;

use crate::cli::load::Loaded;
use crate::cli::setting::ProgramArguments;
use crate::scenario::{self, Scenario, Setting, StepKind};

/// A selected scenario: its file and the index of its combination. It is read only when it runs, so that not
/// all scenarios are in memory at once.
#[derive(Debug, Clone)]
pub(super) struct Selected {
    pub(super) file: Arc<Loaded>,
    index: usize,
    /// The name of the scenario, with its parameters.
    pub(super) name: String,
    /// The findings of its check.
    pub(super) facts: Facts,
}

/// The findings of a check about a scenario.
#[derive(Debug, Clone, Default)]
pub(super) struct Facts {
    /// The most nodes that the scenario has at once.
    pub(super) nodes: usize,
    /// The first ability that nodes of the command line lack for the scenario.
    misfit: Option<String>,
}

impl Selected {
    /// Reads the scenario. Its check found no error, and its included files are in memory.
    pub(super) fn scenario(&self) -> Option<Scenario> {
        self.file.scenario(self.index)
    }

    /// Returns the reason why the scenario is skipped in a world with the nodes of the command line, or
    /// `None`.
    fn unsuitable(&self, world: &str, program: &ProgramArguments) -> Option<String> {
        if !self.applies(world) {
            return Some(format!("it is for the worlds {}", self.file.headers.worlds.join(", ")));
        }
        let misfit = self.facts.misfit.as_ref()?;
        Some(format!("it does not fit {}: {misfit}", program.kind()))
    }

    /// Returns true if the scenario is for a world, perhaps among others.
    pub(super) fn applies(&self, world: &str) -> bool {
        let worlds = &self.file.headers.worlds;
        worlds.is_empty() || worlds.iter().any(|name| name == world)
    }
}

/// Checks files and prints their diagnostics. Returns the facts about each of their scenarios.
pub(super) fn check_files(
    files: &mut [Loaded],
    setting: &Setting<'_>,
    err: &mut dyn Write,
) -> io::Result<Vec<Vec<Facts>>> {
    let mut found = Vec::with_capacity(files.len());
    for file in files {
        let mut facts = Vec::new();
        file.check(setting, |scenario, misfit| {
            let misfit = misfit.map(|misfit| {
                let line = misfit.source.place(misfit.span).line;
                format!("{}:{line}: {}", misfit.source.name(), misfit.message)
            });
            facts.push(Facts { nodes: nodes(&scenario.steps), misfit });
        });
        for diagnostic in &file.diagnostics {
            writeln!(err, "{diagnostic}")?;
        }
        found.push(facts);
    }
    Ok(found)
}

/// Selects all scenarios of a file.
pub(super) fn select(file: Loaded, facts: Vec<Facts>) -> Vec<Selected> {
    let file = Arc::new(file);
    let select = |(index, facts)| Selected { file: Arc::clone(&file), index, name: file.name(index), facts };
    facts.into_iter().enumerate().map(select).collect()
}

/// Divides scenarios into those that run, and those that are skipped with the reason.
pub(super) fn divide(
    selected: Vec<Selected>,
    world: &str,
    program: &ProgramArguments,
) -> (Vec<Selected>, Vec<(Selected, String)>) {
    let (mut scenarios, mut skipped) = (Vec::new(), Vec::new());
    for selected in selected {
        match selected.unsuitable(world, program) {
            Some(reason) => skipped.push((selected, reason)),
            None => scenarios.push(selected),
        }
    }
    (scenarios, skipped)
}

/// Returns the most nodes that steps can start. A name that comes again is counted again.
fn nodes(steps: &[scenario::Step]) -> usize {
    steps
        .iter()
        .map(|step| match &step.kind {
            StepKind::Network(graph) => graph.nodes().len(),
            StepKind::Together(block)
            | StepKind::Do(block)
            | StepKind::Measure { block, .. }
            | StepKind::Workload { block, .. }
            | StepKind::Repeat { block, .. }
            | StepKind::Each { block, .. } => nodes(block),
            _ => 0,
        })
        .sum()
}

/// Returns all scenarios at these paths, which must have no errors.
#[cfg(test)]
pub(super) fn all(paths: &[PathBuf]) -> Vec<Selected> {
    let loaded = crate::cli::load::load(paths, &std::collections::BTreeMap::new(), &[]).unwrap();
    loaded.into_iter().flat_map(|file| select(file, vec![Facts::default()])).collect()
}
