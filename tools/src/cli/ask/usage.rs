//! The check of the words on the command line against the commands of a node.

use crate::driver;
use crate::text::nearest;

/// Checks that the words are a command with its arguments. The error is for a person.
pub(super) fn check(words: &[String]) -> Result<(), String> {
    let name = words.first().map(String::as_str).unwrap_or_default();
    match (name, words.len()) {
        ("watch", 1) => return Ok(()),
        ("watch", _) => return Err("`watch` is written `watch`".to_owned()),
        ("auth", _) => {
            return Err("`auth` is a message between nodes: link nodes with `addPeer`".to_owned());
        }
        _ => {}
    }
    let native = &driver::NATIVE;
    let Some(command) =
        native.commands.iter().find(|command| Some(**command) == native.command(name).copied())
    else {
        let known = native.commands.iter().map(|command| command.name);
        return Err(match nearest(name, known.clone()) {
            Some(nearest) => format!("unknown command `{name}`: did you mean `{nearest}`?"),
            None => format!("unknown command `{name}`: there are {}", known.collect::<Vec<_>>().join(", ")),
        });
    };
    // `stats` alone prints all figures.
    let needed = command.arguments.iter().filter(|argument| !argument.optional && name != "stats").count();
    let given = words.len() - 1;
    if (needed..=command.arguments.len()).contains(&given) {
        return Ok(());
    }
    let mut usage = command.name.to_owned();
    for argument in command.arguments {
        usage.push_str(if argument.optional { " [" } else { " " });
        usage.push_str(argument.name);
        usage.push_str(if argument.optional { "]" } else { "" });
    }
    let hint = if given > command.arguments.len() { "; quote a value that holds blanks" } else { "" };
    Err(format!("`{}` is written `{usage}`{hint}", command.name))
}

#[cfg(test)]
mod tests {
    use super::check;

    fn wrong(words: &str) -> String {
        check(&words.split_whitespace().map(str::to_owned).collect::<Vec<_>>()).err().unwrap_or_default()
    }

    #[test]
    fn says_how_a_command_is_written() {
        assert_eq!(wrong("set nom Reimert"), "");
        assert_eq!(wrong("set nom Reimert 10000"), "");
        assert_eq!(wrong("add-peer 3001"), "");
        assert_eq!(wrong("watch"), "");
        assert_eq!(wrong("auth x"), "`auth` is a message between nodes: link nodes with `addPeer`");
        assert_eq!(wrong("set nom"), "`set` is written `set KEY VALUE [DATE]`");
        assert_eq!(wrong("get a b"), "`get` is written `get KEY`; quote a value that holds blanks");
        assert_eq!(wrong("gett a"), "unknown command `gett`: did you mean `get`?");
    }
}
