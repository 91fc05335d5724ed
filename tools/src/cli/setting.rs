//! What several commands are told in the same words: where scenarios run, and with which parameters.

use std::collections::BTreeMap;

use clap::Args;

use crate::scenario::Setting;
use crate::text::nearest;
use crate::{driver, world};

/// Where scenarios run
#[derive(Debug, Clone, Args)]
pub struct SettingArguments {
    /// Where nodes live
    #[arg(long, value_name = "NAME", default_value = "process", value_parser = world_named)]
    pub world: &'static world::Declaration,
}

impl SettingArguments {
    /// What scenarios are checked against, where no network is up yet and every node has these options.
    #[must_use]
    pub fn setting<'a>(&self, options: &'a BTreeMap<String, String>) -> Setting<'a> {
        Setting { options, ..Setting::of(self.world) }
    }
}

/// What nodes are
#[derive(Debug, Clone, Default, Args)]
pub struct ProgramArguments {
    /// How nodes are spoken to, whatever a scenario says: native, byc, maelstrom, ask
    #[arg(long, value_name = "NAME", value_parser = driver_named)]
    pub driver: Option<&'static driver::Declaration>,

    /// Run this program instead of the node inside; {name}, {host}, {port} and {data} are filled in
    #[arg(long, value_name = "PROGRAM ARGS", value_parser = program)]
    pub exec: Option<String>,

    /// Who wins among versions of a key
    #[arg(long, value_name = "last|oldest")]
    pub policy: Option<String>,

    /// What nodes of the driver `maelstrom` are for, such as broadcast
    #[arg(long, value_name = "NAME")]
    pub workload: Option<String>,

    /// The program that asks nodes of the driver `ask`
    #[arg(long, value_name = "PROGRAM ARGS", value_parser = program)]
    pub adapter: Option<String>,

    /// How a node of the driver `ask` is known to be ready: port, log:REGEX, or a URL path such as /health
    #[arg(long, value_name = "HOW")]
    pub ready: Option<String>,
}

impl ProgramArguments {
    /// As options of every node. The error is for a person.
    pub fn node_options(&self) -> Result<BTreeMap<String, String>, String> {
        let given = self.given().into_iter().filter_map(|(name, value)| Some((name, value?)));
        let options = given.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        if let Some(workload) = &self.workload
            && !driver::WORKLOADS.contains(&workload.as_str())
        {
            let near = nearest(workload, driver::WORKLOADS.iter().copied());
            return Err(unknown("workload", workload, near, &driver::WORKLOADS.join(", ")));
        }
        if let Some(ready) = &self.ready {
            driver::ready(ready)?;
        }
        if let Some(policy) = &self.policy {
            let driver = self.driver.unwrap_or(&driver::NATIVE);
            if !driver.policies.contains(&policy.as_str()) {
                let near = nearest(policy, driver.policies.iter().copied());
                return Err(unknown("policy", policy, near, &driver.policies.join(", ")));
            }
        }
        Ok(options)
    }

    /// Each option of nodes that has a flag of its name, and what was given for it.
    #[must_use]
    pub fn given(&self) -> [(&'static str, Option<&str>); 6] {
        [
            ("driver", self.driver.map(|driver| driver.name)),
            ("exec", self.exec.as_deref()),
            ("policy", self.policy.as_deref()),
            ("workload", self.workload.as_deref()),
            ("adapter", self.adapter.as_deref()),
            ("ready", self.ready.as_deref()),
        ]
    }
}

fn program(text: &str) -> Result<String, String> {
    match shlex::split(text) {
        Some(words) if !words.is_empty() => Ok(text.to_owned()),
        Some(_) => {
            Err("a program and its arguments are expected, as in \"node ./server.js {port}\"".to_owned())
        }
        None => Err("a quote is not closed".to_owned()),
    }
}

/// Parameters of scenarios
#[derive(Debug, Clone, Default, Args)]
pub struct ParamArguments {
    /// Give a parameter this value instead of all that the scenario names; may come several times
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = param)]
    pub params: Vec<(String, String)>,
}

impl ParamArguments {
    /// By name; of one that is given twice, the last.
    #[must_use]
    pub fn by_name(&self) -> BTreeMap<String, String> {
        self.params.iter().cloned().collect()
    }
}

/// The world of that name. The error is for a person.
pub fn world_named(name: &str) -> Result<&'static world::Declaration, String> {
    let here = || world::HERE.iter().map(|world| world.name);
    if let Some(world) = world::HERE.iter().find(|world| world.name == name) {
        return Ok(world);
    }
    let worlds = here().collect::<Vec<_>>().join(", ");
    Err(if world::NAMES.contains(&name) {
        format!("the world `{name}` is not in this version; there is {worlds}")
    } else {
        unknown("world", name, nearest(name, here()), &worlds)
    })
}

/// The driver of that name. The error is for a person.
pub fn driver_named(name: &str) -> Result<&'static driver::Declaration, String> {
    let names = || driver::ALL.iter().map(|driver| driver.name);
    driver::ALL.iter().copied().find(|driver| driver.name == name).ok_or_else(|| {
        unknown("driver", name, nearest(name, names()), &names().collect::<Vec<_>>().join(", "))
    })
}

fn unknown(what: &str, name: &str, nearest: Option<&str>, all: &str) -> String {
    match nearest {
        Some(nearest) => format!("unknown {what} `{name}`: did you mean `{nearest}`? There is {all}"),
        None => format!("unknown {what} `{name}`; there is {all}"),
    }
}

fn param(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err("a parameter is given as NAME=VALUE".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worlds_and_drivers_go_by_name() {
        assert_eq!(world_named("process").unwrap().name, "process");
        assert_eq!(
            world_named("proces").unwrap_err(),
            "unknown world `proces`: did you mean `process`? There is process, sim, netns"
        );
        assert!(world_named("docker").unwrap_err().starts_with("the world `docker` is not in this version"));
        assert_eq!(driver_named("native").unwrap().name, "native");
        assert!(
            driver_named("zzzzzzzzzz")
                .unwrap_err()
                .starts_with("unknown driver `zzzzzzzzzz`; there is native")
        );
    }

    #[test]
    fn a_parameter_has_a_name_and_a_value() {
        assert_eq!(param("net=ring(5)"), Ok(("net".to_owned(), "ring(5)".to_owned())));
        assert_eq!(param("x = a=b"), Ok(("x".to_owned(), "a=b".to_owned())));
        assert_eq!(param("x="), Ok(("x".to_owned(), String::new())));
        assert!(param("x").is_err() && param("=5").is_err());
    }
}
