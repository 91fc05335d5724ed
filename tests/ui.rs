//! The live page: `tools run --ui` and `tools ui`, as a browser and as a stranger reach it.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};

use crate::browser::Browser;
use crate::story::{DEADLINE, Tools, until};

/// The address of a page: its port and its token.
pub(crate) struct Address {
    pub(crate) port: u16,
    pub(crate) token: String,
}

impl Address {
    /// Reads the address from a line that says it.
    #[track_caller]
    pub(crate) fn of(line: &str) -> Self {
        let rest = line.split("http://127.0.0.1:").nth(1).expect("an address");
        let (port, token) = rest.split_once("/?token=").expect("a token");
        Self {
            port: port.parse().expect("a port"),
            token: token.split_whitespace().next().expect("a token").to_owned(),
        }
    }

    fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(("127.0.0.1", self.port)).expect("the page is open");
        stream.set_read_timeout(Some(DEADLINE)).expect("a socket");
        stream
    }

    /// Sends a request with these headers. Returns the status, and the whole answer.
    #[track_caller]
    pub(crate) fn ask(&self, request: &str, headers: &[&str], body: &str) -> (u16, String) {
        let mut stream = self.connect();
        let headers = [headers, &["Connection: close"]].concat().join("\r\n");
        let length = body.len();
        let text = format!("{request} HTTP/1.1\r\n{headers}\r\nContent-Length: {length}\r\n\r\n{body}");
        // A server that refuses a body may close before it has read it all.
        let _ = stream.write_all(text.as_bytes());
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let status = answer.split(' ').nth(1).and_then(|status| status.parse().ok());
        (status.unwrap_or_else(|| panic!("no answer: {answer}")), answer)
    }

    pub(crate) fn host(&self) -> String {
        format!("Host: 127.0.0.1:{}", self.port)
    }

    /// Performs steps as the page does.
    #[track_caller]
    pub(crate) fn perform(&self, steps: &str) -> serde_json::Value {
        let body = serde_json::json!({ "steps": steps }).to_string();
        let origin = format!("Origin: http://127.0.0.1:{}", self.port);
        let (status, answer) =
            self.ask(&format!("POST /do?token={}", self.token), &[&self.host(), &origin], &body);
        assert_eq!(status, 200, "{answer}");
        serde_json::from_str(answer.split("\r\n\r\n").nth(1).expect("a body")).expect("JSON")
    }

    /// Opens the stream of lines.
    pub(crate) fn events(&self) -> Events {
        let mut stream = self.connect();
        let request = format!("GET /events?token={} HTTP/1.1\r\n{}\r\n\r\n", self.token, self.host());
        stream.write_all(request.as_bytes()).expect("the page is open");
        Events(BufReader::new(stream))
    }
}

/// A stream of lines, as a browser reads it.
pub(crate) struct Events(BufReader<TcpStream>);

impl Events {
    /// Waits for a line that contains all these texts.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, texts: &[&str]) -> String {
        let mut seen = String::new();
        loop {
            let mut line = String::new();
            let read =
                self.0.read_line(&mut line).unwrap_or_else(|error| panic!("{texts:?}: {error} after {seen}"));
            assert!(read > 0, "{texts:?} did not come: {seen}");
            if texts.iter().all(|text| line.contains(text)) {
                return line;
            }
            seen += &line;
        }
    }
}

/// Starts a network in the background, with its page.
#[track_caller]
fn up_with_page(tools: &Tools, line: &str) -> Address {
    let up = tools.up(&format!("{line} --ui"));
    Address::of(up.raw.lines().find(|line| line.starts_with("page: ")).expect("the page is told"))
}

