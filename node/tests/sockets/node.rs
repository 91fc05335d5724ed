//! A node under test: its process, its supervisor's end of the socket pair, its log.

use std::io::{BufRead, BufReader, Read, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::process::{Child, Command as Process, Stdio};
use std::sync::{Arc, Condvar, Mutex};
use std::time::{Duration, Instant};

use futures_util::{SinkExt, StreamExt};
use node::net::client::{Client, Lost};
use node::wire::{Command, Frame, Limits, Malformed, PeerInfo, Refusal, Reply, Value, decode};
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream, connect_async};

/// The deadline of every wait: longer than anything here takes on the slowest machine.
pub(crate) const DEADLINE: Duration = Duration::from_mins(1);

pub(crate) const NODE: &str = env!("CARGO_BIN_EXE_node");

pub(crate) type Socket = WebSocketStream<MaybeTlsStream<TcpStream>>;

/// Returns the output of a future, or panics at the deadline.
pub(crate) async fn within<T>(future: impl Future<Output = T>) -> T {
    tokio::time::timeout(DEADLINE, future).await.expect("nothing was told before the deadline")
}

pub(crate) struct Node {
    process: Child,
    supervisor: Option<UnixStream>,
    log: Arc<Log>,
    pub(crate) address: String,
    pub(crate) id: String,
}

#[derive(Default)]
pub(crate) struct Log {
    lines: Mutex<Vec<String>>,
    grown: Condvar,
}

/// The end of a process that was never ready.
pub(crate) struct Failed {
    pub(crate) code: Option<i32>,
    pub(crate) reason: String,
    pub(crate) log: String,
}

