//! The step `network`: new nodes are started, and new links are wired.

use super::node_options::set_option;
use crate::driver::Wiring;
use crate::journal::JournalEvent;
use crate::run::context::RunContext;
use crate::run::results::StepFailure;
use crate::run::state::Link;
use crate::scenario::At;
use crate::topology::Graph;
use crate::world::{Attachment, Direction, Members, NodeIndex, NodeSpec, Operation};

impl RunContext {
    /// Starts the nodes that are new, wires the links that are new, and restarts the nodes whose arguments name them.
    pub(in crate::run) async fn network(&self, at: &At, graph: &Graph) -> Result<(), StepFailure> {
        let (nodes, links) = self.add_to_network(graph).map_err(|message| self.fail(at, message))?;
        let told = self.told_of(&nodes, &links);
        self.announce_members(&nodes, &links).await;
        self.launch_all(at, &nodes).await?;
        // A shape that all links have is in force before any message is sent on them.
        self.shape_new(at, &links).await?;
        // A link that may not be up yet is wired as soon as it may.
        self.pending_links.borrow_mut().extend(links);
        self.wire_pending_links(at).await?;
        self.restart_in_turn(at, &told).await
    }

    /// Tells the world which nodes' messages it carries, before any of them sends one.
    async fn announce_members(&self, nodes: &[NodeIndex], links: &[Link]) {
        let routed = |node: &NodeIndex| self.driver(*node).wiring == Wiring::Routed;
        let nodes: Vec<(NodeIndex, String)> = {
            let network = &self.executor.state().network;
            nodes.iter().copied().filter(routed).map(|node| (node, network.name(node).to_owned())).collect()
        };
        if nodes.is_empty() {
            return;
        }
        let links = links.iter().filter(|link| routed(&link.from));
        let links = links.map(|link| Direction { from: link.from, to: link.to }).collect();
        let members = Members { nodes, links, ..Members::default() };
        self.executor.submit(Operation::Members(members)).await;
    }

    /// Adds the new nodes and links of a graph to the network, and returns them.
    fn add_to_network(&self, graph: &Graph) -> Result<(Vec<NodeIndex>, Vec<Link>), String> {
        let mut state = self.executor.state_mut();
        let mut places = Vec::with_capacity(graph.nodes().len());
        let mut new = Vec::new();
        for node in graph.nodes() {
            let spec = NodeSpec { name: node.name().to_owned(), ..NodeSpec::default() };
            let (place, is_new) = state.network.add_node(spec);
            places.push(place);
            if is_new {
                state.journal(|| JournalEvent::Node { node: place, name: node.name().to_owned() });
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
            self.options.default_driver().name.clone_into(&mut spec.driver);
            for rule in rules.iter().filter(|rule| rule.names(&state.network, *place)) {
                rule.options.iter().try_for_each(|(name, value)| set_option(&mut spec, name, value))?;
            }
            let given = self.options.node_options.iter();
            let given = given.filter_map(|(name, value)| match Attachment::node_of(name) {
                None => Some((name.as_str(), value)),
                Some(node) => (node == spec.name).then_some(("at", value)),
            });
            let given: Vec<(&str, &String)> = given.collect();
            given.into_iter().try_for_each(|(name, value)| set_option(&mut spec, name, value))?;
            if spec.at.is_some() {
                spec.clear_start();
            }
            #[cfg(feature = "mutants")]
            {
                spec.mutant = self.options.mutant;
            }
            let driver = self.driver_named(&spec.driver);
            if spec.workload.is_none() {
                let implied = self.implied_workloads.borrow();
                let mut workloads = driver.implied_workloads.iter();
                spec.workload = workloads
                    .find(|workload| implied.contains(*workload))
                    .map(|&workload| workload.to_owned());
            }
            let tells = driver.tells;
            state.network.set_spec(*place, spec, tells);
        }
        Ok((new, links))
    }
}
