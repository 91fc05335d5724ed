//! The text about a network that is ready, for a person.

use std::path::Path;
use std::time::Duration;

use super::arguments::Arguments;
use crate::cli::control::NetworkState;
use crate::cli::table;
use crate::{driver, text};

/// Returns the table of nodes, the time that the start took, and commands to try next.
pub(super) fn announcement(state: &NetworkState, arguments: &Arguments) -> String {
    let (nodes, links) = (state.nodes.len(), state.links.len());
    let mut text = table::network(state, false);
    let ready = text::duration(Duration::from_millis(state.ready_ms));
    let counted = |count: usize, noun: &str| format!("{count} {noun}{}", if count == 1 { "" } else { "s" });
    let (nodes, links) = (counted(nodes, "node"), counted(links, "link"));
    let started = state.nodes.iter().find(|node| !node.attached);
    let first = started.or(state.nodes.first()).map_or("a", |node| node.name.as_str());
    let logs = if arguments.logs == Path::new("logs") {
        String::new()
    } else {
        format!(" --logs {}", arguments.logs.display())
    };
    text += &format!("{nodes} and {links} ready in {ready}\ntry: ");
    text += &if arguments.program.driver.unwrap_or(driver::DEFAULT).asked_directly {
        format!("tools cli --node {first}{logs} set nom Reimert")
    } else if started.is_some() {
        format!("tools do{logs} '{first}: log'")
    } else {
        format!("tools ps{logs}")
    };
    text += &match (arguments.lasting, arguments.detach) {
        (Some(_), _) => "\n".to_owned(),
        (None, true) => format!("   (tools stop{logs} ends the network)\n"),
        (None, false) => "   (from another terminal; Ctrl-C ends the network)\n".to_owned(),
    };
    text
}
