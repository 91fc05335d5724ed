//! The command line: one file a subcommand. Only here flags are read, text is printed and ending
//! codes are chosen.

pub mod ask;
pub mod check;
mod control;
pub mod exit;
pub mod fuzz;
pub mod graph;
mod host;
mod interrupt;
pub mod list;
pub mod load;
pub mod logs;
pub mod maelstrom;
pub mod nodes;
mod progress;
pub mod record;
mod recording;
mod replay;
pub mod run;
pub mod seeds;
pub mod setting;
pub mod source;
pub mod steps;
mod table;
pub mod test;
mod window;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser;

use exit::Exit;

/// From one line, `a-b, b-c, c-a`, to a running network of real nodes; from one scenario file to a verdict
#[derive(Debug, Parser)]
#[command(name = "tools", version, propagate_version = true, after_help = ENDINGS)]
struct CommandLine {
    #[command(subcommand)]
    command: Command,
}

const ENDINGS: &str = "\
Ends with 0 when all held, 1 when an expectation did not hold or a node said no, 2 for wrong usage,
topology or scenario (nothing was started), 3 when the environment failed, 130 when interrupted.";

#[derive(Debug, clap::Subcommand)]
enum Command {
    #[command(visible_alias = "up")]
    Run(run::Arguments),
    Ps(nodes::PsArguments),
    /// Ends the network of this folder, or some of its nodes, in an orderly way
    #[command(visible_alias = "down")]
    Stop(nodes::StopArguments),
    /// Starts nodes that were stopped or killed, with the same links
    Start(nodes::NodesArguments),
    /// Kills nodes, as `kill -9` does
    Kill(nodes::NodesArguments),
    /// Stops nodes and starts them again
    Restart(nodes::NodesArguments),
    /// Freezes nodes
    Pause(nodes::NodesArguments),
    /// Thaws nodes
    Resume(nodes::NodesArguments),
    Cli(ask::Arguments),
    Do(steps::Arguments),
    Record(record::Arguments),
    Logs(logs::Arguments),
    Test(test::Arguments),
    Fuzz(fuzz::Arguments),
    Maelstrom(Box<maelstrom::Arguments>),
    Check(check::Arguments),
    List(list::Arguments),
    Graph(graph::Arguments),
    /// Is one node: what `run` and `test` start
    Node(crate::driver::NodeArguments),
    #[command(hide = true)]
    Guard {
        /// The run to clean up after.
        network: String,
    },
}

// A thousand nodes start at once: none of them should build the commands that it is not.
/// Is one node: what `run` and `test` start
#[derive(Debug, Parser)]
#[command(name = "tools node", bin_name = "tools node", version)]
struct NodeCommandLine {
    #[command(flatten)]
    arguments: crate::driver::NodeArguments,
}

/// Does what the command line says.
#[must_use]
pub fn main() -> ExitCode {
    if std::env::args_os().nth(1).is_some_and(|command| command == "node") {
        let line = NodeCommandLine::parse_from(std::env::args_os().skip(1));
        return crate::driver::run_node(&line.arguments);
    }
    let arguments = CommandLine::parse();
    let (mut out, mut err) = (io::stdout(), io::stderr());
    let ended = match &arguments.command {
        Command::Run(arguments) => run::run(arguments, &mut out, &mut err),
        Command::Ps(arguments) => nodes::ps(arguments, &mut out, &mut err),
        Command::Stop(arguments) => nodes::stop(arguments, &mut out, &mut err),
        Command::Start(arguments) => nodes::signal("start", arguments, &mut out, &mut err),
        Command::Kill(arguments) => nodes::signal("kill", arguments, &mut out, &mut err),
        Command::Restart(arguments) => nodes::signal("restart", arguments, &mut out, &mut err),
        Command::Pause(arguments) => nodes::signal("pause", arguments, &mut out, &mut err),
        Command::Resume(arguments) => nodes::signal("resume", arguments, &mut out, &mut err),
        Command::Cli(arguments) => ask::run(arguments, &mut out, &mut err),
        Command::Do(arguments) => steps::run(arguments, &mut out, &mut err),
        Command::Record(arguments) => record::run(arguments, &mut out, &mut err),
        Command::Logs(arguments) => logs::run(arguments, &mut out, &mut err),
        Command::Test(arguments) => test::run(arguments, &mut out, &mut err),
        Command::Maelstrom(arguments) => maelstrom::run(arguments, &mut out, &mut err),
        Command::Fuzz(arguments) => fuzz::run(arguments, &mut out, &mut err),
        Command::Check(arguments) => check::run(arguments, &mut out, &mut err),
        Command::List(arguments) => list::run(arguments, &mut out, &mut err),
        Command::Graph(arguments) => graph::run(arguments, &mut out, &mut err),
        Command::Node(arguments) => return crate::driver::run_node(arguments),
        Command::Guard { network } => {
            crate::world::process::guard::watch(network);
            Ok(Exit::Held.code())
        }
    };
    match ended {
        Ok(code) => ExitCode::from(code),
        // Whoever read the output has enough of it.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => {
            // Where even this cannot be said, the code still tells.
            let _: io::Result<()> = writeln!(err, "error: {error}");
            ExitCode::from(Exit::Environment.code())
        }
    }
}
