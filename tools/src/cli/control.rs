//! How a running network is spoken to from other terminals: one socket in its folder of logs.
//!
//! One request, a line of JSON, a connection; answered by lines of JSON. The network belongs to
//! the process that listens: if nobody does, nothing runs.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, Read as _, Write as _};
use std::net::IpAddr;
use std::os::fd::AsRawFd as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::world::live::Waker;

/// The longest request or reply line.
const LINE: u64 = 16 << 20;
/// The most requests that wait for the network to attend to them.
const WAITING: usize = 64;
/// How long a client may take to say what it wants.
const PATIENCE: Duration = Duration::from_secs(5);

/// What is asked of a running network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "do", rename_all = "snake_case")]
pub(super) enum Request {
    /// What runs.
    Ps,
    /// Steps of the scenario language.
    Steps {
        /// The text.
        text: String,
    },
    /// Nothing, but to take note of what a node was asked from elsewhere. It is not answered.
    Note {
        /// Who was asked.
        node: String,
        /// The command and its arguments, nodes by name.
        words: Vec<String>,
        /// Whether the node said no.
        refused: bool,
    },
    /// What was done by hand, as a scenario.
    Record,
    /// Its end.
    Stop,
    /// Nothing, but that the connection stays open as long as the network runs.
    Attend,
}

/// What comes back.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "reply", rename_all = "snake_case")]
pub(super) enum Reply {
    /// What runs.
    Network(Box<NetworkState>),
    /// What came of steps.
    Steps {
        /// What was asked for, to be printed.
        output: Vec<String>,
        /// What went wrong, rendered for people.
        error: Option<String>,
        /// The ending code.
        code: u8,
    },
    /// What was done by hand.
    Recording {
        /// The scenario; none where one left the network up.
        text: Option<String>,
    },
    /// It ends.
    Stopping,
}

impl Reply {
    /// The ending code, if it has one.
    pub(super) fn code(&self) -> Option<u8> {
        match self {
            Self::Steps { code, .. } => Some(*code),
            Self::Network(_) | Self::Recording { .. } | Self::Stopping => None,
        }
    }
}

/// A network, as `run --json` and `ps --json` print it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct NetworkState {
    /// The nodes, in order of appearance.
    pub nodes: Vec<NodeState>,
    /// The links that were asked for.
    pub links: Vec<(String, String)>,
    /// How long it took until all was ready and wired, in milliseconds.
    pub ready_ms: u64,
}

/// A node of a network.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(super) struct NodeState {
    /// Its name.
    pub name: String,
    /// The host it listens on.
    pub host: String,
    /// The port it listens on.
    pub port: u16,
    /// How it is spoken to.
    pub driver: String,
    /// Its process, if it runs.
    pub pid: Option<u32>,
    /// The neighbours it was given, by name.
    pub peers: Vec<String>,
    /// Where its log lies.
    pub log: String,
    /// `running`, `paused`, `stopped`, `exited N`.
    pub state: String,
}

impl NodeState {
    /// `host:port`.
    pub(super) fn address(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    /// Whether it is reached from everywhere on this machine.
    pub(super) fn is_on_loopback(&self) -> bool {
        self.host.parse().is_ok_and(|host: IpAddr| host.is_loopback())
    }
}

/// The name of the socket in a folder of logs.
const SOCKET: &str = ".tools.sock";

/// Does something with the path of a folder's socket. The path of a socket has little more than a
/// hundred bytes: it goes by way of the open folder, so that the folder's own may have any length.
fn at_socket<T>(logs: &Path, act: impl FnOnce(&Path) -> io::Result<T>) -> io::Result<T> {
    let folder = File::open(logs)?;
    act(&Path::new("/proc/self/fd").join(folder.as_raw_fd().to_string()).join(SOCKET))
}

/// Connects to the network of a folder.
pub(super) fn connect(logs: &Path) -> io::Result<UnixStream> {
    at_socket(logs, |path| UnixStream::connect(path))
}

/// The end that listens, as long as the network runs.
pub(super) struct Control {
    /// Says whose folder it is. Let go by the system, however this process ends; and first of all
    /// here, so that whoever waits for the end finds the folder free.
    _lock: File,
    requests: Arc<Mutex<VecDeque<(Request, UnixStream)>>>,
    /// How many notes found no place among those that wait.
    missed: Arc<AtomicU64>,
    /// Connections that wait for the end.
    attending: Vec<UnixStream>,
    logs: PathBuf,
}

/// Why a folder cannot be had.
#[derive(Debug, thiserror::Error)]
pub(super) enum Occupied {
    /// A network runs there.
    #[error(
        "a network is already running in {0}: end it with `tools stop`, or use another folder with --logs"
    )]
    Running(String),
    /// It cannot be written.
    #[error("cannot use {0}: {1}")]
    Unusable(String, io::Error),
}

