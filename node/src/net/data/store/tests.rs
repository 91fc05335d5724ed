use std::collections::BTreeMap;
use std::sync::Arc;

use rand_pcg::Pcg32;
use rand_pcg::rand_core::{Rng as _, SeedableRng as _};

use super::*;
use crate::net::data::faulty::FaultyDisk;
use crate::wire::{Kind, Limits, Stamp, Value};

const ME: NodeId = Hex([7; 16]);

fn created(disk: &FaultyDisk) -> DiskStore {
    DiskStore::create(disk.database().unwrap(), Policy::Last, ME, 0).unwrap()
}

fn opened(disk: &FaultyDisk) -> DiskStore {
    DiskStore::open(disk.database().unwrap(), Some(Policy::Last)).unwrap()
}

fn version(key: &str, value: &str, wall_ms: u64) -> Arc<Version> {
    let kind = match value {
        "" => Kind::Tombstone,
        value => Kind::Set(Value::typed(value, &Limits::default()).unwrap()),
    };
    Arc::new(Version::new(key, kind, Stamp { wall_ms, counter: 0 }, ME))
}

fn held(store: &DiskStore) -> Vec<(String, u64)> {
    let mut held = Vec::new();
    let damaged = store.read(|version| held.push((version.key().to_owned(), version.stamp().wall_ms)));
    assert!(damaged.unwrap().is_empty());
    held
}

#[test]
fn what_was_kept_is_there_again_tombstones_as_well_and_the_greatest_of_each_key() {
    let disk = FaultyDisk::default();
    let mut store = created(&disk);
    store.merge([&version("k", "1", 5), &version("l", "", 6), &version("k", "old", 4)]).unwrap();
    store.merge([&version("l", "older", 3)]).unwrap();
    drop(store);
    let store = opened(&disk);
    assert_eq!((store.node(), store.policy(), store.commits()), (ME, Policy::Last, 3));
    assert_eq!(held(&store), [("k".to_owned(), 5), ("l".to_owned(), 6)]);
    let mut kinds = Vec::new();
    store.read(|version| kinds.push(version.value().is_some())).unwrap();
    assert_eq!(kinds, [true, false]);
}

#[test]
fn what_was_written_under_another_policy_or_by_nobody_is_refused() {
    let disk = FaultyDisk::default();
    drop(created(&disk));
    let refused = DiskStore::open(disk.database().unwrap(), Some(Policy::Oldest)).unwrap_err();
    assert!(matches!(refused, StoreError::Policy(policy) if policy == "last"));
    let nobody = DiskStore::open(FaultyDisk::default().database().unwrap(), Some(Policy::Last)).unwrap_err();
    assert!(matches!(nobody, StoreError::NoOwner));
    assert_eq!(DiskStore::open(disk.database().unwrap(), None).unwrap().policy(), Policy::Last);
}

/// Changes the record of a key past all checks, like a page that was copied after damage.
fn corrupt(store: &DiskStore, key: &str, change: impl Fn(&mut Vec<u8>)) {
    let transaction = store.database.begin_write().unwrap();
    {
        let mut records = transaction.open_table(RECORDS).unwrap();
        let mut record = records.get(key.as_bytes()).unwrap().unwrap().value().to_vec();
        change(&mut record);
        records.insert(key.as_bytes(), &record[..]).unwrap();
    }
    transaction.commit().unwrap();
}

#[test]
fn a_damaged_record_is_named_and_left_out_and_set_aside_for_the_version_that_is_fetched_again() {
    let disk = FaultyDisk::default();
    let mut store = created(&disk);
    store.merge([&version("k", "100", 5), &version("l", "1", 6)]).unwrap();
    corrupt(&store, "k", |record| *record.last_mut().unwrap() ^= 8);
    let (mut read, mut damaged) = (Vec::new(), Vec::new());
    damaged.extend(store.read(|version| read.push(version.key().to_owned())).unwrap());
    assert_eq!((read, &damaged[..]), (vec!["l".to_owned()], &[b"k".to_vec()][..]));
    assert!(matches!(store.merge([&version("k", "100", 7)]), Err(StoreError::Record(key)) if key == "k"));
    store.set_aside(&damaged).unwrap();
    assert_eq!(held(&store), [("l".to_owned(), 6)]);
    store.merge([&version("k", "100", 5)]).unwrap();
    drop(store);
    assert_eq!(held(&opened(&disk)), [("k".to_owned(), 5), ("l".to_owned(), 6)]);
}

