//! Starting nodes, wiring them, ending, freezing and thawing them.

use std::time::Duration;

use futures_util::future::{join_all, try_join_all};

use super::choose::resolve;
use super::environment::Environment;
use super::failure::{Failure, FailureKind, Finding};
use super::network::{Life, Link};
use super::record::RunEvent;
use super::session::{BROADCAST, Run, Stop};
use super::steps::ASK;
use crate::driver::Wiring;
use crate::scenario::{At, Item, NodeOption, Pick, Subject, Verb, Who, shift_ms};
use crate::topology::Graph;
use crate::world::{Answer, Direction, NodeIndex, NodeSpec, Operation, Outcome, Signal, Value};

/// How long a node may take to be ready. Nodes of a large network start all at once on the same
/// few cores: this bounds the last of them.
const LAUNCH: Duration = Duration::from_secs(30);
/// How long a link may take to come up: several times what a node waits for an answer, since some of
/// what is said on the way may be lost.
const WIRE: Duration = Duration::from_secs(15);
/// Whoever was refused so late was not refused by a program that has made up its mind.
const LATE: Duration = Duration::from_secs(1);

/// Options that a scenario gave to nodes, before they start.
#[derive(Debug, Clone)]
pub(super) struct Rule {
    who: Pick,
    options: Vec<(String, String)>,
    environment: Environment,
}

impl Run {
    /// Keeps options for the nodes they name; they take effect when those start.
    pub(super) fn node_options(
        &self,
        at: &At,
        who: &Who,
        options: &[NodeOption],
        environment: &Environment,
    ) -> Result<(), Stop> {
        let options = options
            .iter()
            .map(|option| Ok((option.name.clone(), environment.word(&option.value, &self.desk)?)))
            .collect::<Result<_, String>>()
            .map_err(|message| self.fail(at, message))?;
        let rule = Rule { who: who.pick.clone(), options, environment: environment.clone() };
        self.rules.borrow_mut().push(rule);
        Ok(())
    }

    /// Starts the nodes that are new and wires the links that are new.
    pub(super) async fn network(&self, at: &At, graph: &Graph) -> Result<(), Stop> {
        let (nodes, links) = self.grow(graph).map_err(|message| self.fail(at, message))?;
        self.admit(&nodes, &links).await;
        // All are waited for, also where one does not start: none is left half started.
        join_all(nodes.iter().map(|node| self.launch(at, *node)))
            .await
            .into_iter()
            .collect::<Result<(), _>>()?;
        // A shape that all links have is there before anything is said on them.
        self.shape_new(at, &links).await?;
        // A link that may not be up yet is wired as soon as it may.
        self.owed_links.borrow_mut().extend(links);
        self.wire_owed(at).await
    }

    /// Has the world know whose messages it carries, before any of those begins to speak.
    async fn admit(&self, nodes: &[NodeIndex], links: &[Link]) {
        let routed = |node: &NodeIndex| self.driver(*node).wiring == Wiring::Routed;
        let nodes: Vec<NodeIndex> = nodes.iter().copied().filter(routed).collect();
        if nodes.is_empty() {
            return;
        }
        let links = links.iter().filter(|link| routed(&link.from));
        let links = links.map(|link| Direction { from: link.from, to: link.to }).collect();
        self.desk.submit(Operation::Members { nodes, links }).await;
    }

    /// Gives new nodes and links their place; what is new.
    fn grow(&self, graph: &Graph) -> Result<(Vec<NodeIndex>, Vec<Link>), String> {
        let mut state = self.desk.state_mut();
        let mut places = Vec::with_capacity(graph.nodes().len());
        let mut new = Vec::new();
        for node in graph.nodes() {
            let spec = NodeSpec { name: node.name().to_owned(), ..NodeSpec::default() };
            let (place, is_new) = state.network.add_node(spec);
            places.push(place);
            if is_new {
                state.record(|| RunEvent::Node { node: place, name: node.name().to_owned() });
                new.push(place);
            }
        }
        let mut links = Vec::new();
        for link in graph.links() {
            let link = Link { from: places[link.from], to: places[link.to] };
            if state.network.add_link(link) {
                links.push(link);
            }
        }
        let rules = self.rules.borrow();
        for place in &new {
            let mut spec = state.network.node(*place).spec.clone();
            self.options.drivers.first().map_or("native", |driver| driver.name).clone_into(&mut spec.driver);
            for rule in rules.iter().filter(|rule| rule.names(&state.network, *place)) {
                rule.options.iter().try_for_each(|(name, value)| set_option(&mut spec, name, value))?;
            }
            self.options
                .node_options
                .iter()
                .try_for_each(|(name, value)| set_option(&mut spec, name, value))?;
            #[cfg(feature = "mutants")]
            {
                spec.mutant = self.options.mutant;
            }
            let driver = self.driver_named(&spec.driver);
            if driver.wiring == Wiring::Routed && spec.workload.is_none() && self.broadcasts.get() {
                spec.workload = Some(BROADCAST.to_owned());
            }
            let tells = driver.tells;
            state.network.set_spec(*place, spec, tells);
        }
        Ok((new, links))
    }

