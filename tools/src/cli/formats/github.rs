//! The output for GitHub Actions: annotations on standard output, and the summary of the job.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::cli::failure::Failure;
use crate::cli::random;
use crate::cli::report_file::cannot_write;
use crate::report::{self, Sweep};
use crate::run::Report;

/// The environment of a step of GitHub Actions.
#[derive(Debug)]
pub(in crate::cli) struct Github {
    /// The word that lets the runner carry out commands again.
    token: String,
    /// The folder of this process below that of the repository.
    folder: String,
    /// The file of the job's summary.
    summary: Option<PathBuf>,
    /// True while the runner carries out no command.
    stopped: bool,
}

impl Github {
    /// Reads the environment, and checks that the summary can be written. Without the variables of GitHub
    /// Actions there is no summary, and files are named as they are.
    pub(in crate::cli) fn new() -> Result<Self, Failure> {
        let variable =
            |name: &str| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        let summary = variable("GITHUB_STEP_SUMMARY");
        if let Some(path) = &summary {
            append(path).map_err(|error| cannot_write(path, &error))?;
        }
        let here = std::env::current_dir().unwrap_or_default();
        let root = variable("GITHUB_WORKSPACE").unwrap_or_default();
        let folder = here.strip_prefix(&root).map(|path| path.display().to_string()).unwrap_or_default();
        let folder = if root.as_os_str().is_empty() { String::new() } else { folder };
        let token = format!("{:016x}{:016x}", random::number()?, random::number()?);
        Ok(Self { token, folder, summary, stopped: false })
    }

    /// Lets the runner carry out no command: text of strangers follows.
    pub(in crate::cli) fn stop_commands(&mut self, out: &mut dyn Write) -> io::Result<()> {
        self.stopped = true;
        write!(out, "{}", report::stop_commands(&self.token))
    }

    /// Lets the runner carry out commands again, if it does not.
    pub(in crate::cli) fn resume_commands(&mut self, out: &mut dyn Write) -> io::Result<()> {
        if !std::mem::replace(&mut self.stopped, false) {
            return Ok(());
        }
        write!(out, "{}", report::resume_commands(&self.token))?;
        out.flush()
    }

    /// Prints the annotations, and adds the report to the summary of the job.
    pub(in crate::cli) fn report(
        &mut self,
        reports: &[Report],
        sweeps: &[Sweep],
        out: &mut dyn Write,
    ) -> Result<(), Failure> {
        self.resume_commands(out)?;
        write!(out, "{}", report::github(reports, sweeps, &self.folder))?;
        let Some(path) = &self.summary else { return Ok(()) };
        let text = report::markdown(reports, sweeps);
        append(path)
            .and_then(|mut file| file.write_all(text.as_bytes()))
            .map_err(|error| cannot_write(path, &error))
    }
}

fn append(path: &Path) -> io::Result<File> {
    File::options().append(true).create(true).open(path)
}
