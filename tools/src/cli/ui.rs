//! The live page: of a network that runs (`tools run --ui`, and `tools ui`), or of a run in virtual time
//! (`tools ui SCENARIO --world sim`).
//!
//! A page is served on loopback alone. Every request has to know a token of 128 bits that stands in the address.
//! The page reads the lines of the journal as they come, and what its buttons do are steps of the language.

mod address;
mod arguments;
mod guard;
mod network;
mod server;
mod simulation;
mod steps;
mod stream;

use std::fs::File;
use std::future::pending;
use std::io::{self, Write};
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;

use tokio::runtime::Handle;
use tokio::sync::Mutex;

pub(in crate::cli) use address::{announce, bind};
pub use arguments::Arguments;

use super::control::{self, Reply, Request};
use super::exit::Exit;
use super::failure::Failure;
use super::feed::Reader;
use super::network as running;
use crate::page::{LiveConfig, live_html};
use network::{Page, PageLines};

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
        let serving = tokio::spawn(server::serve(listener, token, html, network::routes(page), pending()));
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
