//! The world `process`: nodes are processes of this machine, on loopback.
//!
//! Nothing is left behind. A node of ours ends by itself when its standard input, one end of a
//! socket pair, ends; every other is known to the [`guard`], a small process that kills what the
//! harness started when its pipe to the harness closes, however the harness ended.

pub mod guard;
mod limits;
mod listening;
mod log;
mod ports;
mod running;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;

use futures_util::future::{LocalBoxFuture, join_all};

use super::live::{Carrier, Direct, Launcher, Live, Proxied, Running, Written};
use super::{Declaration, NodeIndex, PROCESS, PROCESS_DIRECT};
use crate::driver::{CommandLine, Place};

pub(in crate::world) use limits::raise_for_links;
pub use limits::raise_open_files;
pub use ports::{Lease, Ports, port_is_free};
pub(in crate::world) use running::Started;

use guard::Guard;
use running::Process;

/// What stands between nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// No proxy: what only proxies do to links cannot be done, and links cost what the system's do.
    Direct,
    /// A proxy in each.
    Proxied,
}

/// How nodes are run as processes.
#[derive(Debug)]
pub struct Options {
    /// Where each node's `NAME.log` and `NAME.err` go; created if it is not there.
    pub logs: PathBuf,
    /// Where nodes that keep data have it, each in a folder of its name; made when the first needs it.
    pub data: PathBuf,
    /// The network id: tells this run's nodes and processes from all others.
    pub network: String,
    /// The program that carries our own node, and the guard.
    pub program: PathBuf,
    /// What is drawn for links comes from it.
    pub seed: u64,
}

/// A world of processes; beside it what only processes have: ids, addresses, files. They listen on
/// these ports.
pub fn world(options: Options, ports: Ports, links: Links) -> std::io::Result<(Live, Rc<Processes>)> {
    let carrier: Box<dyn Carrier> = match links {
        Links::Direct => Box::new(Direct),
        Links::Proxied => {
            raise_for_links()?;
            Box::new(Proxied::new(options.seed))
        }
    };
    let ground = Loopback { ports: RefCell::new(ports), links };
    let seed = options.seed;
    let processes = Rc::new(Processes::new(options, Box::new(ground))?);
    let live = Live::new(Rc::clone(&processes) as Rc<dyn Launcher>, carrier, seed)?;
    Ok((live, processes))
}

/// What processes stand on: where each listens, and what it sees of the network.
pub(in crate::world) trait Ground {
    /// What it, with the carrier on it, can do.
    fn declaration(&self) -> &'static Declaration;

    /// The host and the port for a node that has none yet. The reason why there is none is for people.
    fn settle(&self, node: NodeIndex) -> Result<(String, u16), String>;

    /// How a process is started there, if that takes more than starting it.
    fn threshold(&self, node: NodeIndex) -> Option<Arc<dyn Threshold>>;
}

/// What a process is started across, by a thread that may wait.
pub(in crate::world) trait Threshold: Send + Sync {
    /// Starts it on the other side.
    fn cross(&self, start: &mut dyn FnMut() -> Result<Started, String>) -> Result<Started, String>;
}

/// The loopback that all processes of this machine share.
struct Loopback {
    ports: RefCell<Ports>,
    links: Links,
}

impl Ground for Loopback {
    fn declaration(&self) -> &'static Declaration {
        match self.links {
            Links::Direct => &PROCESS_DIRECT,
            Links::Proxied => &PROCESS,
        }
    }

    fn settle(&self, _node: NodeIndex) -> Result<(String, u16), String> {
        Ok(("127.0.0.1".to_owned(), self.ports.borrow_mut().take()?))
    }

    fn threshold(&self, _node: NodeIndex) -> Option<Arc<dyn Threshold>> {
        None
    }
}

/// Starts nodes as processes.
pub struct Processes {
    options: Options,
    ground: Box<dyn Ground>,
    places: RefCell<BTreeMap<NodeIndex, Place>>,
    running: Rc<RefCell<BTreeMap<NodeIndex, Rc<Process>>>>,
    /// The names whose logs this run has begun.
    logged: RefCell<BTreeSet<String>>,
    guard: Rc<Guard>,
}

