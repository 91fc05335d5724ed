//! The running network of a folder, for the commands that address it: steps are sent to it, and its replies
//! are printed.

use std::io::Write;
use std::path::Path;

use super::control::{self, NetworkState, Reply, Request};
use super::exit::Exit;
use super::failure::Failure;

/// Returns the state of the network of a folder. Fails if no network runs there.
pub(super) fn state(logs: &Path) -> Result<NetworkState, Failure> {
    control::state(logs)?.ok_or_else(|| not_running(logs))
}

/// Runs steps on the network of a folder, prints their results and returns the exit code.
pub(super) fn run_steps(
    logs: &Path,
    text: &str,
    json: bool,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<Exit, Failure> {
    request(logs, &Request::Steps { text: text.to_owned() }, json, out, err)
}

/// Sends steps or an ask to the network of a folder, prints the reply and returns the exit code.
pub(super) fn request(
    logs: &Path,
    request: &Request,
    json: bool,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<Exit, Failure> {
    match control::ask(logs, request)? {
        Some(reply @ Reply::Steps { code, .. }) if json => {
            writeln!(out, "{}", serde_json::to_string(&reply)?)?;
            Ok(Exit::of_code(code))
        }
        Some(Reply::Steps { output, error, code }) => {
            for line in output {
                writeln!(out, "{line}")?;
            }
            if let Some(error) = error {
                writeln!(err, "{error}")?;
            }
            Ok(Exit::of_code(code))
        }
        Some(_) => Err(control::unexpected().into()),
        // The prompt, and a file of steps, go on without a network.
        None => {
            let failure = not_running(logs);
            failure.print(err)?;
            Ok(failure.exit())
        }
    }
}

/// Returns the failure of a command for which no network runs in its folder.
pub(super) fn not_running(logs: &Path) -> Failure {
    Failure::usage(format!("no network is running in `{}`", logs.display()))
        .help("start one with `tools run --detach`")
}
