//! The time of *back*: how long a run whose time a person holds takes to return to an earlier event.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, Instant};

use serde_json::{Value as Json, json};

use crate::Result;
use crate::network::PROGRAM;
use crate::samples::{Samples, ms};
use crate::table::Table;

/// The scenario: five nodes, and some 100,000 events of the world.
const SCENARIO: &str = "timeout 600s\nnetwork clique(5)\nrepeat 12000 at 200/s as i { random: set \"k$i\" $i }\n\
                        expect converged within 20s\n";
/// The number of times that the run goes back.
const TIMES: usize = 7;
/// The time after which an answer is given up.
const PATIENCE: Duration = Duration::from_mins(1);

/// Measures the way back to the last events of a run, beside the time of the run itself.
pub(crate) fn run(logs: &Path) -> Result<()> {
    fs::create_dir_all(logs)?;
    let scenario = logs.join("back.scn");
    fs::write(&scenario, SCENARIO)?;
    let page = Page::open(&scenario, logs)?;
    page.command(&json!({ "do": "play", "speed": null }))?;
    let last = page.wait(|place| place["state"] == "ended")?["event"].as_u64().ok_or("a number")?;
    let (mut run, mut back) = (Samples::default(), Samples::default());
    for _ in 0..TIMES {
        let began = Instant::now();
        let status = Command::new(PROGRAM)
            .args(["test", "--world", "sim", "--seeds", "1..1", "--logs"])
            .arg(logs.join("alone"))
            .arg(&scenario)
            .stdout(Stdio::null())
            .status()?;
        run.add(began.elapsed());
        if !status.success() {
            return Err("the run failed".into());
        }
        let goal = last - 10;
        let began = Instant::now();
        page.command(&json!({ "do": "event", "event": goal }))?;
        page.wait(|place| place["state"] == "paused" && place["event"] == goal)?;
        back.add(began.elapsed());
        page.command(&json!({ "do": "play", "speed": null }))?;
        page.wait(|place| place["state"] == "ended")?;
    }
    let mut table = Table::new(
        "back: a run of five nodes whose time a person holds",
        &["events", "the run alone", "back, of 10 events", "ratio"],
    );
    let ratio = back.median().as_secs_f64() / run.median().as_secs_f64();
    table.row([last.to_string(), ms(run.median()), ms(back.median()), format!("{ratio:.2}")]);
    table.print();
    Ok(())
}

/// The page of a run, as a browser has it.
struct Page {
    process: Child,
    host: String,
    token: String,
    places: Receiver<Json>,
}

impl Page {
    fn open(scenario: &Path, logs: &Path) -> Result<Self> {
        let mut process = Command::new(PROGRAM)
            .args(["ui", "--world", "sim", "--seed", "1", "--logs"])
            .arg(logs)
            .arg(scenario)
            .env_remove("DISPLAY")
            .env_remove("WAYLAND_DISPLAY")
            .stdout(Stdio::piped())
            .spawn()?;
        let lines = BufReader::new(process.stdout.take().ok_or("a pipe")?).lines();
        let address = lines.map_while(std::io::Result::ok).find_map(|line| {
            let (host, token) = line.strip_prefix("page: http://")?.split_once("/?token=")?;
            Some((host.to_owned(), token.to_owned()))
        });
        let (host, token) = address.ok_or("an address")?;
        let mut stream = TcpStream::connect(&host)?;
        write!(stream, "GET /events?token={token} HTTP/1.1\r\nHost: {host}\r\n\r\n")?;
        let (sender, places) = channel();
        thread::spawn(move || {
            for line in BufReader::new(stream).lines().map_while(std::io::Result::ok) {
                let place = line.strip_prefix("data: {\"event\":").is_some();
                let place = place.then(|| serde_json::from_str(line.trim_start_matches("data: ")).ok());
                if place.flatten().is_some_and(|place| sender.send(place).is_err()) {
                    return;
                }
            }
        });
        Ok(Self { process, host, token, places })
    }

    /// Sends a command about time.
    fn command(&self, command: &Json) -> Result<()> {
        let (host, body) = (&self.host, command.to_string());
        let mut stream = TcpStream::connect(host)?;
        write!(
            stream,
            "POST /time?token={} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            self.token,
            body.len()
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        if answer.contains("\"ok\":true") { Ok(()) } else { Err(answer.into()) }
    }

    /// Waits for a place.
    fn wait(&self, is_wanted: impl Fn(&Json) -> bool) -> Result<Json> {
        loop {
            let place = self.places.recv_timeout(PATIENCE)?;
            if is_wanted(&place) {
                return Ok(place);
            }
        }
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        // It may have ended.
        let _: std::io::Result<()> = self.process.kill();
        let _: std::io::Result<_> = self.process.wait();
    }
}
