//! Files that were damaged in every way that a disk knows, a bit at a time and a page at a time. Each is
//! refused and left as it is, or all kept versions are there. None is served changed, none loses anything
//! silently, and a repair keeps only versions that were once written.

use std::collections::BTreeMap;
use std::fs;
use std::panic::catch_unwind;
use std::path::Path;
use std::sync::Arc;

use rand_pcg::Pcg32;
use rand_pcg::rand_core::{Rng as _, SeedableRng as _};

use super::acknowledged;
use super::folder::Folder;
use super::repair::{Repaired, repair};
use super::store::DiskStore;
use crate::wire::{Hex, Kind, Limits, NodeId, Policy, Stamp, Value, Version};

const ME: NodeId = Hex([7; 16]);
const OTHER: NodeId = Hex([8; 16]);
const PAGE: usize = 4_096;
/// The number of files of each kind that are damaged.
const FILES: u64 = 500;

/// A data folder as bytes, and the versions that it should hold.
#[derive(Clone)]
struct FolderImage {
    store: Vec<u8>,
    acknowledged: Vec<u8>,
    /// The last acknowledged version of each key.
    held: BTreeMap<String, Arc<Version>>,
    /// All versions that were ever acknowledged.
    written: Vec<Arc<Version>>,
}

impl FolderImage {
    fn of(path: &Path, held: &BTreeMap<String, Arc<Version>>, written: &[Arc<Version>]) -> Self {
        Self {
            store: fs::read(path.join("store.redb")).unwrap(),
            acknowledged: fs::read(path.join(acknowledged::FILE)).unwrap(),
            held: held.clone(),
            written: written.to_vec(),
        }
    }

    fn restored(&self) -> tempfile::TempDir {
        let folder = scratch();
        fs::write(folder.path().join("store.redb"), &self.store).unwrap();
        fs::write(folder.path().join(acknowledged::FILE), &self.acknowledged).unwrap();
        folder
    }
}

/// Creates a folder in memory if possible: thousands of syncs are no part of the test.
fn scratch() -> tempfile::TempDir {
    tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap()
}

fn version(number: u64, dice: &mut Pcg32) -> Arc<Version> {
    let key = format!("key {:02}", dice.next_u32() % 60);
    let length = [5, 40, 700, 5_000][dice.next_u32() as usize % 4];
    let text = format!("{number} ").repeat(length / 4);
    let kind = if dice.next_u32().is_multiple_of(8) {
        Kind::Tombstone
    } else {
        Kind::Set(Value::typed(&text, &Limits::default()).unwrap())
    };
    Arc::new(Version::new(&key, kind, Stamp { wall_ms: number, counter: 0 }, ME))
}

fn acknowledge(folder: &mut Folder, store: &mut DiskStore, versions: &[Arc<Version>]) {
    store.merge(versions).unwrap();
    folder.acknowledge(store.commits()).unwrap();
}

/// Returns a folder at several moments: before its last commit, killed after it, and closed in order.
fn images() -> [FolderImage; 3] {
    let mut dice = Pcg32::seed_from_u64(11);
    let path = scratch();
    let (mut folder, mut store, _) = Folder::open(path.path(), Policy::Last, ME).unwrap();
    let (mut held, mut written) = (BTreeMap::new(), Vec::new());
    let mut before = None;
    for commit in 0..20 {
        before = Some(FolderImage::of(path.path(), &held, &written));
        let versions: Vec<_> = (0..6).map(|index| version(6 * commit + index + 1, &mut dice)).collect();
        acknowledge(&mut folder, &mut store, &versions);
        held.extend(versions.iter().map(|version| (version.key().to_owned(), version.clone())));
        written.extend(versions);
    }
    let killed = FolderImage::of(path.path(), &held, &written);
    drop((store, folder));
    [before.unwrap(), killed, FolderImage::of(path.path(), &held, &written)]
}

