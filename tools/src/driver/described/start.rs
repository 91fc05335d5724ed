//! The command line of one start of a node, with the files and the programs that belong to it.

use super::plan::{FilePlan, Plan, ReadyPlan, StepPlan};
use super::scope::{self, Values};
use super::template::{CommandWords, Filling as _, Template, When};
use crate::driver::{CommandLine, CommandLineError, Member, NodeFile, Place, Ready, Secrets, Setup};
use crate::world::{NodeIndex, NodeSpec};

/// Returns the command line that starts a node.
pub(super) fn command_line(
    plan: &Plan,
    install: &'static str,
    spec: &NodeSpec,
    place: &Place,
    members: &[Member],
) -> Result<CommandLine, CommandLineError> {
    let data = place.data.to_string_lossy();
    let own = members.iter().find(|member| member.name == spec.name).map_or(NodeIndex(0), |own| own.node);
    let values = Values {
        node: scope::member(&spec.name, own, place, &plan.ports),
        folder: &plan.folder,
        data: &data,
        arguments: &[],
        peer: None,
        nodes: members
            .iter()
            .map(|member| {
                let values = scope::member(&member.name, member.node, &member.place, &plan.ports);
                (values, member.tie)
            })
            .collect(),
        is_first_start: spec.is_first_start,
        is_typed: true,
    };
    let start = &plan.start;
    let uses_data = start.uses_data();
    let filling = Start { values: &values, spec };
    let environment = start.environment.iter();
    let environment = environment.map(|(name, value)| Ok((name.clone(), filling.text(value)?)));
    let environment = environment.collect::<Result<_, CommandLineError>>()?;
    let files = start
        .files
        .iter()
        .map(|file| Ok(NodeFile { name: file.name.clone(), content: filling.text(&file.content)? }));
    let setup = Setup {
        folder: start.folder.as_ref().map(|folder| filling.text(folder)).transpose()?.map(Into::into),
        files: files.collect::<Result<_, CommandLineError>>()?,
        before: filling.steps(&start.before)?,
        after: filling.steps(&start.after)?,
        secrets: Secrets::of(&plan.variables),
        adapter: plan.adapter.as_ref().map(|words| filling.words(words)).transpose()?.unwrap_or_default(),
    };
    let ready = filling.ready(&start.ready)?;
    let healthy = start.healthy.as_ref().map(|sign| filling.ready(sign)).transpose()?;
    if let Some(program) = missing_program(&setup, std::iter::once(&ready).chain(&healthy)) {
        return Err(CommandLineError::NoClient { program, install });
    }
    let asked = plan.asked;
    if let Some(exec) = &spec.exec {
        let line = crate::driver::fill_in(exec, spec, place, ready)?;
        let uses_data = uses_data || line.uses_data;
        return Ok(CommandLine { environment, uses_data, healthy, asked, setup, ..line });
    }
    // A request that lacks a value would fail each time.
    if let Some(name) = plan.variables.iter().find(|name| values.text(name).is_none()) {
        return Err(CommandLineError::NoValue { name: name.clone() });
    }
    let text = || start.command.clone();
    if spec.disk_full {
        return Err(CommandLineError::Disk { exec: text() });
    }
    if spec.disk && !uses_data {
        return Err(CommandLineError::NoDataFolder { exec: text() });
    }
    let mut words = filling.words(&start.words)?.into_iter();
    let program = words.next().ok_or(CommandLineError::NoProgram)?;
    let arguments = words.chain(spec.args.iter().cloned()).collect();
    let line = CommandLine::new(program, arguments, uses_data, ready);
    Ok(CommandLine { environment, healthy, asked, setup, ..line })
}

