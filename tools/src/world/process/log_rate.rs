//! The rates at which nodes write their logs, in lines a second. A rate is no fault: a report notes it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::time::{Duration, Instant};

/// The time over which a rate is measured, at least.
const SPAN: Duration = Duration::from_secs(1);
/// The least rate that is noted, in lines a second. Chosen: no person reads that, and a node that logs each
/// message of a busy scenario stays below.
const NOTED: u64 = 10_000;
/// The bytes that are read at a time. Chosen: few calls, and little memory.
const PORTION: usize = 256 << 10;

/// The lengths of the files of one node, in bytes.
pub(super) type Lengths = [u64; 2];

/// The measured rates, by node.
#[derive(Debug, Default)]
pub(super) struct LogRates {
    spans: BTreeMap<String, (Instant, Lengths)>,
    greatest: BTreeMap<String, u64>,
}

impl LogRates {
    /// Measures the rate of a node, if its last span is over. The files are at `paths` and have these lengths.
    pub(super) fn measure(&mut self, node: &str, now: Instant, paths: [&Path; 2], lengths: Lengths) {
        let Some((began, before)) = self.spans.get(node).copied() else {
            self.spans.insert(node.to_owned(), (now, lengths));
            return;
        };
        let took = now.saturating_duration_since(began);
        if took < SPAN {
            return;
        }
        self.spans.insert(node.to_owned(), (now, lengths));
        // A line has a byte at least. Fewer bytes are not read, and a log that was cut meanwhile is not measured.
        let written =
            lengths.iter().zip(&before).map(|(now, before)| now.saturating_sub(*before)).sum::<u64>();
        let is_cut = lengths.iter().zip(&before).any(|(now, before)| now < before);
        if is_cut || rate(written, took) < NOTED {
            return;
        }
        let parts = paths.into_iter().zip(before.into_iter().zip(lengths));
        let lines = parts.map(|(path, (from, to))| lines_in(path, from, to).unwrap_or_default()).sum();
        let rate = rate(lines, took);
        if rate >= NOTED {
            let greatest = self.greatest.entry(node.to_owned()).or_default();
            *greatest = rate.max(*greatest);
        }
    }

    /// Returns the greatest rate of each node that wrote [`NOTED`] lines a second or more.
    pub(super) fn greatest(&self) -> &BTreeMap<String, u64> {
        &self.greatest
    }
}

/// Returns a number for each second.
fn rate(number: u64, took: Duration) -> u64 {
    let millis = took.as_millis().max(1);
    u64::try_from(u128::from(number) * 1_000 / millis).unwrap_or(u64::MAX)
}

/// Returns the number of lines that end between two offsets of a file.
fn lines_in(path: &Path, from: u64, to: u64) -> io::Result<u64> {
    let file = File::open(path)?;
    let (mut at, mut lines, mut portion) = (from, 0, vec![0; PORTION]);
    while at < to {
        let wanted = usize::try_from(to - at).map_or(PORTION, |left| left.min(PORTION));
        let read = file.read_at(&mut portion[..wanted], at)?;
        if read == 0 {
            break;
        }
        lines += portion[..read].split(|byte| *byte == b'\n').count().saturating_sub(1) as u64;
        at += read as u64;
    }
    Ok(lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_greatest_rate_of_a_span_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let (log, err) = (folder.path().join("a.log"), folder.path().join("a.err"));
        std::fs::write(&log, "line\n".repeat(100_000)).unwrap();
        std::fs::write(&err, "x".repeat(200_000)).unwrap();
        let began = Instant::now();
        let measured = |looks: &[(u64, Lengths)]| {
            let mut rates = LogRates::default();
            for (ms, lengths) in looks {
                rates.measure("a", began + Duration::from_millis(*ms), [&log, &err], *lengths);
            }
            rates.greatest().get("a").copied()
        };
        assert_eq!(measured(&[(0, [0, 0]), (1_000, [200_000, 0])]), Some(40_000));
        assert_eq!(measured(&[(0, [0, 0]), (999, [200_000, 0])]), None, "the span is not over");
        let two_spans = [(0, [0, 0]), (2_000, [200_000, 0]), (3_000, [450_000, 0]), (9_000, [500_000, 0])];
        assert_eq!(measured(&two_spans), Some(50_000));
        assert_eq!(measured(&[(0, [0, 0]), (1_000, [45_000, 0])]), None, "9,000 lines are few");
        assert_eq!(measured(&[(0, [0, 0]), (1_000, [0, 200_000])]), None, "bytes without lines");
        assert_eq!(measured(&[(0, [300_000, 0]), (1_000, [200_000, 0])]), None, "the log was cut");
    }
}
