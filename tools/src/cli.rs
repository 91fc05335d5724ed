//! The command line: one file a subcommand. Only this module reads flags, prints text and chooses exit codes.

pub mod ask;
mod attached;
mod by_hand;
pub mod check;
pub mod completions;
mod condition;
mod control;
pub mod drivers;
pub mod exit;
pub mod failure;
mod feed;
pub mod fmt;
mod folder;
mod folder_watch;
mod formats;
pub mod fuzz;
pub mod grade;
pub mod graph;
mod host;
mod html_file;
mod interrupt;
mod journal_file;
pub mod list;
pub mod load;
mod log_entries;
mod log_limit;
pub mod logs;
pub mod lsp;
pub mod maelstrom;
pub mod man;
mod network;
pub mod new;
mod new_files;
pub mod nodes;
mod number;
mod output;
mod progress;
mod quantity;
mod random;
mod reach;
pub mod record;
mod recording;
mod registry;
mod replay;
pub mod report;
mod report_file;
pub mod run;
mod run_index;
pub mod runs;
mod screen;
pub mod seeds;
pub mod setting;
mod shown_command;
pub mod since;
pub mod source;
pub mod steps;
mod table;
mod tags;
pub mod test;
pub mod top;
pub mod ui;
mod window;
pub mod workload;
mod workload_series;

use std::ffi::OsString;
use std::io::{self, Write};
use std::process::ExitCode;

use clap::{ColorChoice, CommandFactory as _, Parser};

use exit::Exit;
use failure::{Failure, conclude};
use output::Output;
use screen::{Color, Content};

use crate::world::process::guard::GUARD;
use crate::world::process::raise_open_files;

/// From one line, `a-b, b-c, c-a`, to a running network of real nodes; from one scenario file to a verdict
#[derive(Debug, Parser)]
#[command(name = "tools", version, propagate_version = true, after_help = ENDINGS)]
struct CommandLine {
    /// Choose when the output has colours
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t, hide_default_value = true)]
    color: Color,
    #[command(subcommand)]
    command: Command,
}

/// The exit codes of `Exit`, below the help.
const ENDINGS: &str = "\
Exit codes: 0 if everything held; 1 if an expectation did not hold or a node refused; 2 if the usage, the
topology or the scenario is wrong (nothing was started); 3 if the environment failed; 130 if interrupted.";

#[derive(Debug, clap::Subcommand)]
enum Command {
    #[command(visible_alias = "up")]
    Run(run::Arguments),
    Ps(nodes::PsArguments),
    /// Stop the network of this folder, or some of its nodes, in an orderly way
    #[command(visible_alias = "down")]
    Stop(nodes::StopArguments),
    /// Start nodes that were stopped or killed, with the same links
    Start(nodes::NodesArguments),
    /// Kill nodes, as `kill -9` does
    Kill(nodes::NodesArguments),
    /// Stop nodes and start them again
    Restart(nodes::NodesArguments),
    /// Freeze the processes of nodes
    Pause(nodes::NodesArguments),
    /// Thaw the processes of nodes that were frozen
    Resume(nodes::NodesArguments),
    Cli(ask::Arguments),
    Do(steps::Arguments),
    Record(record::Arguments),
    Logs(logs::Arguments),
    Top(top::Arguments),
    Ui(ui::Arguments),
    Test(Box<test::Arguments>),
    Report(report::Arguments),
    Runs(runs::Arguments),
    Fuzz(fuzz::Arguments),
    Maelstrom(Box<maelstrom::Arguments>),
    Workload(Box<workload::Arguments>),
    Check(check::Arguments),
    Fmt(fmt::Arguments),
    Lsp(lsp::Arguments),
    List(list::Arguments),
    Grade(Box<grade::Arguments>),
    Drivers(drivers::Arguments),
    New(new::Arguments),
    Graph(graph::Arguments),
    Completions(completions::Arguments),
    Man(man::Arguments),
    /// Run one node, as `run` and `test` do for each of theirs
    Node(crate::driver::NodeArguments),
}

// A thousand nodes start at once: none of them should build the parsers of the other commands.
/// Run one node, as `run` and `test` do for each of theirs
#[derive(Debug, Parser)]
#[command(name = "tools node", bin_name = "tools node", version)]
struct NodeCommandLine {
    /// Choose when the output has colours
    #[arg(long, global = true, value_enum, value_name = "WHEN", default_value_t, hide_default_value = true)]
    color: Color,
    #[command(flatten)]
    arguments: crate::driver::NodeArguments,
}