    /// Starts one node.
    async fn launch(&self, at: &At, node: NodeIndex) -> Result<(), Stop> {
        let spec = {
            let mut state = self.desk.state_mut();
            state.set_life(node, Life::Starting);
            state.network.begin_incarnation(node);
            state.network.node(node).spec.clone()
        };
        let deadline = self.desk.now() + self.stretch(LAUNCH);
        match self.desk.submit(Operation::Launch { node, spec, deadline }).await {
            Outcome::Failed { reason }
            | Outcome::Unknown { reason }
            | Outcome::Refused { message: reason, .. } => {
                self.desk.state_mut().set_life(node, Life::Stopped);
                let name = self.desk.state().network.name(node).to_owned();
                let message = format!("node `{name}` did not start: {reason}");
                let mut failure = Failure::new(FailureKind::Environment, Some(at), self.desk.now(), message);
                let held = "did not start".to_owned();
                failure.findings.push(Finding { node: name, held, fits: false, since: None });
                return Err(failure.into());
            }
            Outcome::Done | Outcome::Answered(_) | Outcome::Lines(_) => {}
        }
        let watched = {
            let mut state = self.desk.state_mut();
            state.set_life(node, Life::Running);
            self.options.versions || state.measures.is_active()
        };
        if watched {
            self.watch(node).await;
        }
        Ok(())
    }

    /// Has a node tell of every version it stores.
    pub(super) async fn watch(&self, node: NodeIndex) {
        let deadline = self.desk.now() + self.stretch(ASK);
        self.desk.submit(Operation::Watch { node, deadline }).await;
    }

    /// Wires one link; done when both ends list each other.
    pub(super) async fn wire(&self, at: &At, link: Link) -> Result<(), Stop> {
        let Link { from, to } = link;
        let deadline = self.desk.now() + self.stretch(WIRE);
        let (mut refused_before, mut said) = (false, None);
        let mut end = self.desk.until(deadline);
        loop {
            let (seen, began) = (self.desk.changes(), self.desk.now());
            let outcome = self.desk.submit(Operation::Wire { from, to, deadline }).await;
            let (reason, exists) = match outcome {
                Outcome::Done | Outcome::Answered(_) | Outcome::Lines(_) => return Ok(()),
                // The link is up as far as the dialling end knows. It may be the one to the node's
                // former life; then the other end does not list it, and its end will be noticed.
                Outcome::Refused { code, message } if code == "neighbor_exists" => {
                    if self.lists(to, from).await {
                        return Ok(());
                    }
                    (message, true)
                }
                Outcome::Refused { message, .. } => {
                    said = Some(message.clone());
                    (message, false)
                }
                // What was said before tells more than that no time was left to say it again.
                Outcome::Unknown { reason } => (said.clone().unwrap_or(reason), false),
                // What the environment cannot do it cannot do again.
                Outcome::Failed { reason } => return Err(self.not_linked(at, link, &reason)),
            };
            let late = self.desk.now().saturating_sub(began) >= LATE;
            let stays = refused_before && !late && self.desk.changes() == seen;
            if self.desk.now() >= deadline || (stays && !exists) {
                return Err(self.not_linked(at, link, &reason));
            }
            // Silence is no answer, and took its time: the next attempt waits for nothing.
            if late {
                continue;
            }
            refused_before = true;
            let changed = std::pin::pin!(self.desk.changed(seen));
            futures_util::future::select(changed, &mut end).await;
        }
    }

    /// That a link did not come up, and why.
    fn not_linked(&self, at: &At, link: Link, reason: &str) -> Stop {
        let state = self.desk.state();
        let (from, to) = (state.network.name(link.from), state.network.name(link.to));
        let message = format!("the link {from}-{to} did not come up: {reason}");
        let mut failure = Failure::new(FailureKind::Step, Some(at), state.now, message);
        for node in [from, to] {
            let (node, held) = (node.to_owned(), reason.to_owned());
            failure.findings.push(Finding { node, held, fits: false, since: None });
        }
        failure.into()
    }

    /// Whether a node lists another as its neighbour.
    async fn lists(&self, node: NodeIndex, neighbour: NodeIndex) -> bool {
        let asked = self.ask(node, &["peers".to_owned()]).await;
        let name = self.desk.state().network.name(neighbour).to_owned();
        matches!(
            asked.observed,
            super::judge::Observed::Answered(Answer { value: Value::List(peers), .. }) if peers.contains(&name)
        )
    }

