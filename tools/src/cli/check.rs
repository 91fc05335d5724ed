//! `tools check`: reports the errors of scenarios, without starting anything.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::exit::Exit;
use super::failure::Failure;
use super::load::{self, Loaded};
use super::reach::IncludeArguments;
use super::setting::{ParamArguments, ProgramArguments, SettingArguments};
use crate::text::{Diagnostic, Severity};

/// Check scenarios for errors, without starting anything
#[derive(Debug, Clone, Args)]
pub struct Arguments {
    /// The scenarios, or folders with scenarios
    #[arg(default_value = load::DEFAULT, value_name = "PATH")]
    pub paths: Vec<PathBuf>,

    /// Write the errors and warnings to standard output, as JSON
    #[arg(long)]
    pub json: bool,

    #[command(flatten)]
    #[expect(missing_docs, reason = "a flattened group takes no comment of its own")]
    pub params: ParamArguments,

    #[command(flatten)]
    #[expect(missing_docs, reason = "a flattened group takes no comment of its own")]
    pub includes: IncludeArguments,

    #[command(flatten)]
    #[expect(missing_docs, reason = "a flattened group takes no comment of its own")]
    pub setting: SettingArguments,

    #[command(flatten)]
    #[expect(missing_docs, reason = "a flattened group takes no comment of its own")]
    pub program: ProgramArguments,
}

/// A diagnostic, as a program reads it.
#[derive(Debug, Serialize)]
struct Report<'a> {
    file: &'a str,
    line: usize,
    column: usize,
    severity: &'static str,
    message: &'a str,
    help: Option<&'a str>,
}

impl<'a> Report<'a> {
    fn new(diagnostic: &'a Diagnostic) -> Self {
        let place = diagnostic.source.place(diagnostic.span);
        Self {
            file: diagnostic.source.name(),
            line: place.line,
            column: place.column,
            severity: match diagnostic.severity {
                Severity::Warning => "warning",
                Severity::Error => "error",
            },
            message: &diagnostic.message,
            help: diagnostic.help.as_deref(),
        }
    }
}

/// Checks every scenario in every combination of its parameters.
pub fn run(arguments: &Arguments, out: &mut dyn Write, err: &mut dyn Write) -> Result<Exit, Failure> {
    let mut loaded = load::load(&arguments.paths, &arguments.params.by_name(), &arguments.includes.folders)?;
    let options = arguments.program.node_options()?;
    arguments.program.fits_world(arguments.setting.world)?;
    let setting = arguments.setting.setting(&options);
    for loaded in &mut loaded {
        loaded.check(&setting, |_, _| {});
    }
    arguments.program.are_used(|option| loaded.iter().any(|file| file.uses(option)))?;
    report_misfits(&mut loaded, &arguments.program.kind());
    let all = || loaded.iter().flat_map(|loaded| &loaded.diagnostics);
    if arguments.json {
        let reports: Vec<Report<'_>> = all().map(Report::new).collect();
        serde_json::to_writer_pretty(&mut *out, &reports)?;
        writeln!(out)?;
    } else {
        for diagnostic in all() {
            writeln!(err, "{diagnostic}\n")?;
        }
        writeln!(out, "{}", summary(&loaded, &arguments.program.kind()))?;
    }
    Ok(if loaded.iter().any(Loaded::is_wrong) { Exit::Usage } else { Exit::Held })
}

/// Adds the abilities that nodes of a kind lack to the diagnostics of each file: as warnings, since such
/// scenarios are skipped, or as errors if no scenario would be left to run.
fn report_misfits(loaded: &mut [Loaded], kind: &str) {
    let nothing_runs = loaded.iter().all(Loaded::is_unfit);
    for file in loaded {
        let misfits = std::mem::take(&mut file.misfits).into_iter().map(|misfit| {
            if nothing_runs {
                return misfit;
            }
            let message = format!("skipped with {kind}: {}", misfit.message);
            Diagnostic { severity: Severity::Warning, message, ..misfit }
        });
        file.diagnostics.extend(misfits);
    }
}

