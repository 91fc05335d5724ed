//! The world `process`: nodes are processes of this machine, on loopback.
//!
//! Nothing is left behind. A node of ours ends by itself when its standard input, one end of a socket pair,
//! ends. All nodes are started by the [`guard`], a small process. It ends all that it started when its socket
//! to the harness closes, however the harness ended.

pub mod clock;
mod flood;
pub mod guard;
mod listening;
mod log;
mod log_rate;
mod owners;
mod ports;
mod running;

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsString;
use std::fs::File;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use futures_util::future::{LocalBoxFuture, join_all};
use tokio::sync::{Semaphore, oneshot};

use super::folder::make_folder;
use super::live::{
    Carrier, Direct, LaunchError, Launcher, Live, MessageLogging, Owner, Proxied, Running, Written,
};
use super::{ClockError, ClockReach, Declaration, LogLines, NodeIndex, PROCESS, PROCESS_DIRECT};
use crate::driver::{CommandLine, Place, Ready, Sidecar, SidecarLauncher};

pub(in crate::world) use super::limits::raise_for_links;
pub use super::limits::{LimitError, explained, raise_open_files};
pub use flood::{LOG_LIMIT, log_limit};
pub use ports::{Lease, PortError, Ports, port_is_free};

use flood::FloodWatch;
use guard::Guard;
use running::{Clock, Process};

/// The number of networks that are made side by side. Chosen: the kernel makes networks mostly one after another,
/// so that more threads gain little.
const MAKERS: usize = 4;

/// The means that stand between nodes. The word for the second is the same in the whole harness, and the
/// flag for it is `--faults`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// No proxy in any link: the abilities in [`Declaration::proxied`] are missing, and links cost what the
    /// system's do.
    Direct,
    /// A proxy in each link.
    Proxied,
}

/// The options of nodes that run as processes.
#[derive(Debug)]
pub struct Options {
    /// The folder of each node's `NAME.log` and `NAME.err`; made if it is not there.
    pub logs: PathBuf,
    /// The folder of the nodes' data, each in a folder of its name; made when the first node needs it.
    pub data: PathBuf,
    /// The network id, which tells this run's nodes and processes from all others.
    pub network: String,
    /// The program that carries our own node, and the guard.
    pub program: PathBuf,
    /// The seed of all draws for links.
    pub seed: u64,
    /// The most bytes that a node may write to its log and its problems together.
    pub log_limit: u64,
    /// The choice of messages between nodes that are logged, where the harness carries them.
    pub messages: MessageLogging,
    /// True if programs that are not ours are started so that their clocks can be shifted, where that can be.
    pub clocks: bool,
}

/// Creates a world of processes that listen on these ports. Returns beside it what only processes have: ids,
/// addresses, files.
pub fn world(options: Options, ports: Ports, links: Links) -> std::io::Result<(Live, Rc<Processes>)> {
    let carrier: Box<dyn Carrier> = match links {
        Links::Direct => Box::new(Direct),
        Links::Proxied => {
            raise_for_links()?;
            Box::new(Proxied::new(options.seed))
        }
    };
    let provider = Loopback { ports: RefCell::new(ports), links };
    let (seed, logs, messages) = (options.seed, options.logs.clone(), options.messages);
    let processes = Rc::new(Processes::new(options, Box::new(provider))?);
    let live = Live::new(Rc::clone(&processes) as Rc<dyn Launcher>, carrier, seed, (&logs, messages))?;
    Ok((live, processes))
}

/// The provider of networks for processes: it decides where each listens and in which network it lives.
pub(in crate::world) trait NetworkProvider {
    /// Returns the abilities of the network together with its carrier.
    fn declaration(&self) -> &'static Declaration;

    /// Returns the host and the port for a node that has none yet.
    fn choose_address(&self, node: NodeIndex) -> Result<(String, u16), LaunchError>;

    /// Returns a further port for a node whose address was chosen last, by its index from 1.
    fn choose_further_port(&self, index: usize) -> Result<u16, LaunchError>;

