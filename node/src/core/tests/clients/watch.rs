//! Tests that watchers are notified of every change before a client can ask about it.

use crate::core::tests::network::{delete, set};
use crate::core::tests::single::{CLIENT, Single, version};
use crate::core::{ConnId, Input, Output};
use crate::wire::{Change, Command, Frame, Message, Notice, Reply};

/// Describes in words the frames to the client in these outputs.
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
    assert_eq!(write(&mut node, crate::core::tests::network::set_at("k", "v", 1)), ["written"]);
}

#[test]
fn neighbours_that_come_and_go_are_changes() {
    let mut node = Single::new();
    node.ask(CLIENT, Command::Watch { versions: false });
    let out = node.ask(ConnId(1), Command::Auth(crate::core::tests::single::hello(1, &[])));
    assert_eq!(told(&out), ["changed 1: 0 versions, 1 peers"]);
    let out = node.input(Input::Closed { conn: ConnId(1) });
    assert_eq!(told(&out), ["changed 2: 0 versions, 0 peers"]);
}

#[test]
fn several_versions_at_once_are_one_change() {
    let mut node = Single::new();
    let a = node.neighbour(1);
    node.ask(CLIENT, Command::Watch { versions: false });
    let versions = vec![version("k", "v", 0, 1), version("l", "v", 0, 1), version("k", "v", 0, 1)];
    let out = node.deliver(a, Message::Have { versions, more: None });
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

#[test]
fn a_new_watcher_receives_stored_versions_in_pages_as_there_is_room() {
    let mut node = Single::new();
    for number in 0..1_000 {
        write(&mut node, set(&format!("{number}"), "v"));
    }
    let mut out = node.ask(CLIENT, Command::Watch { versions: true });
    let mut pages = 1;
    let mut keys = std::collections::BTreeSet::new();
    loop {
        let mut page = told(&out);
        let is_last = !out.iter().any(|output| matches!(output, Output::AwaitRoom { conn: CLIENT }));
        if is_last {
            assert_eq!(page.pop().as_deref(), Some("watching 1001: 1001 versions"));
        }
        assert!(page.len() <= 256, "{}", page.len());
        keys.extend(page.into_iter().filter(|said| said.starts_with("stored")));
        if is_last {
            break;
        }
        if pages == 1 {
            // A version stored meanwhile is notified at once, the change as a whole with the
            // answer.
            assert_eq!(write(&mut node, set("new", "v")), ["stored new", "written"]);
            // Room on a connection that waits for none has no effect.
            assert!(node.input(Input::Room { conn: ConnId(7) }).is_empty());
        }
        pages += 1;
        out = node.input(Input::Room { conn: CLIENT });
    }
    assert!(pages >= 4 && keys.len() >= 1_000, "{pages} pages, {} keys", keys.len());
}
