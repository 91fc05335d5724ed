//! The beginning and the end of a node's output: the cause of a failure stands at either.

/// Returns the first and the last `lines` of `count` lines, and between the two the number of lines left out.
pub(super) fn excerpt(count: usize, lines: usize, line: impl Fn(usize) -> String) -> Vec<String> {
    let shown = lines.saturating_mul(2);
    // A single line more takes the place of the note that it is left out.
    if count <= shown.saturating_add(1) {
        return (0..count).map(line).collect();
    }
    let left_out = format!("… {} more lines …", count - shown);
    let first = (0..lines).map(&line);
    first.chain([left_out]).chain((count - lines..count).map(&line)).collect()
}

/// The lines of one log: all of them, or its two ends if it is long.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogLines {
    /// All lines.
    Whole(Vec<String>),
    /// The lines of the beginning, and those of the end.
    Ends(Vec<String>, Vec<String>),
}

impl LogLines {
    /// Returns the first and the last `lines` of the log, with a line between them that says so.
    #[must_use]
    pub fn excerpt(self, lines: usize) -> Vec<String> {
        match self {
            Self::Whole(all) => excerpt(all.len(), lines, |line| all[line].clone()),
            Self::Ends(first, last) => {
                let left_out = last.len().saturating_sub(lines);
                let last = last.into_iter().skip(left_out);
                first.into_iter().take(lines).chain(["… more lines …".to_owned()]).chain(last).collect()
            }
        }
    }

    /// Applies a change to the lines of each part, in order.
    pub fn change(&mut self, mut change: impl FnMut(&mut Vec<String>)) {
        match self {
            Self::Whole(all) => change(all),
            Self::Ends(first, last) => {
                change(first);
                change(last);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(count: usize, lines: usize, expected: &str) {
        assert_eq!(excerpt(count, lines, |line| (line + 1).to_string()).join(" "), expected);
    }

    #[test]
    fn the_first_and_the_last_lines_are_shown() {
        check(0, 2, "");
        check(5, 2, "1 2 3 4 5");
        check(6, 2, "1 2 … 2 more lines … 5 6");
        check(100, 1, "1 … 98 more lines … 100");
        check(3, usize::MAX, "1 2 3");
    }
}
