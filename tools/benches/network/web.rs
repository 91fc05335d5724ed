//! The web surface of a node under load, beside a bare axum server: requests a second, by `wrk`.

use std::io::{BufRead as _, BufReader};
use std::net::TcpListener;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use crate::Result;
use crate::described::{is_there, median, wrk_rate};
use crate::floor;
use crate::network::PROGRAM;
use crate::table::Table;

/// The number of connections.
const CONNECTIONS: usize = 8;
/// The number of measurements of each side, in turn.
const TIMES: usize = 5;
/// The paths of a node that are asked for.
const PATHS: [&str; 4] = ["/", "/stats", "/nodes", "/health"];

/// A server that is ended with its owner.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself.
        let _: std::io::Result<()> = self.0.kill();
        let _: std::io::Result<std::process::ExitStatus> = self.0.wait();
    }
}

/// Compares the pages of a node with a bare axum server.
pub(crate) fn run(_: &Path) -> Result<()> {
    if !is_there("wrk", "--version") {
        println!("\nthe web surface: left out, since there is no wrk");
        return Ok(());
    }
    let (bare, bare_port) = bare()?;
    let (node, node_port) = node()?;
    let (mut floor, mut rates) = (Vec::new(), PATHS.map(|_| Vec::new()));
    for _ in 0..TIMES {
        floor.push(wrk_rate(bare_port, "/kv/k", CONNECTIONS)?);
        for (path, rates) in PATHS.iter().zip(&mut rates) {
            rates.push(wrk_rate(node_port, path, CONNECTIONS)?);
        }
    }
    drop((bare, node));
    let floor = median(floor);
    let title =
        format!("the web surface of a node, {CONNECTIONS} connections, requests a second, median of several");
    let mut table = Table::new(&title, &["path", "rate", "share of a bare server"]);
    table.row(["(a bare axum server)".to_owned(), format!("{floor:.0}"), String::new()]);
    for (path, rates) in PATHS.iter().zip(rates) {
        let rate = median(rates);
        table.row([(*path).to_owned(), format!("{rate:.0}"), format!("{:.2}", rate / floor)]);
    }
    table.print();
    Ok(())
}

/// Starts the bare server, and waits until it listens.
fn bare() -> Result<(Server, u16)> {
    let port = TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let program = floor::build("kv")?;
    let server = Server(Command::new(program).arg(port.to_string()).stdout(Stdio::null()).spawn()?);
    // It says nothing; its port answers once it listens.
    while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
        std::thread::yield_now();
    }
    Ok((server, port))
}

/// Starts a node, and waits until it says where it listens.
fn node() -> Result<(Server, u16)> {
    let mut process = Command::new(PROGRAM)
        .args(["node", "--listen", "127.0.0.1:0"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()?;
    let log = process.stdout.take().ok_or("the node has no standard output")?;
    let server = Server(process);
    for line in BufReader::new(log).lines() {
        let line = line?;
        if let Some((_, rest)) = line.split_once("listening on 127.0.0.1:") {
            let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
            return Ok((server, digits.parse()?));
        }
    }
    Err("the node did not say where it listens".into())
}
