//! The tables of networks for people.

use unicode_width::UnicodeWidthStr as _;

use super::control::{Faults, NetworkState, NodeState};
use crate::text::readable;

/// The most nodes that are listed one by one. Chosen: about the lines of a tall terminal.
const ROWS: usize = 60;
/// The most links, nodes of a side, or clocks that are listed. Chosen: they fit on one line.
const LISTED: usize = 12;
/// The widest list of neighbours, in columns. Chosen: the row fits on 80 columns.
const PEERS: usize = 32;

/// The text in place of the path of the log of a node that ran before.
const ATTACHED: &str = "(ran before: not started here)";

/// Returns the table of nodes, one a line: node, port, process, neighbours and log. With `with_state`, adds
/// the state.
pub(super) fn network(state: &NetworkState, with_state: bool) -> String {
    let loopback = state.nodes.iter().all(NodeState::is_on_loopback);
    let mut rows = vec![header(with_state, loopback)];
    for node in state.nodes.iter().take(ROWS) {
        let place = if loopback { node.port.to_string() } else { node.address() };
        let mut row = vec![node.name.clone(), place];
        row.push(node.pid.map_or("-".to_owned(), |pid| pid.to_string()));
        if with_state {
            row.push(node.state.clone());
        }
        row.push(peers(&node.peers));
        row.push(if node.attached { ATTACHED.to_owned() } else { node.log.clone() });
        rows.push(row);
    }
    let mut text = align(&rows);
    text += &faults(&state.faults);
    if let Some(more) = state.nodes.len().checked_sub(ROWS).filter(|more| *more > 0) {
        text += &format!("… and {more} more: `tools ps --json` lists them all\n");
    }
    text
}

/// Returns the faults in force, a kind a line.
fn faults(faults: &Faults) -> String {
    let sides: Vec<String> = faults.sides.iter().map(|side| listed(side)).collect();
    let kinds = [
        ("cut", listed(&faults.cuts)),
        ("partition", sides.join(" | ")),
        ("link", listed(&faults.shapes)),
        ("clock", listed(&faults.clocks)),
    ];
    let mut text = String::new();
    for (kind, what) in kinds.iter().filter(|(_, what)| !what.is_empty()) {
        text += &format!("{kind} {what}\n");
    }
    text
}

/// Returns a list of names or links, cut to as many as a person reads.
fn listed(all: &[String]) -> String {
    let shown = all.iter().take(LISTED).map(String::as_str).collect::<Vec<_>>().join(", ");
    match all.len().checked_sub(LISTED) {
        Some(more) if more > 0 => format!("{shown} … {} in all", all.len()),
        _ => shown,
    }
}

fn header(with_state: bool, loopback: bool) -> Vec<String> {
    let place = if loopback { "PORT" } else { "ADDRESS" };
    let names = ["NODE", place, "PID", "STATE", "NEIGHBOURS", "LOG"];
    names.iter().filter(|name| with_state || **name != "STATE").map(|name| (*name).to_owned()).collect()
}

fn peers(names: &[String]) -> String {
    if names.is_empty() {
        return "-".to_owned();
    }
    let mut text = String::new();
    for (index, name) in names.iter().enumerate() {
        if text.width() + name.width() > PEERS && index > 0 {
            return format!("{text} … {} in all", names.len());
        }
        if index > 0 {
            text.push(' ');
        }
        text.push_str(name);
    }
    text
}

/// Returns rows with columns as wide as their widest cell.
pub(super) fn align(rows: &[Vec<String>]) -> String {
    let rows: Vec<Vec<String>> =
        rows.iter().map(|row| row.iter().map(|cell| readable(cell)).collect()).collect();
    let columns = rows.iter().map(Vec::len).max().unwrap_or(0);
    let width = |column: usize| rows.iter().filter_map(|row| row.get(column)).map(|cell| cell.width()).max();
    let widths: Vec<usize> = (0..columns).map(|column| width(column).unwrap_or(0)).collect();
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (cell, width) in row.iter().zip(&widths) {
            line.push_str(cell);
            line.push_str(&" ".repeat(width - cell.width() + 2));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_as_wide_as_their_widest_cell() {
        let rows = [vec!["NODE".to_owned(), "PORT".to_owned()], vec!["élan".to_owned(), "3000".to_owned()]];
        assert_eq!(align(&rows), "NODE  PORT\nélan  3000\n");
    }

    #[test]
    fn many_neighbours_are_counted() {
        let names: Vec<String> = (0..100).map(|n| format!("node{n}")).collect();
        let text = peers(&names);
        assert!(text.width() < 60 && text.ends_with("… 100 in all"), "{text}");
    }
}
