//! The signs that a node gives of itself, each looked for until it is there.

use std::cell::RefCell;
use std::time::Duration;

use regex::Regex;
use tokio::time::sleep;

use super::{http_probe, setup};
use crate::driver::SidecarLauncher;

/// The interval between attempts to reach a node that does not report its readiness. Chosen: unnoticed by a
/// person, and little work beside the start of a program.
pub(super) const RETRY_INTERVAL: Duration = Duration::from_millis(10);
/// The interval between runs of a program that failed. Chosen: unnoticed by a person, and little work beside the start
/// of an interpreter.
const PROGRAM_INTERVAL: Duration = Duration::from_millis(100);

/// Asks for a page until it is served, with a body that matches. The reason of the last failure goes into `last`.
pub(super) async fn serves(address: &str, path: &str, body: Option<&Regex>, last: &RefCell<Option<String>>) {
    let mut interval = RETRY_INTERVAL;
    while let Err(reason) = http_probe::ask(address, path, body).await {
        last.replace(Some(reason));
        sleep(interval).await;
        // A node that needs seconds is not kept busy by the question.
        interval = PROGRAM_INTERVAL.min(interval * 3 / 2);
    }
}

/// Runs a program again and again until it succeeds. The reason of its last failure goes into `last`.
pub(super) async fn succeeds(
    sidecars: &dyn SidecarLauncher,
    words: &[String],
    last: &RefCell<Option<String>>,
) {
    while let Err(error) = setup::run(sidecars, words).await {
        last.replace(Some(error.to_string()));
        sleep(PROGRAM_INTERVAL).await;
    }
}
