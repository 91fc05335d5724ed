//! The cost of records and pages: what they add to a test, the page of a large run, and a live page.

use std::fmt::Write as _;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};
use tokio::task::LocalSet;

use crate::Result;
use crate::clients::Clients;
use crate::network::PROGRAM;
use crate::samples::{Samples, ms};
use crate::table::Table;

const SCENARIOS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../scenarios");
/// The runs of each side: those in virtual time take a moment, and those in real time minutes.
const TIMES_IN_SIM: usize = 15;
const TIMES_IN_PROCESS: usize = 2;
/// The nodes of the large run, and the rounds in which each of them sends, stores and receives.
const NODES: u64 = 1_000;
const ROUNDS: u64 = 333;
/// The port of the first node below a live page. Chosen: below the ports that the system gives to clients.
const FIRST_PORT: &str = "21000";
/// The rate of writes below a live page, and the time for which its cost is measured.
const WRITES_A_SECOND: usize = 1_000;
const WATCHED_FOR: Duration = Duration::from_secs(8);

/// Measures the tests with a record and with a page.
pub(crate) fn run(logs: &Path) -> Result<()> {
    let page = logs.join("page.html").display().to_string();
    let mut table = Table::new(
        "pages: tools test scenarios/, each pair in turn",
        &["", "without", "with", "ratio", "least", "greatest"],
    );
    let (one, two) = (["--seed", "1"], ["--seed", "2"]);
    // With several seeds in virtual time nothing is written, and no event is made.
    let (without, with) = ([&["--seeds", "1..2"][..]], [&one[..], &two[..]]);
    table.row(pair("records and logs, sim", logs, TIMES_IN_SIM, &without, &with)?);
    let html = ["--seed", "1", "--html", &page];
    table.row(pair("a page, sim", logs, TIMES_IN_SIM, &[&one[..]], &[&html[..]])?);
    table.print();
    println!("  the page: {} bytes", fs::metadata(&page)?.len());
    large(logs)
}

/// Measures a page in the world of processes.
pub(crate) fn in_processes(logs: &Path) -> Result<()> {
    let page = logs.join("page.html").display().to_string();
    let mut table = Table::new(
        "pages in process: tools test scenarios/ --world process, each pair in turn",
        &["", "without", "with", "ratio", "least", "greatest"],
    );
    let world = ["--seed", "1", "--world", "process"];
    let html = ["--seed", "1", "--world", "process", "--html", &page];
    table.row(pair("a page, process", logs, TIMES_IN_PROCESS, &[&world[..]], &[&html[..]])?);
    table.print();
    println!("  the page: {} bytes", fs::metadata(&page)?.len());
    Ok(())
}

/// Measures two sides in turn, each one command or several. Returns the cells of their medians, and of the median,
/// the least and the greatest ratio of a pair.
fn pair(name: &str, logs: &Path, times: usize, without: &[&[&str]], with: &[&[&str]]) -> Result<[String; 6]> {
    let (mut before, mut after, mut ratios) = (Samples::default(), Samples::default(), Vec::new());
    for time in 0..times {
        // The side that comes first changes, so that neither has the better half of a machine that slows down.
        let sides = [without, with];
        let mut took = [Duration::ZERO; 2];
        for side in [time % 2, 1 - time % 2] {
            took[side] = tests(logs, sides[side])?;
        }
        before.add(took[0]);
        after.add(took[1]);
        ratios.push(took[1].as_secs_f64() / took[0].as_secs_f64());
    }
    ratios.sort_by(f64::total_cmp);
    let ratio = |at: usize| ratios.get(at).map(|ratio| format!("{ratio:.3}")).unwrap_or_default();
    let last = ratios.len().saturating_sub(1);
    Ok([name.to_owned(), ms(before.median()), ms(after.median()), ratio(last / 2), ratio(0), ratio(last)])
}

/// Runs the shipped scenarios with each of these flags. Returns the time of all.
fn tests(logs: &Path, flags: &[&[&str]]) -> Result<Duration> {
    let mut took = Duration::ZERO;
    for flags in flags {
        let world: &[&str] = if flags.contains(&"process") { &[] } else { &["--world", "sim"] };
        let mut command = Command::new(PROGRAM);
        command.args(["test", SCENARIOS]).args(world).args(*flags).arg("--logs").arg(logs.join("test"));
        let began = Instant::now();
        let output = command.stderr(Stdio::inherit()).output()?;
        took += began.elapsed();
        if !output.status.success() {
            return Err(format!("{flags:?}: {}", String::from_utf8_lossy(&output.stdout)).into());
        }
    }
    Ok(took)
}