/// Damages bytes in one of the ways of a disk. Returns a description.
fn damage(bytes: &mut Vec<u8>, dice: &mut Pcg32) -> String {
    let mut below = |most: usize| dice.next_u32() as usize % most;
    let pages = bytes.len() / PAGE;
    match below(10) {
        0 => {
            let length = below(bytes.len());
            bytes.truncate(length);
            format!("cut to {length}")
        }
        1 => {
            let page = below(pages);
            bytes[page * PAGE..(page + 1) * PAGE].fill(0);
            format!("page {page} zeroed")
        }
        2 => {
            let (one, other) = (below(pages), below(pages));
            let copy = bytes[one * PAGE..(one + 1) * PAGE].to_vec();
            bytes.copy_within(other * PAGE..(other + 1) * PAGE, one * PAGE);
            bytes[other * PAGE..(other + 1) * PAGE].copy_from_slice(&copy);
            format!("pages {one} and {other} swapped")
        }
        // No checksum of redb covers the first bytes.
        3 => flip(bytes, below(8 * 320)),
        _ => {
            let bit = below(8 * bytes.len());
            flip(bytes, bit)
        }
    }
}

fn flip(bytes: &mut [u8], bit: usize) -> String {
    bytes[bit / 8] ^= 1 << (bit % 8);
    format!("bit {bit} flipped")
}

/// Opens a damaged folder. Returns true if it was refused.
fn check(image: &FolderImage, what: &str) -> bool {
    let folder = image.restored();
    let path = folder.path();
    let opened = catch_unwind(|| Folder::open(path, Policy::Last, OTHER));
    let opened = opened.unwrap_or_else(|_| panic!("{what}: it panicked"));
    let Ok((mut folder, mut store, held)) = opened else {
        assert!(fs::read(path.join("store.redb")).unwrap() == image.store, "{what}: refused, and written to");
        return true;
    };
    assert_eq!(held.node, ME, "{what}");
    let found: BTreeMap<_, _> =
        held.versions.iter().map(|version| (version.key().to_owned(), version.clone())).collect();
    assert!(found == image.held, "{what}: opened, and not all is there");
    // A version that it acknowledges now is there after the next kill.
    let late = Arc::new(Version::new("late", Kind::Tombstone, Stamp { wall_ms: 1 << 40, counter: 0 }, ME));
    acknowledge(&mut folder, &mut store, std::slice::from_ref(&late));
    let killed = FolderImage::of(path, &found, &[]);
    let again = killed.restored();
    let (_folder, _store, held) = Folder::open(again.path(), Policy::Last, OTHER)
        .unwrap_or_else(|refused| panic!("{what}: acknowledged into, and then: {refused}"));
    assert!(held.versions.contains(&late) && held.versions.len() == found.len() + 1, "{what}");
    false
}

/// Repairs a damaged folder. Returns the number of its keys after that.
fn check_repair(image: &FolderImage, what: &str) -> usize {
    let folder = image.restored();
    let path = folder.path();
    match repair(path) {
        Ok(Repaired::New(_)) => {}
        // No node id can be read in the file, or the file is whole.
        Ok(Repaired::Whole { .. }) | Err(_) => return 0,
    }
    assert!(fs::read(path.join("store.redb")).unwrap() == image.store, "{what}: the old file was changed");
    let (_folder, _store, held) = Folder::open(path, Policy::Last, OTHER)
        .unwrap_or_else(|refused| panic!("{what}: repaired, and then: {refused}"));
    assert_eq!(held.node, ME, "{what}");
    for version in &held.versions {
        assert!(image.written.contains(version), "{what}: {} was never written so", version.key());
    }
    assert!(
        fs::read(path.join("store.redb.damaged-1")).unwrap() == image.store,
        "{what}: the old file is gone"
    );
    held.versions.len()
}

