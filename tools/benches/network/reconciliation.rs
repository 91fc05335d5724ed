//! The costs of reconciliation. A late node fetches a million keys, beside a copy of as many bytes. Two
//! nodes find the one key among a million in which they differ.

use std::collections::VecDeque;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use node::core::{Config, ConnId, Core, Input, Now, Output};
use node::net::client::Client;
use node::wire::{Command, Frame, Hex, Kind, Limits, Notice, Reply, Stamp, Value, Version, encoded_len};
use tokio::time::Instant;

use crate::Result;
use crate::disk::{MANY, block_on, many, set};
use crate::memory::Memory;
use crate::network::Network;
use crate::table::Table;

/// The number of bytes that are copied at a time.
const COPIED: usize = 64 << 10;

pub(crate) fn run(logs: &Path) -> Result<()> {
    late(logs)?;
    difference()
}

/// Measures an empty node that is linked to one with all keys.
fn late(logs: &Path) -> Result<()> {
    let network = Network::perform("network a, b\n", logs)?;
    let addresses = network.addresses();
    let [full, late] = &addresses[..] else { return Err("two nodes were started".into()) };
    block_on(many(full, |number| set(&format!("key{number}"))))?;
    let took = block_on(fetched(full, late))?;
    let wire = block_on(sent(full))? + block_on(sent(late))?;
    // Keys and values, without authors and stamps.
    let data: usize = (0..MANY).map(|number| format!("key{number}0123456789").len()).sum();
    let copied = copied(wire)?;
    let mut table = Table::new(
        &format!("reconciliation: a node that comes late fetches {MANY} keys, beside copying as many bytes"),
        &["took", "keys a second", "on the wire", "a key", "keys and values", "copied in", "ratio", "PSS"],
    );
    table.row([
        format!("{:.2} s", took.as_secs_f64()),
        format!("{:.0} /s", MANY as f64 / took.as_secs_f64()),
        format!("{} MiB", wire >> 20),
        format!("{} B", wire / MANY as u64),
        format!("{} MiB", data >> 20),
        format!("{:.3} s", copied.as_secs_f64()),
        format!("{:.0}", took.as_secs_f64() / copied.as_secs_f64()),
        format!("{:.0} MiB", Memory::idle(&network.processes())?.pss / 1024.0),
    ]);
    table.print();
    Ok(())
}

/// Links two nodes and waits until one holds as many keys as the other. Returns the time until then.
async fn fetched(full: &str, late: &str) -> Result<Duration> {
    let mut client = Client::connect(late).await?;
    asked(&mut client, Command::Watch { versions: false }).await?;
    let began = Instant::now();
    asked(&mut client, Command::AddPeer { address: full.to_owned() }).await?;
    loop {
        if let Notice::Changed(change) = client.notice().await?
            && change.digest.count == MANY as u64
        {
            return Ok(began.elapsed());
        }
    }
}

async fn asked(client: &mut Client, command: Command) -> Result<Reply> {
    Ok(client.request(command).await?.map_err(|refusal| refusal.to_string())?)
}

/// Returns the number of bytes that a node has sent to its neighbours.
async fn sent(address: &str) -> Result<u64> {
    let Reply::Stats(figures) = asked(&mut Client::connect(address).await?, Command::Stats).await? else {
        return Err("not figures".into());
    };
    Ok(figures["bytes_sent"])
}

/// Returns the time to send this many bytes through a socket of this machine.
fn copied(bytes: u64) -> Result<Duration> {
    let listener = TcpListener::bind("127.0.0.1:0")?;
    let mut from = TcpStream::connect(listener.local_addr()?)?;
    let (mut to, _) = listener.accept()?;
    let began = std::time::Instant::now();
    let writer = std::thread::spawn(move || {
        let chunk = vec![0; COPIED];
        for _ in 0..bytes.div_ceil(COPIED as u64) {
            to.write_all(&chunk)?;
        }
        std::io::Result::Ok(())
    });
    let mut chunk = vec![0; COPIED];
    while from.read(&mut chunk)? > 0 {}
    let took = began.elapsed();
    writer.join().map_err(|_| "the writer failed")??;
    Ok(took)
}

