//! The plan of a test, made from the arguments as typed.

use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

use super::arguments::Arguments;
use crate::cli::attached::check_network;
use crate::cli::failure::Failure;
use crate::cli::quantity::Clients;
use crate::cli::setting::SettingError;
use crate::cli::source::{TopologyError, read_topology};
use crate::driver::{self, Wiring};
use crate::scenario::Shape;
use crate::workload::runner::{NodeFault, Plan, Protocol};
use crate::workload::{Kind, Options, UnknownName};
use crate::world::process::clock;
use crate::world::{Ability, Attachment, ClockError, MemberSpec, NodeIndex, NodeSpec, Tie};

/// The longest fault, unless `--interval` is given. Chosen: as with `tools maelstrom`.
const INTERVAL_MAX: Duration = Duration::from_secs(10);

/// The reason why the arguments make no plan. Nothing was started.
#[derive(Debug, thiserror::Error)]
pub(super) enum PlanError {
    /// The workload is not known; the text has the nearest.
    #[error(transparent)]
    Unknown(#[from] UnknownName),
    /// The driver's nodes speak the Maelstrom protocol, which has a command of its own.
    #[error("nodes of the driver `maelstrom` are tested by `tools maelstrom {0}`")]
    Routed(String),
    /// The driver lacks a command that the workload asks.
    #[error(
        "nodes of the driver `{driver}` have no command `{command}`, which the workload `{workload}` asks"
    )]
    Command {
        /// The driver.
        driver: &'static str,
        /// The command.
        command: String,
        /// The workload.
        workload: &'static str,
    },
    /// The driver needs a program or an adapter that was not given.
    #[error("nodes of the driver `{driver}` need --{option}")]
    Needs {
        /// The driver.
        driver: &'static str,
        /// The option.
        option: &'static str,
    },
    /// The world simulates nodes.
    #[error("a workload is asked in real time: --world process or netns")]
    World,
    /// Faults on links have no effect on nodes that dial each other by themselves.
    #[error(
        "nodes of the driver `{0}` dial each other by themselves, past what stands in the links of this world"
    )]
    Bypassed(&'static str),
    /// The clocks of the nodes cannot be shifted.
    #[error("the clocks of these nodes cannot be shifted: {0}")]
    Clock(#[from] ClockError),
    /// The world lacks a fault.
    #[error("the world `{world}` cannot {fault} a node")]
    Fault {
        /// The world.
        world: &'static str,
        /// The fault, as a verb.
        fault: &'static str,
    },
    /// The options of nodes do not fit.
    #[error(transparent)]
    Setting(#[from] SettingError),
    /// A fault strikes nodes, and one of them was not started by the harness.
    #[error("`--{fault}` strikes nodes that the harness starts, and `{node}` ran before")]
    NotStarted {
        /// The fault, as its flag is named.
        fault: &'static str,
        /// The node.
        node: String,
    },
    /// A fault is one of links, and the harness does not stand in all of them.
    #[error("`--{fault}` is for links in which the harness stands, and `{}` and `{}` both ran before", nodes[0], nodes[1])]
    NotBetween {
        /// The fault, as its flag is named.
        fault: &'static str,
        /// The two nodes.
        nodes: [String; 2],
    },
    /// The workload cannot be judged where a node may hold older data.
    #[error("`{workload}` cannot be judged: `{node}` ran before, and its counter may not be at 0")]
    OlderData {
        /// The workload.
        workload: &'static str,
        /// The node.
        node: String,
    },
    /// Nodes that run already cannot be asked so; the text has each place.
    #[error("the network has nodes that run already")]
    Network(Failure),
    /// The topology has no node.
    #[error("the topology has no node: a test needs at least one")]
    NoNode,
    /// A fault would end as it begins.
    #[error("a fault of no duration is none: add for example `--interval 2s`")]
    NoInterval,
    /// The topology cannot be read or parsed.
    #[error(transparent)]
    Topology(#[from] TopologyError),
}

impl From<PlanError> for Failure {
    fn from(error: PlanError) -> Self {
        let help = match &error {
            PlanError::Command { .. } => Some("describe it, as in `tools new driver http`"),
            PlanError::Clock(reason) => Some(reason.help()),
            PlanError::NotStarted { .. } | PlanError::NotBetween { .. } => {
                Some("leave it out, or leave out `--at`, and the harness starts the nodes")
            }
            PlanError::OlderData { .. } => {
                Some("g-set, lin-kv and txn-rw-register write what nobody wrote before")
            }
            PlanError::Bypassed(_) => Some("`--world netns` holds for all traffic"),
            _ => None,
        };
        let failure = match error {
            PlanError::Topology(error) => return error.into(),
            PlanError::Setting(error) => return error.into(),
            PlanError::Network(failure) => return failure,
            other => Self::usage(other),
        };
        match help {
            Some(help) => failure.help(help),
            None => failure,
        }
    }
}

/// Returns the plan of a test.
pub(super) fn plan(arguments: &Arguments, seed: u64) -> Result<Plan, PlanError> {
    let kind = Kind::named(&arguments.name)?;
    let driver = arguments.program.driver.unwrap_or(driver::DEFAULT);
    if driver.wiring == Wiring::Routed {
        return Err(PlanError::Routed(arguments.name.clone()));
    }
    if !arguments.world.can(Ability::Exec) {
        return Err(PlanError::World);
    }
    let options = arguments.program.node_options()?;
    arguments.program.are_used(|option| driver.takes.contains(&option))?;
    let needs = |option: &&&str| {
        // A program is needed only where one is started.
        !(options.contains_key(**option) || **option == "exec" && !arguments.program.at.is_empty())
    };
    if let Some(option) = driver.needs.iter().find(needs) {
        return Err(PlanError::Needs { driver: driver.name, option });
    }
    let by_themselves = driver.wiring == Wiring::ByThemselves;
    let faulty_links = arguments.partition || !arguments.latency.is_zero();
    if by_themselves && faulty_links && (arguments.world.one_host || !arguments.latency.is_zero()) {
        return Err(PlanError::Bypassed(driver.name));
    }
    let program = options.get("exec").map_or(driver.program, String::as_str);
    let ours = driver.ours && !options.contains_key("exec");
    let node_faults = node_faults(arguments, (!ours).then_some(program))?;
    let protocol = Protocol::of(driver.wiring, driver.values_of(None));
    if let Some(command) = protocol.lacking_command(kind, driver) {
        return Err(PlanError::Command { driver: driver.name, command, workload: kind.name() });
    }
    let (source, parsed) = read_topology(&arguments.network, false)?;
    let graph = parsed.graph;
    check_network(&source, &graph, &options, arguments.world).map_err(PlanError::Network)?;
    let attached = attached(arguments, kind)?;
    if graph.is_empty() {
        return Err(PlanError::NoNode);
    }
    let names: Vec<String> = graph.nodes().iter().map(|node| node.name().to_owned()).collect();
    let links: Vec<(usize, usize)> = graph.links().iter().map(|link| (link.from, link.to)).collect();
    let interval = arguments.interval.unwrap_or_else(|| INTERVAL_MAX.min(arguments.time / 5));
    if (arguments.partition || !node_faults.is_empty()) && interval.is_zero() {
        return Err(PlanError::NoInterval);
    }
    let spec = |(index, name): (usize, &String)| NodeSpec {
        name: name.clone(),
        driver: driver.name.to_owned(),
        at: attached.get(name).cloned(),
        exec: options.get("exec").filter(|_| !attached.contains_key(name)).cloned(),
        policy: options.get("policy").cloned(),
        adapter: options.get("adapter").cloned(),
        ready: options.get("ready").cloned(),
        // A node that is killed has to find what it acknowledged.
        disk: arguments.kill && attached.is_empty() && ours,
        members: if driver.is_told_members {
            members(driver.name, (&names, &attached), &links, index)
        } else {
            Box::default()
        },
        ..NodeSpec::default()
    };
    let nodes: Vec<NodeSpec> = names.iter().enumerate().map(spec).collect();
    let options = Options {
        keys: arguments.key_count,
        writes_per_key: arguments.max_writes_per_key,
        exchanges: driver.command("cas").is_some(),
        ..Options::default()
    };
    Ok(Plan {
        kind,
        options: if attached.is_empty() { options } else { options.beside_older_data(wall_ms()) },
        clients: match arguments.clients {
            Clients::All(clients) => clients,
            Clients::EachNode(each) => each * nodes.len(),
        },
        nodes,
        links,
        rate: arguments.rate,
        time: arguments.time,
        shapes: if arguments.latency.is_zero() { Vec::new() } else { vec![Shape::Delay(arguments.latency)] },
        partitions: arguments.partition.then_some(interval),
        has_ways_past: arguments.world.one_host,
        node_faults,
        node_faults_every: interval,
        protocol,
        patience: arguments.timeout,
        quiet: arguments.settle,
        availability: arguments.availability,
        judged_up_to: None,
        seed,
    })
}

/// Returns the faults of nodes that were asked for. `program` is the command line of nodes that are not our own.
fn node_faults(arguments: &Arguments, program: Option<&str>) -> Result<Vec<NodeFault>, PlanError> {
    let world = arguments.world;
    let faults = [
        (arguments.kill, NodeFault::Kill),
        (arguments.pause, NodeFault::Pause),
        (arguments.clock, NodeFault::Clock),
    ];
    let faults: Vec<NodeFault> =
        faults.into_iter().filter(|(asked, _)| *asked).map(|(_, fault)| fault).collect();
    for fault in &faults {
        let (ability, verb) = match fault {
            NodeFault::Kill => continue,
            NodeFault::Pause => (Ability::Pause, "pause"),
            NodeFault::Clock => (Ability::Clock, "shift the clock of"),
        };
        if !world.can(ability) {
            return Err(PlanError::Fault { world: world.name, fault: verb });
        }
    }
    if let Some(program) = program.filter(|_| arguments.clock) {
        clock::reach(program)?;
    }
    Ok(faults)
}

/// Returns the nodes that run already, by name, or the fault or the workload that is not for them.
fn attached(arguments: &Arguments, kind: Kind) -> Result<BTreeMap<String, Attachment>, PlanError> {
    let attached: BTreeMap<String, Attachment> = arguments.program.at.iter().cloned().collect();
    let Some(first) = attached.keys().next() else { return Ok(attached) };
    let of_nodes = [("kill", arguments.kill), ("pause", arguments.pause), ("clock", arguments.clock)];
    if let Some((fault, _)) = of_nodes.into_iter().find(|(_, asked)| *asked) {
        return Err(PlanError::NotStarted { fault, node: first.clone() });
    }
    let of_links = [("partition", arguments.partition), ("latency", !arguments.latency.is_zero())];
    if let (Some((fault, _)), Some(second)) =
        (of_links.into_iter().find(|(_, asked)| *asked), attached.keys().nth(1))
    {
        return Err(PlanError::NotBetween { fault, nodes: [first.clone(), second.clone()] });
    }
    if !kind.is_judged_beside_older_data() {
        return Err(PlanError::OlderData { workload: kind.name(), node: first.clone() });
    }
    Ok(attached)
}

/// Returns the wall time in milliseconds since 1970.
fn wall_ms() -> u64 {
    let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Returns all nodes, as one of them is told them at its start.
fn members(
    driver: &str,
    (names, attached): (&[String], &BTreeMap<String, Attachment>),
    links: &[(usize, usize)],
    node: usize,
) -> Box<[MemberSpec]> {
    let member = |(index, name): (usize, &String)| MemberSpec {
        node: NodeIndex(index),
        name: name.clone(),
        at: attached.get(name).cloned(),
        driver: driver.to_owned(),
        tie: if links.contains(&(node, index)) {
            Tie::Dialled
        } else if links.contains(&(index, node)) {
            Tie::Dials
        } else {
            Tie::None
        },
    };
    names.iter().enumerate().map(member).collect()
}