    /// Returns the way to the node's own network, if it has one.
    fn namespace(&self, node: NodeIndex) -> Option<Arc<dyn NamespaceHandle>>;
}

/// The way to the network of a node, for a thread that may block.
pub(in crate::world) trait NamespaceHandle: Send + Sync {
    /// Returns the network as an open file, and makes it if it is not there.
    fn network(&self) -> Result<File, LaunchError>;
}

/// The loopback that all processes of this machine share.
struct Loopback {
    ports: RefCell<Ports>,
    links: Links,
}

impl NetworkProvider for Loopback {
    fn declaration(&self) -> &'static Declaration {
        match self.links {
            Links::Direct => &PROCESS_DIRECT,
            Links::Proxied => &PROCESS,
        }
    }

    fn choose_address(&self, _node: NodeIndex) -> Result<(String, u16), LaunchError> {
        Ok(("127.0.0.1".to_owned(), self.choose_further_port(0)?))
    }

    fn choose_further_port(&self, _index: usize) -> Result<u16, LaunchError> {
        self.ports.borrow_mut().take().map_err(|error| LaunchError::Place(Box::new(error)))
    }

    fn namespace(&self, _node: NodeIndex) -> Option<Arc<dyn NamespaceHandle>> {
        None
    }
}

/// The launcher that starts nodes as processes.
pub struct Processes {
    options: Options,
    provider: Box<dyn NetworkProvider>,
    places: RefCell<BTreeMap<NodeIndex, Place>>,
    /// The nodes that ran before on this machine, by their ports.
    attached: RefCell<BTreeMap<u16, NodeIndex>>,
    running: Rc<RefCell<BTreeMap<NodeIndex, Rc<Process>>>>,
    /// The names whose logs this run has begun.
    logged: RefCell<BTreeSet<String>>,
    guard: Rc<Guard>,
    /// The permits for threads that make networks.
    makers: Rc<Semaphore>,
    /// The number of programs that were started with clocks that can be shifted.
    shiftable: Cell<u64>,
    /// The watch over the amount that nodes write, once it has a callback.
    watch: RefCell<Option<FloodWatch>>,
}

impl Processes {
    pub(in crate::world) fn new(
        options: Options,
        provider: Box<dyn NetworkProvider>,
    ) -> std::io::Result<Self> {
        std::fs::create_dir_all(&options.logs)?;
        let guard = Rc::new(Guard::start(&options.program, &options.network)?);
        Ok(Self {
            options,
            provider,
            places: RefCell::default(),
            attached: RefCell::default(),
            running: Rc::default(),
            logged: RefCell::default(),
            guard,
            shiftable: Cell::new(0),
            watch: RefCell::default(),
            makers: Rc::new(Semaphore::new(MAKERS)),
        })
    }

    fn make_place(&self, name: &str, host: String, port: u16, further_ports: Vec<u16>) -> Place {
        let options = &self.options;
        Place {
            host,
            port,
            further_ports,
            network: options.network.clone(),
            program: options.program.clone(),
            // A program may change its folder.
            data: std::path::absolute(&options.data).unwrap_or_else(|_| options.data.clone()).join(name),
        }
    }

    /// Returns the process id of a node, if it runs.
    #[must_use]
    pub fn process_id(&self, node: NodeIndex) -> Option<u32> {
        self.running.borrow().get(&node).and_then(|process| process.id())
    }

    /// Returns the host and the port at which a node listens, if it was ever started.
    #[must_use]
    pub fn address(&self, node: NodeIndex) -> Option<(String, u16)> {
        self.places.borrow().get(&node).map(|place| (place.host.clone(), place.port))
    }

    /// Returns the judge of programs whose clocks are to be shifted in this network.
    #[must_use]
    pub fn clock_reach(&self) -> ClockReach {
        if self.options.clocks { clock::reach } else { |_| Err(ClockError::Unprepared) }
    }

