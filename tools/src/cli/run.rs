//! `tools run`: from a topology to a running network.

mod announcement;
mod arguments;
mod detach;

use std::io::{self, Write};
use std::net::TcpListener;
use std::path::Path;
use std::time::Duration;

pub use arguments::Arguments;

use announcement::announcement;
use detach::detach;

use super::attached::check_network;
use super::control::Control;
use super::exit::Exit;
use super::failure::Failure;
use super::folder::Folder;
use super::host::{self, Host, ServeEnd};
use super::journal_file::{self, Limits};
use super::progress::Progress;
use super::registry::Registry;
use super::screen;
use super::source::read_topology;
use super::ui;
use crate::journal::JournalEntry;
use crate::report;
use crate::run::{Options, Verdict};
use crate::text::Source;
use crate::topology::Graph;
use crate::world::process::{Ports, raise_open_files};

/// Starts a network and serves it until its end, or detaches it.
pub fn run(arguments: &Arguments, out: &mut dyn Write, err: &mut dyn Write) -> Result<Exit, Failure> {
    let topology = arguments.topology();
    if Path::new(topology).extension().is_some_and(|extension| extension == "scn") {
        let path = topology.strip_prefix('@').unwrap_or(topology);
        return Err(Failure::usage(format!("`{path}` is a scenario"))
            .help(format!("run it with `tools test {path}`")));
    }
    let world = arguments.setting.world;
    if world.virtual_time {
        let message = format!(
            "the world `{}` has no network to stay with: its time is virtual, and passes only while a scenario \
             runs",
            world.name
        );
        return Err(Failure::usage(message).help(format!(
            "write the steps into a file and type `tools test FILE.scn --world {}`",
            world.name
        )));
    }
    let (source, parsed) = read_topology(topology, arguments.lenient)?;
    // The command that detached this process has already printed the warnings.
    for warning in parsed.warnings.iter().filter(|_| !arguments.hosted) {
        writeln!(err, "{warning}")?;
    }
    arguments.check_faults()?;
    let options = arguments.options()?;
    check_network(&source, &parsed.graph, &options.node_options, world)?;
    // The registry has to be opened before this process may become another user, in a namespace of its own.
    let registry = Registry::open();
    // A network may have a loopback of its own soon, which no browser reaches.
    let page = arguments.ui.filter(|_| !arguments.detach).map(ui::bind).transpose()?;
    // A detached process prepares itself.
    if !arguments.detach {
        host::prepare(world).map_err(Failure::environment)?;
    }
    raise_open_files(parsed.graph.nodes().len()).map_err(Failure::environment)?;
    if arguments.detach {
        return detach(arguments, &source, out, err);
    }
    if arguments.hosted {
        // In a session of its own, the process is not affected by the end of the terminal.
        rustix::process::setsid().map_err(io::Error::from)?;
    }
    let control = Control::new(Folder::acquire(&arguments.logs)?);
    let host = start(arguments, &source, parsed.graph, options, err)?;
    serve(host, &control, arguments, Endpoints { registry, page }, out, err)
}

/// Starts the network in this process. If it does not become ready, ends it again.
fn start(
    arguments: &Arguments,
    source: &Source,
    graph: Graph,
    options: Options,
    err: &mut dyn Write,
) -> Result<Host, Failure> {
    let progress = Progress::new(graph.nodes().len(), graph.links().len());
    let setup = host::Setup {
        logs: arguments.logs.clone(),
        data: arguments.data.clone().unwrap_or_else(|| arguments.logs.join("data")),
        ports: Ports::From(arguments.port),
        options,
        world: arguments.setting.world,
        prepares_links: arguments.proxied,
        prepares_clocks: arguments.clocks,
        log_limit: arguments.log_limit.bytes,
    };
    let journal = journal_file::create(&arguments.logs, Limits::STAYING)?;
    let shown = progress.clone();
    let mut host = Host::new(setup, (move |entry: &JournalEntry| shown.update(entry), journal))?;
    if arguments.ui.is_some() {
        host.expect_page();
    }
    // A detached process may have the text from standard input. Its source is named like that of a typed
    // topology.
    let typed = arguments.hosted.then(|| Source::new("topology", source.text()));
    let verdict = host.start(typed.as_ref().unwrap_or(source), graph);
    progress.finish();
    let exit = match &verdict {
        // No scenario is judged: a network that does not start is a matter of the environment.
        Verdict::Failed(_) => Exit::Environment,
        other => Exit::from(other),
    };
    if exit == Exit::Held {
        return Ok(host);
    }
    // The failure is printed before the nodes are ended, which may take a while.
    if let Some(failure) = verdict.failure() {
        writeln!(err, "{}", report::explain(failure, screen::err_style()))?;
    }
    host.end();
    Err(Failure::printed(exit))
}

/// The ways in which a network is found.
struct Endpoints {
    /// The registry of this user's networks.
    registry: io::Result<Registry>,
    /// The listener of the live page, if there is one.
    page: Option<TcpListener>,
}

/// Announces the network, and serves it until its end.
fn serve(
    mut host: Host,
    control: &Control,
    arguments: &Arguments,
    endpoints: Endpoints,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<Exit, Failure> {
    let ready: Duration = host.session.now();
    let mut state = host.state(ready);
    // Nodes tell of their links at some moment about now, and the state of a start is always the same.
    for node in &mut state.nodes {
        node.told = None;
    }
    control.listen(host.world.waker())?;
    if arguments.hosted {
        // At a terminal, a person sees the network and ends it.
        control.end_with_folder(host.world.waker())?;
    }
    let registered = endpoints.registry.and_then(|registry| registry.register(&arguments.logs));
    if let Err(error) = &registered {
        writeln!(err, "warning: `tools ps --all` will not find this network: {error}")?;
    }
    if arguments.json {
        writeln!(out, "{}", serde_json::to_string(&state)?)?;
    } else {
        write!(out, "{}", announcement(&state, arguments))?;
    }
    if let Some(listener) = endpoints.page {
        let address = host.open_page(listener)?;
        // Of a detached network, the command that detached it says so.
        if arguments.json && !arguments.hosted {
            write!(err, "{}", ui::announce(&address, &arguments.logs))?;
        } else if !arguments.json {
            write!(out, "{}", ui::announce(&address, &arguments.logs))?;
        }
    }
    out.flush()?;
    let ended = host.serve(control, ready, arguments.lasting, err)?;
    host.end();
    Ok(match ended {
        ServeEnd::Elapsed | ServeEnd::Stopped => Exit::Held,
        ServeEnd::Interrupted => Exit::Interrupted,
        ServeEnd::Unreachable => Exit::Environment,
    })
}
