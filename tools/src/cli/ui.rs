//! The live page: of a network that runs (`tools run --ui`, and `tools ui`), or of a run in virtual time
//! (`tools ui SCENARIO --world sim`).
//!
//! A page is served on loopback alone. Every request has to know a token of 128 bits that stands in the address.
//! The page reads the lines of the journal as they come, and what its buttons do are steps of the language.

mod address;
mod guard;
mod network;
mod server;
mod simulation;
mod steps;
mod stream;

use std::fs::File;
use std::io::{self, Write};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use tokio::runtime::Handle;
use tokio::sync::Mutex;

pub(in crate::cli) use address::{announce, bind};

use super::control::{self, Reply, Request};
use super::exit::Exit;
use super::failure::Failure;
use super::feed::Reader;
use super::network as running;
use super::reach::IncludeArguments;
use super::setting::ParamArguments;
use crate::page::{LiveConfig, live_html};
use crate::world;
use network::{Page, PageLines};

/// Open the page of the network of this folder, live, in the browser; or that of a scenario in `sim`, whose
/// time the page plays, pauses and turns back
#[derive(Debug, Clone, Args)]
pub struct Arguments {
    /// A scenario to be run in `sim`; without one, the page is that of the network of this folder
    pub scenario: Option<PathBuf>,

    /// The world of the scenario: `sim`, where time can be held
    #[arg(long, value_name = "NAME", value_parser = super::setting::world_named, requires = "scenario")]
    pub world: Option<&'static world::Declaration>,

    /// The seed of every random draw of the scenario [default: random, and printed]
    #[arg(long, value_name = "N", value_parser = super::number::whole, requires = "scenario")]
    pub seed: Option<u64>,

    #[command(flatten)]
    #[expect(missing_docs, reason = "a flattened group takes no comment of its own")]
    pub params: ParamArguments,

    #[command(flatten)]
    #[expect(missing_docs, reason = "a flattened group takes no comment of its own")]
    pub includes: IncludeArguments,

    /// The port of the page on this machine [default: chosen by the system]
    #[arg(long, short, value_name = "PORT", value_parser = super::number::port)]
    pub port: Option<u16>,
    /// The folder of the network's logs; a scenario is saved there with the steps that are added to it
    #[arg(long, value_name = "FOLDER", default_value = "logs")]
    pub logs: PathBuf,
}

impl Arguments {
    /// Returns the flags that a run depends on and that no other part of its report tells.
    fn flags(&self) -> Vec<(String, String)> {
        let folders = self.includes.folders.iter();
        folders.map(|folder| ("include-dir".to_owned(), folder.display().to_string())).collect()
    }
}

/// Opens the page of a network that runs, or serves that of a scenario.
pub fn run(arguments: &Arguments, out: &mut dyn Write, err: &mut dyn Write) -> Result<Exit, Failure> {
    let Some(scenario) = &arguments.scenario else {
        let address = request(&arguments.logs, arguments.port)?;
        write!(out, "{}", announce(&address, &arguments.logs))?;
        return Ok(Exit::Held);
    };
    if let Some(world) = arguments.world.filter(|world| !world.virtual_time) {
        let message = format!("time cannot be held in the world `{}`", world.name);
        let help =
            "add `--world sim`; for real time, `tools run TOPOLOGY --ui` or `tools test … --html FILE`";
        return Err(Failure::usage(message).help(help));
    }
    simulation::run(arguments, scenario, out, err)
}

/// Asks the network of a folder to open its page. Returns its address: that of the page which is open
/// already, if there is one.
pub(in crate::cli) fn request(logs: &Path, port: Option<u16>) -> Result<String, Failure> {
    match control::ask(logs, &Request::Page { port })? {
        Some(Reply::Page { address }) => Ok(address),
        Some(Reply::Steps { error: Some(error), code, .. }) => {
            Err(Failure::rendered(Exit::of_code(code), error))
        }
        Some(_) => Err(control::unexpected().into()),
        None => Err(running::not_running(logs)),
    }
}

/// Serves the page of a network at a listener, on the thread of this runtime: the lines of its journal so
/// far, each file up to a length, and those of the reader. Returns its address.
pub(in crate::cli) fn serve(
    runtime: &Handle,
    listener: TcpListener,
    logs: &Path,
    so_far: Vec<(File, u64)>,
    mut reader: Reader,
) -> io::Result<String> {
    let token = address::token()?;
    let address = address::address(listener.local_addr()?.port(), &token);
    let (events, steps) = (format!("/events?token={token}"), format!("/do?token={token}"));
    let config = LiveConfig { events, steps, time: None };
    let html = live_html(&config).map_err(io::Error::other)?;
    let lines = Arc::new(PageLines::new());
    let page = Page { logs: logs.to_owned(), lines: Arc::clone(&lines), turn: Mutex::new(()) };
    listener.set_nonblocking(true)?;
    let listener = {
        let _entered = runtime.enter();
        tokio::net::TcpListener::from_std(listener)?
    };
    runtime.spawn(async move {
        let reading = Arc::clone(&lines);
        // A journal that cannot be read leaves the page with what comes from now on.
        let _: Result<(), _> = tokio::task::spawn_blocking(move || reading.read(so_far)).await;
        let serving = tokio::spawn(server::serve(listener, token, html, network::routes(page)));
        while let Some(mut frame) = reader.frame().await {
            if frame.overrun {
                frame.lines.insert(0, "{\"event\":\"dropped\"}".into());
            }
            // States are for terminals: a page folds the lines itself.
            frame.lines.retain(|line| !line.starts_with("{\"reply\""));
            lines.add(&frame.lines);
        }
        lines.end();
        // The server serves until the process ends.
        let _: Result<_, _> = serving.await;
    });
    Ok(address)
}