/// Returns the signs of a node that runs already, and what requests to it need: files, and the adapter that stays.
pub(super) fn attachment(
    plan: &Plan,
    install: &'static str,
    node: NodeIndex,
    spec: &NodeSpec,
    place: &Place,
) -> Result<CommandLine, CommandLineError> {
    let data = place.data.to_string_lossy();
    let values = Values {
        node: scope::member(&spec.name, node, place, &plan.ports),
        folder: &plan.folder,
        data: &data,
        arguments: &[],
        peer: None,
        nodes: Vec::new(),
        is_first_start: false,
        is_typed: true,
    };
    if let Some(name) = plan.variables.iter().find(|name| plan.asks_by(name) && values.text(name).is_none()) {
        return Err(CommandLineError::NoValue { name: name.clone() });
    }
    let (start, filling) = (&plan.start, Start { values: &values, spec });
    // An adapter may lie in the folder of the data that the node would have, were it started here.
    let uses_data = plan.asks_by("data");
    // A file that lacks a value is for the program itself.
    let file = |file: &FilePlan| {
        Some(NodeFile { name: file.name.clone(), content: filling.text(&file.content).ok()? })
    };
    let setup = Setup {
        files: start.files.iter().filter(|_| uses_data).filter_map(file).collect(),
        secrets: Secrets::of(&plan.variables),
        adapter: plan.adapter.as_ref().map(|words| filling.words(words)).transpose()?.unwrap_or_default(),
        ..Setup::default()
    };
    let ready = filling.ready(&start.ready)?.without_log();
    let healthy = start.healthy.as_ref().map(|sign| filling.ready(sign)).transpose()?;
    if let Some(program) = missing_program(&setup, std::iter::once(&ready).chain(&healthy)) {
        return Err(CommandLineError::NoClient { program, install });
    }
    Ok(CommandLine { uses_data, healthy, asked: plan.asked, setup, ..CommandLine::of_attached(ready) })
}

/// Returns the first program beside the node that is not there.
fn missing_program<'a>(setup: &Setup, signs: impl Iterator<Item = &'a Ready>) -> Option<String> {
    let asking = signs.filter_map(|sign| if let Ready::Exec(words) = sign { words.first() } else { None });
    let lines = setup.before.iter().chain(&setup.after).map(Vec::as_slice);
    let programs = lines.chain([setup.adapter.as_slice()]).filter_map(<[String]>::first).chain(asking);
    programs.into_iter().find(|program| !is_program(program)).cloned()
}

/// Returns true if a program's name may stand for a file. One with a path may be written by a step before it runs.
fn is_program(name: &str) -> bool {
    if name.contains('/') {
        return true;
    }
    let folders = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&folders).any(|folder| folder.join(name).is_file())
}

/// The start of a node, with the values that are filled in.
struct Start<'a> {
    values: &'a Values<'a>,
    spec: &'a NodeSpec,
}

impl Start<'_> {
    fn text(&self, text: &Template) -> Result<String, CommandLineError> {
        text.fill(None, self.values).map_err(|name| CommandLineError::NoValue { name })
    }

    fn ready(&self, ready: &ReadyPlan) -> Result<Ready, CommandLineError> {
        Ok(match ready {
            ReadyPlan::Port => Ready::Port,
            ReadyPlan::Log(pattern) => Ready::Log(pattern.clone()),
            ReadyPlan::Page { path, body } => Ready::Page { path: path.clone(), body: body.clone() },
            ReadyPlan::Exec(words) => Ready::Exec(self.words(words)?),
        })
    }

    fn words(&self, words: &CommandWords) -> Result<Vec<String>, CommandLineError> {
        words.fill(self.values).map_err(|name| CommandLineError::NoValue { name })
    }

    /// Returns the words of the steps that this start has: none but for the first one.
    fn steps(&self, steps: &[StepPlan]) -> Result<Vec<Vec<String>>, CommandLineError> {
        let steps = steps
            .iter()
            .filter(|step| self.spec.is_first_start && (!step.is_for_first || self.values.is(When::First)));
        steps.map(|step| self.words(&step.words)).collect()
    }
}