    /// Prepares the clock of a program for shifts. Our own node needs none of this.
    fn prepare_clock(&self, node: NodeIndex, line: &mut CommandLine) -> Result<Clock, LaunchError> {
        if line.ready == Ready::Told {
            return Ok(Clock::Own);
        }
        if !self.options.clocks {
            return Ok(Clock::Fixed(ClockError::Unprepared));
        }
        let judged =
            clock::library().and_then(|library| clock::judge(&line.program, &library).map(|()| library));
        let library = match judged {
            Ok(library) => library,
            Err(reason) if line.clock_ms == 0 => return Ok(Clock::Fixed(reason)),
            Err(reason) => return Err(LaunchError::Clock(reason.with_help())),
        };
        let number = self.shiftable.get();
        self.shiftable.set(number + 1);
        let made = clock::Shift::new(&self.options.network, node.0, number, line.clock_ms);
        let shift = made.map_err(|error| LaunchError::Clock(explained(&error)))?;
        let own =
            line.environment.iter().find(|(name, _)| name == clock::PRELOAD).map(|(_, value)| value.clone());
        let preloaded = own.or_else(|| std::env::var(clock::PRELOAD).ok());
        line.environment.retain(|(name, _)| name != clock::PRELOAD);
        line.environment.extend(shift.environment(&library, preloaded.as_deref()));
        Ok(Clock::Shifted(shift))
    }

    /// Returns the path of a node's log.
    #[must_use]
    pub fn log_path(&self, name: &str) -> PathBuf {
        self.options.logs.join(format!("{name}.log"))
    }
}

/// Has a thread make the network of a node: this takes a while, so several threads do it side by side.
async fn make_network(namespace: Arc<dyn NamespaceHandle>, makers: &Semaphore) -> Result<File, LaunchError> {
    let _place = makers.acquire().await.map_err(|error| LaunchError::NetworkThread(error.to_string()))?;
    let (sender, made) = oneshot::channel();
    let begun = std::thread::Builder::new().spawn(move || {
        // The start that wanted the network may have been given up.
        let _: Result<(), _> = sender.send(namespace.network());
    });
    begun.map_err(|error| LaunchError::NetworkThread(explained(&error)))?;
    let panicked = || LaunchError::NetworkThread("the thread that makes a network panicked".to_owned());
    made.await.map_err(|_| panicked())?
}

/// The starter of programs that stand beside nodes.
struct ProcessSidecars(Rc<Guard>);

impl SidecarLauncher for ProcessSidecars {
    fn start(
        &self,
        program: &str,
        arguments: &[String],
    ) -> LocalBoxFuture<'static, std::io::Result<Sidecar>> {
        let (guard, program, arguments) = (Rc::clone(&self.0), OsString::from(program), arguments.to_vec());
        Box::pin(async move { running::start_beside(&guard, program, arguments).await })
    }
}

