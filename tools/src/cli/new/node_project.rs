//! `tools new node`: a small node to start from, in a folder of its own.

use std::io::Write;
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::new_files::{folder_word, write_new_files};

/// Write a small node to start from into a folder, with its driver and two scenarios: one passes as it is, and
/// one does once nodes replicate
#[derive(Debug, Clone, Args)]
pub struct Arguments {
    /// The language
    #[arg(value_enum)]
    pub language: Language,

    /// The folder; it is made if it is missing, and no file in it is overwritten
    #[arg(value_name = "FOLDER")]
    pub folder: PathBuf,
}

/// The languages of nodes to start from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Language {
    /// JavaScript, with Node.js 18.3 or newer
    Js,
    /// Python 3.9 or newer
    Python,
    /// Rust, with its standard library alone
    Rust,
}

/// The word of the description in place of which the command of the language stands.
const COMMAND: &str = "COMMAND";
const DESCRIPTION: &str = include_str!("node/node.toml");
const ALONE: &str = include_str!("node/alone.scn");
const TOGETHER: &str = include_str!("node/together.scn");

impl Language {
    /// Returns the words that start a node, in its description.
    fn command(self) -> &'static str {
        match self {
            Self::Js => "node {folder}/server.js",
            Self::Python => "python3 {folder}/server.py",
            Self::Rust => "{folder}/target/release/kv-node",
        }
    }

    /// Returns the files of the language, by their paths in the folder.
    fn files(self) -> &'static [(&'static str, &'static str)] {
        match self {
            Self::Js => &[
                ("server.js", include_str!("node/js/server.js")),
                ("package.json", include_str!("node/js/package.json")),
            ],
            Self::Python => &[
                ("server.py", include_str!("node/python/server.py")),
                ("pyproject.toml", include_str!("node/python/pyproject.toml")),
            ],
            Self::Rust => &[
                ("src/main.rs", include_str!("node/rust/src/main.rs")),
                ("src/http.rs", include_str!("node/rust/src/http.rs")),
                ("Cargo.toml", include_str!("node/rust/Cargo.toml")),
                (".gitignore", "/target\n/logs\n"),
            ],
        }
    }

    /// Returns the command that has to be given before the node can start, if there is one.
    fn build(self, folder: &str) -> Option<String> {
        (self == Self::Rust).then(|| format!("cargo build --release --manifest-path {folder}/Cargo.toml"))
    }
}

/// Writes the files, and prints the commands to go on with.
pub(super) fn run(arguments: &Arguments, out: &mut dyn Write) -> Result<Exit, Failure> {
    let Arguments { language, folder } = arguments;
    let mut description = DESCRIPTION.replace(COMMAND, language.command());
    if *language == Language::Rust {
        // It is said where the program is missing.
        description =
            description.replacen("\nlinks = ", "\ninstall = \"cargo build --release\"\nlinks = ", 1);
    }
    let mut files = language.files().to_vec();
    files.extend([("node.toml", description.as_str()), ("alone.scn", ALONE), ("together.scn", TOGETHER)]);
    write_new_files(folder, &files, out)?;
    let folder = folder_word(folder)?;
    writeln!(out, "\nTry it:")?;
    if let Some(build) = language.build(&folder) {
        writeln!(out, "    {build}")?;
    }
    let first = language.files().first().map_or("", |(name, _)| *name);
    writeln!(
        out,
        "    tools test {folder}/alone.scn --driver {folder}/node.toml\n    tools test {folder}/together.scn --driver \
         {folder}/node.toml     # fails: the comment in {first} says what is left to do"
    )?;
    Ok(Exit::Held)
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    use super::*;
    use crate::cli::failure::conclude;

    fn write(language: Language, folder: &Path) -> (u8, String, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let ended = run(&Arguments { language, folder: folder.to_owned() }, &mut out);
        let code = conclude(ended, &mut err).code();
        let text = |bytes| String::from_utf8(bytes).unwrap().replace(&folder.display().to_string(), "DIR");
        (code, text(out), text(err))
    }

    #[test]
    fn all_files_are_written_and_the_next_commands_are_said() {
        let folder = tempfile::tempdir().unwrap();
        let (code, out, err) = write(Language::Js, &folder.path().join("deep/er"));
        assert_eq!((code, err.as_str()), (0, ""));
        let expected = "DIR/server.js
DIR/package.json
DIR/node.toml
DIR/alone.scn
DIR/together.scn

Try it:
    tools test DIR/alone.scn --driver DIR/node.toml
    tools test DIR/together.scn --driver DIR/node.toml     # fails: the comment in server.js says what is left to do
";
        assert_eq!(out, expected);
        let description = fs::read_to_string(folder.path().join("deep/er/node.toml")).unwrap();
        assert!(
            description
                .contains("command = \"node {folder}/server.js --name {name} --host {host} --port {port}\"")
        );
        let (_, out, _) = write(Language::Rust, &folder.path().join("rust"));
        assert!(out.contains("    cargo build --release --manifest-path DIR/Cargo.toml\n"), "{out}");
    }

    #[test]
    fn no_file_is_overwritten() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("alone.scn"), "mine").unwrap();
        let (code, out, err) = write(Language::Python, folder.path());
        assert_eq!((code, out.as_str()), (2, ""));
        assert_eq!(
            err,
            "error: DIR/alone.scn is there already: nothing was written\n  = help: name another folder\n"
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