/// Runs the command that the command line names.
#[must_use]
pub fn main() -> ExitCode {
    if std::env::args_os().nth(1).is_some_and(|command| command == "node") {
        return match parsed::<NodeCommandLine>(std::env::args_os().skip(1)) {
            Ok(line) => {
                line.color.choose();
                crate::driver::run_node(&line.arguments)
            }
            Err(answer) => print_answer(&answer, &mut screen::stderr()),
        };
    }
    // Each run starts one guard, and waits for it.
    if std::env::args_os().nth(1).is_some_and(|command| command == GUARD)
        && let (Some(network), Some(containment)) = (std::env::args().nth(2), std::env::args().nth(3))
    {
        crate::world::process::guard::watch(&network, &containment);
        return ExitCode::SUCCESS;
    }
    let arguments = match parsed::<CommandLine>(std::env::args_os()) {
        Ok(arguments) => arguments,
        Err(answer) => return print_answer(&answer, &mut screen::stderr()),
    };
    arguments.color.choose();
    let command = arguments.command;
    if let Command::Node(arguments) = &command {
        return crate::driver::run_node(arguments);
    }
    let (mut out, mut err) = (Output::new(screen::stdout(command.content())), Output::new(screen::stderr()));
    let exit = conclude(perform(&command, &mut out, &mut err), &mut err);
    ExitCode::from(output::close(exit, &mut out, &mut err).code())
}

/// Runs a command, and returns its exit code.
fn perform(command: &Command, out: &mut Output<impl Write>, err: &mut dyn Write) -> Result<Exit, Failure> {
    // The harness itself needs some open files for every command.
    raise_open_files(0).map_err(Failure::environment)?;
    match command {
        // The reader is the process that started this one: once it is gone, nothing knows that the network
        // runs.
        Command::Run(arguments) if arguments.hosted => run::run(arguments, out.until_closed(), err),
        Command::Run(arguments) => run::run(arguments, out, err),
        Command::Ps(arguments) => nodes::ps(arguments, out),
        Command::Stop(arguments) => nodes::stop(arguments, out, err),
        Command::Start(arguments) => nodes::signal("start", arguments, out, err),
        Command::Kill(arguments) => nodes::signal("kill", arguments, out, err),
        Command::Restart(arguments) => nodes::signal("restart", arguments, out, err),
        Command::Pause(arguments) => nodes::signal("pause", arguments, out, err),
        Command::Resume(arguments) => nodes::signal("resume", arguments, out, err),
        Command::Cli(arguments) if arguments.watches() => ask::run(arguments, out.until_closed(), err),
        Command::Cli(arguments) => ask::run(arguments, out, err),
        Command::Do(arguments) => steps::run(arguments, out, err),
        Command::Record(arguments) => record::run(arguments, out),
        Command::Logs(arguments) => logs::run(arguments, out.until_closed(), err),
        Command::Top(arguments) => top::run(arguments, out),
        Command::Ui(arguments) => ui::run(arguments, out, err),
        Command::Test(arguments) => test::run(arguments, out, err),
        Command::Report(arguments) => report::run(arguments, out, err),
        Command::Runs(arguments) => runs::run(arguments, out, err),
        Command::Maelstrom(arguments) => maelstrom::run(arguments, out, err),
        Command::Workload(arguments) => workload::run(arguments, out, err),
        Command::Fuzz(arguments) => fuzz::run(arguments, out, err),
        Command::Check(arguments) => check::run(arguments, out, err),
        Command::Fmt(arguments) => fmt::run(arguments, out, err),
        Command::Lsp(_) => lsp::run(out.until_closed()),
        Command::List(arguments) => list::run(arguments, out, err),
        Command::Grade(arguments) => grade::run(arguments, out, err),
        Command::Graph(arguments) => graph::run(arguments, out, err),
        Command::Completions(arguments) => completions::run(arguments, &CommandLine::command(), out),
        Command::Drivers(arguments) => drivers::run(arguments, out),
        Command::New(arguments) => new::run(arguments, out),
        Command::Man(arguments) => man::run(arguments, CommandLine::command(), out),
        // `main` has run it already, with an exit code and streams of its own.
        Command::Node(_) => Ok(Exit::Held),
    }
}

/// Parses a command line, which begins with the name of the command.
fn parsed<C: Parser>(typed: impl IntoIterator<Item = OsString>) -> Result<C, clap::Error> {
    let typed: Vec<OsString> = typed.into_iter().collect();
    let words = typed.iter().skip(1).map(|word| word.to_string_lossy().into_owned());
    let color = match Color::of_words(words) {
        Color::Auto => ColorChoice::Auto,
        Color::Always => ColorChoice::Always,
        Color::Never => ColorChoice::Never,
    };
    let matches = C::command().color(color).try_get_matches_from(typed)?;
    C::from_arg_matches(&matches)
}

/// Prints the parser's answer, such as help or an error, and returns its exit code.
fn print_answer(answer: &clap::Error, err: &mut dyn Write) -> ExitCode {
    let printed = if answer.use_stderr() {
        // The message repeats words of the command line, which may be names of files from strangers.
        write!(err, "{}", answer.render())
    } else {
        answer.print()
    };
    // A reader that has gone changes no exit code.
    let _: io::Result<()> = printed;
    ExitCode::from(u8::try_from(answer.exit_code()).unwrap_or(Exit::Usage.code()))
}

impl Command {
    /// Returns the kind of content that the command writes to standard output.
    fn content(&self) -> Content {
        match self {
            Self::Cli(_)
            | Self::Do(_)
            | Self::Record(_)
            | Self::New(_)
            | Self::Completions(_)
            | Self::Fmt(_)
            | Self::Lsp(_) => Content::Data,
            Self::Graph(arguments) if arguments.is_for_programs() => Content::Data,
            _ => Content::Words,
        }
    }
}