    /// Kills, stops, starts, restarts, freezes or thaws nodes, all at once.
    pub(super) async fn signal(&self, at: &At, verb: Verb, nodes: &[NodeIndex]) -> Result<(), Stop> {
        for node in nodes {
            let state = self.desk.state();
            let node = state.network.node(*node);
            let fits = match verb {
                Verb::Kill | Verb::Stop => matches!(node.life, Life::Running | Life::Paused),
                Verb::Restart | Verb::Pause => node.life == Life::Running,
                Verb::Start => matches!(node.life, Life::Stopped | Life::Exited(_)),
                Verb::Resume => node.life == Life::Paused,
            };
            if !fits {
                let (word, name, life) = (verb.word(), node.name().to_owned(), node.life);
                drop(state);
                return Err(self.fail(at, format!("cannot {word} `{name}`: it is {life}")));
            }
        }
        try_join_all(nodes.iter().map(|node| self.signal_one(at, verb, *node))).await?;
        if matches!(verb, Verb::Start | Verb::Restart) {
            let network = &self.desk.state().network;
            self.owed_links.borrow_mut().extend(nodes.iter().flat_map(|node| network.links_of(*node)));
        }
        self.wire_owed(at).await
    }

    /// Wires the links of nodes that were started, as far as traffic may pass now.
    pub(super) async fn wire_owed(&self, at: &At) -> Result<(), Stop> {
        let open: Vec<Link> = {
            let network = &self.desk.state().network;
            self.owed_links.borrow_mut().extract_if(.., |link| network.is_open(*link)).collect()
        };
        try_join_all(open.iter().map(|link| self.wire(at, *link))).await.map(drop)
    }

    async fn signal_one(&self, at: &At, verb: Verb, node: NodeIndex) -> Result<(), Stop> {
        let (signal, during, after) = match verb {
            Verb::Kill => (Signal::Kill, Some(Life::Ending), None),
            Verb::Stop | Verb::Restart => (Signal::Stop, Some(Life::Ending), None),
            Verb::Pause => (Signal::Pause, Some(Life::Paused), None),
            Verb::Resume => (Signal::Resume, None, Some(Life::Running)),
            Verb::Start => return self.launch(at, node).await,
        };
        if let Some(during) = during {
            self.desk.state_mut().set_life(node, during);
        }
        self.send(at, node, signal).await?;
        if let Some(after) = after {
            self.desk.state_mut().set_life(node, after);
        }
        if verb == Verb::Restart { self.launch(at, node).await } else { Ok(()) }
    }

    async fn send(&self, at: &At, node: NodeIndex, signal: Signal) -> Result<(), Stop> {
        let deadline = self.desk.now() + self.stretch(ASK);
        match self.desk.submit(Operation::Signal { node, signal, deadline }).await {
            Outcome::Failed { reason } | Outcome::Unknown { reason } => {
                let name = self.desk.state().network.name(node).to_owned();
                Err(self.fail(at, format!("node `{name}`: {reason}")))
            }
            _ => Ok(()),
        }
    }

    /// Ends nodes in an orderly way, all at once, whatever comes of it.
    pub(super) async fn end_all(&self, nodes: &[NodeIndex]) {
        for node in nodes {
            self.desk.state_mut().set_life(*node, Life::Ending);
        }
        let deadline = self.desk.now() + self.stretch(ASK);
        let signal = Signal::Stop;
        join_all(
            nodes.iter().map(|node| self.desk.submit(Operation::Signal { node: *node, signal, deadline })),
        )
        .await;
    }
}

impl Rule {
    /// Whether it is about this node. Names that have not appeared yet are nobody's.
    fn names(&self, network: &super::network::Network, node: NodeIndex) -> bool {
        let among = |items: &[Item]| {
            items.iter().any(|item| {
                resolve(network, &self.environment, std::slice::from_ref(item))
                    .is_ok_and(|nodes| nodes.contains(&node))
            })
        };
        match &self.who {
            Pick::All(Subject::Everyone) => true,
            Pick::All(Subject::Of(items)) | Pick::Items(items) => among(items),
            Pick::All(Subject::But(items)) => !among(items),
            // Which nodes there will be is not known yet: options are not drawn for.
            Pick::Random(..) | Pick::RandomHalf(_) => false,
        }
    }
}

/// Sets one option of a node.
fn set_option(spec: &mut NodeSpec, name: &str, value: &str) -> Result<(), String> {
    match name {
        "driver" => value.clone_into(&mut spec.driver),
        "exec" => spec.exec = Some(value.to_owned()),
        "workload" => spec.workload = Some(value.to_owned()),
        "adapter" => spec.adapter = Some(value.to_owned()),
        "ready" => spec.ready = Some(value.to_owned()),
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
