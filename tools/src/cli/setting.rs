//! The arguments that several commands share: the world, the nodes and the parameters of scenarios.

mod error;

use std::collections::BTreeMap;

use clap::Args;

use crate::scenario::Setting;
use crate::world::process::clock;
use crate::world::{Ability, Attachment};
use crate::{driver, world};

pub use error::SettingError;

/// The world of a run
#[derive(Debug, Clone, Args)]
pub struct SettingArguments {
    /// The world in which nodes live: process, sim or netns
    #[arg(long, value_name = "NAME", default_value = "process", value_parser = world_named)]
    pub world: &'static world::Declaration,
}

impl SettingArguments {
    /// Returns the setting against which scenarios are checked: no network is up yet, and every node has
    /// these options.
    #[must_use]
    pub fn setting<'a>(&self, options: &'a BTreeMap<String, String>) -> Setting<'a> {
        Setting { drivers: driver::all(), clock_reach: clock::reach, options, ..Setting::of(self.world) }
    }
}

/// The program and the options of nodes
#[derive(Debug, Clone, Default, Args)]
pub struct ProgramArguments {
    /// The driver that speaks to nodes, in place of the scenario's: a name of `tools drivers`,
    /// or the path of a description, such as kv.toml
    #[arg(long, value_name = "NAME|FILE", value_parser = driver_named)]
    pub driver: Option<&'static driver::Declaration>,

    /// The program to run as a node, instead of the node of tools; {name}, {host}, {port} and {data} are
    /// replaced
    #[arg(long, value_name = "PROGRAM ARGS", value_parser = node_program)]
    pub exec: Option<String>,

    /// The policy by which one version of a key wins
    #[arg(long, value_name = "last|oldest")]
    pub policy: Option<String>,

    /// The workload of nodes of the driver `maelstrom`, such as broadcast
    #[arg(long, value_name = "NAME")]
    pub workload: Option<String>,

    /// The lines that a node of the driver `maelstrom` may get in one write
    #[arg(long, value_name = "one|many")]
    pub lines: Option<String>,

    /// The program that asks nodes of the driver `ask`
    #[arg(long, value_name = "PROGRAM ARGS", value_parser = program)]
    pub adapter: Option<String>,

    /// The sign that a node of the driver `ask` is ready: port, log:REGEX, or a URL path such as /health
    #[arg(long, value_name = "SIGN")]
    pub ready: Option<String>,

    /// The address of a node that runs already, such as a=127.0.0.1:7000: it is asked and judged, never started
    /// or ended; may be given several times
    #[arg(long = "at", value_name = "NODE=HOST:PORT", value_parser = attachment)]
    pub at: Vec<(String, Attachment)>,
}

impl ProgramArguments {
    /// Returns the arguments as options of every node.
    pub fn node_options(&self) -> Result<BTreeMap<String, String>, SettingError> {
        let given = self.flags().into_iter().filter_map(|(name, value)| Some((name, value?)));
        let mut options: BTreeMap<String, String> =
            given.map(|(name, value)| (name.to_owned(), value.to_owned())).collect();
        for (node, at) in &self.at {
            if options.insert(Attachment::option_of(node), at.to_string()).is_some() {
                return Err(SettingError::AddressTwice(node.clone()));
            }
        }
        let useless = |(option, value): &(&'static str, Option<&str>)| {
            let user = self.driver.filter(|_| value.is_some())?.has_no_use_for(option)?;
            Some((*option, user))
        };
        if let (Some(driver), Some((option, user))) = (self.driver, self.flags().iter().find_map(useless)) {
            return Err(SettingError::Useless { driver: driver.name, option, user });
        }
        if let Some(workload) = &self.workload {
            SettingError::check("workload", workload, driver::WORKLOADS)?;
        }
        if let Some(lines) = &self.lines {
            SettingError::check("number of lines", lines, driver::LINES)?;
        }
        if let Some(ready) = &self.ready {
            ready.parse::<driver::Ready>().map_err(|error| SettingError::Ready(error.to_string()))?;
        }
        if let Some(policy) = &self.policy {
            let driver = self.driver.unwrap_or(driver::DEFAULT);
            SettingError::check("policy", policy, driver.policies)?;
        }
        Ok(options)
    }