impl Processes {
    pub(in crate::world) fn new(options: Options, ground: Box<dyn Ground>) -> std::io::Result<Self> {
        std::fs::create_dir_all(&options.logs)?;
        let guard = Rc::new(Guard::start(&options.program, &options.network)?);
        Ok(Self {
            options,
            ground,
            places: RefCell::default(),
            running: Rc::default(),
            logged: RefCell::default(),
            guard,
        })
    }

    /// The process id of a node, if it runs.
    #[must_use]
    pub fn process_id(&self, node: NodeIndex) -> Option<u32> {
        self.running.borrow().get(&node).filter(|process| !process.has_ended()).map(|process| process.id())
    }

    /// Where a node listens, host and port, if it was ever started.
    #[must_use]
    pub fn address(&self, node: NodeIndex) -> Option<(String, u16)> {
        self.places.borrow().get(&node).map(|place| (place.host.clone(), place.port))
    }

    /// Where the log of a node lies.
    #[must_use]
    pub fn log_path(&self, name: &str) -> PathBuf {
        self.options.logs.join(format!("{name}.log"))
    }
}

impl Launcher for Processes {
    fn declaration(&self) -> &'static Declaration {
        self.ground.declaration()
    }

    fn place(&self, node: NodeIndex, name: &str) -> Result<Place, String> {
        if let Some(place) = self.places.borrow().get(&node) {
            return Ok(place.clone());
        }
        raise_open_files(self.places.borrow().len() + 1)?;
        let (host, port) = self.ground.settle(node)?;
        let options = &self.options;
        let place = Place {
            host,
            port,
            network: options.network.clone(),
            program: options.program.clone(),
            data: options.data.join(name),
        };
        self.places.borrow_mut().insert(node, place.clone());
        Ok(place)
    }

    fn start(
        &self,
        node: NodeIndex,
        name: &str,
        line: CommandLine,
    ) -> LocalBoxFuture<'static, Result<Rc<dyn Running>, String>> {
        let fresh = self.logged.borrow_mut().insert(name.to_owned());
        let (logs, network) = (self.options.logs.clone(), self.options.network.clone());
        let threshold = self.ground.threshold(node);
        let (guard, running, name) = (Rc::clone(&self.guard), Rc::clone(&self.running), name.to_owned());
        Box::pin(async move {
            // Starting blocks until the program is loaded; several threads do it side by side.
            let spawned = tokio::task::spawn_blocking(move || {
                let mut start = || {
                    let (log, errors) = log::open(&logs, &name, fresh)?;
                    running::spawn(&line, &network, log, errors)
                };
                match threshold {
                    Some(threshold) => threshold.cross(&mut start),
                    None => start(),
                }
            });
            let started = spawned.await.map_err(|error| error.to_string())??;
            guard.add(started.id());
            let process = Process::new(started, guard).map_err(|error| error.to_string())?;
            let process = Rc::new(process);
            running.borrow_mut().insert(node, Rc::clone(&process));
            Ok(process as Rc<dyn Running>)
        })
    }

    fn end_all(&self) -> LocalBoxFuture<'static, ()> {
        let running: Vec<Rc<Process>> =
            std::mem::take(&mut *self.running.borrow_mut()).into_values().collect();
        // The guard goes on guarding: what is being started just now ends with it.
        Box::pin(async move {
            join_all(running.iter().map(|process| process.end())).await;
        })
    }

    fn written(&self, name: &str) -> Written {
        // What a run before wrote is gone when the first node of this run is started.
        if self.logged.borrow().contains(name) {
            log::written(&self.options.logs, name)
        } else {
            Written::default()
        }
    }

    fn lines_since(&self, name: &str, since: Written) -> (Vec<String>, Written) {
        log::lines_since(&self.options.logs, name, since)
    }

    fn log(&self, name: &str, lines: usize) -> Vec<String> {
        log::last_lines(&self.options.logs, name, lines)
    }
}
