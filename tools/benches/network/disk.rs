//! The costs of a disk. Durable writes are measured beside synced appends to a file. Starts are measured
//! with a million keys, and with a million tombstones.

use std::fs::File;
use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::time::Duration;

use node::net::client::Client;
use node::wire::{Command, Frame, Limits, Value};
use tokio::task::{LocalSet, spawn_local};
use tokio::time::Instant;

use crate::Result;
use crate::memory::Memory;
use crate::network::Network;
use crate::samples::ms;
use crate::table::Table;

/// The numbers of clients that write at once, each with its number of writes.
const CLIENTS: [(usize, usize); 3] = [(1, 500), (16, 200), (256, 100)];
/// A record about as long as that of one durable write.
pub(crate) const RECORD: [u8; 64] = [b'x'; 64];
pub(crate) const MANY: usize = 1_000_000;
/// The number of writes that are under way at once while the million is written.
const WINDOW: usize = 4_096;

pub(crate) fn run(logs: &Path) -> Result<()> {
    writes(logs)?;
    starts(logs)
}

pub(crate) fn block_on<T>(future: impl Future<Output = Result<T>>) -> Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, future)
}

/// Starts a node with a disk.
fn node(logs: &Path) -> Result<Network> {
    Network::perform("node a data=disk\nnetwork a\n", logs)
}

/// Measures durable writes. Each client waits for its answer before it writes again.
fn writes(logs: &Path) -> Result<()> {
    let mut table = Table::new(
        "disk: writes that are acknowledged when they are kept, beside appending and syncing, one after another",
        &["clients", "writes a second", "appends a second", "ratio"],
    );
    for (clients, each) in CLIENTS {
        let network = node(logs)?;
        let address = network.addresses().remove(0);
        let before = appends(logs, 500)?;
        let took = block_on(from_clients(&address, clients, each))?;
        // Other users of the disk can only make it slower, so the faster of two measurements counts.
        let floor = appends(logs, 500)?.max(before);
        let rate = (clients * each) as f64 / took.as_secs_f64();
        table.row([
            clients.to_string(),
            format!("{rate:.0} /s"),
            format!("{floor:.0} /s"),
            format!("{:.2}", rate / floor),
        ]);
    }
    table.print();
    Ok(())
}

/// Returns the number of records a second that are appended to a file, each synced.
pub(crate) fn appends(folder: &Path, times: u32) -> Result<f64> {
    let mut file = tempfile::tempfile_in(folder)?;
    let began = std::time::Instant::now();
    for _ in 0..times {
        file.write_all(&RECORD)?;
        file.sync_data()?;
    }
    Ok(f64::from(times) / began.elapsed().as_secs_f64())
}

async fn from_clients(address: &str, clients: usize, each: usize) -> Result<Duration> {
    let mut connected = Vec::new();
    for _ in 0..clients {
        connected.push(Client::connect(address).await?);
    }
    let began = Instant::now();
    let tasks: Vec<_> = connected
        .into_iter()
        .enumerate()
        .map(|(number, mut client)| {
            spawn_local(async move {
                for turn in 0..each {
                    match client.request(set(&format!("{number}-{turn}"))).await {
                        Ok(Ok(_)) => {}
                        other => return Err(format!("a write was not kept: {other:?}")),
                    }
                }
                Ok(())
            })
        })
        .collect();
    for task in tasks {
        task.await??;
    }
    Ok(began.elapsed())
}

pub(crate) fn set(key: &str) -> Command {
    // As good as any other text, and it is JSON.
    let value = Value::typed("0123456789", &Limits::default()).expect("a number is JSON");
    Command::Set { key: key.to_owned(), value, date: None }
}

/// Measures starts, from the command until the node has answered.
fn starts(logs: &Path) -> Result<()> {
    let mut table = Table::new(
        &format!("disk: a node starts again with {MANY} keys"),
        &["after", "until it answers", "PSS", "file"],
    );
    let mut network = node(logs)?;
    let address = network.addresses().remove(0);
    let took = block_on(many(&address, |number| set(&format!("key{number}"))))?;
    started(&mut network, "", &mut table)?;
    let delete = |number| Command::Delete { key: format!("key{number}") };
    block_on(many(&address, delete))?;
    started(&mut network, ", all deleted", &mut table)?;
    table.print();
    println!("  written at {:.0} keys a second, {WINDOW} under way", MANY as f64 / took.as_secs_f64());
    Ok(())
}

/// Measures a start after an orderly stop, and one after a kill.
fn started(network: &mut Network, holding: &str, table: &mut Table) -> Result<()> {
    for (after, steps) in [("stop", "stop a"), ("kill -9", "kill a")] {
        network.go_on(steps)?;
        let began = Instant::now();
        network.go_on("start a")?;
        let ready = began.elapsed();
        let pss = Memory::idle(&network.processes())?.pss;
        let file = File::open(network.data.join("a").join("store.redb"))?.metadata()?.size();
        table.row([
            format!("{after}{holding}"),
            ms(ready),
            format!("{:.0} MiB", pss / 1024.0),
            format!("{} MiB", file >> 20),
        ]);
    }
    Ok(())
}

/// Sends a million requests and waits until all are done. Returns the time until then.
pub(crate) async fn many(address: &str, command: impl Fn(usize) -> Command) -> Result<Duration> {
    let began = Instant::now();
    let (mut sender, mut receiver) = Client::connect(address).await?.split();
    let (mut sent, mut answered) = (0, 0);
    while answered < MANY {
        if sent < MANY && sent - answered <= WINDOW / 2 {
            for _ in 0..(WINDOW / 2).min(MANY - sent) {
                sender.feed(sent as u64, command(sent)).await?;
                sent += 1;
            }
            sender.flush().await?;
        }
        if let Frame::Reply { result: Err(refusal), .. } = receiver.next().await? {
            return Err(refusal.to_string().into());
        }
        answered += 1;
    }
    Ok(began.elapsed())
}
