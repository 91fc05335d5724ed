//! The host of a network that runs until a person ends it, and serves requests from other terminals
//! meanwhile.

mod faults;
mod page;
mod requests;
mod steps;
mod watch;
mod watchers;

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::io;
use std::path::PathBuf;
use std::rc::Rc;
use std::time::Duration;

use watchers::Watchers;

use super::by_hand::{Answers, Naming};
use super::control::{NetworkState, NodeState, Told};
use super::feed::{Feed, Reader};
use super::folder::create_file;
use super::random;
use super::recording::{self, Recording};
use crate::journal::{JournalEntry, Recorder};
use crate::run::{Life, Options, Session, Verdict};
use crate::scenario::{At, Step, StepKind};
use crate::text::{Source, Span};
use crate::topology::Graph;
use crate::world::live::{Live, MessageLogging};
use crate::world::process::{self, Links, Ports, Processes};
use crate::world::{Declaration, netns};

/// A network of processes, and the session that knows its state.
pub(super) struct Host {
    pub(super) session: Session,
    pub(super) world: Live,
    pub(super) processes: Rc<Processes>,
    /// The answers of nodes since the last step began.
    answers: Rc<RefCell<Answers>>,
    /// The steps that were done by hand.
    recording: Recording,
    /// The folder of logs.
    logs: PathBuf,
    /// Options of every node, from the command line.
    node_options: BTreeMap<String, String>,
    naming: Naming,
    /// The events, for those who look on.
    feed: Feed,
    watchers: Watchers,
    /// The address of the live page, if it is open.
    page: Option<String>,
    /// The lines for a page that is not open yet.
    page_reader: Option<Reader>,
    /// The time that the start took.
    ready: Duration,
}

/// The default port of nodes that have a network of their own. The first node on loopback has the same.
const NETNS_PORT: u16 = 3000;

/// The parts of a host.
pub(super) struct Setup {
    pub(super) logs: PathBuf,
    pub(super) data: PathBuf,
    pub(super) ports: Ports,
    pub(super) options: Options,
    /// The world in which nodes live.
    pub(super) world: &'static Declaration,
    /// True if the world is to make what faults of links need, in worlds that make it before the start.
    pub(super) prepares_links: bool,
    /// True if programs are started so that their clocks can be shifted.
    pub(super) prepares_clocks: bool,
    /// The most that a node may write to its log, in bytes.
    pub(super) log_limit: u64,
}

/// Prepares this process to host networks of a world. Has to be called before there is a second thread.
pub(super) fn prepare(world: &Declaration) -> Result<(), netns::NetnsError> {
    if has_own_networks(world) { netns::prepare() } else { Ok(()) }
}

/// Creates a world of processes, with the launcher of the processes.
pub(super) fn world(
    declaration: &Declaration,
    options: process::Options,
    ports: Ports,
    links: Links,
) -> io::Result<(Live, Rc<Processes>)> {
    if !has_own_networks(declaration) {
        return process::world(options, ports, links);
    }
    // No other program in the namespace could hold the port.
    let port = if let Ports::From(port) = ports { port } else { NETNS_PORT };
    netns::world(options, port, links == Links::Proxied)
}

/// Returns true if each node of a world has a network of its own in the kernel.
fn has_own_networks(world: &Declaration) -> bool {
    !world.one_host
}

/// The end of the service of a network that was up, by its cause.
pub(super) enum ServeEnd {
    /// Its time was up.
    Elapsed,
    /// A request from another terminal stopped it.
    Stopped,
    /// The person at the terminal ended it.
    Interrupted,
    /// Its folder was removed, so that no client could reach it any more.
    Unreachable,
}

impl Host {
    /// Creates a host without nodes. Every event goes to `recorder` as well.
    pub(super) fn new(setup: Setup, recorder: impl Recorder + 'static) -> io::Result<Self> {
        let (seed, logs) = (setup.options.seed, setup.logs.clone());
        let options = process::Options {
            logs: setup.logs,
            data: setup.data,
            network: random::network_id()?,
            program: std::env::current_exe()?,
            seed,
            log_limit: setup.log_limit,
            messages: MessageLogging { reported: setup.options.messages, ..MessageLogging::default() },
            clocks: setup.prepares_clocks,
        };
        let links = if setup.prepares_links { Links::Proxied } else { Links::Direct };
        let (world, processes) = world(setup.world, options, setup.ports, links)?;
        let answers = Rc::new(RefCell::new(Answers::default()));
        let collected = Rc::clone(&answers);
        let node_options = setup.options.node_options.clone();
        let recording = Recording::new(node_options.clone());
        let feed = Feed::default();
        let publishing = feed.clone();
        let collect = move |entry: &JournalEntry| collected.borrow_mut().collect(entry);
        let publish = move |entry: &JournalEntry| publishing.publish(entry);
        let session = Session::new(setup.options, (collect, (recorder, publish)));
        Ok(Self {
            session,
            world,
            processes,
            answers,
            recording,
            logs,
            node_options,
            naming: Naming::default(),
            feed,
            watchers: Watchers::default(),
            page: None,
            page_reader: None,
            ready: Duration::ZERO,
        })
    }

    /// Starts a network and wires it.
    pub(super) fn start(&mut self, source: &Source, graph: Graph) -> Verdict {
        self.session.plan("run", source, &self.world);
        let span = Span { start: 0, end: source.text().trim_end().len() };
        let step = Step { at: At { source: source.clone(), span }, kind: StepKind::Network(graph) };
        let verdict = self.session.perform(&mut self.world, std::slice::from_ref(&step));
        if let StepKind::Network(graph) = &step.kind {
            // Without the file, the recording is known only while the network runs.
            if let Ok(file) = create_file(&self.logs, recording::NAME) {
                self.recording.write_to(file);
            }
            self.recording.record_start(source, graph, self.session.now());
        }
        verdict
    }

    /// Returns the current state of the network.
    pub(super) fn state(&self, ready: Duration) -> NetworkState {
        let network = self.session.network();
        let name = |node| network.name(node).to_owned();
        let nodes = network
            .nodes()
            .map(|(index, node)| {
                let (host, port) = self.processes.address(index).unwrap_or_default();
                let port = node.spec.at.as_ref().map_or(port, |at| at.port);
                let peers = network.links_of(index);
                NodeState {
                    name: node.name().to_owned(),
                    host,
                    port,
                    driver: node.spec.driver.clone(),
                    pid: self.processes.process_id(index),
                    peers: peers
                        .map(|link| name(if link.from == index { link.to } else { link.from }))
                        .collect(),
                    log: if node.spec.at.is_some() {
                        String::new()
                    } else {
                        self.processes.log_path(node.name()).display().to_string()
                    },
                    attached: node.spec.at.is_some(),
                    state: match node.life {
                        Life::Stopped if node.killed => "killed".to_owned(),
                        life => life.to_string(),
                    },
                    told: node
                        .state
                        .as_ref()
                        .map(|state| Told { digest: state.digest.clone(), peers: state.peers }),
                }
            })
            .collect();
        let links = network.links().iter().map(|link| (name(link.from), name(link.to))).collect();
        let ready_ms = u64::try_from(ready.as_millis()).unwrap_or(u64::MAX);
        NetworkState { nodes, links, ready_ms, faults: faults::of(&network) }
    }

    /// Stops all nodes, in an orderly way unless interrupted. Returns true if interrupted.
    pub(super) fn end(mut self) -> bool {
        let interrupted = self.session.stop_all(&mut self.world);
        self.feed.end();
        interrupted
    }
}
