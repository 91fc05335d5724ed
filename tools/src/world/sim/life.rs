//! The lives of nodes (started, woken, frozen, ended), and the turns in which their cores are fed.

use std::sync::Arc;
use std::time::Duration;

use node::core::{Config, Core, Input, Level, Output};

use super::disk::{Owner, Synced};
use super::node::{Deferred, Life, Line};
use super::request::{AskBody, CLIENT};
use super::scheduled::Scheduled;
use super::state::Sim;
use crate::driver;
use crate::world::{Event, ExitStatus, NodeIndex, NodeSpec, OpId, Outcome, Signal};

/// The time from a node's start until it is ready. Chosen: that of a process is a few milliseconds.
const START: Duration = Duration::from_millis(1);
/// The least time that a disk takes to sync; up to a millisecond more is drawn. Chosen: the order of a solid-state
/// disk.
const SYNC: Duration = Duration::from_millis(1);
/// The time within which a node that has just started has to be reached. It takes microseconds of virtual time,
/// so that any bound would do.
const REACHED: Duration = Duration::from_secs(5);
/// The network that all nodes of a world are in.
const NETWORK: &str = "sim";

impl Sim {
    /// Starts a node.
    pub(super) fn launch(&mut self, id: OpId, node: NodeIndex, spec: NodeSpec) {
        let failed = |reason: &str| Outcome::Failed { reason: reason.to_owned() };
        let simulated = driver::declaration_of(&spec.driver).is_some_and(|driver| driver.simulated);
        if !simulated || spec.exec.is_some() {
            return self.ended(id, failed("in the world `sim` nodes are our own: there are no programs"));
        }
        if let Some(argument) = spec.args.iter().find(|argument| *argument != "--auto-connect") {
            let reason =
                format!("in the world `sim` a node takes no argument but --auto-connect, not `{argument}`");
            return self.ended(id, failed(&reason));
        }
        if self.place(node).life != Life::Down {
            return self.ended(id, failed("it is running"));
        }
        let seed = self.seed;
        let place = self.place(node);
        let name: Arc<str> = spec.name.as_str().into();
        let address: Arc<str> = format!("{name}:7400").into();
        place.life = Life::Starting(id);
        place.lives += 1;
        place.name = Arc::clone(&name);
        place.address = Arc::clone(&address);
        if place.lives == 1 {
            place.disk_draws = seed.stream(&["disk", &name]);
        }
        place.spec = spec;
        let lives = place.lives;
        self.by_name.insert(name, node);
        self.by_address.insert(address, node);
        self.schedule(self.now + START, Scheduled::Ready(node, lives));
    }

    /// Makes a started node ready.
    pub(super) fn on_ready(&mut self, node: NodeIndex, life: u64) {
        let (seed, id_seed, now) = (self.seed, self.id_seed, self.now);
        let place = self.place(node);
        let Life::Starting(id) = place.life else { return };
        if place.lives != life {
            return;
        }
        let life = life.to_string();
        // A node with a disk keeps its identity over its lives.
        let identity = if place.spec.disk { "disk" } else { life.as_str() };
        let id_of_node = node::wire::Hex(id_seed.id(&["node", &place.name, identity]));
        let mut config = Config::new(id_of_node, &*place.name, NETWORK, &*place.address);
        config.policy =
            place.spec.policy.as_deref().and_then(|policy| policy.parse().ok()).unwrap_or_default();
        config.auto_connect = !place.spec.args.is_empty();
        config.disk = place.spec.disk;
        config.incarnation = place.lives;
        #[cfg(feature = "mutants")]
        {
            config.mutant = place.spec.mutant;
        }
        config.seed = seed.number(&["core", &place.name, &life]);
        place.begin_life_in_log();
        place.append_log(
            now,
            Line::Shell(
                Level::Info,
                format!(
                    "listening on {} as {} (id {}, policy {}, network {NETWORK})",
                    place.address, place.name, config.node, config.policy
                ),
            ),
        );
        if !place.spec.disk {
            let nothing = "keeps nothing on disk: what only this node holds is gone when it ends";
            place.append_log(now, Line::Shell(Level::Info, nothing.to_owned()));
        }
        let mut core = Box::new(Core::new(config, place.now(now)));
        if place.spec.disk {
            core.restore(place.disk.versions());
        }
        place.core = Some(core);
        place.life = Life::Up;
        let deadline = self.now + REACHED;
        self.ask(id, node, AskBody::Reach, deadline);
    }

    /// Ends, freezes or thaws a node.
    pub(super) fn signal(&mut self, id: OpId, node: NodeIndex, signal: Signal) {
        if self.place(node).life != Life::Down {
            match signal {
                Signal::Kill => self.kill(node),
                Signal::Stop => self.stop(node),
                Signal::Pause => self.freeze(node),
                Signal::Resume => self.thaw(node),
            }
        }
        self.ended(id, Outcome::Done);
    }

    fn kill(&mut self, node: NodeIndex) {
        let place = &self.nodes[node.0];
        let mut draws = self.seed.stream(&["kill", &place.name, &place.lives.to_string()]);
        self.close_connections(node, || draws.bool());
        self.nodes[node.0].disk.crash(|most| draws.u64(0..=most));
        self.exit(node, ExitStatus::Signal(9));
    }

    fn stop(&mut self, node: NodeIndex) {
        // A frozen node thaws to end.
        self.thaw(node);
        self.close_connections(node, || false);
        let place = &mut self.nodes[node.0];
        place.disk.close();
        place.append_log(self.now, Line::Shell(Level::Info, "ending: terminated".to_owned()));
        self.exit(node, ExitStatus::Code(0));
    }