/// Measures the page of a run of 1,000 nodes and a million events.
fn large(logs: &Path) -> Result<()> {
    let folder = logs.join("large");
    fs::create_dir_all(&folder)?;
    let record = folder.join("run.jsonl");
    let events = write_large(&record)?;
    let page = logs.join("large.html");
    let began = Instant::now();
    let mut child = Command::new(PROGRAM)
        .arg("report")
        .arg(&record)
        .arg("--html")
        .arg(&page)
        .stdout(Stdio::null())
        .stderr(Stdio::inherit())
        .spawn()?;
    let (mut peak, id) = (0, child.id());
    while child.try_wait()?.is_none() {
        // The process may have ended meanwhile: the last peak that was read stands.
        peak = peak.max(memory_peak(id).unwrap_or(0));
        thread::sleep(Duration::from_millis(2));
    }
    let took = began.elapsed();
    let mut table = Table::new(
        "pages: of a large run, tools report --html",
        &["nodes", "events", "record", "time", "memory, peak", "page"],
    );
    let mb = |bytes: u64| format!("{:.1} MB", bytes as f64 / 1e6);
    let (record, page) = (fs::metadata(&record)?.len(), fs::metadata(&page)?.len());
    table.row([NODES.to_string(), events.to_string(), mb(record), ms(took), mb(peak), mb(page)]);
    table.print();
    Ok(())
}

/// Writes the record of a large run. Returns the number of its events.
fn write_large(path: &Path) -> Result<u64> {
    let plan = json!({
        "at_us": 0, "event": "plan", "format": 2, "scenario": "large", "file": "large.scn", "text": "wait 1s\n",
        "params": {}, "world": "sim", "seed": 1, "about": "", "wall_ms": 0, "virtual_time": true,
    });
    let mut lines = format!("{plan}\n");
    for node in 0..NODES {
        writeln!(
            lines,
            "{}",
            json!({"at_us": 1, "event": "node", "node": node, "name": format!("n{node}")})
        )?;
        writeln!(lines, "{}", json!({"at_us": 1, "event": "life", "node": node, "life": "running"}))?;
        let to = (node + 1) % NODES;
        writeln!(lines, "{}", json!({"at_us": 2, "event": "link", "from": node, "to": to, "up": true}))?;
    }
    let mut message = 0;
    for round in 0..ROUNDS {
        let rank = format!("{round:048}");
        for node in 0..NODES {
            message += 1;
            let (at, to) = (1_000 + round * 100_000 + node, (node + 1) % NODES);
            writeln!(
                lines,
                "{{\"at_us\":{at},\"event\":\"sent\",\"message\":{message},\"from\":{node},\"to\":{to},\
                 \"kind\":\"push\",\"class\":\"payload\",\"key\":\"k\",\"rank\":\"{rank}\",\"bytes\":90}}\n\
                 {{\"at_us\":{at},\"event\":\"stored\",\"node\":{node},\"key\":\"k\",\"rank\":\"{rank}\",\
                 \"wall_ms\":1}}\n\
                 {{\"at_us\":{at},\"event\":\"arrived\",\"message\":{message}}}"
            )?;
        }
    }
    let verdict = json!({"at_us": ROUNDS * 100_000, "event": "verdict", "verdict": "passed"});
    writeln!(lines, "{verdict}")?;
    fs::write(path, &lines)?;
    Ok(lines.lines().count() as u64)
}

/// Returns the greatest memory that a process has had in use, in bytes.
fn memory_peak(id: u32) -> Option<u64> {
    let status = fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    line.split_whitespace().next()?.parse::<u64>().ok().map(|kilobytes| kilobytes * 1_024)
}