    /// Checks that a world can have such nodes.
    pub fn fits_world(&self, world: &world::Declaration) -> Result<(), SettingError> {
        let nodes = match (&self.exec, self.driver) {
            _ if world.can(Ability::Exec) => return Ok(()),
            (Some(_), _) => "--exec names a program".to_owned(),
            (None, Some(driver)) if !driver.simulated => {
                format!("nodes of the driver `{}` are processes", driver.name)
            }
            _ => return Ok(()),
        };
        Err(SettingError::World { nodes, world: world.name })
    }

    /// Returns the name for such nodes in messages: `the driver` and its name, or the flag.
    #[must_use]
    pub fn kind(&self) -> String {
        self.driver.map_or_else(|| "--exec".to_owned(), |driver| format!("the driver `{}`", driver.name))
    }

    /// Checks that some node uses each option. Applies only without `--driver`, where each scenario declares
    /// the kind of its nodes.
    pub fn are_used(&self, is_taken: impl Fn(&str) -> bool) -> Result<(), SettingError> {
        let mut given = self.flags().into_iter().filter(|(name, value)| value.is_some() && !is_taken(name));
        match given.find_map(|(option, _)| Some((option, driver::user_of(option)?))) {
            Some((option, user)) if self.driver.is_none() => Err(SettingError::Unused { option, user }),
            _ => Ok(()),
        }
    }

    /// Returns each option of nodes that has a flag of its name, with its value.
    #[must_use]
    pub fn flags(&self) -> [(&'static str, Option<&str>); 7] {
        [
            ("driver", self.driver.map(|driver| driver.name)),
            ("exec", self.exec.as_deref()),
            ("policy", self.policy.as_deref()),
            ("workload", self.workload.as_deref()),
            ("lines", self.lines.as_deref()),
            ("adapter", self.adapter.as_deref()),
            ("ready", self.ready.as_deref()),
        ]
    }
}

/// Parses the command line of a node's program.
pub(super) fn node_program(text: &str) -> Result<String, SettingError> {
    let program = program(text)?;
    let Some(word) = driver::unknown_placeholder(&program) else { return Ok(program) };
    Err(SettingError::unknown("placeholder", word, &driver::PLACEHOLDERS))
}

/// Parses the command line of a program.
fn program(text: &str) -> Result<String, SettingError> {
    match shlex::split(text) {
        Some(words) if !words.is_empty() => Ok(text.to_owned()),
        Some(_) => Err(SettingError::NoProgram),
        None => Err(SettingError::OpenQuote),
    }
}

/// The parameters of scenarios
#[derive(Debug, Clone, Default, Args)]
pub struct ParamArguments {
    /// Give a parameter this value alone, instead of all values in the scenario; may be given several times
    #[arg(long = "param", value_name = "NAME=VALUE", value_parser = param)]
    pub params: Vec<(String, String)>,
}

impl ParamArguments {
    /// Returns the parameters by name. The last value of a name counts.
    #[must_use]
    pub fn by_name(&self) -> BTreeMap<String, String> {
        self.params.iter().cloned().collect()
    }
}

/// Returns the world with this name.
pub fn world_named(name: &str) -> Result<&'static world::Declaration, SettingError> {
    let worlds: Vec<&'static str> = world::HERE.iter().map(|world| world.name).collect();
    world::HERE.iter().copied().find(|world| world.name == name).ok_or_else(|| {
        if world::NAMES.contains(&name) {
            return SettingError::PlannedWorld { name: name.to_owned(), worlds: worlds.join(", ") };
        }
        SettingError::unknown("world", name, &worlds)
    })
}

/// Returns the driver with this name, or the one that the file with this name describes.
pub fn driver_named(name: &str) -> Result<&'static driver::Declaration, SettingError> {
    match driver::find(name) {
        Ok(Some(driver)) => Ok(driver),
        Ok(None) => {
            let names: Vec<&'static str> = driver::names().collect();
            Err(SettingError::unknown("driver", name, &names))
        }
        Err(error) => Err(SettingError::Driver(error.to_string())),
    }
}

