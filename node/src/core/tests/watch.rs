//! Watchers hear of every change before anybody can ask about it.

use super::network::{delete, set};
use super::single::{CLIENT, Single, version};
use crate::core::{Input, Output};
use crate::wire::{Change, Command, Frame, Message, Notice, Reply};

/// What the client is sent by these outputs, in words.
fn told(out: &[Output]) -> Vec<String> {
    out.iter()
        .filter_map(|output| match output {
            Output::Send { conn: CLIENT, frame } => Some(match &**frame {
                Frame::Notice(Notice::Changed(Change { sequence, digest, peers, .. })) => {
                    format!("changed {sequence}: {} versions, {peers} peers", digest.count)
                }
                Frame::Notice(Notice::Stored { key, .. }) => format!("stored {key}"),
                Frame::Reply { result: Ok(Reply::Watching(change)), .. } => {
                    format!("watching {}: {} versions", change.sequence, change.digest.count)
                }
                Frame::Reply { result: Ok(Reply::Written { .. }), .. } => "written".into(),
                other => panic!("{other:?}"),
            }),
            _ => None,
        })
        .collect()
}

fn write(node: &mut Single, command: Command) -> Vec<String> {
    let out = node.ask(CLIENT, command);
    told(&node.persist(&out))
}

#[test]
fn a_change_is_told_before_the_reply_of_the_write_that_caused_it() {
    let mut node = Single::new();
    assert_eq!(told(&node.ask(CLIENT, Command::Watch { versions: false })), ["watching 0: 0 versions"]);
    assert_eq!(write(&mut node, set("k", "v")), ["changed 1: 1 versions, 0 peers", "written"]);
    assert_eq!(write(&mut node, delete("k")), ["changed 2: 1 versions, 0 peers", "written"]);
    // A write that loses changes nothing.
    assert_eq!(write(&mut node, super::network::set_at("k", "v", 1)), ["written"]);
}

#[test]
fn neighbours_that_come_and_go_are_changes() {
    let mut node = Single::new();
    node.ask(CLIENT, Command::Watch { versions: false });
    let out = node.ask(crate::core::ConnId(1), Command::Auth(super::single::hello(1, &[])));
    assert_eq!(told(&out), ["changed 1: 0 versions, 1 peers"]);
    let out = node.input(Input::Closed { conn: crate::core::ConnId(1) });
    assert_eq!(told(&out), ["changed 2: 0 versions, 0 peers"]);
}

#[test]
fn several_versions_at_once_are_one_change() {
    let mut node = Single::new();
    let a = node.neighbour(1);
    node.ask(CLIENT, Command::Watch { versions: false });
    let versions = vec![version("k", "v", 0, 1), version("l", "v", 0, 1), version("k", "v", 0, 1)];
    let out = node.tell(a, Message::Have { versions, more: None });
    assert_eq!(told(&out), ["changed 2: 2 versions, 1 peers"]);
}

#[test]
fn versions_are_told_on_request_those_already_stored_first() {
    let mut node = Single::new();
    write(&mut node, set("k", "v"));
    write(&mut node, set("l", "v"));
    let mut first = told(&node.ask(CLIENT, Command::Watch { versions: true }));
    assert_eq!(first.pop().as_deref(), Some("watching 2: 2 versions"));
    first.sort();
    assert_eq!(first, ["stored k", "stored l"]);
    assert_eq!(write(&mut node, set("m", "v")), ["stored m", "changed 3: 3 versions, 0 peers", "written"]);
}

#[test]
fn the_sequence_grows_whether_anybody_watches_or_not() {
    let mut node = Single::new();
    write(&mut node, set("k", "v"));
    write(&mut node, set("k", "w"));
    assert_eq!(told(&node.ask(CLIENT, Command::Watch { versions: false })), ["watching 2: 1 versions"]);
}

#[test]
fn a_watcher_that_is_gone_is_told_nothing() {
    let mut node = Single::new();
    node.ask(CLIENT, Command::Watch { versions: true });
    node.input(Input::Closed { conn: CLIENT });
    assert_eq!(write(&mut node, set("k", "v")), ["written"]);
}
