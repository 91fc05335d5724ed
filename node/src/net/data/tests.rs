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

/// Hands versions over and waits for the report of them.
fn commit(data: &mut Data, id: u64, versions: Vec<Arc<Version>>) -> Result<(), String> {
    data.writer.enqueue(PersistId(id), versions);
    let Commit { up_to, result } = data.commits.blocking_recv().unwrap();
    assert_eq!(up_to, PersistId(id));
    result.map_err(|error| error.to_string())
}

#[track_caller]
fn refused(path: &Path, policy: Policy) -> String {
    match open(path, policy, OTHER) {
        Err(error) => error.to_string(),
        Ok(_) => panic!("it was opened"),
    }
}

/// Ends the thread, which frees the folder.
fn close(Data { writer, mut commits, .. }: Data) {
    drop(writer);
    while commits.blocking_recv().is_some() {}
}

#[test]
fn a_folder_keeps_who_the_node_is_and_what_it_knew() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("deep").join("a");
    let (mut data, held) = open(&path, Policy::Last, ME).unwrap();
    assert_eq!((held.node, held.versions.len()), (ME, 0));
    commit(&mut data, 1, vec![version("k", 1), version("l", 2)]).unwrap();
    close(data);
    let (_, held) = open(&path, Policy::Last, OTHER).unwrap();
    assert_eq!((held.node, held.versions.len()), (ME, 2));
}

#[test]
fn what_still_waits_is_kept_when_the_node_ends() {
    let folder = tempfile::tempdir().unwrap();
    let (data, _) = open(folder.path(), Policy::Last, ME).unwrap();
    for number in 0..1_000 {
        data.writer.enqueue(PersistId(number), vec![version(&format!("k{number}"), 1)]);
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
    assert!(
        reason.ends_with(" is in use by another node: end that one, or choose another with --data"),
        "{reason}"
    );
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
    commit(&mut data, 1, vec![version("k", 1)]).unwrap();
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
fn a_file_of_the_first_format_is_read_and_becomes_one_of_the_present() {
    let folder = tempfile::tempdir().unwrap();
    let database = redb::Database::create(folder.path().join("store.redb")).unwrap();
    store::tests::of_the_first_format(&database, &[version("k", 1), version("l", 2)]);
    drop(database);
    for _ in 0..2 {
        let (data, held) = open(folder.path(), Policy::Last, OTHER).unwrap();
        assert_eq!((held.node, held.versions.len()), (ME, 2));
        close(data);
    }
}

#[test]
fn a_name_that_leads_to_no_file_is_refused_and_nothing_is_begun_in_its_place() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store.redb");
    std::os::unix::fs::symlink(folder.path().join("elsewhere"), &file).unwrap();
    let reason = refused(folder.path(), Policy::Last);
    assert!(reason.contains("store.redb is a link to a file that is not there: "), "{reason}");
    assert!(!folder.path().join("elsewhere").exists());
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    let reason = refused(folder.path(), Policy::Last);
    assert!(reason.contains("store.redb is a folder: "), "{reason}");
}

#[test]
fn a_file_that_is_gone_or_replaced_while_the_node_runs_takes_no_writes_until_it_is_back() {
    let folder = tempfile::tempdir().unwrap();
    let (file, away) = (folder.path().join("store.redb"), folder.path().join("away"));
    let (mut data, _) = open(folder.path(), Policy::Last, ME).unwrap();
    commit(&mut data, 1, vec![version("k", 1)]).unwrap();
    fs::rename(&file, &away).unwrap();
    let reason = commit(&mut data, 2, vec![version("k", 2)]).unwrap_err();
    assert!(reason.contains("store.redb is gone while the node runs"), "{reason}");
    fs::copy(&away, &file).unwrap();
    let reason = until(&mut data, |reason| !reason.contains("just failed"));
    assert!(reason.contains("store.redb was replaced while the node runs"), "{reason}");
    fs::rename(&away, &file).unwrap();
    assert_eq!(until(&mut data, str::is_empty), "");
    close(data);
    assert_eq!(open(folder.path(), Policy::Last, OTHER).unwrap().1.versions.len(), 1);
}

/// Hands versions over until a report meets the condition: the reason of a failure, or an empty text. A
/// disk that failed is not used for a while, and there is no event at the end of that time.
fn until(data: &mut Data, holds: impl Fn(&str) -> bool) -> String {
    for number in 100.. {
        let reason = commit(data, number, vec![version("k", number)]).err().unwrap_or_default();
        if holds(&reason) {
            return reason;
        }
        std::thread::yield_now();
    }
    unreachable!("it is tried for ever")
}

#[test]
fn a_file_that_is_gone_is_not_begun_anew_where_writes_were_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    close(open(folder.path(), Policy::Last, ME).unwrap().0);
    fs::remove_file(folder.path().join("store.redb")).unwrap();
    let reason = refused(folder.path(), Policy::Last);
    assert!(
        reason.contains("store.redb is gone, and writes were acknowledged into it: put it back"),
        "{reason}"
    );
}

#[test]
fn a_copy_from_before_the_last_acknowledged_write_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("store.redb");
    let (mut data, _) = open(folder.path(), Policy::Last, ME).unwrap();
    commit(&mut data, 1, vec![version("k", 1)]).unwrap();
    let before = fs::read(&file).unwrap();
    commit(&mut data, 2, vec![version("l", 2)]).unwrap();
    let after = fs::read(&file).unwrap();
    close(data);
    fs::write(&file, &before).unwrap();
    let reason = refused(folder.path(), Policy::Last);
    assert!(
        reason.contains("its last commits are missing: 3 were acknowledged, and it goes back to number 2")
    );
    assert_eq!(fs::read(&file).unwrap(), before);
    fs::write(&file, after).unwrap();
    assert_eq!(open(folder.path(), Policy::Last, OTHER).unwrap().1.versions.len(), 2);
}

#[test]
fn folders_and_files_are_their_owners_alone_even_where_they_were_not() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data").join("a");
    close(open(&path, Policy::Last, ME).unwrap().0);
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(path.parent().unwrap()), mode(&path)), (0o700, 0o700));
    let names = ["store.redb", "store.redb.acknowledged", "lock"];
    for name in names {
        fs::set_permissions(path.join(name), fs::Permissions::from_mode(0o644)).unwrap();
    }
    close(open(&path, Policy::Last, ME).unwrap().0);
    assert_eq!(names.map(|name| mode(&path.join(name))), [0o600; 3]);
}

#[test]
fn a_node_that_was_killed_before_its_file_was_whole_begins_again() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("store.redb.new"), b"half").unwrap();
    let (_, held) = open(folder.path(), Policy::Last, ME).unwrap();
    assert_eq!(held.node, ME);
}