#[test]
fn a_version_that_is_missing_or_older_than_what_was_kept_is_noticed() {
    let disk = FaultyDisk::default();
    let mut store = created(&disk);
    store.merge([&version("k", "1", 5), &version("l", "1", 6)]).unwrap();
    let older = record::encode(&version("k", "1", 4));
    corrupt(&store, "k", |record| record.clone_from(&older));
    let refused = store.read(|_| ()).unwrap_err();
    assert!(matches!(refused, StoreError::Incomplete { .. }), "{refused}");
    let transaction = store.database.begin_write().unwrap();
    transaction.open_table(RECORDS).unwrap().remove(&b"k"[..]).unwrap();
    transaction.commit().unwrap();
    let refused = store.read(|_| ()).unwrap_err().to_string();
    assert!(refused.starts_with("it should hold 2 versions (fingerprint "), "{refused}");
    assert!(refused.contains(" and holds 1 version (fingerprint "), "{refused}");
}

/// Writes a file of the first format: its records have no check, and there is no count of them.
pub(in crate::net::data) fn of_the_first_format(database: &Database, versions: &[Arc<Version>]) {
    let transaction = database.begin_write().unwrap();
    {
        let mut about = transaction.open_table(ABOUT).unwrap();
        about.insert("format", FIRST).unwrap();
        about.insert("node", &ME.0[..]).unwrap();
        about.insert("policy", &b"last"[..]).unwrap();
        let mut table = transaction.open_table(UNCHECKED).unwrap();
        for version in versions {
            table.insert(version.key(), &record::encode(version)[16..]).unwrap();
        }
    }
    transaction.commit().unwrap();
}

#[test]
fn a_file_of_the_first_format_is_read_and_written_anew_with_checks() {
    let disk = FaultyDisk::default();
    let versions = [version("a", "1", 5), version("b", "", 6), version("ä", "text", 7)];
    of_the_first_format(&disk.database().unwrap(), &versions);
    let expected = [("a".to_owned(), 5), ("b".to_owned(), 6), ("ä".to_owned(), 7)];
    let mut store = opened(&disk);
    assert_eq!((store.node(), held(&store)), (ME, expected.to_vec()));
    store.upgrade_format().unwrap();
    assert_eq!(held(&store), expected);
    store.merge([&version("a", "2", 9)]).unwrap();
    drop(store);
    let store = opened(&disk);
    assert!(!store.first);
    assert_eq!(held(&store)[0], ("a".to_owned(), 9));
    corrupt(&store, "b", |record| record[20] ^= 1);
    assert_eq!(store.read(|_| ()).unwrap(), [b"b".to_vec()]);
}

/// Every kept version survives, whichever unsynced writes the disk loses or tears.
#[test]
fn a_power_cut_at_any_moment_loses_nothing_that_was_kept() {
    for seed in 0..300 {
        let mut dice = Pcg32::seed_from_u64(seed);
        let disk = FaultyDisk::default();
        let mut store = created(&disk);
        disk.dies_after(dice.next_u32() as usize % 60);
        let mut acknowledged = BTreeMap::new();
        let mut tried = BTreeMap::new();
        for turn in 1..=20 {
            let versions: Vec<_> = (0..=dice.next_u32() % 4)
                .map(|_| version(&format!("k{}", dice.next_u32() % 6), &"v".repeat(700), turn))
                .collect();
            tried.extend(versions.iter().map(|version| (version.key().to_owned(), turn)));
            if store.merge(&versions).is_err() {
                break;
            }
            acknowledged.extend(versions.iter().map(|version| (version.key().to_owned(), turn)));
        }
        let found = disk.after_a_cut(&mut dice);
        let mut store = opened(&found);
        assert_eq!(store.node(), ME);
        let held: BTreeMap<_, _> = held(&store).into_iter().collect();
        for (key, turn) in acknowledged {
            assert!(held.get(&key).is_some_and(|held| *held >= turn), "seed {seed}: {key} {turn}");
        }
        for (key, turn) in held {
            assert!(tried.get(&key).is_some_and(|tried| *tried >= turn), "seed {seed}: {key} {turn}");
        }
        store.merge([&version("after", "1", 100)]).unwrap();
    }
}

#[test]
fn a_full_disk_refuses_and_what_was_kept_stays() {
    let disk = FaultyDisk::default();
    let mut store = created(&disk);
    store.merge([&version("k", "1", 1)]).unwrap();
    disk.has_room(Some(disk.length()));
    let large = Value::typed(&"x".repeat(60_000), &Limits::default()).unwrap();
    let mut kept = vec![("k".to_owned(), 1)];
    for turn in 2.. {
        let stamp = Stamp { wall_ms: turn, counter: 0 };
        let version = Arc::new(Version::new(&format!("l{turn:05}"), Kind::Set(large.clone()), stamp, ME));
        if store.merge([&version]).is_err() {
            break;
        }
        kept.push((version.key().to_owned(), turn));
    }
    drop(store);
    disk.has_room(None);
    let mut store = opened(&disk);
    let held = held(&store);
    assert_eq!(held[..kept.len()], kept);
    store.merge([&version("m", "1", 1_000_000)]).unwrap();
}