impl Node {
    /// Starts a node on a port that the system chooses.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        Self::start_at("127.0.0.1:0", arguments)
    }

    pub(crate) fn start_at(listen: &str, arguments: &[&str]) -> Self {
        Self::try_start(listen, arguments)
            .unwrap_or_else(|failed| panic!("the node did not start: {}\n{}", failed.reason, failed.log))
    }

    pub(crate) fn try_start(listen: &str, arguments: &[&str]) -> Result<Self, Failed> {
        Self::launch(&mut Process::new(NODE), listen, arguments)
    }

    /// Starts a node by another program.
    pub(crate) fn start_program(program: &Path, arguments: &[&str]) -> Self {
        Self::launch(&mut Process::new(program), "127.0.0.1:0", arguments)
            .unwrap_or_else(|failed| panic!("the node did not start: {}\n{}", failed.reason, failed.log))
    }

    /// Starts a node that may have at most this many open files.
    pub(crate) fn start_with_files(most: u32) -> Self {
        Self::start_in_shell(&format!("ulimit -n {most}"), &[])
    }

    /// Starts a node whose files may have at most this many blocks of 512 bytes.
    pub(crate) fn start_with_blocks(most: u32, arguments: &[&str]) -> Self {
        // The signal would end the node; without it a write fails, as on a full disk.
        Self::start_in_shell(&format!("trap '' XFSZ; ulimit -S -f {most}"), arguments)
    }

    /// Starts a node whose files are created under this umask.
    pub(crate) fn start_with_umask(umask: &str, arguments: &[&str]) -> Self {
        Self::start_in_shell(&format!("umask {umask}"), arguments)
    }

    fn start_in_shell(prelude: &str, arguments: &[&str]) -> Self {
        let mut shell = Process::new("sh");
        shell.args(["-c", &format!("{prelude}; exec \"$0\" \"$@\""), NODE]);
        Self::launch(&mut shell, "127.0.0.1:0", arguments)
            .unwrap_or_else(|failed| panic!("the node did not start: {}\n{}", failed.reason, failed.log))
    }

    fn launch(process: &mut Process, listen: &str, arguments: &[&str]) -> Result<Self, Failed> {
        let (ours, theirs) = UnixStream::pair().unwrap();
        process
            .args(["--supervised", "--listen", listen])
            .args(arguments)
            .stdin(Stdio::from(OwnedFd::from(theirs)))
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut process = loop {
            match process.spawn() {
                // A test beside this one began a program while this one's file was open for writing.
                Err(error) if error.kind() == std::io::ErrorKind::ExecutableFileBusy => {
                    std::thread::yield_now();
                }
                spawned => break spawned.unwrap(),
            }
        };
        let log = Arc::new(Log::default());
        log.collect(process.stdout.take().unwrap());
        log.collect(process.stderr.take().unwrap());
        ours.set_read_timeout(Some(DEADLINE)).unwrap();
        let mut line = String::new();
        BufReader::new(&ours).read_line(&mut line).unwrap();
        let said: serde_json::Value = serde_json::from_str(&line).unwrap_or_default();
        let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
        if said["ready"].is_null() {
            let code = process.wait().unwrap().code();
            let reason = text(&said["failed"]["reason"]);
            return Err(Failed { code, reason, log: log.text() });
        }
        let (address, id) = (text(&said["ready"]["address"]), text(&said["ready"]["node"]));
        Ok(Self { process, supervisor: Some(ours), log, address, id })
    }

    pub(crate) async fn client(&self) -> Client {
        within(Client::connect(&self.address)).await.unwrap()
    }

    /// Opens a bare socket, for texts that no client would send.
    pub(crate) async fn socket(&self) -> Socket {
        within(connect_async(format!("ws://{}/", self.address))).await.unwrap().0
    }

    /// Opens a socket as a page of `origin` does, or returns the answer to its upgrade.
    pub(crate) async fn socket_from(
        &self,
        origin: &str,
    ) -> Result<Socket, tokio_tungstenite::tungstenite::Error> {
        let mut request = format!("ws://{}/", self.address).into_client_request().unwrap();
        request.headers_mut().insert("origin", origin.parse().unwrap());
        within(connect_async(request)).await.map(|(socket, _)| socket)
    }

    /// Waits until a line of the log contains this text.
    pub(crate) async fn wait_for_log(&self, text: &str) -> String {
        let (log, text) = (Arc::clone(&self.log), text.to_owned());
        tokio::task::spawn_blocking(move || log.wait_for(&text)).await.unwrap()
    }

    pub(crate) fn log(&self) -> String {
        self.log.text()
    }

    /// Kills the node, as a power cut would end it.
    pub(crate) fn kill(mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Lifts the bound on the length of the node's files.
    pub(crate) fn lift_blocks(&self) {
        let pid = self.process.id().to_string();
        let status = Process::new("prlimit").args(["--fsize=unlimited", "--pid", &pid]).status();
        assert!(status.expect("prlimit, of util-linux").success());
    }

    pub(crate) fn signal(&self, name: &str) {
        let status = Process::new("kill").args(["-s", name, &self.process.id().to_string()]).status();
        assert!(status.unwrap().success());
    }

    /// Returns the node's memory that belongs to no file, in bytes.
    pub(crate) fn memory(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.process.id())).unwrap();
        let kib = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap();
        kib.trim().trim_end_matches(" kB").parse::<u64>().unwrap() << 10
    }

    /// Sends a line to the node, as its supervisor.
    pub(crate) fn send_line(&self, line: &str) {
        let mut supervisor = self.supervisor.as_ref().unwrap();
        supervisor.write_all(format!("{line}\n").as_bytes()).unwrap();
    }

    /// Puts the node's wall clock ahead of the machine's, and waits for the confirmation.
    pub(crate) async fn set_clock_ahead(&mut self, ahead_ms: i64) {
        self.send_command(format!("{{\"clock_ahead_ms\":{ahead_ms}}}")).await;
    }

    /// Fills the node's disk or makes room, and waits for the confirmation.
    pub(crate) async fn set_disk_full(&mut self, full: bool) {
        self.send_command(format!("{{\"disk_full\":{full}}}")).await;
    }

    async fn send_command(&mut self, line: String) {
        self.send_line(&line);
        let supervisor = self.supervisor.as_ref().unwrap().try_clone().unwrap();
        let mut heard = String::new();
        let read = move || BufReader::new(supervisor).read_line(&mut heard).map(|_| heard);
        let heard = within(tokio::task::spawn_blocking(read)).await.unwrap().unwrap();
        assert_eq!(heard.trim_end(), line);
    }

    /// Closes the supervisor's end.
    pub(crate) fn abandon(&mut self) {
        self.supervisor = None;
    }

    /// Waits until the process has ended and returns its exit code.
    pub(crate) async fn exit_code(mut self) -> Option<i32> {
        // The supervisor's end stays open until then, so that it is not the reason.
        let supervisor = self.supervisor.take();
        let mut process = std::mem::replace(&mut self.process, placeholder());
        let status = tokio::task::spawn_blocking(move || process.wait());
        let code = within(status).await.unwrap().unwrap().code();
        drop(supervisor);
        code
    }
}