/// Returns the summary: `13 scenarios, no errors`.
fn summary(loaded: &[Loaded], kind: &str) -> String {
    let count = |severity: Severity| {
        let all = loaded.iter().flat_map(|loaded| &loaded.diagnostics);
        all.filter(|diagnostic| diagnostic.severity == severity).count()
    };
    let counted = |count: usize, thing: &str| match count {
        0 => format!("no {thing}s"),
        1 => format!("1 {thing}"),
        _ => format!("{count} {thing}s"),
    };
    let (scenarios, errors) = (counted(loaded.len(), "scenario"), counted(count(Severity::Error), "error"));
    let mut summary = format!("{scenarios}, {errors}");
    if count(Severity::Warning) > 0 {
        summary += &format!(", {}", counted(count(Severity::Warning), "warning"));
    }
    match loaded.iter().filter(|file| file.is_unfit()).count() {
        0 => {}
        1 => summary += &format!("; 1 does not fit {kind}"),
        unfit => summary += &format!("; {unfit} do not fit {kind}"),
    }
    summary
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

    /// Checks these files. Returns the exit code, standard output and standard error, with `DIR` for the
    /// folder.
    fn ran(files: &[(&str, &str)], arguments: &[&str]) -> (u8, String, String) {
        let folder = tempfile::tempdir().unwrap();
        for (name, text) in files {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let path = folder.path().display().to_string();
        let all = ["check", &path].into_iter().chain(arguments.iter().copied());
        let command = Command::try_parse_from(all).unwrap();
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let ended = run(&command.arguments, &mut out, &mut err);
        let code = conclude(ended, &mut err).code();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap().replace(&path, "DIR");
        (code, text(out), text(err))
    }

    #[track_caller]
    fn check(files: &[(&str, &str)], arguments: &[&str], code: u8, out: &str, err: &str) {
        assert_eq!(ran(files, arguments), (code, out.to_owned(), err.to_owned()));
    }

    const RIGHT: &str = "param net = a-b | ring(3)\nnetwork $net\na: set x 1\nexpect converged within 5s\n";

    #[test]
    fn says_that_nothing_is_wrong() {
        check(&[("a.scn", RIGHT), ("b.scn", RIGHT)], &[], 0, "2 scenarios, no errors\n", "");
        check(&[("a.scn", RIGHT)], &["--json"], 0, "[]\n", "");
        check(&[("a.scn", RIGHT)], &["--param", "net=line(5)"], 0, "1 scenario, no errors\n", "");
    }

    #[test]
    fn shows_every_place_that_is_wrong() {
        let wrong = "network a-b\nc: get x\na: gte x\n";
        let err = "error: unknown node `c`\n --> DIR/b.scn:2:1\n 2 | c: get x\n   | ^\n   = help: the nodes are a, b\n\
                   \nwarning: this scenario expects nothing\n --> DIR/b.scn:3:1\n 3 | a: gte x\n   | ^^^^^^^^\n   \
                   = help: what is checked at every end is checked here as well: no node died, no acknowledged \
                   write is lost\n\nerror: `native` nodes have no command `gte`\n --> DIR/b.scn:3:4\n 3 | a: gte x\n   \
                   |    ^^^\n   = help: did you mean `get`?\n\n";
        check(&[("a.scn", RIGHT), ("b.scn", wrong)], &[], 2, "2 scenarios, 2 errors, 1 warning\n", err);
    }

    #[test]
    fn lists_them_as_json() {
        let (code, out, err) = ran(&[("b.scn", "network a-b\nwait 5\n")], &["--json"]);
        let reports: serde_json::Value = serde_json::from_str(&out).unwrap();
        let expected = serde_json::json!([{
            "file": "DIR/b.scn",
            "line": 2,
            "column": 6,
            "severity": "error",
            "message": "a bare number is no duration: `5`",
            "help": "with a unit: `5s` or `5ms`",
        }]);
        assert_eq!((code, err.as_str(), reports), (2, "", expected));
    }

    #[test]
    fn a_wrong_path_or_parameter_ends_with_2() {
        check(&[], &[], 2, "", "error: there is no `.scn` file in `DIR`\n");
        let err = "error: unknown parameter `nte`: did you mean `net`?\n";
        check(&[("a.scn", RIGHT)], &["--param", "nte=x"], 2, "", err);
    }
}
