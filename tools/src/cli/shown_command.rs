//! The command line as people may see it: without hidden flags, values and commands.

use clap::Command;

/// Returns the command with the flags and commands that its help shows, at every level. Completions are made
/// from it, since their generators do not leave out what is hidden.
pub(super) fn shown(command: &Command) -> Command {
    let mut shown = Command::new(command.get_name().to_owned())
        .args(command.get_arguments().filter(|argument| !argument.is_hide_set()).cloned())
        .visible_aliases(command.get_visible_aliases().map(str::to_owned).collect::<Vec<_>>())
        .propagate_version(command.is_propagate_version_set())
        .subcommands(command.get_subcommands().filter(|inner| !inner.is_hide_set()).map(shown));
    if let Some(version) = command.get_version() {
        shown = shown.version(version.to_owned());
    }
    if let Some(about) = command.get_about() {
        shown = shown.about(about.clone());
    }
    shown
}

#[cfg(test)]
mod tests {
    use clap::{Arg, ArgAction};

    use super::*;

    #[test]
    fn hidden_parts_are_left_out_at_every_level() {
        let flag = |name: &'static str| Arg::new(name).long(name).action(ArgAction::SetTrue);
        let inner = Command::new("inner").arg(flag("seen")).arg(flag("secret").hide(true));
        let outer = Command::new("outer")
            .version("1")
            .subcommand(inner.visible_alias("within"))
            .subcommand(Command::new("buried").hide(true));
        let outer = shown(&outer);
        let names: Vec<&str> = outer.get_subcommands().map(Command::get_name).collect();
        assert_eq!(names, ["inner"]);
        let inner = outer.find_subcommand("within").unwrap();
        assert_eq!(inner.get_arguments().map(|flag| flag.get_id().as_str()).collect::<Vec<_>>(), ["seen"]);
    }
}
