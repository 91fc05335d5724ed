//! The live page of a running network: `tools run --ui`, and `tools ui` for a network that runs already.
//!
//! The process of the network serves the page, on loopback alone. Every request has to know a token of 128
//! bits that stands in the address. The page reads the lines of the journal as they come, and what its
//! buttons do are steps, as `tools do` performs them.

mod address;
mod guard;
mod lines;
mod server;

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
use super::network;
use crate::page::{LiveConfig, live_html};
use lines::PageLines;
use server::Page;

/// Open the page of the network of this folder, live, in the browser
#[derive(Debug, Clone, Args)]
pub struct Arguments {
    /// The port of the page on this machine [default: chosen by the system]
    #[arg(long, short, value_name = "PORT", value_parser = super::number::port)]
    pub port: Option<u16>,
    /// The folder of the network's logs
    #[arg(long, value_name = "FOLDER", default_value = "logs")]
    pub logs: PathBuf,
}

/// Opens the page of a network that runs.
pub fn run(arguments: &Arguments, out: &mut dyn Write) -> Result<Exit, Failure> {
    let address = request(&arguments.logs, arguments.port)?;
    write!(out, "{}", announce(&address, &arguments.logs))?;
    Ok(Exit::Held)
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
        None => Err(network::not_running(logs)),
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
    let config = LiveConfig { events: format!("/events?token={token}"), steps: format!("/do?token={token}") };
    let html = live_html(&config).map_err(io::Error::other)?;
    let lines = Arc::new(PageLines::new());
    let page = Page { logs: logs.to_owned(), token, html, lines: Arc::clone(&lines), turn: Mutex::new(()) };
    listener.set_nonblocking(true)?;
    let listener = {
        let _entered = runtime.enter();
        tokio::net::TcpListener::from_std(listener)?
    };
    runtime.spawn(async move {
        let reading = Arc::clone(&lines);
        // A journal that cannot be read leaves the page with what comes from now on.
        let _: Result<(), _> = tokio::task::spawn_blocking(move || reading.read(so_far)).await;
        let serving = tokio::spawn(server::serve(listener, Arc::new(page)));
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
