//! `tools graph`: shows the graph of a topology.

mod running;

use std::io::Write;
use std::path::{Path, PathBuf};

use clap::{Args, ValueEnum};

use super::exit::Exit;
use super::failure::Failure;
use super::network;
use super::source::read_topology;
use crate::text::io_cause;
use crate::topology::{self, Graph, render};

/// Show the graph of a topology, without starting anything, or of the network of this folder
#[derive(Debug, Clone, Args)]
pub struct Arguments {
    /// The topology: text like "ring(5), a-x", `@FILE`, or `-` for standard input
    #[arg(default_value = topology::DEFAULT, hide_default_value = true, allow_hyphen_values = true)]
    pub topology: String,

    /// Show the network that runs in this folder; `--format svg` draws nodes, links and faults as they are now
    #[arg(long, conflicts_with_all = ["topology", "lenient"])]
    pub running: bool,

    /// The folder of the running network's logs
    #[arg(long, value_name = "FOLDER", default_value = "logs", requires = "running")]
    pub logs: PathBuf,

    /// The format of the output [default: by the extension of the file, else text]
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub format: Option<Format>,

    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    pub json: bool,

    /// Leave out links from a node to itself, with a warning
    #[arg(long)]
    pub lenient: bool,

    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

impl Arguments {
    /// Returns true if the output is for programs, and so exact to the byte unless it goes to a terminal.
    pub(super) fn is_for_programs(&self) -> bool {
        self.format() != Format::Text
    }

    fn format(&self) -> Format {
        let of_file = || self.output.as_deref().and_then(Format::of_file);
        if self.json { Format::Json } else { self.format.or_else(of_file).unwrap_or(Format::Text) }
    }
}

/// The format in which a topology is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Counts, measures and neighbours, for a person
    Text,
    /// The language of Graphviz
    Dot,
    /// A Mermaid flowchart, for Markdown
    Mermaid,
    /// One JSON object
    Json,
    /// A picture
    Svg,
}

impl Format {
    /// Returns the format of files with this name.
    fn of_file(path: &Path) -> Option<Self> {
        match path.extension()?.to_str()?.to_ascii_lowercase().as_str() {
            "svg" => Some(Self::Svg),
            "dot" | "gv" => Some(Self::Dot),
            "mmd" | "mermaid" => Some(Self::Mermaid),
            "json" => Some(Self::Json),
            _ => None,
        }
    }

    fn render(self, graph: &Graph) -> String {
        match self {
            Self::Text => render::text(graph),
            Self::Dot => render::dot(graph),
            Self::Mermaid => render::mermaid(graph),
            Self::Json => render::json(graph),
            Self::Svg => render::svg(graph),
        }
    }
}

/// Shows the topology.
pub fn run(arguments: &Arguments, out: &mut dyn Write, err: &mut dyn Write) -> Result<Exit, Failure> {
    let drawing = if arguments.running {
        let state = network::state(&arguments.logs)?;
        match arguments.format() {
            Format::Svg => running::picture(&state),
            // Only the picture tells more than nodes and links.
            format => format.render(&running::graph(&state)),
        }
    } else {
        let (_, parsed) = read_topology(&arguments.topology, arguments.lenient)?;
        for warning in &parsed.warnings {
            writeln!(err, "{warning}")?;
        }
        arguments.format().render(&parsed.graph)
    };
    let Some(path) = &arguments.output else {
        out.write_all(drawing.as_bytes())?;
        out.flush()?;
        return Ok(Exit::Held);
    };
    std::fs::write(path, drawing).map_err(|error| {
        let path = path.display();
        Failure::environment(format!(
            "cannot write `{path}`: {}; choose another file with --output",
            io_cause(&error)
        ))
    })?;
    Ok(Exit::Held)
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;
    use crate::cli::failure::conclude;

    #[derive(Debug, Parser)]
    struct Command {
        #[command(flatten)]
        arguments: Arguments,
    }

    /// Runs the command. Returns the exit code, standard output and standard error.
    fn ran(arguments: &[&str]) -> (u8, String, String) {
        let command = Command::try_parse_from(["graph"].iter().chain(arguments)).unwrap();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let ended = run(&command.arguments, &mut out, &mut err);
        let code = conclude(ended, &mut err).code();
        (code, String::from_utf8(out).unwrap(), String::from_utf8(err).unwrap())
    }

    #[track_caller]
    fn check(arguments: &[&str], code: u8, out: &str, err: &str) {
        assert_eq!(ran(arguments), (code, out.to_owned(), err.to_owned()));
    }

    #[test]
    fn shows_the_clique_of_three_when_nothing_is_said() {
        check(&["--format", "mermaid"], 0, "graph LR\n    a --- b\n    b --- c\n    c --- a\n", "");
    }

    #[test]
    fn every_format_draws() {
        let begins = |format: &str| ran(&["a-b", "--format", format]).1.lines().next().map(str::to_owned);
        assert_eq!(begins("text").unwrap(), "2 nodes, 1 link, connected");
        assert_eq!(begins("dot").unwrap(), "graph {");
        assert!(begins("json").unwrap().starts_with(r#"{"nodes":["a","b"]"#));
        assert!(begins("svg").unwrap().starts_with("<svg "));
        assert_eq!(ran(&["a-b", "--json"]), ran(&["a-b", "--format", "json"]));
        assert!(Command::try_parse_from(["graph", "--json", "--format", "dot"]).is_err());
    }

    #[test]
    fn a_wrong_topology_ends_with_2_and_shows_the_place() {
        let expected = "error: `a` is linked to itself\n --> topology:1:6\n 1 | a-b, a-a\n   |      ^^^\n   \
                        = help: a link joins two different nodes, as `a-b` does\n";
        check(&["a-b, a-a"], 2, "", expected);
        let (code, _, err) = ran(&["-b"]);
        assert!(code == 2 && err.starts_with("error: a node is missing before `-b`\n"), "{err}");
        assert_eq!(ran(&["@/no/such/file"]).0, 2);
    }

    #[test]
    fn warnings_go_to_standard_error() {
        let (code, out, err) = ran(&["a-b, b-a", "--format", "dot"]);
        assert_eq!((code, out.as_str()), (0, "graph {\n    a -- b;\n}\n"));
        assert!(err.starts_with("warning: link `b-a` is there already\n"), "{err}");
    }

    #[test]
    fn writes_to_a_file_or_says_why_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ring.dot");
        check(&["a-b", "--format", "dot", "-o", path.to_str().unwrap()], 0, "", "");
        assert_eq!(std::fs::read_to_string(&path).unwrap(), "graph {\n    a -- b;\n}\n");
        for (name, begin) in [
            ("x.svg", "<svg "),
            ("x.GV", "graph {"),
            ("x.mmd", "graph LR"),
            ("x.json", "{\"nodes\""),
            ("x.txt", "2 nodes"),
        ] {
            let path = folder.path().join(name);
            check(&["a-b", "-o", path.to_str().unwrap()], 0, "", "");
            assert!(std::fs::read_to_string(&path).unwrap().starts_with(begin), "{name}");
        }
        let (code, out, err) = ran(&["a-b", "-o", folder.path().to_str().unwrap()]);
        assert_eq!((code, out.as_str()), (3, ""));
        assert!(err.starts_with("error: cannot write `"), "{err}");
    }
}
