//! The costs of redb's quick repair, which a node does not use: for each commit, and the time that it saves
//! at a start after `kill -9`. Bare redb is measured, beside appends that are synced.

use std::path::Path;
use std::time::{Duration, Instant};

use redb::{Database, TableDefinition};

use crate::Result;
use crate::disk::{MANY, RECORD, appends};
use crate::samples::ms;
use crate::table::Table;

const TABLE: TableDefinition<'_, &str, &[u8]> = TableDefinition::new("versions");
/// The numbers of records in one commit, as of that many clients, each with the number of commits measured.
const COMMITS: [(usize, u32); 2] = [(1, 300), (256, 50)];
/// The number of records in one commit while the million is written.
const BATCH: usize = 4_096;

pub(crate) fn run(logs: &Path) -> Result<()> {
    let mut table = Table::new(
        &format!(
            "repair: commits of redb beside appends, and opening a file of {MANY} keys that was not closed"
        ),
        &["quick repair", "1 a commit", "ratio", "256 a commit", "ratio", "until it is open"],
    );
    for quick in [false, true] {
        let mut cells = vec![if quick { "on" } else { "off" }.to_owned()];
        for (records, commits) in COMMITS {
            let folder = tempfile::tempdir_in(logs)?;
            let database = Database::create(folder.path().join("store.redb"))?;
            let before = appends(logs, 300)?;
            let began = Instant::now();
            for commit in 0..commits {
                keep(&database, quick, (0..records).map(|record| format!("{record}-{commit}")))?;
            }
            let took = began.elapsed();
            let floor = appends(logs, 300)?.max(before);
            let rate = (records as f64) * f64::from(commits) / took.as_secs_f64();
            cells.extend([format!("{rate:.0} /s"), format!("{:.2}", rate / floor)]);
        }
        cells.push(ms(opened(logs, quick)?));
        table.row(cells);
    }
    table.print();
    Ok(())
}

/// Returns the time to open a file that a killed process left.
fn opened(logs: &Path, quick: bool) -> Result<Duration> {
    let folder = tempfile::tempdir_in(logs)?;
    let (left, whole) = (folder.path().join("left.redb"), folder.path().join("store.redb"));
    let database = Database::create(&whole)?;
    for first in (0..MANY).step_by(BATCH) {
        keep(&database, quick, (first..MANY.min(first + BATCH)).map(|number| format!("key{number}")))?;
    }
    // Between two commits, a copy of the file is what a kill would leave.
    std::fs::copy(&whole, &left)?;
    let began = Instant::now();
    let _repaired = Database::open(&left)?;
    Ok(began.elapsed())
}

fn keep(database: &Database, quick: bool, keys: impl Iterator<Item = String>) -> Result<()> {
    let mut transaction = database.begin_write()?;
    transaction.set_quick_repair(quick);
    {
        let mut table = transaction.open_table(TABLE)?;
        for key in keys {
            table.insert(&*key, &RECORD[..])?;
        }
    }
    transaction.commit()?;
    Ok(())
}