/// Measures the processor time of the harness below a live page that a browser reads, beside that without a page.
pub(crate) fn live(logs: &Path) -> Result<()> {
    let logs = logs.join("live");
    let mut network = Running(
        Command::new(PROGRAM)
            .args(["run", "ring:100", "--port", FIRST_PORT, "--json", "--logs"])
            .arg(&logs)
            .stdout(Stdio::piped())
            .stderr(Stdio::inherit())
            .spawn()?,
    );
    let mut line = String::new();
    BufReader::new(network.0.stdout.take().ok_or("a pipe")?).read_line(&mut line)?;
    let state: Json = serde_json::from_str(&line)?;
    let nodes = state["nodes"].as_array().ok_or("the state has nodes")?;
    let address = |node: &Json| Some(format!("{}:{}", node["host"].as_str()?, node["port"].as_u64()?));
    let addresses: Option<Vec<String>> = nodes.iter().map(address).collect();
    let addresses = addresses.ok_or("each node has a host and a port")?;
    let mut table = Table::new(
        &format!("pages: live, 100 nodes, {WRITES_A_SECOND} writes a second asked for"),
        &["", "writes/s", "harness, share of a core", "read"],
    );
    let (writes, share) = watched(&addresses, network.0.id())?;
    table.row(["no page".to_owned(), format!("{writes:.0}"), format!("{share:.3}"), "–".to_owned()]);
    let read = open_page(&logs)?;
    let before = read.load(Ordering::Relaxed);
    let (writes, share) = watched(&addresses, network.0.id())?;
    let bytes = read.load(Ordering::Relaxed) - before;
    let rate = format!("{:.2} MB/s", bytes as f64 / 1e6 / WATCHED_FOR.as_secs_f64());
    table.row(["a page".to_owned(), format!("{writes:.0}"), format!("{share:.3}"), rate]);
    table.print();
    Ok(())
}

/// A process that is ended with this value.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        if let Some(id) = i32::try_from(self.0.id()).ok().and_then(rustix::process::Pid::from_raw) {
            // It may have ended.
            let _: rustix::io::Result<()> = rustix::process::kill_process(id, rustix::process::Signal::TERM);
        }
        let _: std::io::Result<_> = self.0.wait();
    }
}

/// Writes at a steady rate for a while. Returns the acknowledged writes a second, and the share of a core that a
/// process took meanwhile.
fn watched(addresses: &[String], id: u32) -> Result<(f64, f64)> {
    const BATCHES: u32 = 20;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    LocalSet::new().block_on(&runtime, async {
        let mut clients = Clients::connect(addresses).await?;
        let (began, before) = (tokio::time::Instant::now(), processor_time(id)?);
        let mut batch = 0;
        while began.elapsed() < WATCHED_FOR {
            for write in 0..WRITES_A_SECOND / BATCHES as usize {
                clients.feed(write % addresses.len(), &format!("key{write}")).await?;
            }
            for node in 0..addresses.len() {
                clients.flush(node).await?;
            }
            batch += 1;
            tokio::time::sleep_until(began + batch * Duration::from_secs(1) / BATCHES).await;
        }
        let took = began.elapsed().as_secs_f64();
        let share = processor_time(id)?.saturating_sub(before).as_secs_f64() / took;
        Ok((clients.acknowledged() as f64 / took, share))
    })
}

/// Returns the processor time that a process has taken so far.
fn processor_time(id: u32) -> Result<Duration> {
    /// Linux tells these times in hundredths of a second.
    const TICK: Duration = Duration::from_millis(10);
    let stat = fs::read_to_string(format!("/proc/{id}/stat"))?;
    let fields: Vec<&str> = stat.rsplit_once(')').ok_or("a name in brackets")?.1.split_whitespace().collect();
    // The name is field 2, `utime` field 14 and `stime` field 15.
    let ticks: u32 = fields[11].parse::<u32>()? + fields[12].parse::<u32>()?;
    Ok(TICK * ticks)
}

/// Opens the page of a network and reads its lines as they come. Returns the number of bytes so far.
fn open_page(logs: &Path) -> Result<Arc<AtomicU64>> {
    let output = Command::new(PROGRAM)
        .args(["ui", "--logs"])
        .arg(logs)
        .env_remove("DISPLAY")
        .env_remove("WAYLAND_DISPLAY")
        .output()?;
    let text = String::from_utf8(output.stdout)?;
    let address = text.lines().find_map(|line| line.strip_prefix("page: http://")).ok_or("an address")?;
    let (host, token) = address.split_once("/?").ok_or("a token")?;
    let mut stream = TcpStream::connect(host)?;
    write!(stream, "GET /events?{token} HTTP/1.1\r\nHost: {host}\r\nAccept: text/event-stream\r\n\r\n")?;
    let read = Arc::new(AtomicU64::new(0));
    let counted = Arc::clone(&read);
    thread::spawn(move || {
        let mut bytes = vec![0; 1 << 16];
        while let Ok(length @ 1..) = stream.read(&mut bytes) {
            counted.fetch_add(length as u64, Ordering::Relaxed);
        }
    });
    Ok(read)
}
