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

    /// How nodes are spoken to, unless a scenario says otherwise
    #[arg(long, value_name = "NAME", default_value = "native", value_parser = driver_named)]
    pub driver: &'static driver::Declaration,
}

impl SettingArguments {
    /// What scenarios are checked against, where no network is up yet.
    #[must_use]
    pub fn setting(&self) -> Setting<'static> {
        Setting { world: self.world, driver_default: self.driver, drivers: driver::ALL, existing: None }
    }
}

/// What nodes are
#[derive(Debug, Clone, Default, Args)]
pub struct ProgramArguments {
    /// Run this program instead of the node inside; {name}, {host}, {port} and {data} are filled in
    #[arg(long, value_name = "PROGRAM ARGS", value_parser = program)]
    pub exec: Option<String>,

    /// Who wins among versions of a key
    #[arg(long, value_name = "last|oldest")]
    pub policy: Option<String>,
}

impl ProgramArguments {
    /// As options of every node. The error is for a person.
    pub fn node_options(&self, driver: &driver::Declaration) -> Result<BTreeMap<String, String>, String> {
        let mut options = BTreeMap::from([("driver".to_owned(), driver.name.to_owned())]);
        if let Some(exec) = &self.exec {
            options.insert("exec".to_owned(), exec.clone());
        }
        if let Some(policy) = &self.policy {
            if !driver.policies.contains(&policy.as_str()) {
                let near = nearest(policy, driver.policies.iter().copied());
                return Err(unknown("policy", policy, near, &driver.policies.join(", ")));
            }
            options.insert("policy".to_owned(), policy.clone());
        }
        Ok(options)
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