/// Returns a process that is over, in place of one that was taken away.
fn placeholder() -> Child {
    Process::new("true").spawn().unwrap()
}

impl Drop for Node {
    fn drop(&mut self) {
        // A failing test should not leave anything behind, nor wait for it.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Log {
    fn collect(self: &Arc<Self>, from: impl Read + Send + 'static) {
        let log = Arc::clone(self);
        std::thread::spawn(move || {
            for line in BufReader::new(from).lines().map_while(Result::ok) {
                log.lines.lock().unwrap().push(line);
                log.grown.notify_all();
            }
        });
    }

    fn wait_for(&self, text: &str) -> String {
        let (deadline, mut lines) = (Instant::now() + DEADLINE, self.lines.lock().unwrap());
        let mut read = 0;
        loop {
            if let Some(line) = lines[read..].iter().find(|line| line.contains(text)) {
                return line.clone();
            }
            read = lines.len();
            let left = deadline.saturating_duration_since(Instant::now());
            assert!(!left.is_zero(), "the log never said `{text}`, but last:\n{}", last(&lines));
            lines = self.grown.wait_timeout(lines, left).unwrap().0;
        }
    }

    fn text(&self) -> String {
        self.lines.lock().unwrap().join("\n")
    }
}

/// Returns as much of a log as a person reads.
fn last(lines: &[String]) -> String {
    let lines = &lines[lines.len().saturating_sub(20)..];
    lines.iter().map(|line| line.chars().take(200).chain(['\n']).collect::<String>()).collect()
}

/// Sends a request and returns its answer; panics on a refusal.
pub(crate) async fn request(client: &mut Client, command: Command) -> Reply {
    let name = command.name();
    within(client.request(command))
        .await
        .unwrap()
        .unwrap_or_else(|refusal| panic!("{name} was refused: {refusal:?}"))
}

/// Sends a request and returns its refusal; panics on an answer.
pub(crate) async fn refused_request(client: &mut Client, command: Command) -> Refusal {
    match within(client.request(command)).await.unwrap() {
        Err(refusal) => refusal,
        Ok(reply) => panic!("not refused: {reply:?}"),
    }
}

pub(crate) fn set(key: &str, value: &str) -> Command {
    let value = Value::typed(value, &Limits::default()).unwrap();
    Command::Set { key: key.to_owned(), value, date: None }
}

pub(crate) fn get(key: &str) -> Command {
    Command::Get { key: key.to_owned() }
}

/// Returns the JSON text of a key's value.
pub(crate) async fn value_of(client: &mut Client, key: &str) -> String {
    match request(client, get(key)).await {
        Reply::Value(version) => version.value().map(|value| value.json().to_owned()).unwrap_or_default(),
        other => panic!("not a value: {other:?}"),
    }
}

pub(crate) async fn peers(client: &mut Client) -> Vec<PeerInfo> {
    match request(client, Command::Peers).await {
        Reply::Peers(peers) => peers,
        other => panic!("not peers: {other:?}"),
    }
}

/// Links the node of `client` to `other`.
pub(crate) async fn link(client: &mut Client, other: &Node) {
    let reply = request(client, Command::AddPeer { address: other.address.clone() }).await;
    assert!(matches!(reply, Reply::Added(_)), "{reply:?}");
}

/// Waits until `holds` is true of an answer of the client's node. It asks again after each change.
pub(crate) async fn wait_until<T>(client: &mut Client, mut command: impl FnMut() -> Command, holds: T)
where
    T: Fn(&Result<Reply, Refusal>) -> bool,
{
    request(client, Command::Watch { versions: false }).await;
    within(async {
        while !holds(&client.request(command()).await.unwrap()) {
            client.notice().await.unwrap();
        }
    })
    .await;
}

/// Waits for the connection's end, as the client sees it.
pub(crate) async fn connection_lost(client: &mut Client) -> Lost {
    within(async {
        loop {
            if let Err(lost) = client.notice().await {
                return lost;
            }
        }
    })
    .await
}

/// Sends a text frame.
pub(crate) async fn send_text(socket: &mut Socket, text: &str) {
    within(socket.send(Message::text(text))).await.unwrap();
}

/// Returns the next frame that the node sends.
pub(crate) async fn next_frame(socket: &mut Socket) -> Result<Frame, Malformed> {
    match within(socket.next()).await {
        Some(Ok(Message::Text(text))) => decode(&text, &Limits::default()),
        other => panic!("not a text frame: {other:?}"),
    }
}
