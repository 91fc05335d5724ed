//! The rate of operations at one node through `/byc`, by socket.io, beside the native protocol.

use std::path::Path;
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use node::net::byc::{BycClient, argument};
use node::net::client::Client;
use node::wire::{Command, Frame, Limits, Value};

use crate::Result;
use crate::network::Network;
use crate::table::Table;

/// The number of operations of each kind.
const OPERATIONS: usize = 20_000;
/// The numbers of operations under way at the same time.
const WINDOWS: [usize; 2] = [1, 64];
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn run(logs: &Path) -> Result<()> {
    let mut table = Table::new(
        &format!("byc: {OPERATIONS} operations at one node, a second"),
        &["under way", "set native", "set byc", "ratio", "get native", "get byc", "ratio"],
    );
    let network = Network::start("a", logs)?;
    let address = network.addresses().first().ok_or("one node runs")?.clone();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    for window in WINDOWS {
        let rates = runtime.block_on(async {
            let mut rates = Vec::new();
            for write in [true, false] {
                let native = native(&address, window, write).await?;
                let byc = byc(&address, window, write).await?;
                rates.extend([native, byc, native / byc]);
            }
            Result::Ok(rates)
        })?;
        let cells = rates.chunks(3).flat_map(|rates| {
            let [native, byc, ratio] = [rates[0], rates[1], rates[2]];
            [format!("{native:.0}"), format!("{byc:.0}"), format!("{ratio:.2}")]
        });
        table.row([window.to_string()].into_iter().chain(cells));
    }
    table.print();
    Ok(())
}

fn rate(began: Instant) -> f64 {
    OPERATIONS as f64 / began.elapsed().as_secs_f64()
}

async fn native(address: &str, window: usize, write: bool) -> Result<f64> {
    let (mut sender, mut receiver) = Client::connect(address).await?.split();
    let value = Value::typed("v", &Limits::default()).map_err(|error| error.to_string())?;
    let began = Instant::now();
    for batch in (0..OPERATIONS).collect::<Vec<_>>().chunks(window) {
        for number in batch {
            let key = format!("n{number}");
            let command = if write {
                Command::Set { key, value: value.clone(), date: None }
            } else {
                Command::Get { key }
            };
            sender.feed(*number as u64, command).await?;
        }
        sender.flush().await?;
        for _ in batch {
            let Frame::Reply { result: Ok(_), .. } = receiver.next().await? else {
                return Err("an operation was refused".into());
            };
        }
    }
    Ok(rate(began))
}

async fn byc(address: &str, window: usize, write: bool) -> Result<f64> {
    let client = BycClient::connect(address).await?;
    let began = Instant::now();
    for batch in (0..OPERATIONS).collect::<Vec<_>>().chunks(window) {
        let asked = batch.iter().map(|number| {
            let mut arguments = vec![argument(&format!("n{number}"))];
            if write {
                arguments.push(argument("v"));
            }
            let client = &client;
            async move { client.request(if write { "set" } else { "get" }, &arguments, PATIENCE).await }
        });
        for answer in try_join_all(asked).await? {
            answer?;
        }
    }
    Ok(rate(began))
}