/// Counts the messages between two cores, without sockets, until they hold the same versions.
///
/// Most of them are the way down, four levels for a million keys: sixteen summaries each, of 78 bytes as
/// JSON. Then come sixteen ids of 72 bytes.
fn difference() -> Result<()> {
    let mut table = Table::new(
        &format!("reconciliation: two nodes of {MANY} keys that differ in one"),
        &["which", "messages", "there and back", "bytes"],
    );
    let stamp = |wall_ms| Stamp { wall_ms, counter: 0 };
    let value = Value::typed("0123456789", &Limits::default())?;
    let version = |key: &str, wall_ms| {
        Arc::new(Version::new(key, Kind::Set(value.clone()), stamp(wall_ms), Hex([7; 16])))
    };
    let all: Vec<_> = (0..MANY).map(|number| version(&format!("key{number}"), 1)).collect();
    for (which, here, there) in [
        ("none", None, None),
        ("the one who dials has one more", Some(version("one", 1)), None),
        ("the one who is dialled has one more", None, Some(version("one", 1))),
        ("one is newer", Some(version("key0", 2)), None),
    ] {
        let mut pair = Pair::new([(all.clone(), here), (all.clone(), there)]);
        pair.link()?;
        // The node that accepts sends after the node that dials.
        table.row([
            which.to_owned(),
            pair.messages.to_string(),
            pair.deepest.div_ceil(2).to_string(),
            format!("{} B", pair.bytes),
        ]);
    }
    table.print();
    Ok(())
}

/// The connection between the two nodes, with the same id at both ends.
const CONN: ConnId = ConnId(1);
/// The connection of the client that links the nodes.
const CLIENT: ConnId = ConnId(2);

/// Two nodes whose frames arrive at once.
struct Pair {
    cores: [Core; 2],
    /// The frames under way: the receiver, the frame, and the number of messages before it in its chain.
    queue: VecDeque<(usize, Arc<Frame>, u64)>,
    messages: u64,
    bytes: usize,
    /// The longest chain of messages, each of which answers the one before.
    deepest: u64,
}

type Held = (Vec<Arc<Version>>, Option<Arc<Version>>);

impl Pair {
    fn new(held: [Held; 2]) -> Self {
        let mut number = 0;
        let cores = held.map(|(all, one)| {
            number += 1;
            let config =
                Config { disk: false, ..Config::new(Hex([number; 16]), "", "", format!("n:{number}")) };
            let mut core = Core::new(config, NOW);
            core.restore(all.into_iter().chain(one));
            core
        });
        Self { cores, queue: VecDeque::new(), messages: 0, bytes: 0, deepest: 0 }
    }

    fn link(&mut self) -> Result<()> {
        let command = Command::AddPeer { address: "n:2".to_owned() };
        let frame = Arc::new(Frame::Request { id: 1, command });
        self.input(0, Input::Received { conn: CLIENT, frame }, 0);
        while let Some((to, frame, depth)) = self.queue.pop_front() {
            self.input(to, Input::Received { conn: CONN, frame }, depth);
        }
        let [one, other] = &self.cores;
        if one.digest() != other.digest() {
            return Err("they do not hold the same".into());
        }
        Ok(())
    }

    fn input(&mut self, node: usize, input: Input, depth: u64) {
        let mut inputs = VecDeque::from([input]);
        while let Some(input) = inputs.pop_front() {
            let mut outputs = Vec::new();
            self.cores[node].handle(NOW, input, &mut outputs);
            for output in outputs {
                match output {
                    Output::Dial { dial, .. } => inputs.push_back(Input::Connected { conn: CONN, dial }),
                    Output::Send { conn: CONN, frame } => {
                        let mut depth = depth;
                        if let Frame::Message(message) = &*frame {
                            let (weight, bytes) = (message.weight(), encoded_len(&frame));
                            depth += 1;
                            self.messages += 1;
                            self.bytes += bytes;
                            self.deepest = self.deepest.max(depth);
                            inputs.push_back(Input::Written { conn: CONN, weight, bytes: bytes as u64 });
                        }
                        self.queue.push_back((1 - node, frame, depth));
                    }
                    _ => {}
                }
            }
        }
    }
}

const NOW: Now = Now { monotonic: Duration::ZERO, wall_ms: 1_700_000_000_000 };
