//! A browser without a window, driven through chromedriver, for tests of pages.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::thread;

use fantoccini::actions::{InputSource as _, MOUSE_BUTTON_LEFT, MouseActions, PointerAction};
use fantoccini::key::Key;
use fantoccini::{Client, ClientBuilder, Locator};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::runtime::Runtime;

use crate::story::{DEADLINE, has};

/// A browser with one window.
pub(crate) struct Browser {
    runtime: Runtime,
    client: Client,
    driver: Child,
    port: u16,
    session: String,
    _profile: TempDir,
}

impl Browser {
    /// Starts a browser. Returns none if this machine has none; a notice is printed, or the test fails where none may
    /// be skipped.
    pub(crate) fn start() -> Option<Self> {
        if !has("chromium") || !has("chromedriver") {
            return None;
        }
        let mut driver = Command::new("chromedriver")
            .arg("--port=0")
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("chromedriver starts");
        let mut lines = BufReader::new(driver.stdout.take().expect("a pipe")).lines();
        let port = lines.by_ref().map_while(Result::ok).find_map(|line| port_in(&line)).expect("its port");
        // The driver must never wait for a reader of its output.
        thread::spawn(move || lines.for_each(drop));
        let profile = tempfile::tempdir().expect("a folder for the browser");
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        let mut builder = ClientBuilder::new(HttpConnector::new());
        builder.capabilities(capabilities(profile.path()).as_object().cloned().expect("an object"));
        let client =
            runtime.block_on(builder.connect(&format!("http://127.0.0.1:{port}"))).expect("a browser");
        let session = runtime.block_on(client.session_id()).ok().flatten().expect("a session");
        Some(Self { runtime, client, driver, port, session, _profile: profile })
    }

    /// Opens an address, and waits until the page is loaded.
    #[track_caller]
    pub(crate) fn open(&self, address: &str) {
        // Where only the fragment changes, a browser would not load the page again.
        self.run(self.client.goto("about:blank"));
        self.run(self.client.goto(address));
    }

    /// Returns the value of a script, such as `return document.title`.
    #[track_caller]
    pub(crate) fn script(&self, text: &str) -> Value {
        self.run(self.client.execute(text, Vec::new()))
    }

    /// Waits until an expression of the page is true. Panics at the deadline.
    #[track_caller]
    pub(crate) fn wait_for(&self, expression: &str) {
        let script = format!(
            "const done = arguments[0];
             const end = performance.now() + {};
             const look = () => {{
               let holds = false;
               try {{ holds = Boolean({expression}); }} catch (error) {{ holds = false; }}
               if (holds || performance.now() > end) done(holds); else requestAnimationFrame(look);
             }};
             look();",
            DEADLINE.as_millis()
        );
        let held = self.run(self.client.execute_async(&script, Vec::new()));
        assert_eq!(held, true, "`{expression}` did not become true; errors: {:#?}", self.errors());
    }

    /// Clicks the first element of a selector with the pointer.
    #[track_caller]
    pub(crate) fn click(&self, selector: &str) {
        let element = self.run(self.client.find(Locator::Css(selector)));
        self.run(element.click());
    }

    /// Types into the page, as a person without an element in focus does.
    #[track_caller]
    pub(crate) fn press(&self, keys: &str) {
        let body = self.run(self.client.find(Locator::Css("body")));
        self.run(body.send_keys(keys));
    }

    /// Types into the first element of a selector, which gets the focus.
    #[track_caller]
    pub(crate) fn type_into(&self, selector: &str, keys: &str) {
        let element = self.run(self.client.find(Locator::Css(selector)));
        self.run(element.send_keys(keys));
    }

    /// Writes into the first field of a selector, in the place of what it held.
    #[track_caller]
    pub(crate) fn fill_in(&self, selector: &str, text: &str) {
        let element = self.run(self.client.find(Locator::Css(selector)));
        self.run(element.clear());
        self.run(element.send_keys(text));
    }

    /// Draws a line with the pressed pointer through points of the window.
    #[track_caller]
    pub(crate) fn draw(&self, points: &[(i64, i64)]) {
        let to = |(x, y): (i64, i64)| PointerAction::MoveTo { duration: None, x: x as f64, y: y as f64 };
        let Some((first, rest)) = points.split_first() else { return };
        let press = MouseActions::new("pointer".to_owned())
            .then(to(*first))
            .then(PointerAction::Down { button: MOUSE_BUTTON_LEFT });
        let drawn = rest.iter().fold(press, |line, point| line.then(to(*point)));
        self.run(self.client.perform_actions(drawn.then(PointerAction::Up { button: MOUSE_BUTTON_LEFT })));
    }

    /// Returns the warnings and errors of the console since the last call.
    pub(crate) fn errors(&self) -> Vec<String> {
        let path = format!("/session/{}/se/log", self.session);
        let answer = post(self.port, &path, &json!({ "type": "browser" }));
        let entries = answer["value"].as_array().cloned().unwrap_or_default();
        let grave = entries.iter().filter(|entry| entry["level"] == "SEVERE" || entry["level"] == "WARNING");
        grave.map(|entry| entry["message"].as_str().unwrap_or_default().to_owned()).collect()
    }

    /// Sets the size of the window.
    #[track_caller]
    pub(crate) fn resize(&self, width: u32, height: u32) {
        self.run(self.client.set_window_size(width, height));
    }

    #[track_caller]
    fn run<T, E: std::fmt::Debug>(&self, future: impl Future<Output = Result<T, E>>) -> T {
        match self.runtime.block_on(future) {
            Ok(value) => value,
            Err(error) => panic!("the browser: {error:?}"),
        }
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // The end of the session ends the browser, and then its driver can go.
        let _: Result<(), _> = self.runtime.block_on(self.client.clone().close());
        let _: std::io::Result<()> = self.driver.kill();
        let _: std::io::Result<_> = self.driver.wait();
    }
}

/// The key of an arrow to the right.
pub(crate) fn right() -> String {
    char::from(Key::Right).to_string()
}

fn port_in(line: &str) -> Option<u16> {
    line.split_once("started successfully on port ")?.1.trim_end_matches('.').parse().ok()
}

fn capabilities(profile: &Path) -> Value {
    let profile = format!("--user-data-dir={}", profile.display());
    let arguments = [
        "--headless",
        "--no-sandbox",
        "--disable-gpu",
        "--disable-quic",
        "--no-first-run",
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--disable-dev-shm-usage",
        "--window-size=1400,1600",
        &profile,
    ];
    json!({
        "goog:chromeOptions": { "args": arguments },
        "goog:loggingPrefs": { "browser": "ALL" },
        "timeouts": { "script": 2 * DEADLINE.as_millis() },
    })
}

/// Posts JSON to the driver. The client library has no request for the console of Chromium.
fn post(port: u16, path: &str, body: &Value) -> Value {
    let body = body.to_string();
    let mut stream = TcpStream::connect(("127.0.0.1", port)).expect("the driver listens");
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\
         \r\n{body}",
        body.len()
    );
    stream.write_all(request.as_bytes()).expect("the driver listens");
    // The driver leaves the connection open, so its answer ends where it says.
    let mut answer = BufReader::new(stream);
    let mut length = 0;
    for line in answer.by_ref().lines().map_while(Result::ok).take_while(|line| !line.is_empty()) {
        if let Some((name, value)) = line.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().expect("a length");
        }
    }
    let mut text = vec![0; length];
    answer.read_exact(&mut text).expect("the driver answers");
    serde_json::from_slice(&text).expect("JSON of the driver")
}
