//! `tools graph`: shows what a topology means.

use std::io::{self, Write};
use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::source::read_topology;
use crate::topology::{self, Graph, draw};

/// Shows what a topology means, without starting anything
#[derive(Debug, Clone, Args)]
pub struct Arguments {
    /// The topology: text like "ring(5), a-x", `@FILE`, or `-` for standard input
    #[arg(default_value = topology::DEFAULT, hide_default_value = true, allow_hyphen_values = true)]
    pub topology: String,

    /// How to show it
    #[arg(long, value_enum, value_name = "FORMAT", default_value_t = Format::Text)]
    pub format: Format,

    /// The same as --format json
    #[arg(long, conflicts_with = "format")]
    pub json: bool,

    /// Write to this file instead of standard output
    #[arg(short, long, value_name = "FILE")]
    pub output: Option<PathBuf>,
}

/// How a topology is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// Counts, measures and neighbours, for a person
    Text,
    /// Graphviz's language
    Dot,
    /// A Mermaid flowchart, for Markdown
    Mermaid,
    /// One JSON object
    Json,
    /// A picture
    Svg,
}

impl Format {
    fn draw(self, graph: &Graph) -> String {
        match self {
            Self::Text => draw::text(graph),
            Self::Dot => draw::dot(graph),
            Self::Mermaid => draw::mermaid(graph),
            Self::Json => draw::json(graph),
            Self::Svg => draw::svg(graph),
        }
    }
}

/// Shows the topology. Gives the ending code: 0, 2 for a wrong topology, 3 for a file that cannot be
/// written. An error is one of `out` or `err`.
pub fn run(arguments: &Arguments, out: &mut dyn Write, err: &mut dyn Write) -> io::Result<u8> {
    let parsed = match read_topology(&arguments.topology) {
        Ok((_, parsed)) => parsed,
        Err(wrong) => {
            writeln!(err, "{wrong}")?;
            return Ok(2);
        }
    };
    for warning in &parsed.warnings {
        writeln!(err, "{warning}")?;
    }
    let format = if arguments.json { Format::Json } else { arguments.format };
    let drawing = format.draw(&parsed.graph);
    let Some(path) = &arguments.output else {
        out.write_all(drawing.as_bytes())?;
        out.flush()?;
        return Ok(0);
    };
    match std::fs::write(path, drawing) {
        Ok(()) => Ok(0),
        Err(error) => {
            let path = path.display();
            writeln!(err, "error: cannot write `{path}`: {error}; choose another file with --output")?;
            Ok(3)
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Command {
        #[command(flatten)]
        arguments: Arguments,
    }

    /// Ending code, standard output, standard error.
    fn ran(arguments: &[&str]) -> (u8, String, String) {
        let command = Command::try_parse_from(["graph"].iter().chain(arguments)).unwrap();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let code = run(&command.arguments, &mut out, &mut err).unwrap();
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
        let (code, out, err) = ran(&["a-b", "-o", folder.path().to_str().unwrap()]);
        assert_eq!((code, out.as_str()), (3, ""));
        assert!(err.starts_with("error: cannot write `"), "{err}");
    }
}