#[test]
fn only_the_page_itself_is_answered() {
    let tools = Tools::new();
    let page = up_with_page(&tools, "a-b");
    let (right, host) = (format!("GET /?token={}", page.token), page.host());
    let (status, answer) = page.ask(&right, &[&host], "");
    assert_eq!(status, 200, "{answer}");
    let lower = answer.to_ascii_lowercase();
    for header in [
        "cache-control: no-store",
        "referrer-policy: no-referrer",
        "x-content-type-options: nosniff",
        "content-security-policy: frame-ancestors 'none'",
        "content-type: text/html",
    ] {
        assert!(lower.contains(header), "{header} is missing in {answer}");
    }
    let through_a_tunnel = page.ask(&right, &["Host: localhost:8080", "Origin: http://localhost:8080"], "");
    assert_eq!(through_a_tunnel.0, 200);
    let wrong = format!("{}0", &page.token[..31]);
    let other = if wrong == page.token { "1".repeat(32) } else { wrong };
    let forbidden: [(&str, &[&str]); 6] = [
        ("GET /", &[&host]),
        (&format!("GET /?token={other}"), &[&host]),
        (&format!("GET /events?token={other}"), &[&host]),
        (&right, &["Host: evil.example"]),
        (&right, &[&host, "Origin: http://evil.example"]),
        ("POST /do", &[&host]),
    ];
    for (request, headers) in forbidden {
        let (status, answer) = page.ask(request, headers, "");
        assert_eq!(status, 403, "{request} {headers:?}");
        // Nothing tells what was wrong.
        assert!(answer.ends_with("\r\n\r\nforbidden\n"), "{answer}");
    }
    assert_eq!(page.ask(&format!("GET /other?token={}", page.token), &[&host], "").0, 404);
    assert_eq!(page.ask(&format!("PUT /?token={}", page.token), &[&host], "").0, 405);
    tools.run("cli --node a get k").code(1);
}

#[test]
fn steps_from_the_page_are_done_and_recorded() {
    let tools = Tools::new();
    let page = up_with_page(&tools, "ring:3");
    let mut events = page.events();
    events.wait_for(&["event: reset"]);
    events.wait_for(&["data: ", "\"event\":\"plan\""]);
    events.wait_for(&["\"event\":\"node\"", "\"name\":\"c\""]);
    assert_eq!(page.perform("kill c"), serde_json::json!({ "ok": true, "output": [] }));
    events.wait_for(&["\"event\":\"exited\"", "\"node\":2"]);
    assert_eq!(tools.ps()["nodes"][2]["state"], "killed");
    let got = page.perform("a: set k \"<b>\"\na: get k");
    assert_eq!(got["ok"], true, "{got}");
    assert!(got["output"].to_string().contains("<b>"), "{got}");
    let wrong = page.perform("kil a");
    assert!(wrong["error"].as_str().is_some_and(|error| error.contains("did you mean `kill`?")), "{wrong}");
    let recorded = tools.run("record").out;
    for step in ["\nkill c\n", "\na: set k \"<b>\"\n", " a: get k\n"] {
        assert!(recorded.contains(step), "{step} is missing in {recorded}");
    }
}

#[test]
fn a_body_that_is_none_or_too_long_changes_nothing() {
    let tools = Tools::new();
    let page = up_with_page(&tools, "a");
    let request = format!("POST /do?token={}", page.token);
    for body in ["", "kill a", "[]", "{\"steps\":1}", "{\"steps\":\"kill a\""] {
        let (status, answer) = page.ask(&request, &[&page.host()], body);
        assert!(status == 400 && answer.contains("the body has to be JSON"), "{answer}");
    }
    let long = serde_json::json!({ "steps": "kill a #".to_owned() + &"x".repeat(1 << 20) }).to_string();
    assert_eq!(page.ask(&request, &[&page.host()], &long).0, 413);
    assert_eq!(tools.ps()["nodes"][0]["state"], "running");
}

