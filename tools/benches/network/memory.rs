//! The memory of processes, as the kernel accounts it.

use std::fs;
use std::time::Duration;

use crate::Result;

/// The time after which nodes count as idle: long enough for the memory of a handshake to be freed.
const QUIET: Duration = Duration::from_millis(300);

/// The mean over some processes, in KiB.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct Memory {
    /// The proportional share of all pages: shared pages are divided by the number of processes with them.
    pub(crate) pss: f64,
    /// The part of `pss` in heap, stack, and pages of files that the process changed.
    pub(crate) pss_anonymous: f64,
    /// The part of `pss` in pages of files, most of them the program.
    pub(crate) pss_file: f64,
    /// The pages that no other process shares and that the process has written to.
    pub(crate) private_dirty: f64,
}

impl Memory {
    /// Measures processes that are idle.
    pub(crate) fn idle(processes: &[u32]) -> Result<Self> {
        std::thread::sleep(QUIET);
        let mut sum = Self::default();
        for process in processes {
            let rollup = fs::read_to_string(format!("/proc/{process}/smaps_rollup"))?;
            for line in rollup.lines() {
                let mut words = line.split_whitespace();
                let (Some(name), Some(Ok(kib))) = (words.next(), words.next().map(str::parse::<f64>)) else {
                    continue;
                };
                match name {
                    "Pss:" => sum.pss += kib,
                    "Pss_Anon:" => sum.pss_anonymous += kib,
                    "Pss_File:" => sum.pss_file += kib,
                    "Private_Dirty:" => sum.private_dirty += kib,
                    _ => {}
                }
            }
        }
        let count = processes.len().max(1) as f64;
        let Self { pss, pss_anonymous, pss_file, private_dirty } = sum;
        Ok(Self {
            pss: pss / count,
            pss_anonymous: pss_anonymous / count,
            pss_file: pss_file / count,
            private_dirty: private_dirty / count,
        })
    }

    /// Returns the figures as cells of a table.
    pub(crate) fn cells(self) -> [String; 4] {
        [self.pss, self.pss_anonymous, self.pss_file, self.private_dirty].map(|kib| format!("{kib:.0} KiB"))
    }
}
