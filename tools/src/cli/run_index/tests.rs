//! Tests of the index of runs.

use super::*;

fn entry(seed: u64) -> RunEntry {
    RunEntry {
        began_ms: Some(seed),
        scenario: "x\n\u{1b}".to_owned(),
        file: "x.scn".to_owned(),
        world: "process".to_owned(),
        seed,
        verdict: "passed".to_owned(),
        duration_ms: 5,
        folder: "logs/x".to_owned(),
    }
}

fn seeds(logs: &Path) -> Vec<u64> {
    read(logs).unwrap().entries.iter().map(|entry| entry.seed).collect()
}

#[test]
fn entries_come_in_the_order_in_which_they_were_written() {
    let folder = tempfile::tempdir().unwrap();
    let logs = folder.path().join("logs");
    assert_eq!(read(&logs).unwrap_err().kind(), io::ErrorKind::NotFound);
    (1..=3).for_each(|seed| append(&logs, &entry(seed)).unwrap());
    assert_eq!(read(&logs).unwrap().entries, [entry(1), entry(2), entry(3)]);
}

#[test]
fn damaged_lines_are_passed_over_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    append(folder.path(), &entry(1)).unwrap();
    let path = folder.path().join(INDEX);
    let mut file = OpenOptions::new().append(true).open(&path).unwrap();
    file.write_all(b"\xff\xfe\n\n{\"seed\":1}\n{\"began_ms\":1,\"scen").unwrap();
    append(folder.path(), &entry(2)).unwrap();
    let index = read(folder.path()).unwrap();
    assert_eq!((seeds(folder.path()), index.damaged), (vec![1, 2], 3));
}

#[test]
fn a_full_index_loses_its_oldest_entries() {
    let folder = tempfile::tempdir().unwrap();
    let max = 2_000;
    for seed in 1..=200 {
        append_within(folder.path(), &entry(seed), max).unwrap();
        assert!(fs::metadata(folder.path().join(INDEX)).unwrap().len() <= max);
    }
    let seeds = seeds(folder.path());
    assert!(seeds.len() >= 5, "{seeds:?}");
    assert!(seeds.iter().copied().eq(201 - seeds.len() as u64..=200), "{seeds:?}");
    assert_eq!(read(folder.path()).unwrap().damaged, 0);
}

#[test]
fn writers_side_by_side_lose_no_entry() {
    let folder = tempfile::tempdir().unwrap();
    std::thread::scope(|scope| {
        for writer in 0..4_u64 {
            let path = folder.path();
            scope.spawn(move || {
                (0..50).for_each(|seed| append(path, &entry(writer * 50 + seed)).unwrap());
            });
        }
    });
    let mut seeds = seeds(folder.path());
    seeds.sort_unstable();
    assert!(seeds.into_iter().eq(0..200));
}

#[test]
fn a_link_in_its_place_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let precious = folder.path().join("precious");
    fs::write(&precious, "precious").unwrap();
    std::os::unix::fs::symlink(&precious, folder.path().join(INDEX)).unwrap();
    assert!(append(folder.path(), &entry(1)).is_err());
    assert_eq!(fs::read_to_string(precious).unwrap(), "precious");
}
