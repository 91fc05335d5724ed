use std::collections::BTreeMap;
use std::sync::Arc;

use rand_pcg::Pcg32;
use rand_pcg::rand_core::{Rng as _, SeedableRng as _};

use super::*;
use crate::net::data::faulty::Disk;
use crate::wire::{Kind, Limits, Stamp, Value};

const ME: NodeId = Hex([7; 16]);

fn created(disk: &Disk) -> Store {
    Store::create(disk.database().unwrap(), Policy::Last, ME).unwrap()
}

fn version(key: &str, value: &str, wall_ms: u64) -> Arc<Version> {
    let kind = match value {
        "" => Kind::Tombstone,
        value => Kind::Set(Value::typed(value, &Limits::default()).unwrap()),
    };
    Arc::new(Version::new(key, kind, Stamp { wall_ms, counter: 0 }, ME))
}

fn held(store: &Store) -> Vec<(String, u64)> {
    let all = store.load().unwrap();
    all.iter().map(|version| (version.key().to_owned(), version.stamp().wall_ms)).collect()
}

#[test]
fn what_was_kept_is_there_again_tombstones_as_well_and_the_greatest_of_each_key() {
    let disk = Disk::default();
    let store = created(&disk);
    store.keep([&version("k", "1", 5), &version("l", "", 6), &version("k", "old", 4)]).unwrap();
    store.keep([&version("l", "older", 3)]).unwrap();
    drop(store);
    let (store, node) = Store::open(disk.database().unwrap(), Policy::Last).unwrap();
    assert_eq!(node, ME);
    assert_eq!(held(&store), [("k".to_owned(), 5), ("l".to_owned(), 6)]);
    assert!(store.load().unwrap()[1].value().is_none());
}

#[test]
fn what_was_written_under_another_policy_or_by_nobody_is_refused() {
    let disk = Disk::default();
    drop(created(&disk));
    let refused = Store::open(disk.database().unwrap(), Policy::Oldest).unwrap_err();
    assert!(matches!(refused, Unusable::Policy(policy) if policy == "last"));
    let nobody = Store::open(Disk::default().database().unwrap(), Policy::Last).unwrap_err();
    assert!(matches!(nobody, Unusable::Nobody));
}

#[test]
fn a_record_that_makes_no_sense_is_named() {
    let disk = Disk::default();
    let store = created(&disk);
    let transaction = store.database.begin_write().unwrap();
    transaction.open_table(VERSIONS).unwrap().insert("k", &b"?"[..]).unwrap();
    transaction.commit().unwrap();
    assert_eq!(store.load().unwrap_err().to_string(), "its record of key `k` makes no sense");
}

/// Whatever the disk forgets or tears of what was not synced, what was kept is there.
#[test]
fn a_power_cut_at_any_moment_loses_nothing_that_was_kept() {
    for seed in 0..300 {
        let mut dice = Pcg32::seed_from_u64(seed);
        let disk = Disk::default();
        let store = created(&disk);
        disk.dies_after(dice.next_u32() as usize % 60);
        let mut acknowledged = BTreeMap::new();
        let mut tried = BTreeMap::new();
        for turn in 1..=20 {
            let versions: Vec<_> = (0..=dice.next_u32() % 4)
                .map(|_| version(&format!("k{}", dice.next_u32() % 6), &"v".repeat(700), turn))
                .collect();
            tried.extend(versions.iter().map(|version| (version.key().to_owned(), turn)));
            if store.keep(&versions).is_err() {
                break;
            }
            acknowledged.extend(versions.iter().map(|version| (version.key().to_owned(), turn)));
        }
        let found = disk.after_a_cut(&mut dice);
        let (store, node) = Store::open(found.database().unwrap(), Policy::Last).unwrap();
        assert_eq!(node, ME);
        let held: BTreeMap<_, _> = held(&store).into_iter().collect();
        for (key, turn) in acknowledged {
            assert!(held.get(&key).is_some_and(|held| *held >= turn), "seed {seed}: {key} {turn}");
        }
        for (key, turn) in held {
            assert!(tried.get(&key).is_some_and(|tried| *tried >= turn), "seed {seed}: {key} {turn}");
        }
        store.keep([&version("after", "1", 100)]).unwrap();
    }
}

#[test]
fn a_full_disk_refuses_and_what_was_kept_stays() {
    let disk = Disk::default();
    let store = created(&disk);
    store.keep([&version("k", "1", 1)]).unwrap();
    disk.has_room(Some(disk.length()));
    let large = Value::typed(&"x".repeat(60_000), &Limits::default()).unwrap();
    let mut kept = vec![("k".to_owned(), 1)];
    for turn in 2.. {
        let stamp = Stamp { wall_ms: turn, counter: 0 };
        let version = Arc::new(Version::new(&format!("l{turn:05}"), Kind::Set(large.clone()), stamp, ME));
        if store.keep([&version]).is_err() {
            break;
        }
        kept.push((version.key().to_owned(), turn));
    }
    drop(store);
    disk.has_room(None);
    let (store, _) = Store::open(disk.database().unwrap(), Policy::Last).unwrap();
    let held = held(&store);
    assert_eq!(held[..kept.len()], kept);
    store.keep([&version("m", "1", 1_000_000)]).unwrap();
}
