//! The world `process`: nodes are processes of this machine, on loopback.
//!
//! Nothing is left behind. A node of ours ends by itself when its standard input, one end of a
//! socket pair, ends; every other is known to the [`guard`], a small process that kills what the
//! harness started when its pipe to the harness closes, however the harness ended.

pub mod guard;
mod limits;
mod log;
mod ports;
mod running;

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::rc::Rc;

use futures_util::future::{LocalBoxFuture, join_all};

use super::live::{Carrier, Direct, Launcher, Live, Proxied, Running};
use super::{Declaration, NodeIndex, PROCESS, PROCESS_DIRECT};
use crate::driver::{CommandLine, Place};

pub use limits::raise_open_files;
pub use ports::{Lease, Ports, port_is_free};

use guard::Guard;
use running::Process;

/// What stands between nodes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Links {
    /// Nothing: links cannot be changed, and cost what loopback does.
    Direct,
    /// A proxy in each: links can be cut, broken and shaped.
    Proxied {
        /// What is drawn for them comes from it.
        seed: u64,
    },
}

/// How nodes are run as processes.
#[derive(Debug)]
pub struct Options {
    /// Where each node's `NAME.log` and `NAME.err` go; created if it is not there.
    pub logs: PathBuf,
    /// Where nodes that keep data have it, each in a folder of its name; made when the first needs it.
    pub data: PathBuf,
    /// The ports that nodes listen on.
    pub ports: Ports,
    /// The network id: tells this run's nodes and processes from all others.
    pub network: String,
    /// The program that carries our own node, and the guard.
    pub program: PathBuf,
    /// What stands between nodes.
    pub links: Links,
}

/// A world of processes; beside it what only processes have: ids, ports, files.
pub fn world(options: Options) -> std::io::Result<(Live, Rc<Processes>)> {
    let carrier: Box<dyn Carrier> = match options.links {
        Links::Direct => Box::new(Direct),
        Links::Proxied { seed } => {
            limits::raise_for_links()?;
            Box::new(Proxied::new(seed))
        }
    };
    let processes = Rc::new(Processes::new(options)?);
    let live = Live::new(Rc::clone(&processes) as Rc<dyn Launcher>, carrier)?;
    Ok((live, processes))
}

/// Starts nodes as processes.
pub struct Processes {
    options: RefCell<Options>,
    places: RefCell<BTreeMap<NodeIndex, Place>>,
    running: Rc<RefCell<BTreeMap<NodeIndex, Rc<Process>>>>,
    /// The names whose logs this run has begun.
    logged: RefCell<BTreeSet<String>>,
    guard: Rc<Guard>,
}

impl Processes {
    fn new(options: Options) -> std::io::Result<Self> {
        std::fs::create_dir_all(&options.logs)?;
        let guard = Rc::new(Guard::start(&options.program, &options.network)?);
        Ok(Self {
            options: RefCell::new(options),
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

    /// The port of a node, if it was ever started.
    #[must_use]
    pub fn port(&self, node: NodeIndex) -> Option<u16> {
        self.places.borrow().get(&node).map(|place| place.port)
    }

    /// Where the log of a node lies.
    #[must_use]
    pub fn log_path(&self, name: &str) -> PathBuf {
        self.options.borrow().logs.join(format!("{name}.log"))
    }
}

impl Launcher for Processes {
    fn declaration(&self) -> &'static Declaration {
        match self.options.borrow().links {
            Links::Direct => &PROCESS_DIRECT,
            Links::Proxied { .. } => &PROCESS,
        }
    }

    fn place(&self, node: NodeIndex, name: &str) -> Result<Place, String> {
        if let Some(place) = self.places.borrow().get(&node) {
            return Ok(place.clone());
        }
        raise_open_files(self.places.borrow().len() + 1)?;
        let mut options = self.options.borrow_mut();
        let place = Place {
            host: "127.0.0.1".to_owned(),
            port: options.ports.take()?,
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
        let (logs, network) = {
            let options = self.options.borrow();
            (options.logs.clone(), options.network.clone())
        };
        let (guard, running, name) = (Rc::clone(&self.guard), Rc::clone(&self.running), name.to_owned());
        Box::pin(async move {
            // Starting blocks until the program is loaded; several threads do it side by side.
            let spawned = tokio::task::spawn_blocking(move || {
                let (log, errors) = log::open(&logs, &name, fresh)?;
                running::spawn(&line, &network, log, errors)
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

    fn log(&self, name: &str, lines: usize) -> Vec<String> {
        log::last_lines(&self.options.borrow().logs, name, lines)
    }
}