impl Control {
    /// Takes a folder of logs for one network. Requests are handed out once `listen` was called.
    pub(super) fn take(logs: &Path) -> Result<Self, Occupied> {
        let unusable = |error| Occupied::Unusable(logs.display().to_string(), error);
        std::fs::create_dir_all(logs).map_err(unusable)?;
        let mut options = std::fs::OpenOptions::new();
        let lock = options.create(true).truncate(false).write(true).open(logs.join(".tools.lock"));
        let lock = lock.map_err(unusable)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => {
                return Err(Occupied::Running(logs.display().to_string()));
            }
            Err(std::fs::TryLockError::Error(error)) => return Err(unusable(error)),
        }
        Ok(Self {
            requests: Arc::default(),
            missed: Arc::default(),
            attending: Vec::new(),
            logs: logs.to_owned(),
            _lock: lock,
        })
    }

    /// Begins to listen; `waker` is used for every request that comes in.
    pub(super) fn listen(&mut self, waker: Waker) -> io::Result<()> {
        // What a killed harness left behind: the lock says that nobody listens there any more.
        match std::fs::remove_file(self.logs.join(SOCKET)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = at_socket(&self.logs, |path| UnixListener::bind(path))?;
        let (requests, missed) = (Arc::clone(&self.requests), Arc::clone(&self.missed));
        std::thread::Builder::new().name("control".to_owned()).spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                let Some(request) = read_request(&stream) else { continue };
                match requests.lock() {
                    Ok(mut requests) if requests.len() < WAITING => requests.push_back((request, stream)),
                    _ if matches!(request, Request::Note { .. }) => {
                        missed.fetch_add(1, Ordering::Relaxed);
                    }
                    _ => {}
                }
                waker.wake();
            }
        })?;
        Ok(())
    }

    /// The next request that waits.
    pub(super) fn next(&mut self) -> Option<(Request, UnixStream)> {
        self.requests.lock().ok()?.pop_front()
    }

    /// How many notes were not taken since this was last asked.
    pub(super) fn missed(&self) -> u64 {
        self.missed.swap(0, Ordering::Relaxed)
    }

    /// Keeps a connection open until the network ends.
    pub(super) fn attend(&mut self, stream: UnixStream) {
        // Those whose other end has gone are let go of.
        self.attending.retain(|stream| !has_closed(stream));
        self.attending.push(stream);
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        // Without its socket nobody asks; a file that stays is removed by the next to listen.
        let _: io::Result<()> = std::fs::remove_file(self.logs.join(SOCKET));
    }
}

fn has_closed(stream: &UnixStream) -> bool {
    let mut byte = [0];
    let quiet = stream.set_nonblocking(true).and_then(|()| (&*stream).read(&mut byte));
    !matches!(quiet, Err(error) if error.kind() == io::ErrorKind::WouldBlock)
}

fn read_request(stream: &UnixStream) -> Option<Request> {
    stream.set_read_timeout(Some(PATIENCE)).ok()?;
    let mut line = String::new();
    BufReader::new(stream.take(LINE)).read_line(&mut line).ok()?;
    serde_json::from_str(&line).ok()
}

/// Answers a request. Whoever does not wait for the answer does not get it.
pub(super) fn answer(mut stream: UnixStream, reply: &Reply) {
    if let Ok(mut line) = serde_json::to_string(reply) {
        line.push('\n');
        // Whoever does not read must not hold up the network.
        let _: io::Result<()> = stream.set_write_timeout(Some(PATIENCE));
        let _: io::Result<()> = stream.write_all(line.as_bytes());
    }
}

/// Asks the network of a folder; none if nothing runs there.
pub(super) fn ask(logs: &Path, request: &Request) -> io::Result<Option<Reply>> {
    let mut stream = match connect(logs) {
        Ok(stream) => stream,
        Err(error) if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) => {
            return Ok(None);
        }
        Err(error) => return Err(error),
    };
    let mut line = serde_json::to_string(request)?;
    line.push('\n');
    stream.write_all(line.as_bytes())?;
    let mut line = String::new();
    BufReader::new((&stream).take(LINE)).read_line(&mut line)?;
    if line.is_empty() {
        return Err(io::Error::other("the network ended before it answered"));
    }
    Ok(Some(serde_json::from_str(&line)?))
}

/// Tells the network of a folder something, if one runs there. It answers nothing.
pub(super) fn tell(logs: &Path, request: &Request) -> io::Result<()> {
    let mut line = serde_json::to_string(request)?;
    line.push('\n');
    connect(logs)?.write_all(line.as_bytes())
}

/// Waits until the network of a folder has ended.
pub(super) fn wait_for_end(logs: &Path) -> io::Result<()> {
    let Ok(mut stream) = connect(logs) else { return Ok(()) };
    let mut rest = Vec::new();
    let attended =
        stream.write_all(b"{\"do\":\"attend\"}\n").and_then(|()| stream.take(LINE).read_to_end(&mut rest));
    match attended {
        // It ended before it had read that somebody waits for that.
        Err(error) if matches!(error.kind(), io::ErrorKind::ConnectionReset | io::ErrorKind::BrokenPipe) => {
            Ok(())
        }
        attended => attended.map(drop),
    }
}
