//! The speed of the linearizability checker on histories of ten clients, with one key and with many.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use tools::workload::linearizable::{Call, Interval, Linearizability, NOTHING, judge};

use crate::Result;
use crate::samples::ms;
use crate::table::Table;

const SIZES: [usize; 3] = [1_000, 10_000, 100_000];
const CLIENTS: usize = 10;
/// The number of different values. With few of them, many orders of the operations are possible.
const VALUES: u32 = 5;
/// The number of operations of which one, on average, is never answered.
const UNKNOWN: u64 = 200;

pub(crate) fn run(_logs: &Path) -> Result<()> {
    let mut table = Table::new(
        &format!("linearizability: histories of {CLIENTS} clients, {VALUES} values, all of them valid"),
        &["operations", "keys", "never answered", "judged in", "operations a second"],
    );
    for operations in SIZES {
        for (keys, unknown) in [(1, false), (1, true), (operations / 100, true)] {
            let histories = histories(operations, keys, unknown);
            let began = Instant::now();
            let mut undecided = None;
            for history in histories.values() {
                match judge(history) {
                    Linearizability::Linearizable => {}
                    Linearizability::Undecided { at } => undecided = Some(at),
                    Linearizability::Not(why) => {
                        return Err(format!("a valid history was judged {why:?}").into());
                    }
                }
            }
            let took = began.elapsed();
            let rate = format!("{:.0}", operations as f64 / took.as_secs_f64());
            table.row([
                operations.to_string(),
                keys.to_string(),
                if unknown { format!("1 of {UNKNOWN}") } else { "none".to_owned() },
                ms(took),
                undecided.map_or(rate, |at| format!("undecided at {at}")),
            ]);
        }
    }
    table.print();
    Ok(())
}

/// Returns linearizable histories: each operation takes effect at a drawn moment while it is under way.
fn histories(operations: usize, keys: usize, unknown: bool) -> BTreeMap<u64, Vec<Interval>> {
    let mut draws = fastrand::Rng::with_seed(1);
    let mut calls: Vec<(u64, u64, u64, u64)> = Vec::with_capacity(operations);
    let mut free = [0_u64; CLIENTS];
    for number in 0..operations {
        let client = number % CLIENTS;
        let begin = free[client] + draws.u64(0..50);
        let effect = begin + draws.u64(1..500);
        let end = effect + draws.u64(1..500);
        free[client] = end + 1;
        calls.push((effect, begin, end, draws.u64(0..keys as u64)));
    }
    calls.sort_unstable();
    let mut held: BTreeMap<u64, u32> = BTreeMap::new();
    let mut histories: BTreeMap<u64, Vec<Interval>> = BTreeMap::new();
    for (_, begin, end, key) in calls {
        let value = held.entry(key).or_insert(NOTHING);
        let new = 1 + draws.u32(0..VALUES);
        let call = match draws.u8(0..3) {
            0 => Call::Read(*value),
            1 => Call::Write(new),
            _ => Call::Exchange { from: *value, to: new },
        };
        if let Call::Write(new) | Call::Exchange { to: new, .. } = call {
            *value = new;
        }
        let lost = unknown && draws.u64(0..UNKNOWN) == 0 && !matches!(call, Call::Read(_));
        let end = (!lost).then(|| Duration::from_micros(end));
        histories.entry(key).or_default().push(Interval { call, begin: Duration::from_micros(begin), end });
    }
    histories
}
