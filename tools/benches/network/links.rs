//! The cost of a proxy in a link: the time of a round trip, and the throughput.

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use tokio::task::LocalSet;
use tools::world::NodeIndex;
use tools::world::live::{Carrier, Direct, Proxied};

use crate::Result;
use crate::samples::Samples;
use crate::table::Table;

/// The length of a message in bytes: about that of a write of a short value on the wire.
const MESSAGE: usize = 200;
const WARM_UP: usize = 200;
const ROUNDS: usize = 5_000;
/// The number of portions that are sent in one direction.
const PORTIONS: usize = 4_096;
const PORTION: usize = 64 << 10;

pub(crate) fn run(_logs: &Path) -> Result<()> {
    let mut table =
        Table::new(&format!("links: {}", title()), &["between two sockets", "round trip", "max", "through"]);
    let carriers: [(&str, Box<dyn Carrier>); 2] =
        [("nothing", Box::new(Direct)), ("a proxy", Box::new(Proxied::new(1)))];
    for (name, mut carrier) in carriers {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let measured = LocalSet::new().block_on(&runtime, async {
            let listener = TcpListener::bind("127.0.0.1:0")?;
            let address = listener.local_addr()?.to_string();
            let route = carrier.route(NodeIndex(0), NodeIndex(1), &address)?;
            thread::spawn(move || answer(&listener));
            // The two sockets have threads of their own, as nodes have. The carrier runs on this thread.
            let measured = tokio::task::spawn_blocking(move || measure(&route)).await?;
            Result::Ok(measured?)
        })?;
        let [round, greatest, through] = measured.cells();
        table.row([name.to_owned(), round, greatest, through]);
    }
    table.print();
    Ok(())
}

/// Returns the title of a table of measured connections.
pub(crate) fn title() -> String {
    format!("{ROUNDS} round trips of {MESSAGE} bytes; {} MiB one way", (PORTIONS * PORTION) >> 20)
}

/// The speed of a connection.
pub(crate) struct Measured {
    rounds: Samples,
    /// The time in which all portions came.
    took: Duration,
}

impl Measured {
    /// Returns the median and the greatest time of a round trip, and the throughput.
    pub(crate) fn cells(&self) -> [String; 3] {
        let us = |time: Duration| format!("{:.0} µs", time.as_secs_f64() * 1e6);
        let through = (PORTIONS * PORTION) as f64 / self.took.as_secs_f64() / f64::from(1 << 20);
        [us(self.rounds.median()), us(self.rounds.greatest()), format!("{through:.0} MiB/s")]
    }
}

/// Sends every message back. Then receives the portions, and reports when it has all of them.
pub(crate) fn answer(listener: &TcpListener) -> std::io::Result<()> {
    let (mut socket, _) = listener.accept()?;
    socket.set_nodelay(true)?;
    let mut buffer = vec![0; PORTION];
    for _ in 0..WARM_UP + ROUNDS {
        socket.read_exact(&mut buffer[..MESSAGE])?;
        socket.write_all(&buffer[..MESSAGE])?;
    }
    for _ in 0..PORTIONS {
        socket.read_exact(&mut buffer)?;
    }
    socket.write_all(&buffer[..1])
}

/// Measures a connection to an address at which [`answer`] listens.
pub(crate) fn measure(route: &str) -> std::io::Result<Measured> {
    let mut socket = TcpStream::connect(route)?;
    socket.set_nodelay(true)?;
    let mut buffer = vec![0; PORTION];
    let mut rounds = Samples::default();
    for round in 0..WARM_UP + ROUNDS {
        let began = Instant::now();
        socket.write_all(&buffer[..MESSAGE])?;
        socket.read_exact(&mut buffer[..MESSAGE])?;
        if round >= WARM_UP {
            rounds.add(began.elapsed());
        }
    }
    let began = Instant::now();
    for _ in 0..PORTIONS {
        socket.write_all(&buffer)?;
    }
    socket.read_exact(&mut buffer[..1])?;
    Ok(Measured { rounds, took: began.elapsed() })
}