/// Parses the address of a node that runs already.
fn attachment(text: &str) -> Result<(String, Attachment), SettingError> {
    let (node, at) = text.split_once('=').ok_or_else(|| SettingError::NoNodeOfAddress(text.to_owned()))?;
    let is_name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '-');
    if node.is_empty() || !node.chars().all(is_name) {
        return Err(SettingError::NoNodeOfAddress(text.to_owned()));
    }
    let at = at.parse::<Attachment>().map_err(|error| SettingError::Address(error.to_string()))?;
    Ok((node.to_owned(), at))
}

/// Parses a parameter with its value.
fn param(text: &str) -> Result<(String, String), SettingError> {
    match text.split_once('=') {
        Some((name, value)) if !name.trim().is_empty() => {
            Ok((name.trim().to_owned(), value.trim().to_owned()))
        }
        _ => Err(SettingError::Param),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worlds_and_drivers_go_by_name() {
        assert_eq!(world_named("process").unwrap().name, "process");
        assert_eq!(
            world_named("proces").unwrap_err().to_string(),
            "unknown world `proces`: did you mean `process`? There are process, sim, netns"
        );
        let planned = world_named("docker").unwrap_err().to_string();
        assert!(planned.starts_with("the world `docker` is not in this version"), "{planned}");
        assert_eq!(driver_named("native").unwrap().name, "native");
        assert!(
            driver_named("zzzzzzzzzz")
                .unwrap_err()
                .to_string()
                .starts_with("unknown driver `zzzzzzzzzz`: there are native")
        );
    }

    #[test]
    fn a_placeholder_that_nothing_is_filled_in_for_is_refused_with_the_nearest() {
        assert_eq!(node_program("./node {port} {data}"), Ok("./node {port} {data}".to_owned()));
        assert_eq!(
            node_program("./node {prot}").unwrap_err().to_string(),
            "unknown placeholder `{prot}`: did you mean `{port}`? There are {name}, {host}, {port}, {data}"
        );
    }

    #[test]
    fn an_option_that_a_driver_has_no_use_for_is_refused() {
        let given = |driver, option: &str| {
            let value = |name: &str, value: &str| (name == option).then(|| value.to_owned());
            ProgramArguments {
                driver: Some(driver),
                adapter: value("adapter", "./adapter"),
                workload: value("workload", "broadcast"),
                lines: value("lines", "many"),
                ready: value("ready", "port"),
                ..ProgramArguments::default()
            }
        };
        for (driver, option, user) in [
            (&driver::NATIVE, "adapter", Some("ask")),
            (&driver::MAELSTROM, "adapter", Some("ask")),
            (&driver::BYC, "ready", Some("ask")),
            (&driver::ASK, "workload", Some("maelstrom")),
            (&driver::ASK, "adapter", None),
            (&driver::ASK, "ready", None),
            (&driver::MAELSTROM, "workload", None),
            (&driver::BYC, "lines", Some("maelstrom")),
            (&driver::MAELSTROM, "lines", None),
        ] {
            let refused = given(driver, option).node_options().err().map(|error| {
                let text = crate::cli::failure::Failure::from(error).to_string();
                text.strip_prefix("error: ").unwrap_or_default().to_owned()
            });
            let expected = user.map(|user| {
                format!(
                    "nodes of the driver `{}` have no use for --{option}\n  = help: leave it out, or use \
                     `--driver {user}`",
                    driver.name
                )
            });
            assert_eq!(refused, expected);
        }
    }

    #[test]
    fn a_parameter_has_a_name_and_a_value() {
        assert_eq!(param("net=ring(5)"), Ok(("net".to_owned(), "ring(5)".to_owned())));
        assert_eq!(param("x = a=b"), Ok(("x".to_owned(), "a=b".to_owned())));
        assert_eq!(param("x="), Ok(("x".to_owned(), String::new())));
        assert!(param("x").is_err() && param("=5").is_err());
    }
}