impl Launcher for Processes {
    fn declaration(&self) -> &'static Declaration {
        self.provider.declaration()
    }

    fn place(&self, node: NodeIndex, name: &str, ports: usize) -> Result<Place, LaunchError> {
        if let Some(place) = self.places.borrow().get(&node) {
            return Ok(place.clone());
        }
        let limited = |error| LaunchError::Place(Box::new(error));
        raise_open_files(self.places.borrow().len() + 1).map_err(limited)?;
        let (host, port) = self.provider.choose_address(node)?;
        let further = (1..ports).map(|index| self.provider.choose_further_port(index));
        let place = self.make_place(name, host, port, further.collect::<Result<_, _>>()?);
        self.places.borrow_mut().insert(node, place.clone());
        Ok(place)
    }

    fn attach(&self, node: NodeIndex, name: &str, host: String, ports: &[u16]) -> Place {
        let (port, further_ports) =
            ports.split_first().map_or((0, Vec::new()), |(port, further)| (*port, further.to_vec()));
        let place = self.make_place(name, host, port, further_ports);
        self.places.borrow_mut().insert(node, place.clone());
        let ports = place.ports().into_iter().filter(|port| *port != 0);
        if place.host.parse().is_ok_and(|host: std::net::IpAddr| host.is_loopback()) {
            self.attached.borrow_mut().extend(ports.map(|port| (port, node)));
        }
        place
    }

    fn make_data(&self, name: &str, inside: bool) -> Result<(), LaunchError> {
        let (logs, data) = (&self.options.logs, &self.options.data);
        let made = match (data.parent(), data.file_name().and_then(|name| name.to_str())) {
            // A folder in the folder of a run is the run's own; a folder that a person names may be a link.
            (Some(parent), Some(own)) if parent == logs => make_folder(logs, own),
            _ => std::fs::create_dir_all(data),
        };
        let made = made.map_err(|error| (data.clone(), error)).and_then(|()| {
            let made = if inside { make_folder(data, name) } else { Ok(()) };
            made.map_err(|error| (data.join(name), error))
        });
        made.map_err(|(folder, error)| LaunchError::Folder { folder, error })
    }

    fn start(
        &self,
        node: NodeIndex,
        name: &str,
        mut line: CommandLine,
    ) -> LocalBoxFuture<'static, Result<Rc<dyn Running>, LaunchError>> {
        let clock = self.prepare_clock(node, &mut line);
        let fresh = self.logged.borrow_mut().insert(name.to_owned());
        if let Some(watch) = self.watch.borrow().as_ref() {
            watch.add(node, name);
        }
        let logs = log::open(&self.options.logs, name, fresh);
        let namespace = self.provider.namespace(node);
        let (guard, running) = (Rc::clone(&self.guard), Rc::clone(&self.running));
        let makers = Rc::clone(&self.makers);
        Box::pin(async move {
            let (logs, clock) = (logs?, clock?);
            let network = match namespace {
                Some(namespace) => Some(make_network(namespace, &makers).await?),
                None => None,
            };
            let process = Rc::new(running::start(&guard, line, logs, (network, clock)).await?);
            running.borrow_mut().insert(node, Rc::clone(&process));
            Ok(process as Rc<dyn Running>)
        })
    }

    fn sidecars(&self) -> Rc<dyn SidecarLauncher> {
        Rc::new(ProcessSidecars(Rc::clone(&self.guard)))
    }

    fn watch_floods(&self, on_flood: Box<dyn Fn(NodeIndex, String) + Send>) -> std::io::Result<()> {
        let begun = FloodWatch::begin(&self.options.logs, self.options.log_limit, on_flood);
        let wrong =
            |error| std::io::Error::other(format!("the logs cannot be watched: {}", explained(&error)));
        self.watch.replace(Some(begun.map_err(wrong)?));
        Ok(())
    }

    fn log_rates(&self) -> BTreeMap<NodeIndex, u64> {
        self.watch.borrow().as_ref().map(FloodWatch::log_rates).unwrap_or_default()
    }

    fn check_last_writes(&self) {
        if let Some(watch) = self.watch.borrow().as_ref() {
            watch.check_last_writes();
        }
    }

    fn end_all(&self) -> LocalBoxFuture<'static, ()> {
        let running: Vec<Rc<Process>> =
            std::mem::take(&mut *self.running.borrow_mut()).into_values().collect();
        // The guard goes on: a node that is being started just now ends with it.
        Box::pin(async move {
            join_all(running.iter().map(|process| process.end())).await;
        })
    }

    fn written(&self, name: &str) -> Written {
        // The log of an earlier run is removed when this run first starts the node.
        if self.logged.borrow().contains(name) {
            log::written(&self.options.logs, name)
        } else {
            Written::default()
        }
    }

    fn lines_since(&self, name: &str, since: Written) -> (Vec<String>, Written) {
        log::lines_since(&self.options.logs, name, since)
    }

    fn owners(&self, sockets: &BTreeSet<u64>) -> BTreeMap<u64, Owner> {
        let running = self.running.borrow();
        let id = |process: &Process| process.id().and_then(|id| i32::try_from(id).ok());
        let nodes = running.iter().filter(|(_, process)| !process.has_ended());
        let nodes = nodes.filter_map(|(node, process)| Some((id(process)?, *node))).collect();
        owners::owners(sockets, &nodes, &self.attached.borrow())
    }

    fn log(&self, name: &str, since: Written) -> [LogLines; 2] {
        log::lines(&self.options.logs, name, since)
    }
}