#[test]
fn a_thousand_damaged_files_are_refused_untouched_or_all_is_there() {
    let [_, killed, closed] = images();
    for (kind, whole) in [("killed", killed), ("closed", closed)] {
        assert!(!check(&whole, kind));
        let mut refused = 0;
        for seed in 0..FILES {
            let mut dice = Pcg32::seed_from_u64(seed);
            let mut image = whole.clone();
            let what = format!("{kind}, seed {seed}: {}", damage(&mut image.store, &mut dice));
            if check(&image, &what) {
                refused += 1;
                if seed % 8 == 0 {
                    check_repair(&image, &what);
                }
            }
        }
        // Much of a file is free pages, so not all damage does harm.
        assert!(refused > FILES / 4, "{kind}: {refused} refused");
    }
}

/// A last commit with a wrong bit looks like a commit that a power cut tore.
#[test]
fn a_wrong_bit_in_what_the_last_commit_wrote_is_refused_and_rolls_nothing_back() {
    let [before, after, _] = images();
    let written: Vec<usize> = (0..after.store.len() / PAGE)
        .filter(|page| {
            let at = page * PAGE..(page + 1) * PAGE;
            before.store.get(at.clone()) != Some(&after.store[at])
        })
        .collect();
    assert!(written.len() > 2, "{written:?}");
    let mut refused = 0;
    for seed in 0..300 {
        let mut dice = Pcg32::seed_from_u64(seed);
        let mut image = after.clone();
        let page = written[dice.next_u32() as usize % written.len()];
        let bit = 8 * page * PAGE + dice.next_u32() as usize % (8 * PAGE);
        refused += u32::from(check(&image_with(&mut image, bit), &format!("bit {bit}")));
    }
    assert!(refused > 50, "{refused}");
}

fn image_with(image: &mut FolderImage, bit: usize) -> FolderImage {
    flip(&mut image.store, bit);
    image.clone()
}

#[test]
fn a_repair_keeps_all_but_the_record_that_is_not_whole_and_names_it() {
    let [_, _, closed] = images();
    let victim = closed.held.values().find(|version| version.value().is_some()).unwrap();
    let value = victim.value().unwrap().json().as_bytes();
    let mut image = closed.clone();
    // The value is damaged wherever the file has it, former commits included.
    let places: Vec<_> =
        (0..image.store.len() - value.len()).filter(|at| image.store[*at..].starts_with(value)).collect();
    assert!(!places.is_empty());
    for at in places {
        image.store[at + value.len() - 2] ^= 8;
    }
    assert!(check(&image, "a value"));
    let folder = image.restored();
    let said = repair(folder.path()).unwrap().to_string();
    let (_folder, _store, held) = Folder::open(folder.path(), Policy::Last, OTHER).unwrap();
    for version in closed.held.values().filter(|version| version.key() != victim.key()) {
        assert!(held.versions.contains(version), "{} is whole: {said}", version.key());
    }
    assert!(!held.versions.contains(victim));
    assert!(said.contains("store.redb.repaired: ") && said.contains(" are whole and kept in it"), "{said}");
    assert!(said.contains(&format!("    {}\n", victim.key())), "{said}");
}

#[test]
fn a_repair_of_a_file_whose_head_is_gone_keeps_everything() {
    let [_, killed, closed] = images();
    for mut image in [killed, closed] {
        image.store[..PAGE].fill(0);
        assert!(check(&image, "no head"));
        assert_eq!(check_repair(&image, "no head"), image.held.len());
    }
}

#[test]
fn a_file_that_is_whole_is_not_repaired() {
    let [_, _, closed] = images();
    let folder = closed.restored();
    let said = repair(folder.path()).unwrap().to_string();
    assert!(
        said.ends_with(&format!(" is whole, with {} keys: nothing was changed", closed.held.len())),
        "{said}"
    );
    assert!(!folder.path().join("store.redb.repaired").exists());
    let missing = repair(&folder.path().join("none")).unwrap_err().to_string();
    assert!(missing.contains("cannot use the data folder"), "{missing}");
}
