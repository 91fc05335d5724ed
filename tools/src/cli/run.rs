//! `tools run`: from a topology to a running network.

use std::fs::File;
use std::io::{self, BufRead as _, BufReader, IsTerminal as _, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use clap::Args;

use super::control::{Control, NetworkState};
use super::exit::Exit;
use super::host::{Ended, Host, Setup, prepare, record_to};
use super::progress::Progress;
use super::setting::{ProgramArguments, SettingArguments};
use super::source::read_topology;
use super::table;
use crate::driver;
use crate::report::{self, Style};
use crate::run::{Options, Verdict};
use crate::text::{self, Source};
use crate::topology;
use crate::world::process::{Ports, raise_open_files};

/// Starts a network of nodes and wires it
#[derive(Debug, Clone, Args)]
#[command(after_help = EXAMPLES)]
#[expect(clippy::struct_excessive_bools, reason = "each is a flag that is typed or not")]
pub struct Arguments {
    /// The topology: text like "a-b, b-c" or ring:5, `@FILE`, or `-` for standard input
    /// [default: a clique of three: a-b, b-c, c-a]
    #[arg(allow_hyphen_values = true)]
    pub topology: Option<String>,

    /// The topology, as an option
    #[arg(short = 'n', long = "topology", value_name = "TOPOLOGY", conflicts_with = "topology")]
    pub topology_option: Option<String>,

    /// The first node's port; the others follow in order of appearance
    #[arg(short, long, value_name = "PORT", default_value_t = 3000, value_parser = clap::value_parser!(u16).range(1..))]
    pub port: u16,

    /// End by itself after this long, for example 10s
    #[arg(long = "for", value_name = "DURATION", value_parser = crate::scenario::duration)]
    pub lasting: Option<Duration>,

    /// Print one line of JSON once all is ready, instead of a table
    #[arg(long)]
    pub json: bool,

    /// Leave it running, for `ps`, `cli`, `do`, `logs` and `stop`
    #[arg(short, long)]
    pub detach: bool,

    /// Put something between the nodes that can cut, break and shape links:
    /// tools do 'cut a-b', 'link a-b delay 200ms'
    #[arg(long)]
    pub faults: bool,

    #[command(flatten)]
    #[expect(missing_docs, reason = "a flattened group takes no comment of its own")]
    pub setting: SettingArguments,

    #[command(flatten)]
    #[expect(missing_docs, reason = "a flattened group takes no comment of its own")]
    pub program: ProgramArguments,

    /// The folder for logs, and for what makes the network known to other terminals
    #[arg(long, value_name = "FOLDER", default_value = "logs")]
    pub logs: PathBuf,

    /// Let every node keep what it holds, in a folder of its name in this one; what is there already
    /// is known again
    #[arg(long, value_name = "FOLDER")]
    pub data: Option<PathBuf>,

    /// What goes on the command line of every node
    #[arg(last = true, value_name = "ARGS")]
    pub node_arguments: Vec<String>,

    /// Started by `--detach`: lives in a session of its own
    #[arg(long, hide = true)]
    pub hosted: bool,
}

const EXAMPLES: &str = "\
Examples:
  tools run                                   a clique of three
  tools run \"a-b, b-c, c-d, d-e, e-a\"         a ring of five; ring:5 is the same
  tools run \"ring(5), star(6, prefix=s), a-s1\"
  tools run ring:5 --detach                   then: tools cli --node a set nom Reimert
  tools run ring:5 --data data                what nodes hold is there again the next time";

/// Starts a network and stays with it.
pub fn run(arguments: &Arguments, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
    let topology = arguments.topology.as_deref().or(arguments.topology_option.as_deref());
    let topology = topology.unwrap_or(topology::DEFAULT);
    if Path::new(topology).extension().is_some_and(|extension| extension == "scn") {
        writeln!(err, "error: `{topology}` is a scenario\n  = help: run it with `tools test {topology}`")?;
        return Ok(Exit::Usage.code());
    }
    if arguments.setting.world.virtual_time {
        writeln!(
            err,
            "error: the world `{0}` has no network to stay with: its time is virtual, and passes only while a \
             scenario runs\n  = help: write the steps into a file and type `tools test FILE.scn --world {0}`",
            arguments.setting.world.name
        )?;
        return Ok(Exit::Usage.code());
    }
    let (source, parsed) = match read_topology(topology) {
        Ok(read) => read,
        Err(wrong) => {
            writeln!(err, "{wrong}")?;
            return Ok(Exit::Usage.code());
        }
    };
    // Where it was left running, whoever started it has said so already.
    for warning in parsed.warnings.iter().filter(|_| !arguments.hosted) {
        writeln!(err, "{warning}")?;
    }
    if let Some(wrong) = bypassed(arguments) {
        writeln!(err, "error: {wrong}")?;
        return Ok(Exit::Usage.code());
    }
    let options = match node_options(arguments) {
        Ok(options) => options,
        Err(wrong) => {
            writeln!(err, "error: {wrong}")?;
            return Ok(Exit::Usage.code());
        }
    };
    // Who is left running prepares itself.
    let prepared = if arguments.detach { Ok(()) } else { prepare(arguments.setting.world) };
    if let Err(reason) = prepared.and_then(|()| raise_open_files(parsed.graph.nodes().len())) {
        writeln!(err, "error: {reason}")?;
        return Ok(Exit::Environment.code());
    }
    if arguments.detach {
        return detach(arguments, source.text(), out, err);
    }
    if arguments.hosted {
        // A session of its own: what happens to the terminal does not happen to it.
        rustix::process::setsid()?;
    }
    let mut control = match Control::take(&arguments.logs) {
        Ok(control) => control,
        Err(reason) => {
            writeln!(err, "error: {reason}")?;
            return Ok(Exit::Environment.code());
        }
    };
    let progress = Progress::new(parsed.graph.nodes().len(), parsed.graph.links().len());
    let data = arguments.data.clone().unwrap_or_else(|| arguments.logs.join("data"));
    let setup = Setup {
        logs: arguments.logs.clone(),
        data,
        ports: Ports::From(arguments.port),
        options,
        world: arguments.setting.world,
        proxies: arguments.faults,
    };
    let mut record = record_to(&arguments.logs)?;
    let shown = progress.clone();
    let mut host = Host::new(setup, move |event| {
        shown.note(event);
        record(event);
    })?;
    // One that was left running has been handed its text: that is not what was typed.
    let source = if arguments.hosted { Source::new("topology", source.text()) } else { source };
    let verdict = host.start(&source, parsed.graph);
    progress.finish();
    let exit = match &verdict {
        Verdict::Passed | Verdict::Skipped(_) => Exit::Held,
        Verdict::Interrupted => Exit::Interrupted,
        Verdict::Failed(_) | Verdict::Broken(_) => Exit::Environment,
    };
    if exit != Exit::Held {
        if let Some(failure) = verdict.failure() {
            writeln!(err, "{}", report::explain(failure, Style::new(io::stderr().is_terminal())))?;
        }
        host.end();
        return Ok(exit.code());
    }
    let ready = host.session.now();
    let state = host.state(ready);
    control.listen(host.world.waker())?;
    if arguments.json {
        writeln!(out, "{}", serde_json::to_string(&state)?)?;
    } else {
        write!(out, "{}", announce(&state, arguments))?;
    }
    out.flush()?;
    let ended = host.serve(&mut control, ready, arguments.lasting, err)?;
    host.end();
    Ok(match ended {
        Ended::Elapsed | Ended::Stopped => Exit::Held.code(),
        Ended::Interrupted => Exit::Interrupted.code(),
    })
}

/// The table, how long it took, and what to try next.
fn announce(state: &NetworkState, arguments: &Arguments) -> String {
    let (nodes, links) = (state.nodes.len(), state.links.len());
    let mut text = table::network(state, false);
    let ready = text::duration(Duration::from_millis(state.ready_ms));
    let counted = |count: usize, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
    let (nodes, links) = (counted(nodes, "node"), counted(links, "link"));
    let first = state.nodes.first().map_or("a", |node| node.name.as_str());
    let logs = if arguments.logs == Path::new("logs") {
        String::new()
    } else {
        format!(" --logs {}", arguments.logs.display())
    };
    text += &format!("{nodes} and {links} ready in {ready}\ntry: ");
    text += &if arguments.program.driver.is_none_or(|driver| driver.name == driver::NATIVE.name) {
        format!("tools cli --node {first}{logs} set nom Reimert")
    } else {
        format!("tools do{logs} '{first}: log'")
    };
    text.push_str(match (arguments.lasting, arguments.detach) {
        (Some(_), _) => "\n",
        (None, true) => "   (tools stop ends the network)\n",
        (None, false) => "   (from another terminal; Ctrl-C ends the network)\n",
    });
    text
}

/// Why links would not do what they are told.
fn bypassed(arguments: &Arguments) -> Option<String> {
    let exec = arguments.program.exec.iter().flat_map(|exec| exec.split_whitespace());
    let words = arguments.node_arguments.iter().map(String::as_str).chain(exec);
    let driver = arguments.program.driver.unwrap_or(&driver::NATIVE);
    let by_itself = |word: &&str| driver.dials_by_itself.contains(word);
    let argument = words.into_iter().find(by_itself).filter(|_| arguments.faults)?;
    Some(format!(
        "with `{argument}` nodes dial each other past what `--faults` puts between them\n  = help: leave one \
         of the two away"
    ))
}

fn node_options(arguments: &Arguments) -> Result<Options, String> {
    let mut node_options = arguments.program.node_options()?;
    if arguments.data.is_some() {
        node_options.insert("data".to_owned(), "disk".to_owned());
    }
    if !arguments.node_arguments.is_empty() {
        let joined = shlex::try_join(arguments.node_arguments.iter().map(String::as_str));
        node_options
            .insert("args".to_owned(), joined.map_err(|error| format!("the arguments after `--`: {error}"))?);
    }
    Ok(Options { node_options, ..Options::default() })
}

/// Starts the same again as a process of its own, and waits until its network is ready.
fn detach(arguments: &Arguments, topology: &str, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
    let problems = arguments.logs.join(".tools.err");
    let made = std::fs::create_dir_all(&arguments.logs).and_then(|()| File::create(&problems));
    let written = match made {
        Ok(file) => file,
        Err(error) => {
            let folder = arguments.logs.display();
            writeln!(
                err,
                "error: cannot write to {folder}: {error}\n  = help: choose another folder with --logs"
            )?;
            return Ok(Exit::Environment.code());
        }
    };
    let mut command = Command::new(std::env::current_exe()?);
    command.args(["run", "--hosted", "--json", "--port", &arguments.port.to_string()]);
    command.arg("--logs").arg(&arguments.logs);
    command.args(["--world", arguments.setting.world.name]);
    for (name, value) in arguments.program.given() {
        if let Some(value) = value {
            command.arg(format!("--{name}={value}"));
        }
    }
    if arguments.faults {
        command.arg("--faults");
    }
    if let Some(data) = &arguments.data {
        command.arg("--data").arg(data);
    }
    if let Some(lasting) = arguments.lasting {
        command.args(["--for", &format!("{}ms", lasting.as_millis())]);
    }
    command.arg("-").arg("--").args(&arguments.node_arguments);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(written).spawn()?;
    if let Some(mut stdin) = child.stdin.take() {
        stdin.write_all(topology.as_bytes())?;
    }
    let mut line = String::new();
    if let Some(stdout) = child.stdout.take() {
        BufReader::new(stdout).read_line(&mut line)?;
    }
    let Ok(state) = serde_json::from_str::<NetworkState>(&line) else {
        let status = child.wait()?;
        write!(err, "{}", std::fs::read_to_string(&problems)?)?;
        let code = status.code().and_then(|code| u8::try_from(code).ok());
        return Ok(code.unwrap_or(Exit::Environment.code()));
    };
    if arguments.json {
        write!(out, "{line}")?;
    } else {
        write!(out, "{}", announce(&state, arguments))?;
    }
    Ok(Exit::Held.code())
}
