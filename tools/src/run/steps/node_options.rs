//! The step `node`: options of nodes, which take effect at their start.

use crate::run::context::RunContext;
use crate::run::environment::{Environment, NodeRule, ValueError};
use crate::run::results::StepFailure;
use crate::scenario::{At, NodeOption, Who, duration, shift_ms};
use crate::world::{Attachment, NodeSpec};

impl RunContext {
    /// Stores options for the nodes that they name; they take effect at the start of those nodes.
    pub(in crate::run) fn node_options(
        &self,
        at: &At,
        who: &Who,
        options: &[NodeOption],
        environment: &Environment,
    ) -> Result<(), StepFailure> {
        let options = options
            .iter()
            .map(|option| Ok((option.name.clone(), environment.word(&option.value, &self.executor.state())?)))
            .collect::<Result<_, ValueError>>()
            .map_err(|message| self.fail(at, message))?;
        let rule = NodeRule { who: who.pick.clone(), options, environment: environment.clone() };
        self.rules.borrow_mut().push(rule);
        Ok(())
    }
}

/// Sets one option of a node.
pub(in crate::run) fn set_option(spec: &mut NodeSpec, name: &str, value: &str) -> Result<(), String> {
    match name {
        "driver" => value.clone_into(&mut spec.driver),
        "at" => spec.at = Some(value.parse::<Attachment>().map_err(|error| error.to_string())?),
        "exec" => spec.exec = Some(value.to_owned()),
        "workload" => spec.workload = Some(value.to_owned()),
        "lines" => spec.many_lines = value == "many",
        "adapter" => spec.adapter = Some(value.to_owned()),
        "ready" => spec.ready = Some(value.to_owned()),
        "ask" => spec.ask = Some(duration(value)?),
        "values" => spec.values = Some(value.to_owned()),
        "policy" => spec.policy = Some(value.to_owned()),
        "data" => spec.disk = value == "disk",
        "clock" => spec.clock_ms = shift_ms(value)?,
        "args" => {
            spec.args = shlex::split(value)
                .ok_or_else(|| format!("`args={value}` has a quote that is not closed"))?;
        }
        _ => return Err(format!("the option `{name}` is not known here")),
    }
    Ok(())
}