    fn exit(&mut self, node: NodeIndex, ending: ExitStatus) {
        let place = &mut self.nodes[node.0];
        let before = std::mem::replace(&mut place.life, Life::Down);
        place.core = None;
        let asks = std::mem::take(&mut place.asks);
        for asked in asks.into_values() {
            self.ended(asked.id, Outcome::Unknown { reason: "it has ended".to_owned() });
        }
        self.report(Event::Exited { node, ending });
        if let Life::Starting(launch) = before {
            let reason = format!("it ended with {ending} before it was ready");
            self.ended(launch, Outcome::Failed { reason });
        }
    }

    fn freeze(&mut self, node: NodeIndex) {
        let place = &mut self.nodes[node.0];
        if place.life == Life::Up {
            place.life = Life::Frozen;
        }
    }

    fn thaw(&mut self, node: NodeIndex) {
        let place = &mut self.nodes[node.0];
        if place.life != Life::Frozen {
            return;
        }
        place.life = Life::Up;
        for late in std::mem::take(&mut place.frozen) {
            match late {
                Deferred::Arrival(arrival) => self.deliver(arrival),
                Deferred::Request(request) => self.request(node, request),
                Deferred::Synced => {
                    let life = self.nodes[node.0].lives;
                    self.on_synced(node, life);
                }
            }
        }
        self.write_all_waiting(node);
        self.feed(node, Input::Tick);
        // A wake may have come while the node was frozen.
        self.schedule_wake(node);
    }

    /// Wakes a node at a time that it asked for.
    pub(super) fn wake(&mut self, node: NodeIndex) {
        let place = &mut self.nodes[node.0];
        place.wakes.pop();
        if !place.is_up() {
            return;
        }
        if place.core.as_ref().and_then(|core| core.wake()).is_some_and(|at| at <= self.now) {
            self.trace.woken(self.now, &self.nodes[node.0].name);
            self.feed(node, Input::Tick);
        }
        self.schedule_wake(node);
    }

    /// Schedules the next wake that a node wants.
    fn schedule_wake(&mut self, node: NodeIndex) {
        if let Some(at) = self.nodes[node.0].core.as_ref().and_then(|core| core.wake()) {
            self.arm(node, at);
        }
    }

    fn arm(&mut self, node: NodeIndex, at: Duration) {
        let at = at.max(self.now);
        let wakes = &mut self.nodes[node.0].wakes;
        if wakes.last().is_none_or(|next| at < *next) {
            wakes.push(at);
            self.schedule(at, Scheduled::Wake(node));
        }
    }

    /// Reports the end of a sync to a node's core.
    pub(super) fn on_synced(&mut self, node: NodeIndex, life: u64) {
        let place = &mut self.nodes[node.0];
        if place.lives != life || place.life == Life::Down {
            return;
        }
        if place.life == Life::Frozen {
            return place.frozen.push_back(Deferred::Synced);
        }
        let Some(core) = &place.core else { return };
        let owner = Owner { node: core.config().node, policy: core.config().policy };
        let Synced { commit, again, log_line } = place.disk.synced(owner, self.now);
        if let Some((level, said)) = log_line {
            place.append_log(self.now, Line::Shell(level, said));
        }
        if again {
            self.sync(node);
        }
        let Some((up_to, result)) = commit else { return };
        let input = match result {
            Ok(()) => {
                self.trace.synced(self.now, &self.nodes[node.0].name);
                Input::Persisted(up_to)
            }
            Err(reason) => Input::PersistFailed { up_to, reason },
        };
        self.feed(node, input);
    }

    fn sync(&mut self, node: NodeIndex) {
        let place = &mut self.nodes[node.0];
        let longer = place.disk_draws.u64(0..=1_000_000);
        let (at, life) = (self.now + SYNC + Duration::from_nanos(longer), place.lives);
        self.schedule(at, Scheduled::Synced(node, life));
    }

    /// Hands an input to a node's core, and carries out all outputs.
    pub(super) fn feed(&mut self, node: NodeIndex, input: Input) {
        let mut outputs = std::mem::take(&mut self.outputs);
        let mut next = Some(input);
        while let Some(input) = next {
            let place = &mut self.nodes[node.0];
            let now = place.now(self.now);
            let Some(core) = &mut place.core else { break };
            core.handle(now, input, &mut outputs);
            for output in outputs.drain(..) {
                self.carry_out(node, output);
            }
            next = self.inputs.pop_front();
        }
        self.outputs = outputs;
    }

    fn carry_out(&mut self, node: NodeIndex, output: Output) {
        match output {
            Output::Send { conn: CLIENT, frame } => self.on_frame(node, frame),
            Output::Send { conn, frame } => self.send(node, conn, frame),
            // No node here has neighbours of another make.
            Output::Sign { .. } => {}
            // The harness reads at once, so there is always room.
            Output::AwaitRoom { conn } => self.inputs.push_back(Input::Room { conn }),
            Output::Dial { dial, address } => self.dial(node, dial, &address),
            Output::CancelDial { dial } => self.cancel(node, dial),
            Output::Close { conn, .. } => self.close(node, conn),
            Output::Persist { id, versions } => {
                let place = &mut self.nodes[node.0];
                if !place.spec.disk {
                    // Without a disk, versions are as safe at once as they will ever be.
                    self.inputs.push_back(Input::Persisted(id));
                } else if place.disk.write(id, versions) {
                    self.sync(node);
                }
            }
            Output::Wake(at) => self.arm(node, at),
            Output::Log(event) => {
                self.trace.log(self.now, &self.nodes[node.0].name, &event);
                self.nodes[node.0].append_log(self.now, Line::Event(event));
            }
        }
    }
}
