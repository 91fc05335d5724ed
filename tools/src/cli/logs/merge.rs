//! The merge of several logs into one, by time.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use super::catalogue::Log;
use super::error::LogsError;
use super::file::Line;

/// Hands on the unread lines of the logs in `which`, in the order of their times; of equal times, in the
/// order of the logs. Lines of one log keep their order.
///
/// At most one line of each log is held at a time. A line without a time of its own has the time of the line
/// before, so it follows that line directly.
pub(super) fn merge(
    logs: &mut [Log],
    which: &[usize],
    ended: bool,
    mut take: impl FnMut(usize, &Log, Line) -> Result<(), LogsError>,
) -> Result<(), LogsError> {
    let mut heads: Vec<Option<Line>> = vec![None; logs.len()];
    let mut queue = BinaryHeap::new();
    for &index in which {
        heads[index] = logs[index].file.next(ended)?;
        queue.extend(heads[index].as_ref().map(|line| Reverse((line.time, index))));
    }
    while let Some(Reverse((_, index))) = queue.pop() {
        let Some(line) = heads[index].take() else { continue };
        take(index, &logs[index], line)?;
        heads[index] = logs[index].file.next(ended)?;
        queue.extend(heads[index].as_ref().map(|line| Reverse((line.time, index))));
    }
    Ok(())
}
