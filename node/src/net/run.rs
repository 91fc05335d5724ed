//! A node's life: it listens, reports that it is ready, serves, and closes its connections.

use std::io::{self, IsTerminal as _};
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::{TcpListener, TcpSocket, lookup_host};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::task::LocalSet;

use super::address::{AddressError, host_of, normalise};
use super::arguments::Arguments;
use super::chapter::{ChapterError, Hub, Peers, Settings, dial_peers};
use super::clock::SystemClock;
use super::data::{self, Commit, Data, DataError, DiskSpace};
use super::dial::TcpDialler;
use super::http_server::HttpServer;
use super::log;
use super::shell::{Shell, Storage};
use super::supervisor::{Supervisor, SupervisorCommand};
use super::web::{Identity, PrivateError, PrivateListeners, SiteError, Web, WebSettings};
use crate::core::Config;
use crate::wire::{Hex, LABEL_MAX, Version};

/// The longest time that an orderly end may take. Chosen: neighbours that run answer within a round trip, and
/// a person who stops a node waits for it.
const CLOSE_TIMEOUT: Duration = Duration::from_millis(500);

/// The connections that the system accepts ahead of the node. Chosen: that of tokio, as many as a large network
/// opens at once.
const BACKLOG: u32 = 1_024;

/// The reason why a node could not start.
#[derive(Debug, thiserror::Error)]
enum StartError {
    /// The text of an option cannot be used.
    #[error(transparent)]
    Usage(#[from] UsageError),
    /// Another process listens on the port.
    #[error("port {port} is taken: choose another with {option}")]
    Taken { port: String, option: &'static str },
    /// The system refuses the address.
    #[error("cannot listen on {address}: {source}: choose another with {option}")]
    Listen { address: String, source: io::Error, option: &'static str },
    /// The folder of a front end cannot be served.
    #[error(transparent)]
    Site(#[from] SiteError),
    /// The listeners for the person at this machine cannot be opened.
    #[error(transparent)]
    Private(#[from] PrivateError),
    /// The data folder cannot be used. Nothing was written to it.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The system refuses something else that every node needs.
    #[error("cannot start: {0}")]
    System(#[from] io::Error),
    /// The system has no random numbers.
    #[error("cannot draw random numbers: {0}")]
    Random(#[from] getrandom::Error),
}

/// The reason why an option cannot be used.
#[derive(Debug, thiserror::Error)]
enum UsageError {
    /// Standard input is not the end of a socket pair.
    #[error("standard input is not a socket: leave out --supervised, which is for a harness")]
    Supervised,
    /// A text is too long for the messages between nodes.
    #[error("{option} has {length} bytes; at most {LABEL_MAX} are taken")]
    Long { option: &'static str, length: usize },
    /// A port or a peer cannot be used.
    #[error(transparent)]
    Chapter(#[from] ChapterError),
    /// A text is no address.
    #[error("{option}: {source}")]
    Address { option: &'static str, source: AddressError },
}

impl UsageError {
    /// Returns the error of an option whose text is no address.
    fn address(option: &'static str) -> impl FnOnce(AddressError) -> Self {
        move |source| Self::Address { option, source }
    }
}

impl StartError {
    /// Returns the error of an address on which the system does not listen.
    fn listen(address: &str, option: &'static str, source: io::Error) -> Self {
        match source.kind() {
            io::ErrorKind::AddrInUse => {
                Self::Taken { port: address.rsplit(':').next().unwrap_or_default().to_owned(), option }
            }
            _ => Self::Listen { address: address.to_owned(), source, option },
        }
    }

    /// Returns 2 for wrong usage, 3 for an environment that fails.
    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_)
            | Self::Site(_)
            | Self::Private(PrivateError::Exposed(_))
            | Self::Data(DataError::Policy { .. }) => ExitCode::from(2),
            Self::Taken { .. }
            | Self::Listen { .. }
            | Self::Private(_)
            | Self::Data(_)
            | Self::System(_)
            | Self::Random(_) => ExitCode::from(3),
        }
    }
}

/// Runs a node until SIGTERM, SIGINT or its supervisor ends it, and returns 0. Returns 2 after wrong usage,
/// and 3 where the environment fails, for example if the port is taken.
#[must_use]
pub fn run(arguments: &Arguments) -> ExitCode {
    report_panics(arguments.supervised);
    if let Some(task) = &arguments.task {
        return task.run().map_or_else(|error| report_failure(None, &error.into()), |()| ExitCode::SUCCESS);
    }
    let Ok(supervisor) = arguments.supervised.then(Supervisor::at_stdin).transpose() else {
        return report_failure(None, &UsageError::Supervised.into());
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build() {
        Ok(runtime) => runtime,
        Err(error) => return report_failure(supervisor.as_ref(), &error.into()),
    };
    let ended = LocalSet::new().block_on(&runtime, run_node(arguments, supervisor));
    // The look-up of a name may still run; it must not hold up the end.
    runtime.shutdown_background();
    ended
}

/// Makes a panic in the storage library a reported reason for which the node ends.
fn report_panics(supervised: bool) {
    data::report_panics(move |reason| {
        log::error(format_args!("{reason}"));
        // A supervisor takes this for the node's end once the node is ready.
        if supervised && let Ok(supervisor) = Supervisor::at_stdin() {
            supervisor.report_failure(reason);
        }
    });
}

/// Logs the reason why the node does not run, reports it to the supervisor, and returns the exit code.
fn report_failure(supervisor: Option<&Supervisor>, error: &StartError) -> ExitCode {
    log::error(format_args!("{error}"));
    if let Some(supervisor) = supervisor {
        supervisor.report_failure(&error.to_string());
    }
    error.exit_code()
}

/// Runs the node until it is ended, and returns its exit code.
async fn run_node(arguments: &Arguments, supervisor: Option<Supervisor>) -> ExitCode {
    let Prepared { listener, neighbours, config, web, private, data, held } = match prepare(arguments).await {
        Ok(prepared) => prepared,
        Err(error) => return report_failure(supervisor.as_ref(), &error),
    };
    let (mut terminate, mut interrupt) =
        match (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) {
            (Ok(terminate), Ok(interrupt)) => (terminate, interrupt),
            (Err(error), _) | (_, Err(error)) => return report_failure(supervisor.as_ref(), &error.into()),
        };
    let listen = match listener.local_addr() {
        Ok(address) => address,
        Err(error) => return report_failure(supervisor.as_ref(), &error.into()),
    };
    log_start(listen, &config, arguments.data.as_deref(), held.len());
    warn_if_exposed(listen, arguments);
    if let Some(at) = neighbours.as_ref().and_then(|(listener, _)| listener.local_addr().ok()) {
        log::info(format_args!("neighbours come to ws://{}", shown_host(at)));
        warn_if_exposed(at, arguments);
    }
    if web.is_some() && !arguments.supervised {
        log::info(format_args!("http://{} shows it", shown_host(listen)));
    }
    #[cfg(feature = "mutants")]
    if let Some(mutant) = arguments.mutant {
        log::warn(format_args!("the node makes the mistake {mutant}, as --mutant says"));
    }
    if arguments.clock_ahead_ms != 0 {
        let clock = ahead_or_behind(arguments.clock_ahead_ms);
        log::warn(format_args!("the wall clock is {clock} the machine's, as --clock-ahead-ms says"));
    }
    let listen = listen.to_string();
    if let Some(supervisor) = &supervisor {
        supervisor.report_ready(&listen, &config.node);
    }
    if let Some(private) = &private
        && let Err(error) = log_private(private, arguments.data.as_deref())
    {
        return report_failure(supervisor.as_ref(), &error.into());
    }
    let web = web.map(Rc::new);
    let server = HttpServer::new(&listen, &config.address, web.clone());
    let (neighbours, peers) =
        neighbours.map_or_else(|| (None, Peers::new(&[])), |(listener, peers)| (Some(listener), peers));
    let hub = neighbours.as_ref().map(|_| Hub::new(&config.address));
    let (storage, mut commits, space) = match data {
        Some(Data { writer, commits, space }) => (Storage::Disk(writer), Some(commits), Some(space)),
        None => (Storage::Memory, None, None),
    };
    // The writes at the opening of its file were made while there still was room.
    if let Some(space) = space.as_ref().filter(|_| arguments.disk_full) {
        log::warn(format_args!("the disk is taken to be full, as --disk-full says: writes are refused"));
        space.set_full(true);
    }
    let clock = SystemClock::start(arguments.clock_ahead_ms);
    let shell =
        Shell::new(config, &listen, clock, storage, held, Box::new(TcpDialler { peers: Rc::clone(&peers) }));
    shell.wake_core();
    let reason = tokio::select! {
        () = Box::pin(server.run(shell.clone(), listener)) => "the HTTP server has stopped",
        () = serve_private(web.as_deref(), &shell, private) => "the private surface has stopped",
        () = serve_neighbours(&shell, neighbours, hub, peers) => "the server of neighbours has stopped",
        () = shell.run_timer() => "the timer has stopped",
        () = report_commits(&shell, commits.as_mut()) => "the thread of the disk has stopped",
        _ = terminate.recv() => "terminated",
        _ = interrupt.recv() => "interrupted",
        () = run_commands(supervisor, &shell, space.as_ref()) => "the supervisor is gone",
    };
    log::info(format_args!("ending: {reason}"));
    if let Some(commits) = &mut commits {
        shell.close_disk();
        shell.report_commits(commits).await;
    }
    // Connections that do not close in time are dropped.
    let _ = tokio::time::timeout(CLOSE_TIMEOUT, shell.close_all()).await;
    ExitCode::SUCCESS
}

/// Serves the private surface. Never returns.
async fn serve_private(web: Option<&Web>, shell: &Rc<Shell>, listeners: Option<PrivateListeners>) {
    match web.zip(listeners) {
        Some((web, listeners)) => web.serve_private(shell, listeners).await,
        None => std::future::pending().await,
    }
}

/// Serves the neighbours that come to their own port, and dials the peers. Never returns.
async fn serve_neighbours(
    shell: &Rc<Shell>,
    listener: Option<TcpListener>,
    hub: Option<Rc<Hub>>,
    peers: Rc<Peers>,
) {
    let (Some(listener), Some(hub)) = (listener, hub) else { return std::future::pending().await };
    shell.attach_hub(hub.clone());
    let listen = listener.local_addr().map(|address| address.to_string()).unwrap_or_default();
    let address = shell.own_address();
    let server = HttpServer::new(&listen, &address, None).with_hub(Rc::clone(&hub));
    tokio::join!(Box::pin(server.run(Rc::clone(shell), listener)), dial_peers(peers, hub, Rc::clone(shell)));
}

/// Reports the commits of the disk for as long as it runs. Never returns where there is no disk.
async fn report_commits(shell: &Rc<Shell>, commits: Option<&mut mpsc::UnboundedReceiver<Commit>>) {
    match commits {
        None => std::future::pending().await,
        Some(commits) => shell.report_commits(commits).await,
    }
}

/// Carries out the supervisor's commands. Returns when the supervisor has gone; never where there is none.
async fn run_commands(supervisor: Option<Supervisor>, shell: &Rc<Shell>, space: Option<&DiskSpace>) {
    match supervisor {
        None => std::future::pending().await,
        // An error on this socket means the same as its end.
        Some(supervisor) => {
            let carry_out = |command: &SupervisorCommand| match (command, space) {
                (SupervisorCommand::ClockAhead(ahead_ms), _) => shell.set_clock_ahead(*ahead_ms),
                (SupervisorCommand::DiskFull(full), Some(space)) => space.set_full(*full),
                // A node without a disk needs no room.
                (SupervisorCommand::DiskFull(_), None) => {}
            };
            drop(supervisor.run_commands(carry_out).await);
        }
    }
}

/// The parts of a node that was prepared to run.
struct Prepared {
    listener: TcpListener,
    /// The listener for neighbours, where they have a port of their own, and the peers.
    neighbours: Option<(TcpListener, Rc<Peers>)>,
    config: Config,
    web: Option<Web>,
    private: Option<PrivateListeners>,
    data: Option<Data>,
    /// The versions that the disk held.
    held: Vec<Arc<Version>>,
}

async fn prepare(arguments: &Arguments) -> Result<Prepared, StartError> {
    for (option, text) in [("--name", &arguments.name), ("--network", &arguments.network)] {
        if text.len() > LABEL_MAX {
            return Err(UsageError::Long { option, length: text.len() }.into());
        }
    }
    let chapter = Settings::read(arguments, |name| std::env::var(name).ok()).map_err(UsageError::from)?;
    let http = chapter.as_ref().and_then(|settings| settings.http.clone());
    let listen = match (http, arguments.port) {
        (Some(http), _) => listen_address(&http)?,
        (None, Some(port)) => format!("127.0.0.1:{port}"),
        (None, None) => listen_address(&arguments.listen)?,
    };
    let advertise = arguments
        .advertise
        .as_ref()
        .map(|address| normalise(address, host_of(&listen)))
        .transpose()
        .map_err(UsageError::address("--advertise"))?;
    let option = if chapter.as_ref().is_some_and(|settings| settings.http.is_some()) {
        "--http-port"
    } else {
        "--listen"
    };
    let not_listening = |source: io::Error| StartError::listen(&listen, option, source);
    // A port that is taken is reported before the data is touched. Connections are accepted only once the data
    // is open: a node that cannot serve accepts none.
    let socket = bind(&listen).await.map_err(not_listening)?;
    let p2p = chapter.as_ref().map_or("", |settings| &settings.p2p);
    let not_met = |source: io::Error| StartError::listen(p2p, "--p2p-port or P2P_PORT", source);
    let p2p_socket = match &chapter {
        Some(_) => Some(bind(p2p).await.map_err(not_met)?),
        None => None,
    };
    let address = match advertise {
        Some(address) => address,
        None => p2p_socket.as_ref().unwrap_or(&socket).local_addr()?.to_string(),
    };
    let (mut node, mut data, mut held) = (random()?, None, Vec::new());
    if let Some(folder) = &arguments.data {
        let (opened, found) = data::open(folder, arguments.policy, node)?;
        (node, held) = (found.node, found.versions);
        data = Some(opened);
    }
    // A ping of the other make says where it is from.
    let name = match &chapter {
        Some(_) if arguments.name.is_empty() => format!("ws://{address}").chars().take(LABEL_MAX).collect(),
        _ => arguments.name.clone(),
    };
    let config = Config {
        policy: arguments.policy,
        auto_connect: arguments.auto_connect,
        disk: data.is_some(),
        #[cfg(feature = "mutants")]
        mutant: arguments.mutant,
        // 53 bits, which every reader of JSON keeps.
        incarnation: u64::from_be_bytes(random::<8>()?.0) >> 11,
        seed: match arguments.seed {
            Some(seed) => seed,
            None => u64::from_be_bytes(random::<8>()?.0),
        },
        ..Config::new(node, name, &arguments.network, address)
    };
    let listener = socket.listen(BACKLOG).map_err(not_listening)?;
    let neighbours = match (p2p_socket, chapter) {
        (Some(socket), Some(settings)) => {
            let listener = socket
                .listen(BACKLOG)
                .map_err(|source| StartError::listen(&settings.p2p, "--p2p-port or P2P_PORT", source))?;
            Some((listener, Peers::new(&settings.peers)))
        }
        _ => None,
    };
    let web = if arguments.no_web { None } else { Some(web_of(arguments, &config)?) };
    let private = match private_address(arguments) {
        Some(address) => Some(PrivateListeners::open(&address, arguments.data.as_deref()).await?),
        None => None,
    };
    Ok(Prepared { listener, neighbours, config, web, private, data, held })
}

/// Returns the address of the private surface; none if there is none, as for the nodes of a harness.
fn private_address(arguments: &Arguments) -> Option<String> {
    // Without a folder, the token is known from the terminal alone.
    let is_reachable = arguments.data.is_some() || io::stdout().is_terminal();
    let is_wanted = is_reachable && !arguments.supervised && !arguments.no_web;
    let usual = || is_wanted.then(|| "127.0.0.1:0".to_owned());
    arguments.private.clone().or_else(usual)
}

/// Logs the place where the person at this machine may do more. The link carries a secret, and stands on a terminal alone.
fn log_private(listeners: &PrivateListeners, data: Option<&Path>) -> io::Result<()> {
    if io::stdout().is_terminal() {
        log::info(format_args!("for you alone: {}", listeners.link()?));
    } else if let Some(data) = data {
        let (address, folder) = (listeners.address()?, data.display());
        log::info(format_args!("for its person alone: http://{address}, with the token in {folder}/token"));
    }
    Ok(())
}

/// Returns the web surface of the node.
fn web_of(arguments: &Arguments, config: &Config) -> Result<Web, SiteError> {
    let identity = Identity {
        node: config.node.to_string(),
        name: config.name.clone(),
        address: config.address.clone(),
        network: config.network.clone(),
        policy: config.policy,
    };
    Web::new(WebSettings { identity, site: arguments.site.clone() })
}

/// Binds an address without listening on it.
async fn bind(address: &str) -> io::Result<TcpSocket> {
    let mut failure = None;
    for at in lookup_host(address).await? {
        let socket = if at.is_ipv4() { TcpSocket::new_v4()? } else { TcpSocket::new_v6()? };
        // A node that starts again takes its port, though connections of its last life may still be ending.
        socket.set_reuseaddr(true)?;
        match socket.bind(at) {
            Ok(()) => return Ok(socket),
            Err(error) => failure = Some(error),
        }
    }
    Err(failure.unwrap_or_else(|| io::ErrorKind::AddrNotAvailable.into()))
}

/// Returns the address to listen on. It has the form of other addresses, and with port 0 the system
/// chooses one.
fn listen_address(address: &str) -> Result<String, UsageError> {
    match address.strip_suffix(":0") {
        Some(host) => normalise(&format!("{host}:1"), "127.0.0.1").map(|_| address.to_owned()),
        None => normalise(address, "127.0.0.1"),
    }
    .map_err(UsageError::address("--listen"))
}

fn random<const N: usize>() -> Result<Hex<N>, getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(Hex(bytes))
}

/// Returns the lead of a clock as text.
fn ahead_or_behind(ahead_ms: i64) -> String {
    let side = if ahead_ms < 0 { "behind" } else { "ahead of" };
    format!("{} ms {side}", ahead_ms.unsigned_abs())
}

/// Logs the first lines of a run.
fn log_start(listen: SocketAddr, config: &Config, data: Option<&Path>, held: usize) {
    let Config { node, name, policy, network, address, .. } = config;
    let name = if name.is_empty() { String::new() } else { format!(" as {name}") };
    log::info(format_args!("listening on {listen}{name} (id {node}, policy {policy}, network {network})"));
    match data {
        Some(folder) => {
            let keys = if held == 1 { "key" } else { "keys" };
            log::info(format_args!("keeps what it holds in {}: {held} {keys} so far", folder.display()));
        }
        None => {
            log::info(format_args!("keeps nothing on disk: what only this node holds is gone when it ends"));
        }
    }
    if *address != listen.to_string() {
        log::info(format_args!("other nodes are told to dial {address}"));
    } else if listen.ip().is_unspecified() {
        log::warn(format_args!(
            "other nodes cannot dial {listen}: give an address that they can dial with --advertise"
        ));
    }
}

/// Returns the authority by which a person on this machine reaches the node.
fn shown_host(listen: SocketAddr) -> String {
    match listen.ip() {
        ip if ip.is_unspecified() || ip.is_loopback() => format!("localhost:{}", listen.port()),
        _ => listen.to_string(),
    }
}

/// Warns that programs on other machines can connect, unless a harness has chosen the network that the node listens on.
fn warn_if_exposed(listen: SocketAddr, arguments: &Arguments) {
    if !listen.ip().is_loopback() && !arguments.supervised {
        log::warn(format_args!(
            "listening beyond this machine: any program that can reach {listen} can read and write everything"
        ));
    }
}