#[test]
fn browsers_come_go_and_sleep_and_the_network_does_not_care() {
    let tools = Tools::new();
    let page = up_with_page(&tools, "a-b");
    let asleep = page.events();
    let mut awake = page.events();
    drop(page.events());
    // More than the queue of one browser and the buffers of its socket have room for.
    let text = "x".repeat(1_000);
    tools.run(&format!("do 'repeat 10000 as i {{ a: set k {text} }}'")).code(0);
    tools.run("do 'kill b'").code(0);
    awake.wait_for(&["\"event\":\"exited\"", "\"node\":1"]);
    // One that comes later sees the same.
    page.events().wait_for(&["\"event\":\"exited\"", "\"node\":1"]);
    drop(asleep);
    tools.run("stop").code(0);
}

#[test]
fn a_network_that_runs_opens_its_page_once() {
    let tools = Tools::new();
    tools.up("a");
    let first = tools.run("ui");
    first.code(0);
    assert!(first.raw.contains("from another machine: ssh -L "), "{first:?}");
    let page = Address::of(&first.raw);
    page.events().wait_for(&["\"event\":\"node\"", "\"name\":\"a\""]);
    assert_eq!(Address::of(&tools.run("ui").raw).token, page.token);
    let other = tools.run("ui --port 1");
    other.code(2);
    assert!(other.err.contains("the page is open already: http://127.0.0.1:"), "{other:?}");
    tools.run("stop").code(0);
    let none = tools.run("ui");
    none.code(2);
    assert!(none.err.contains("no network is running in `logs`"), "{none:?}");
    // With the network, its page is gone.
    assert!(until(|| TcpStream::connect(("127.0.0.1", page.port)).is_err()));
}

#[test]
fn a_taken_port_is_told_before_anything_is_started() {
    let tools = Tools::new();
    let taken = TcpListener::bind(("127.0.0.1", 0)).expect("a port");
    let port = taken.local_addr().expect("an address").port();
    for detach in ["", " --detach"] {
        let refused = tools.run(&format!("run a -p @PORT --ui={port}{detach}"));
        refused.code(3);
        let said = "error: cannot open the page at 127.0.0.1:";
        assert!(refused.err.starts_with(said) && refused.err.contains("choose another port"), "{refused:?}");
        tools.expect_nothing_left();
    }
    let wrong = tools.run("run a --ui=0");
    wrong.code(2);
    assert!(wrong.err.contains("a port is a number from 1 to 65535"), "{wrong:?}");
}

#[test]
fn a_network_in_the_foreground_tells_its_page() {
    let tools = Tools::new();
    let mut network = tools.begin("run a -p @PORT --ui");
    let page = Address::of(&network.line("page: "));
    assert_eq!(page.perform("a: set k v")["ok"], true);
    tools.run("stop").code(0);
    let ended = network.ended();
    assert_eq!(ended.code, Some(0), "{ended:?}");
}

#[test]
fn the_page_in_a_browser_kills_a_node_and_sees_it_die() {
    let Some(browser) = Browser::start() else { return };
    let tools = Tools::new();
    let page = up_with_page(&tools, "ring:3 --faults");
    browser.open(&format!("http://127.0.0.1:{}/?token={}", page.port, page.token));
    browser.wait_for("document.querySelectorAll('.vertex.running').length === 3");
    browser
        .script("document.querySelector('.vertex[data-node=\"1\"]').dispatchEvent(new MouseEvent('click'))");
    browser.script("[...document.querySelectorAll('.controls button')].find((one) => one.textContent === 'kill').click()");
    browser.wait_for("document.querySelector('.vertex.stopped[data-node=\"1\"]')");
    assert_eq!(tools.ps()["nodes"][1]["state"], "killed");
    // A click on a link cuts it.
    browser.wait_for("!document.querySelector('.controls button').disabled");
    let link = "g.edge[data-from=\"0\"][data-to=\"2\"]";
    browser.script(&format!(
        "document.querySelector('{link}').dispatchEvent(new MouseEvent('click', {{ bubbles: true }}))"
    ));
    browser.wait_for(&format!("document.querySelector('{link}.cut')"));
    assert_ne!(tools.ps()["faults"]["cuts"], serde_json::json!([]));
    assert_eq!(browser.errors(), Vec::<String>::new());
}
