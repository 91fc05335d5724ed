//! The formats of reports, as flags that several commands share: their checks before anything starts, and
//! their files.

mod github;

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;

pub(super) use github::Github;

use super::failure::Failure;
use super::html_file::{self, Records};
use super::report_file::{self, write};
use crate::report::{self, Sweep};
use crate::run::Report;

/// The flags that choose the formats of a report.
#[derive(Debug, Clone, Args)]
pub struct FormatArguments {
    /// Write a report for build servers, in the format of `JUnit`, to this file
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,

    /// Write a JSON report to this file
    #[arg(long, value_name = "FILE")]
    pub report_json: Option<PathBuf>,

    /// Write a report as Markdown, for a comment or the summary of a job, to this file
    #[arg(long, value_name = "FILE")]
    pub markdown: Option<PathBuf>,

    /// Write what did not hold as a code quality report of GitLab to this file
    #[arg(long, value_name = "FILE")]
    pub code_quality: Option<PathBuf>,

    /// Write a page to look at, of all runs and their events, to this file
    #[arg(long, value_name = "FILE")]
    pub html: Option<PathBuf>,

    /// Print TAP, version 14, instead of lines for people; with `=FILE`, write it to this file
    #[arg(long, value_name = "FILE", num_args = 0..=1, require_equals = true, default_missing_value = "-")]
    pub tap: Option<PathBuf>,

    /// Print the JSON report instead of lines for people
    #[arg(long)]
    pub json: bool,

    /// Annotate lines of scenarios in GitHub Actions, and add to the summary of the job
    #[arg(long)]
    pub github: bool,
}

/// The content of standard output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Printed {
    /// Lines for people.
    Lines,
    /// The report as JSON.
    Json,
    /// The report as TAP.
    Tap,
}

impl FormatArguments {
    /// Returns the content of standard output.
    pub(super) fn printed(&self) -> Printed {
        match &self.tap {
            _ if self.json => Printed::Json,
            Some(path) if path == Path::new("-") => Printed::Tap,
            _ => Printed::Lines,
        }
    }

    /// Checks that the formats fit together and that every file can be written, before runs that may take
    /// long.
    pub(super) fn check(&self) -> Result<(), Failure> {
        let tap_is_printed = self.tap.as_deref() == Some(Path::new("-"));
        let of_output: Vec<(&str, &str)> = [
            (self.json, "--json", "`--report-json FILE` writes the JSON report to a file"),
            (tap_is_printed, "--tap", "`--tap=FILE` writes TAP to a file"),
            (self.github, "--github", "give one of them a file: `--tap=FILE`, `--report-json FILE`"),
        ]
        .into_iter()
        .filter_map(|(is_set, flag, help)| is_set.then_some((flag, help)))
        .collect();
        if let [(one, _), (other, help), ..] = of_output[..] {
            let message = format!("{one} and {other} both write to standard output");
            let help = if self.json && tap_is_printed { of_output[0].1 } else { help };
            return Err(Failure::usage(message).help(help));
        }
        let mut flags: BTreeMap<&Path, &str> = BTreeMap::new();
        for (flag, path) in self.files() {
            if let Some(other) = flags.insert(path, flag) {
                let message = format!("{other} and {flag} both write to {}", path.display());
                return Err(Failure::usage(message).help("give each a file of its own"));
            }
        }
        for (_, path) in self.files() {
            report_file::prepare(path)?;
        }
        Ok(())
    }

    /// Returns the files, each with its flag.
    fn files(&self) -> impl Iterator<Item = (&'static str, &Path)> {
        [
            ("--junit", &self.junit),
            ("--report-json", &self.report_json),
            ("--markdown", &self.markdown),
            ("--code-quality", &self.code_quality),
            ("--html", &self.html),
            ("--tap", &self.tap),
        ]
        .into_iter()
        .filter_map(|(flag, path)| Some((flag, path.as_deref().filter(|path| *path != Path::new("-"))?)))
    }

    /// Names the page, if one was written, for a person to open.
    pub(super) fn name_page(&self, out: &mut dyn Write) -> io::Result<()> {
        match &self.html {
            Some(page) if self.printed() == Printed::Lines => writeln!(out, "page {}", page.display()),
            _ => Ok(()),
        }
    }

    /// Writes the files. The events of the page come from these records.
    pub(super) fn write(
        &self,
        reports: &[Report],
        sweeps: &[Sweep],
        records: Records<'_>,
    ) -> Result<(), Failure> {
        if let Some(path) = &self.junit {
            write(path, report::junit(reports, sweeps))?;
        }
        if let Some(path) = &self.report_json {
            write(path, report::json(reports, sweeps))?;
        }
        if let Some(path) = &self.markdown {
            write(path, Ok::<_, io::Error>(report::markdown(reports, sweeps)))?;
        }
        if let Some(path) = &self.code_quality {
            write(path, report::code_quality(reports, sweeps))?;
        }
        if let Some(path) = self.tap.as_deref().filter(|path| *path != Path::new("-")) {
            write(path, Ok::<_, io::Error>(report::tap(reports, sweeps)))?;
        }
        if let Some(path) = &self.html {
            html_file::write(path, reports, sweeps, records)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Line {
        #[command(flatten)]
        formats: FormatArguments,
    }

    fn formats(line: &str) -> FormatArguments {
        Line::try_parse_from(format!("x {line}").split_whitespace()).unwrap().formats
    }

    #[track_caller]
    fn check_refused(line: &str, expected: &str) {
        let failure = formats(line).check().unwrap_err().to_string();
        assert_eq!(failure, expected);
    }

    #[test]
    fn standard_output_has_one_reader() {
        assert_eq!(formats("").printed(), Printed::Lines);
        assert_eq!(formats("--json").printed(), Printed::Json);
        assert_eq!(formats("--tap").printed(), Printed::Tap);
        assert_eq!(formats("--tap=x.tap --github").printed(), Printed::Lines);
        check_refused(
            "--json --tap",
            "error: --json and --tap both write to standard output\n  = help: `--report-json FILE` writes the \
             JSON report to a file",
        );
        check_refused(
            "--tap --github",
            "error: --tap and --github both write to standard output\n  = help: give one of them a file: \
             `--tap=FILE`, `--report-json FILE`",
        );
    }

    #[test]
    fn each_file_has_one_format() {
        check_refused(
            "--junit x --markdown x",
            "error: --junit and --markdown both write to x\n  = help: give each a file of its own",
        );
    }
}
