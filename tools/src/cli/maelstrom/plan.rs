//! The plan of a test, made from the arguments as typed.

use std::time::Duration;

use super::arguments::{Arguments, Distribution};
use super::shape;
use crate::cli::failure::Failure;
use crate::cli::quantity::{self, Clients, Nodes, QuantityError};
use crate::cli::source::{TopologyError, read_topology};
use crate::report::quoted;
use crate::scenario::Shape;
use crate::workload::runner::{Plan, Protocol};
use crate::workload::{ConsistencyModel, Kind, Options, UnknownName};
use crate::world::NodeSpec;

/// The fewest clients, unless `--clients` is given. Chosen: with one client a node, a small network sees
/// nothing concurrent.
const CLIENTS_MIN: usize = 5;
/// The number of nodes, unless it is given.
const NODES: usize = 5;
/// The longest time for an answer, unless `--timeout` is given: that of Maelstrom.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The least time for an answer with `test` and `lin-kv`, unless `--timeout` is given: that of Maelstrom.
const TIMEOUT_LIN_KV_MIN: Duration = Duration::from_secs(1);
/// The longest partition, unless `--nemesis-interval` is given: the interval that Maelstrom has by default.
const INTERVAL_MAX: Duration = Duration::from_secs(10);

/// The reason why the arguments make no plan. Nothing was started.
#[derive(Debug, thiserror::Error)]
pub(super) enum PlanError {
    /// No workload is named.
    #[error("no workload is named: write for example `tools maelstrom broadcast …`")]
    NoWorkload,
    /// Two workloads are named.
    #[error("one workload at a time: `{0}` or `{1}`?")]
    TwoWorkloads(String, String),
    /// A name is not among those that exist; the text has the nearest.
    #[error(transparent)]
    Unknown(#[from] UnknownName),
    /// No program is named.
    #[error("no program is named: add `--exec \"PROGRAM ARGS\"`")]
    NoProgram,
    /// The program cannot be split into words.
    #[error("`--exec {0}` is no command line: is a quote not closed?")]
    Program(String),
    /// A partition would end as it begins.
    #[error("a partition of no duration is none: add for example `--nemesis-interval 10s`")]
    NoInterval,
    /// A number of nodes is given, and ids besides.
    #[error("`--nodes N` counts the nodes and `--node ID` names them: one of both, or `--nodes ID,ID`")]
    CountedAndNamed,
    /// The ids of nodes have one twice.
    #[error(transparent)]
    Nodes(#[from] QuantityError),
    /// Arguments of the program stand where only `test` takes them.
    #[error("`{0}` is no option: arguments of the program stand in `--exec`, or last, after `--`")]
    Words(String),
    /// The topology has no node.
    #[error("the topology has no node: a test needs at least one")]
    NoNode,
    /// The topology cannot be read or parsed.
    #[error(transparent)]
    Topology(#[from] TopologyError),
}

impl From<PlanError> for Failure {
    fn from(error: PlanError) -> Self {
        match error {
            PlanError::Topology(error) => error.into(),
            other => Self::usage(other),
        }
    }
}

/// Returns the plan of a test.
pub(super) fn plan(arguments: &Arguments, seed: u64) -> Result<Plan, PlanError> {
    let kind = kind(arguments)?;
    if let Some(word) = arguments.words.first().filter(|_| !is_test(arguments)) {
        return Err(PlanError::Words(word.clone()));
    }
    let exec = exec(arguments)?;
    let (names, links) = network(arguments, kind)?;
    let defaults = Defaults::of(arguments, kind, names.len());
    let node = |name: String| NodeSpec {
        name,
        driver: "maelstrom".to_owned(),
        exec: Some(exec.clone()),
        workload: Some(kind.name().to_owned()),
        many_lines: arguments.lines == "many",
        ..NodeSpec::default()
    };
    let clients = match arguments.clients {
        None => defaults.clients,
        Some(Clients::All(clients)) => clients,
        Some(Clients::EachNode(each)) => each * names.len(),
    };
    let time = arguments.time.unwrap_or(defaults.time);
    let partition = arguments.partition || !arguments.nemesis.is_empty();
    let interval = arguments.nemesis_interval.unwrap_or_else(|| INTERVAL_MAX.min(time / 5));
    if partition && interval.is_zero() {
        return Err(PlanError::NoInterval);
    }
    let (model, judged_up_to) = model(arguments, kind)?;
    Ok(Plan {
        kind,
        options: Options {
            first_key: 0,
            holds_more: false,
            keys: arguments.key_count,
            writes_per_key: arguments.max_writes_per_key,
            txn_length: arguments.max_txn_length,
            exchanges: true,
            model,
        },
        nodes: names.into_iter().map(node).collect(),
        links,
        clients,
        rate: arguments.rate.unwrap_or(defaults.rate),
        time,
        shapes: shapes(arguments),
        partitions: partition.then_some(interval),
        has_ways_past: false,
        node_faults: Vec::new(),
        node_faults_every: Duration::ZERO,
        protocol: Protocol::Routed,
        patience: arguments.timeout.unwrap_or(defaults.timeout),
        quiet: arguments.settle,
        availability: arguments.availability,
        judged_up_to,
        seed,
    })
}

/// Returns true if the test is called for as Maelstrom calls it.
fn is_test(arguments: &Arguments) -> bool {
    arguments.name.as_deref() == Some("test")
}

/// The settings of a test that have no fixed default.
struct Defaults {
    clients: usize,
    rate: f64,
    time: Duration,
    timeout: Duration,
}

impl Defaults {
    /// Returns the settings for so many nodes: with `test` those of Maelstrom.
    fn of(arguments: &Arguments, kind: Kind, nodes: usize) -> Self {
        if !is_test(arguments) {
            let clients = nodes.max(CLIENTS_MIN);
            return Self { clients, rate: 10.0, time: Duration::from_secs(10), timeout: TIMEOUT };
        }
        // Maelstrom refuses fewer than two clients a node for `lin-kv`.
        let (each, timeout) = if kind == Kind::LinKv {
            (2, TIMEOUT_LIN_KV_MIN.max(10 * arguments.latency))
        } else {
            (1, TIMEOUT)
        };
        Self { clients: each * nodes, rate: 5.0, time: Duration::from_mins(1), timeout }
    }
}

/// Returns the model that transactions are held to; and the same again if no model is named, since then a
/// stronger one is meant.
fn model(
    arguments: &Arguments,
    kind: Kind,
) -> Result<(ConsistencyModel, Option<ConsistencyModel>), UnknownName> {
    let strongest = ConsistencyModel::STRONGEST;
    match &arguments.consistency_models {
        Some(names) if kind == Kind::TxnRwRegister => Ok((ConsistencyModel::strongest_of(names)?, None)),
        Some(names) => ConsistencyModel::check_names(names).map(|()| (strongest, None)),
        None => Ok((strongest, (kind == Kind::TxnRwRegister).then_some(strongest))),
    }
}

/// Returns the workload, which is named as the first argument or by `-w`.
fn kind(arguments: &Arguments) -> Result<Kind, PlanError> {
    let name = match (arguments.name.as_deref(), arguments.workload.as_deref()) {
        (Some("test"), None) => Kind::LinKv.name(),
        (None | Some("test"), Some(name)) | (Some(name), None) => name,
        (Some(one), Some(other)) if one == other => one,
        (Some(one), Some(other)) => {
            return Err(PlanError::TwoWorkloads(one.to_owned(), other.to_owned()));
        }
        (None, None) => return Err(PlanError::NoWorkload),
    };
    Ok(Kind::named(name)?)
}

/// Returns the command line of a node.
fn exec(arguments: &Arguments) -> Result<String, PlanError> {
    let program = match (&arguments.exec, &arguments.bin) {
        (Some(exec), _) if shlex::split(exec).is_none_or(|words| words.is_empty()) => {
            return Err(PlanError::Program(exec.clone()));
        }
        (Some(exec), _) => exec.clone(),
        (None, Some(bin)) => quoted(bin),
        (None, None) => return Err(PlanError::NoProgram),
    };
    let words = arguments.words.iter().chain(&arguments.program_arguments).map(|word| quoted(word));
    Ok([program].into_iter().chain(words).collect::<Vec<_>>().join(" "))
}

/// The names of the nodes, and the links as pairs of indices into them.
type Network = (Vec<String>, Vec<(usize, usize)>);

/// Returns the nodes and links that the arguments describe.
fn network(arguments: &Arguments, kind: Kind) -> Result<Network, PlanError> {
    let counted = |count: usize| -> Vec<String> { (0..count).map(|index| format!("n{index}")).collect() };
    if let Some(network) = &arguments.network {
        let (_, parsed) = read_topology(network, false)?;
        let graph = parsed.graph;
        if graph.is_empty() {
            return Err(PlanError::NoNode);
        }
        return Ok((
            counted(graph.nodes().len()),
            graph.links().iter().map(|link| (link.from, link.to)).collect(),
        ));
    }
    let usual = if kind == Kind::Broadcast { shape::Shape::Grid } else { shape::Shape::Total };
    let more = arguments.node.iter().cloned();
    let names = match (arguments.node_count, &arguments.nodes) {
        (Some(count), _) => counted(count),
        (None, Some(Nodes::Counted(_))) if !arguments.node.is_empty() => {
            return Err(PlanError::CountedAndNamed);
        }
        (None, Some(Nodes::Counted(count))) => counted(*count),
        (None, Some(Nodes::Named(names))) => names.iter().cloned().chain(more).collect(),
        (None, None) if !arguments.node.is_empty() => more.collect(),
        (None, None) if is_test(arguments) => (1..=NODES).map(|number| format!("n{number}")).collect(),
        (None, None) => counted(NODES),
    };
    quantity::distinct(&names)?;
    let links = arguments.topology.unwrap_or(usual).links(names.len());
    Ok((names, links))
}

/// Returns the latency, loss and duplication of messages between nodes.
fn shapes(arguments: &Arguments) -> Vec<Shape> {
    let mut shapes = Vec::new();
    if !arguments.latency.is_zero() {
        match arguments.latency_dist {
            Distribution::Constant => shapes.push(Shape::Delay(arguments.latency)),
            Distribution::Uniform => shapes.push(Shape::Jitter(2 * arguments.latency)),
            Distribution::Exponential => shapes.push(Shape::Exponential(arguments.latency)),
        }
    }
    if arguments.loss > 0.0 {
        shapes.push(Shape::Loss(arguments.loss / 100.0));
    }
    if arguments.duplicate > 0.0 {
        shapes.push(Shape::Duplicate(arguments.duplicate / 100.0));
    }
    shapes
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        arguments: Arguments,
    }

    fn typed(text: &str) -> Result<Plan, String> {
        let words = [vec!["maelstrom".to_owned()], shlex::split(text).unwrap()].concat();
        let line = Line::try_parse_from(words).map_err(|error| error.to_string())?;
        plan(&line.arguments, 1).map_err(|error| error.to_string())
    }

    #[test]
    fn both_ways_to_say_it_mean_the_same() {
        let ours = typed(
            "broadcast --exec './n -x' --network grid(5x5) --rate 100 --time 20s --latency 100ms --partition",
        )
        .unwrap();
        let theirs = typed("test -w broadcast --bin ./n --node-count 25 --time-limit 20 --rate 100 --latency 100 --nemesis partition --topology grid --log-stderr -- -x").unwrap();
        assert_eq!((ours.nodes.len(), ours.links.len(), ours.clients), (25, 40, 25));
        assert_eq!(ours.nodes, theirs.nodes);
        let sorted = |plan: &Plan| plan.links.iter().copied().collect::<std::collections::BTreeSet<_>>();
        assert_eq!(sorted(&ours), sorted(&theirs));
        for plan in [&ours, &theirs] {
            assert_eq!(plan.shapes, [Shape::Delay(Duration::from_millis(100))]);
            assert_eq!((plan.time, plan.partitions), (Duration::from_secs(20), Some(Duration::from_secs(4))));
        }
    }

    #[test]
    fn flags_that_people_know_are_taken() {
        let line =
            "test -w broadcast --bin n --nodes n1,n2 --availability total --log-net-send --log-net-recv";
        let plan = typed(line).unwrap();
        let names: Vec<&str> = plan.nodes.iter().map(|spec| spec.name.as_str()).collect();
        assert_eq!((names, plan.links.len(), plan.availability), (vec!["n1", "n2"], 1, Some(1.0)));
        assert!(plan.nodes.iter().all(|spec| spec.workload.as_deref() == Some("broadcast")));
        let plan = typed("echo --bin n --nemesis-interval 3 --availability 0.5").unwrap();
        assert_eq!((plan.nodes.len(), plan.partitions, plan.availability), (5, None, Some(0.5)));
    }

    #[test]
    fn flags_that_are_not_given_have_their_defaults() {
        let plan = typed("echo --bin ./n").unwrap();
        assert_eq!((plan.nodes.len(), plan.links.len(), plan.clients), (5, 10, 5));
        assert_eq!((plan.partitions, plan.shapes.len(), plan.quiet), (None, 0, Duration::from_secs(10)));
        assert_eq!(typed("broadcast --bin ./n").unwrap().links.len(), 5);
        assert_eq!(typed("lin-kv --bin ./n --concurrency 4n --nodes 3").unwrap().clients, 12);
        let uniform = typed("echo --bin ./n --latency 50 --latency-dist uniform --loss 5").unwrap();
        assert_eq!(uniform.shapes, [Shape::Jitter(Duration::from_millis(100)), Shape::Loss(0.05)]);
        let exponential = typed("echo --bin ./n --latency 50 --latency-dist exponential").unwrap();
        assert_eq!(exponential.shapes, [Shape::Exponential(Duration::from_millis(50))]);
        let tree = typed("broadcast --bin ./n --topology tree --nodes 7").unwrap();
        assert_eq!(tree.links, [(0, 1), (0, 2), (1, 3), (1, 4), (2, 5), (2, 6)]);
    }

    #[test]
    fn the_spelling_of_maelstrom_has_the_defaults_of_maelstrom() {
        let plan = typed("test --bin ./n").unwrap();
        assert_eq!((plan.kind, plan.rate, plan.time), (Kind::LinKv, 5.0, Duration::from_mins(1)));
        assert_eq!((plan.clients, plan.patience), (10, Duration::from_secs(1)));
        assert_eq!(names(&plan), ["n1", "n2", "n3", "n4", "n5"]);
        let plan = typed("test -w echo --bin ./n --node-count 2 --rate 0 --latency 300").unwrap();
        assert_eq!((plan.clients, plan.rate, plan.patience), (2, 0.0, Duration::from_secs(5)));
        assert_eq!(typed("test --bin ./n --latency 300").unwrap().patience, Duration::from_secs(3));
        let ours = typed("lin-kv --bin ./n").unwrap();
        assert_eq!((ours.rate, ours.time, ours.patience), (10.0, Duration::from_secs(10), TIMEOUT));
        assert_eq!(names(&ours), ["n0", "n1", "n2", "n3", "n4"]);
    }

    fn names(plan: &Plan) -> Vec<&str> {
        plan.nodes.iter().map(|spec| spec.name.as_str()).collect()
    }

    #[test]
    fn nodes_are_named_in_every_way_and_a_count_overrides_the_names() {
        let of = |flags: &str| typed(&format!("echo --bin ./n {flags}"));
        assert_eq!(names(&of("--nodes a,b --node x -n y").unwrap()), ["a", "b", "x", "y"]);
        assert_eq!(names(&of("--node n7").unwrap()), ["n7"]);
        assert_eq!(names(&of("--nodes a,b --node-count 3").unwrap()), ["n0", "n1", "n2"]);
        assert!(of("--nodes 2 --node x").unwrap_err().contains("counts the nodes"));
        assert!(of("--nodes a,b --node a").unwrap_err().contains("`a` twice"));
        assert!(of("--node c1").unwrap_err().contains("of a client or of a service"));
    }

    #[test]
    fn words_are_arguments_of_the_program_with_test_only() {
        let plan = typed("test node.js -w echo --bin node --rate 1 one -- -x 'two words'").unwrap();
        assert_eq!(plan.nodes[0].exec.as_deref(), Some("node node.js one -x 'two words'"));
        let wrong = typed("echo node.js --bin node").unwrap_err();
        assert!(wrong.starts_with("`node.js` is no option"), "{wrong}");
        assert!(typed("test -w echo --bin node -x").unwrap_err().contains("unexpected argument '-x'"));
    }

    #[test]
    fn a_model_that_is_named_is_judged_or_refused_and_else_the_strongest_is_judged() {
        let of = |flags: &str| typed(&format!("txn-rw-register --bin ./n {flags}"));
        let committed = ConsistencyModel::ReadCommitted;
        let plan = of("").unwrap();
        assert_eq!((plan.options.model, plan.judged_up_to), (committed, Some(committed)));
        let plan = of("--consistency-models read-committed").unwrap();
        assert_eq!((plan.options.model, plan.judged_up_to), (committed, None));
        for model in ["strict-serializable", "snapshot-isolation", "read-committed,serializable"] {
            assert!(of(&format!("--consistency-models {model}")).unwrap_err().contains("not checked yet"));
        }
        let plan = typed("lin-kv --bin ./n --consistency-models strict-serializable").unwrap();
        assert_eq!(plan.judged_up_to, None);
        assert!(typed("lin-kv --bin ./n --consistency-models strict").is_err());
    }

    #[test]
    fn arguments_that_make_no_plan_are_refused() {
        let wrong = |text: &str| typed(text).map(drop).unwrap_err();
        assert_eq!(wrong("brodcast --bin n"), "unknown workload `brodcast`: did you mean `broadcast`?");
        assert_eq!(wrong("echo"), "no program is named: add `--exec \"PROGRAM ARGS\"`");
        assert_eq!(wrong("--bin n"), "no workload is named: write for example `tools maelstrom broadcast …`");
        assert!(wrong("echo -w lin-kv --bin n").starts_with("one workload at a time"));
        assert!(
            wrong("txn-rw-register --bin n --consistency-models serializable").contains("not checked yet")
        );
        assert!(wrong("echo --bin n --nemesis kill").contains("invalid value 'kill'"));
        assert!(wrong("echo --bin n --latency-dist normal").contains("invalid value 'normal'"));
        assert!(wrong("echo --exec \"'\"").contains("no command line"));
        assert!(wrong("echo --bin n --nodes a,a").contains("`a` twice"));
        assert!(wrong("echo --bin n --nodes a,../b").contains("`../b`"));
        assert!(wrong("echo --bin n --availability most").contains("total"));
    }
}
