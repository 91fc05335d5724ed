//! `tools completions`: the completions of the command line for a shell.

use std::io::Write;

use clap::{Args, Command};
use clap_complete::Shell;

use super::exit::Exit;
use super::failure::Failure;
use super::shown_command::shown;

/// Print the completions of this program for a shell
#[derive(Debug, Clone, Args)]
#[command(after_help = INSTALLATION)]
pub struct Arguments {
    /// The shell
    #[arg(value_enum)]
    pub shell: Shell,
}

/// The commands that put completions where the shells look for them.
const INSTALLATION: &str = "\
Where they belong:
  bash        tools completions bash > ~/.local/share/bash-completion/completions/tools
  zsh         tools completions zsh > ~/.zfunc/_tools    (with `fpath+=~/.zfunc` before `compinit`)
  fish        tools completions fish > ~/.config/fish/completions/tools.fish
  elvish      tools completions elvish > ~/.config/elvish/lib/tools.elv    (with `use tools`)
  powershell  tools completions powershell | Out-String | Invoke-Expression    (in $PROFILE)";

/// Prints the completions of `command`, the whole command line.
pub fn run(arguments: &Arguments, command: &Command, out: &mut dyn Write) -> Result<Exit, Failure> {
    let mut text = Vec::new();
    clap_complete::generate(arguments.shell, &mut shown(command), command.get_name(), &mut text);
    out.write_all(&text)?;
    Ok(Exit::Held)
}
