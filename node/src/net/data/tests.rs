use std::fs;
use std::sync::Arc;

use super::*;
use crate::core::PersistId;
use crate::wire::{Hex, Kind, Limits, Stamp, Value, Version};

const ME: NodeId = Hex([7; 16]);
const OTHER: NodeId = Hex([8; 16]);

fn version(key: &str, wall_ms: u64) -> Arc<Version> {
    let value = Value::typed("v", &Limits::default()).unwrap();
    Arc::new(Version::new(key, Kind::Set(value), Stamp { wall_ms, counter: 0 }, ME))
}

/// Hands over, and waits until it is told of.
fn keep(data: &mut Data, id: u64, versions: Vec<Arc<Version>>) -> Result<(), String> {
    data.writer.keep(PersistId(id), versions);
    let told = data.kept.blocking_recv().unwrap();
    assert_eq!(told.up_to, PersistId(id));
    told.kept
}

#[track_caller]
fn refused(path: &Path, policy: Policy) -> String {
    match open(path, policy, OTHER) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("it was opened"),
    }
}

/// Ends the thread and gives the folder back.
fn close(Data { writer, mut kept, .. }: Data) {
    drop(writer);
    while kept.blocking_recv().is_some() {}
}

#[test]
fn a_folder_keeps_who_the_node_is_and_what_it_knew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep").join("a");
    let (mut data, held) = open(&path, Policy::Last, ME).unwrap();
    assert_eq!((held.node, held.versions.len()), (ME, 0));
    keep(&mut data, 1, vec![version("k", 1), version("l", 2)]).unwrap();
    close(data);
    let (_, held) = open(&path, Policy::Last, OTHER).unwrap();
    assert_eq!((held.node, held.versions.len()), (ME, 2));
}

#[test]
fn what_still_waits_is_kept_when_the_node_ends() {
    let folder = tempfile::tempdir().unwrap();
    let (data, _) = open(folder.path(), Policy::Last, ME).unwrap();
    for number in 0..1_000 {
        data.writer.keep(PersistId(number), vec![version(&format!("k{number}"), 1)]);
    }
    close(data);
    let (_, held) = open(folder.path(), Policy::Last, OTHER).unwrap();
    assert_eq!(held.versions.len(), 1_000);
}

#[test]
fn a_folder_in_use_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let (_data, _) = open(folder.path(), Policy::Last, ME).unwrap();
    let reason = refused(folder.path(), Policy::Last);
    assert!(reason.ends_with(" is in use by another node: choose another with --data"), "{reason}");
}

#[test]
fn another_policy_is_refused_with_the_remedy() {
    let folder = tempfile::tempdir().unwrap();
    close(open(folder.path(), Policy::Last, ME).unwrap().0);
    let reason = refused(folder.path(), Policy::Oldest);
    assert!(reason.contains("was written under the policy `last`: start with --policy last"), "{reason}");
}

#[test]
fn a_damaged_file_is_refused_and_left_as_it_is() {
    let folder = tempfile::tempdir().unwrap();
    let (mut data, _) = open(folder.path(), Policy::Last, ME).unwrap();
    keep(&mut data, 1, vec![version("k", 1)]).unwrap();
    close(data);
    let file = folder.path().join("store.redb");
    let whole = fs::read(&file).unwrap();
    for damaged in [&b""[..], b"something else", &whole[..10], &vec![0; whole.len()]] {
        fs::write(&file, damaged).unwrap();
        let reason = refused(folder.path(), Policy::Last);
        assert!(reason.contains("cannot be read: "), "{reason}");
        assert!(reason.contains("or move it away to begin empty"), "{reason}");
        assert_eq!(fs::read(&file).unwrap(), damaged);
    }
    fs::write(&file, whole).unwrap();
    assert_eq!(open(folder.path(), Policy::Last, OTHER).unwrap().1.versions.len(), 1);
}

#[test]
fn a_node_that_was_killed_before_its_file_was_whole_begins_again() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("store.redb.new"), b"half").unwrap();
    let (_, held) = open(folder.path(), Policy::Last, ME).unwrap();
    assert_eq!(held.node, ME);
}
