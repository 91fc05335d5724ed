//! Drivers by description: requests a second over HTTP beside `wrk`, and a cluster of etcd that is judged.

use std::io::Read as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use tools::driver;
use tools::world::process::{self, Lease, Links, Ports};
use tools::world::{Event, NodeIndex, NodeSpec, OpId, Operation, Outcome, World};

use crate::Result;
use crate::floor;
use crate::network::{Network, PROGRAM};
use crate::samples::{Samples, ms};
use crate::table::Table;

/// The numbers of connections.
const CONNECTIONS: [usize; 3] = [1, 8, 64];
/// The time for which requests are counted.
const SPAN: Duration = Duration::from_secs(3);
/// The number of measurements of each side.
const TIMES: usize = 3;
/// The time for which clients ask a cluster of etcd.
const LOAD: Duration = Duration::from_secs(10);

const KV: &str = "\
[start]
command = \"{program} {port}\"
[commands.get]
http = \"GET /kv/{key}\"
means = { 404 = \"absent\" }
[commands.set]
http = \"PUT /kv/{key}\"
body = \"{value}\"
";

/// An adapter that stays: it answers lines of JSON for as long as it lives.
const STAYS: &str = "\
import json, sys
from http.client import HTTPConnection
server = HTTPConnection(sys.argv[1], int(sys.argv[2]))
for line in sys.stdin:
    asked = json.loads(line)
    server.request('GET', '/kv/' + asked['key'])
    print(json.dumps({'id': asked['id'], 'value': server.getresponse().read().decode()}), flush=True)
";

/// The same, started for one request.
const STARTED: &str = "\
import sys
from http.client import HTTPConnection
server = HTTPConnection(sys.argv[1], int(sys.argv[2]))
server.request('GET', '/kv/' + sys.argv[3])
print(server.getresponse().read().decode(), end='')
";

/// Compares an adapter that stays with one that is started for each request.
pub(crate) fn adapters(logs: &Path) -> Result<()> {
    if !is_there("python3", "--version") {
        println!("\nadapters: left out, since there is no python3");
        return Ok(());
    }
    let program = floor::build("kv")?;
    let [stays, started] = [("stays", STAYS), ("started", STARTED)].map(|(name, text)| {
        let path = logs.join(format!("{name}.py"));
        std::fs::write(&path, text).map(|()| path.display().to_string())
    });
    let (stays, started) = (stays?, started?);
    let set = "[commands.set]\nhttp = \"PUT /kv/{key}\"\nbody = \"{value}\"\n";
    let start = format!("[start]\ncommand = \"{} {{port}}\"\n", program.display());
    let described = [
        (
            "adapter that stays",
            format!(
                "{start}{set}[stdio]\ncommand = \"python3 {stays} {{host}} {{port}}\"\n[commands.get]\nstdio = \"get\"\n"
            ),
        ),
        (
            "started for each request",
            format!("{start}{set}[commands.get]\nexec = \"python3 {started} {{host}} {{port}} {{key}}\"\n"),
        ),
    ];
    let mut table = Table::new(
        "adapters in Python: requests a second, median of several",
        &["", "1 under way", "8 under way"],
    );
    let mut rates = Vec::new();
    for (number, (label, text)) in described.iter().enumerate() {
        let path = logs.join(format!("adapter-{number}.toml"));
        std::fs::write(&path, text)?;
        let name = path.display().to_string();
        driver::find(&name)?.ok_or("a description names a driver")?;
        let (mut one, mut eight) = (Vec::new(), Vec::new());
        for _ in 0..TIMES {
            let mut server = Served::start(&name, logs)?;
            server.ask(&["set", "k", "v"], 1)?;
            one.push(server.rate(&["get", "k"], 1)?);
            eight.push(server.rate(&["get", "k"], 8)?);
        }
        let [one, eight] = [one, eight].map(median);
        table.row([(*label).to_owned(), format!("{one:.0}"), format!("{eight:.0}")]);
        rates.push([one, eight]);
    }
    if let [[stays_one, stays_eight], [one, eight]] = rates[..] {
        table.row([
            "ratio".to_owned(),
            format!("{:.0}", stays_one / one),
            format!("{:.0}", stays_eight / eight),
        ]);
    }
    table.print();
    Ok(())
}

/// Compares the requests of the harness with those of `wrk`.
pub(crate) fn http(logs: &Path) -> Result<()> {
    if !is_there("wrk", "--version") {
        println!("\nrequests over HTTP: left out, since there is no wrk");
        return Ok(());
    }
    let program = floor::build("kv")?;
    let description = logs.join("kv.toml");
    std::fs::write(&description, KV.replace("{program}", &program.display().to_string()))?;
    let name = description.display().to_string();
    driver::find(&name)?.ok_or("a description names a driver")?;
    let mut table = Table::new(
        "requests over HTTP to a bare axum server, a second, median of several",
        &["connections", "wrk", "get", "share", "set"],
    );
    for connections in CONNECTIONS {
        let (mut wrk, mut read, mut write) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..TIMES {
            let mut server = Served::start(&name, logs)?;
            server.ask(&["set", "k", "v"], 1)?;
            wrk.push(wrk_rate(server.port, "/kv/k", connections)?);
            read.push(server.rate(&["get", "k"], connections)?);
            write.push(server.rate(&["set", "k", "v"], connections)?);
        }
        let [wrk, read, write] = [wrk, read, write].map(median);
        table.row([
            connections.to_string(),
            format!("{wrk:.0}"),
            format!("{read:.0}"),
            format!("{:.2}", read / wrk),
            format!("{write:.0}"),
        ]);
    }
    table.print();
    Ok(())
}

pub(crate) fn median(mut rates: Vec<f64>) -> f64 {
    rates.sort_by(f64::total_cmp);
    rates[rates.len() / 2]
}

pub(crate) fn is_there(program: &str, argument: &str) -> bool {
    Command::new(program).arg(argument).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok()
}

/// Returns the requests a second that `wrk` makes.
pub(crate) fn wrk_rate(port: u16, path: &str, connections: usize) -> Result<f64> {
    let (span, connections) = (format!("-d{}s", SPAN.as_secs()), format!("-c{connections}"));
    let url = format!("http://127.0.0.1:{port}{path}");
    let ran = Command::new("wrk").args(["-t1", &connections, &span, &url]).output()?;
    let said = String::from_utf8_lossy(&ran.stdout);
    let rate = said.lines().find_map(|line| line.trim().strip_prefix("Requests/sec:"));
    Ok(rate.ok_or_else(|| format!("wrk said no rate: {said}"))?.trim().parse()?)
}

/// A server that the harness started.
struct Served {
    world: tools::world::live::Live,
    port: u16,
    last: u64,
}

impl Served {
    fn start(driver: &str, logs: &Path) -> Result<Self> {
        let options = Network::options(logs);
        let (mut world, processes) = process::world(options, Ports::Leased(Lease::default()), Links::Direct)?;
        let node = NodeIndex(0);
        let spec = NodeSpec { name: "a".to_owned(), driver: driver.to_owned(), ..NodeSpec::default() };
        let deadline = Duration::from_secs(30);
        world.submit(OpId(0), Operation::Launch { node, spec: Box::new(spec), deadline });
        match ended(&mut world) {
            (_, Outcome::Done) => {}
            (_, other) => return Err(format!("the server was not ready: {other:?}").into()),
        }
        let (_, port) = processes.address(node).ok_or("it has an address")?;
        Ok(Self { world, port, last: 0 })
    }

    /// Asks so many times, one after another.
    fn ask(&mut self, words: &[&str], times: usize) -> Result<()> {
        for _ in 0..times {
            self.submit(words);
            self.end()?;
        }
        Ok(())
    }

    /// Returns the requests a second with so many under way.
    fn rate(&mut self, words: &[&str], under_way: usize) -> Result<f64> {
        for _ in 0..under_way {
            self.submit(words);
        }
        let (began, mut count) = (Instant::now(), 0_u32);
        while began.elapsed() < SPAN {
            self.end()?;
            count += 1;
            self.submit(words);
        }
        let took = began.elapsed();
        for _ in 0..under_way {
            self.end()?;
        }
        Ok(f64::from(count) / took.as_secs_f64())
    }

    fn submit(&mut self, words: &[&str]) {
        self.last += 1;
        let words = words.iter().map(|word| (*word).to_owned()).collect();
        let deadline = Duration::from_hours(1);
        self.world
            .submit(OpId(self.last), Operation::Ask { node: NodeIndex(0), words, deadline, until: None });
    }

    fn end(&mut self) -> Result<()> {
        match ended(&mut self.world).1 {
            Outcome::Done | Outcome::Answered(_) => Ok(()),
            other => Err(format!("the server answered {other:?}").into()),
        }
    }
}

/// Waits for the next operation to end.
fn ended(world: &mut dyn World) -> (OpId, Outcome) {
    loop {
        if let Event::Ended { id, outcome } = world.next().event {
            return (id, outcome);
        }
    }
}

/// Compares a judged cluster of etcd with its own start.
pub(crate) fn etcd(logs: &Path) -> Result<()> {
    if !is_there("etcd", "--version") {
        println!("\na judged cluster of etcd: left out, since there is no etcd");
        return Ok(());
    }
    let (mut bare, mut judged) = (Samples::default(), Samples::default());
    for number in 0..TIMES {
        bare.add(start_etcd(&logs.join(format!("etcd-{number}")))?);
        let began = Instant::now();
        let time = format!("{}s", LOAD.as_secs());
        let folder = logs.display().to_string();
        let line = ["workload", "lin-kv", "--driver", "etcd", "--network", "clique:3", "--settle", "0"];
        let ran = Command::new(PROGRAM).args(line).args(["--time", &time, "--logs", &folder]).output()?;
        judged.add(began.elapsed());
        if !ran.status.success() {
            return Err(String::from_utf8_lossy(&[ran.stdout, ran.stderr].concat()).into_owned().into());
        }
    }
    let mut table = Table::new(
        &format!("etcd: three nodes, ready and judged for {} s of load, median of several", LOAD.as_secs()),
        &["started by a loop", "whole test", "beside load and start"],
    );
    let beside = judged.median().saturating_sub(LOAD + bare.median());
    table.row([ms(bare.median()), ms(judged.median()), ms(beside)]);
    table.print();
    Ok(())
}

/// Starts three nodes of etcd as a shell would. Returns the time until all of them serve.
fn start_etcd(folder: &Path) -> Result<Duration> {
    let mut leased = Ports::Leased(Lease::default());
    let ports: Vec<u16> = (0..6).map(|_| leased.take()).collect::<std::result::Result<_, _>>()?;
    let peers: Vec<String> = (0..3).map(|node| format!("http://127.0.0.1:{}", ports[2 * node + 1])).collect();
    let cluster: Vec<String> =
        peers.iter().enumerate().map(|(node, peer)| format!("n{node}={peer}")).collect();
    let began = Instant::now();
    let mut nodes = Vec::new();
    for (node, peer) in peers.iter().enumerate() {
        let client = format!("http://127.0.0.1:{}", ports[2 * node]);
        let child = Command::new("etcd")
            .args(["--name", &format!("n{node}"), "--data-dir"])
            .arg(folder.join(format!("n{node}")))
            .args(["--log-level", "warn", "--logger", "zap"])
            .args(["--listen-client-urls", &client, "--advertise-client-urls", &client])
            .args(["--listen-peer-urls", peer, "--initial-advertise-peer-urls", peer])
            .args(["--initial-cluster", &cluster.join(","), "--initial-cluster-state", "new"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()?;
        nodes.push(Ended(child));
    }
    for node in 0..3 {
        // etcd reports its readiness to nobody: a shell loop asks as well.
        while !is_healthy(ports[2 * node]) {
            std::thread::sleep(Duration::from_millis(10));
        }
    }
    Ok(began.elapsed())
}

/// A process that is killed in the end.
struct Ended(Child);

impl Drop for Ended {
    fn drop(&mut self) {
        // Nothing is left to be done where it has ended already.
        let _: std::io::Result<()> = self.0.kill();
        let _: std::io::Result<_> = self.0.wait();
    }
}

fn is_healthy(port: u16) -> bool {
    use std::io::Write as _;
    let asked = || -> std::io::Result<String> {
        let mut stream = std::net::TcpStream::connect(("127.0.0.1", port))?;
        stream.write_all(b"GET /health HTTP/1.0\r\n\r\n")?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok(answer)
    };
    asked().is_ok_and(|answer| answer.contains(" 200 "))
}
