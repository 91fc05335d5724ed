//! A node's life: listen, say so, serve, take leave.

use std::io;
use std::net::SocketAddr;
use std::path::Path;
use std::process::ExitCode;
use std::rc::Rc;
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::mpsc;
use tokio::task::LocalSet;

use super::address::{host_of, normalise};
use super::arguments::Arguments;
use super::clock::Clock;
use super::data::{self, Data, DataError, Kept, Space};
use super::front::Front;
use super::log;
use super::shell::{Keeper, Shell};
use super::supervisor::{Supervisor, Word};
use crate::core::Config;
use crate::wire::{Hex, LABEL_MAX, Version};

/// How long an orderly end may take: neighbours that run answer at once.
const FAREWELL: Duration = Duration::from_millis(500);

/// Why a node could not start.
#[derive(Debug, thiserror::Error)]
enum StartError {
    #[error("{0}")]
    Usage(String),
    #[error("port {port} is taken: choose another with --listen")]
    Taken { port: String },
    #[error("cannot listen on {address}: {source}: choose another with --listen")]
    Listen { address: String, source: io::Error },
    #[error(transparent)]
    Data(#[from] DataError),
    #[error("cannot start: {0}")]
    System(#[from] io::Error),
    #[error("cannot draw random numbers: {0}")]
    Random(#[from] getrandom::Error),
}

impl StartError {
    /// 2 for wrong usage, 3 for an environment that fails.
    fn exit_code(&self) -> ExitCode {
        match self {
            Self::Usage(_) | Self::Data(DataError::Policy { .. }) => ExitCode::from(2),
            Self::Taken { .. } | Self::Listen { .. } | Self::Data(_) | Self::System(_) | Self::Random(_) => {
                ExitCode::from(3)
            }
        }
    }
}

/// Runs a node until it is told to end, by SIGTERM, SIGINT or its supervisor: then 0. 2 after
/// wrong usage, 3 where the environment fails, a taken port for one.
#[must_use]
pub fn run(arguments: &Arguments) -> ExitCode {
    let Ok(supervisor) = arguments.supervised.then(Supervisor::take).transpose() else {
        let message = "standard input is not a socket: --supervised is for a harness".to_owned();
        return give_up(None, &StartError::Usage(message));
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_io().enable_time().build() {
        Ok(runtime) => runtime,
        Err(error) => return give_up(supervisor.as_ref(), &error.into()),
    };
    let ended = LocalSet::new().block_on(&runtime, live(arguments, supervisor));
    // A name that is still being looked up must not hold up the end.
    runtime.shutdown_background();
    ended
}

fn give_up(supervisor: Option<&Supervisor>, error: &StartError) -> ExitCode {
    log::error(format_args!("{error}"));
    if let Some(supervisor) = supervisor {
        supervisor.failed(&error.to_string());
    }
    error.exit_code()
}

async fn live(arguments: &Arguments, supervisor: Option<Supervisor>) -> ExitCode {
    let Prepared { listener, config, data, held } = match prepare(arguments).await {
        Ok(prepared) => prepared,
        Err(error) => return give_up(supervisor.as_ref(), &error),
    };
    let (mut terminate, mut interrupt) =
        match (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) {
            (Ok(terminate), Ok(interrupt)) => (terminate, interrupt),
            (Err(error), _) | (_, Err(error)) => return give_up(supervisor.as_ref(), &error.into()),
        };
    let listen = match listener.local_addr() {
        Ok(address) => address,
        Err(error) => return give_up(supervisor.as_ref(), &error.into()),
    };
    introduce(listen, &config, arguments.data.as_deref(), held.len());
    warn_of_strangers(listen, arguments);
    #[cfg(feature = "mutants")]
    if let Some(mutant) = arguments.mutant {
        log::warn(format_args!("it makes the mistake {mutant}"));
    }
    if arguments.clock_ahead_ms != 0 {
        log::warn(format_args!("its wall clock is put {} ms ahead", arguments.clock_ahead_ms));
    }
    let listen = listen.to_string();
    if let Some(supervisor) = &supervisor {
        supervisor.ready(&listen, &config.node);
    }
    let front = Front::new(&listen, &config.address);
    let (keeper, mut kept, space) = match data {
        Some(Data { writer, kept, space }) => (Keeper::Disk(writer), Some(kept), Some(space)),
        None => (Keeper::Nobody, None, None),
    };
    // What it wrote on opening its file went where it had room already.
    if let Some(space) = space.as_ref().filter(|_| arguments.disk_full) {
        log::warn(format_args!("its disk is taken to be full"));
        space.fill(true);
    }
    let clock = Clock::start(arguments.clock_ahead_ms);
    let shell = Shell::new(config, &listen, clock, keeper, held);
    let reason = tokio::select! {
        () = Box::pin(front.open(shell.clone(), listener)) => "the front door closed",
        () = shell.keep_time() => "time ended",
        () = keep(&shell, kept.as_mut()) => "the disk is gone",
        _ = terminate.recv() => "terminated",
        _ = interrupt.recv() => "interrupted",
        () = attend(supervisor, &shell, space.as_ref()) => "the supervisor is gone",
    };
    log::info(format_args!("ending: {reason}"));
    if let Some(kept) = &mut kept {
        shell.close_disk();
        shell.keep(kept).await;
    }
    // Whoever does not answer in time is not waited for.
    let _ = tokio::time::timeout(FAREWELL, shell.end()).await;
    ExitCode::SUCCESS
}

/// Tells what the disk keeps, where there is one, for as long as there is.
async fn keep(shell: &Rc<Shell>, kept: Option<&mut mpsc::UnboundedReceiver<Kept>>) {
    match kept {
        None => std::future::pending().await,
        Some(kept) => shell.keep(kept).await,
    }
}

/// Does what the supervisor says. Resolves when there was one and there is none any more.
async fn attend(supervisor: Option<Supervisor>, shell: &Rc<Shell>, space: Option<&Space>) {
    match supervisor {
        None => std::future::pending().await,
        // An error on this socket is as much of an end as its end is.
        Some(supervisor) => {
            let act = |word: &Word| match (word, space) {
                (Word::ClockAhead(ahead_ms), _) => shell.put_clock_ahead(*ahead_ms),
                (Word::DiskFull(full), Some(space)) => space.fill(*full),
                // Who keeps nothing needs no room.
                (Word::DiskFull(_), None) => {}
            };
            drop(supervisor.attend(act).await);
        }
    }
}

/// All that a node needs to live.
struct Prepared {
    listener: TcpListener,
    config: Config,
    data: Option<Data>,
    /// What its disk held.
    held: Vec<Arc<Version>>,
}

async fn prepare(arguments: &Arguments) -> Result<Prepared, StartError> {
    for (option, text) in [("--name", &arguments.name), ("--network", &arguments.network)] {
        if text.len() > LABEL_MAX {
            let message = format!("{option} has {} bytes; at most {LABEL_MAX} are taken", text.len());
            return Err(StartError::Usage(message));
        }
    }
    let listen = match arguments.port {
        Some(port) => format!("127.0.0.1:{port}"),
        None => listen_address(&arguments.listen)?,
    };
    let advertise = arguments
        .advertise
        .as_ref()
        .map(|address| normalise(address, host_of(&listen)))
        .transpose()
        .map_err(|error| StartError::Usage(format!("--advertise: {error}")))?;
    let listener = TcpListener::bind(&listen).await.map_err(|source| match source.kind() {
        io::ErrorKind::AddrInUse => {
            StartError::Taken { port: listen.rsplit(':').next().unwrap_or_default().to_owned() }
        }
        _ => StartError::Listen { address: listen.clone(), source },
    })?;
    let address = match advertise {
        Some(address) => address,
        None => listener.local_addr()?.to_string(),
    };
    let (mut node, mut data, mut held) = (draw()?, None, Vec::new());
    if let Some(folder) = &arguments.data {
        let (opened, found) = data::open(folder, arguments.policy, node)?;
        (node, held) = (found.node, found.versions);
        data = Some(opened);
    }
    let config = Config {
        policy: arguments.policy,
        auto_connect: arguments.auto_connect,
        disk: data.is_some(),
        #[cfg(feature = "mutants")]
        mutant: arguments.mutant,
        // 53 bits, which every reader of JSON keeps.
        incarnation: u64::from_be_bytes(draw::<8>()?.0) >> 11,
        seed: match arguments.seed {
            Some(seed) => seed,
            None => u64::from_be_bytes(draw::<8>()?.0),
        },
        ..Config::new(node, &arguments.name, &arguments.network, address)
    };
    Ok(Prepared { listener, config, data, held })
}

/// Where to listen: as other addresses, but port 0 lets the system choose.
fn listen_address(address: &str) -> Result<String, StartError> {
    match address.strip_suffix(":0") {
        Some(host) => normalise(&format!("{host}:1"), "127.0.0.1").map(|_| address.to_owned()),
        None => normalise(address, "127.0.0.1"),
    }
    .map_err(|error| StartError::Usage(format!("--listen: {error}")))
}

fn draw<const N: usize>() -> Result<Hex<N>, getrandom::Error> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes)?;
    Ok(Hex(bytes))
}

/// The first lines of the log.
fn introduce(listen: SocketAddr, config: &Config, data: Option<&Path>, held: usize) {
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
        log::info(format_args!("others are told to dial {address}"));
    } else if listen.ip().is_unspecified() {
        log::warn(format_args!("others cannot dial {listen}: say what they can with --advertise"));
    }
}

/// Says who else is let in, unless a harness has chosen the network it listens on.
fn warn_of_strangers(listen: SocketAddr, arguments: &Arguments) {
    if !listen.ip().is_loopback() && !arguments.supervised {
        log::warn(format_args!(
            "listening beyond this machine: whoever can reach {listen} can read and write everything"
        ));
    }
}
