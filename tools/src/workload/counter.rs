//! The checker of counters: at the end every node reads the same value, which is the sum of all additions.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::{CheckResult, Completion, History, Operation, Workload};
use crate::random::Rng;
use crate::world::NodeIndex;

/// The most different sums at the end that are told apart; of more, only the least and the greatest are
/// known. Every addition of unknown outcome may double them, and deltas are small, so that hundreds of those
/// fit.
const SUMS_MAX: usize = 1_024;

/// The most different values that are listed for nodes that do not agree. Chosen: they fit on a line.
const VALUES_MAX: usize = 8;

/// The workloads `g-counter` and `pn-counter`.
#[derive(Debug)]
pub(super) struct Counter {
    negative: bool,
}

impl Counter {
    pub(super) fn grow_only() -> Self {
        Self { negative: false }
    }

    pub(super) fn both_ways() -> Self {
        Self { negative: true }
    }
}

impl Workload for Counter {
    fn next(&mut self, rng: &mut Rng) -> Vec<String> {
        if rng.percent(50) {
            return vec!["read".to_owned()];
        }
        let delta = if self.negative {
            i64::try_from(rng.below(10)).unwrap_or(0) - 5
        } else {
            i64::try_from(rng.below(5)).unwrap_or(0)
        };
        vec!["add".to_owned(), delta.to_string()]
    }

    fn last(&self) -> Option<Vec<String>> {
        Some(vec!["read".to_owned()])
    }

    fn check(&self, history: &History) -> CheckResult {
        let mut verdict = CheckResult::default();
        let additions = Additions::of(history);
        let mut finals: BTreeMap<i128, Vec<usize>> = BTreeMap::new();
        for (index, read) in history.of_kind("read").filter(|(_, read)| read.is_ok()) {
            let node = history.node(read.node);
            let text = read.text().unwrap_or("nothing");
            let Ok(value) = text.parse::<i128>() else {
                verdict.problem("no_number", format!("{node} read {text}, which is no integer"), vec![index]);
                continue;
            };
            if read.last {
                finals.entry(value).or_default().push(index);
                if let Some(expected) = additions.wrong_at_the_end(value) {
                    let message = format!("{node} read {value} at the end; expected {expected}");
                    let mut operations = vec![index];
                    operations.extend(&additions.unknown);
                    verdict.problem("wrong_sum", message, operations);
                }
            } else {
                let (least, most) = additions.possible_before(read.completed);
                if !(least..=most).contains(&value) {
                    let message = format!(
                        "{node} read {value}, but what had been asked for until then sums to between {least} and {most}"
                    );
                    verdict.problem("impossible_sum", message, vec![index]);
                }
            }
        }
        disagreement(history, &finals, &mut verdict);
        unread(history, &mut verdict);
        verdict.counted("acknowledged", additions.acknowledged);
        verdict.counted("unknown", additions.unknown.len());
        verdict
    }
}

/// Finds final reads that are not all the same.
fn disagreement(history: &History, finals: &BTreeMap<i128, Vec<usize>>, verdict: &mut CheckResult) {
    if finals.len() < 2 {
        return;
    }
    let each: Vec<String> = finals
        .iter()
        .take(VALUES_MAX)
        .map(|(value, reads)| {
            let node = history.node(history.operations()[reads[0]].node);
            match reads.len() {
                1 => format!("{node} read {value}"),
                count => format!("{node} and {} more read {value}", count - 1),
            }
        })
        .collect();
    let message = format!("nodes do not agree at the end: {}", each.join(", "));
    verdict.problem("disagreement", message, finals.values().map(|reads| reads[0]).collect());
}

/// Finds nodes that answered no final read though a client asked for one.
pub(super) fn unread(history: &History, verdict: &mut CheckResult) {
    let mut finals: BTreeMap<NodeIndex, Vec<(usize, &Operation)>> = BTreeMap::new();
    for (index, read) in history.operations().iter().enumerate().filter(|(_, one)| one.last) {
        finals.entry(read.node).or_default().push((index, read));
    }
    for (node, reads) in finals {
        if !reads.iter().any(|(_, read)| read.is_ok()) {
            let message = format!("{} did not answer a read at the end", history.node(node));
            let operations = reads.into_iter().map(|(index, _)| index).collect();
            verdict.problem("no_final_read", message, operations);
        }
    }
}

/// The additions to the counter.
struct Additions {
    /// The sum of what nodes acknowledged.
    sum: i128,
    /// The lowest and the highest sum of the additions of unknown outcome.
    below: i128,
    above: i128,
    /// The sums that are possible; none if there are too many.
    sums: Option<BTreeSet<i128>>,
    acknowledged: usize,
    unknown: Vec<usize>,
    /// For each addition the time at which it was asked for, and the lowest and the highest sum of all
    /// additions until then.
    reach: Vec<(Duration, i128, i128)>,
}

impl Additions {
    fn of(history: &History) -> Self {
        let mut additions = Self {
            sum: 0,
            below: 0,
            above: 0,
            sums: None,
            acknowledged: 0,
            unknown: Vec::new(),
            reach: Vec::new(),
        };
        let (mut asked, mut open) = (Vec::new(), Vec::new());
        for (index, add) in history.of_kind("add") {
            let delta: i128 = add.argument(0).parse().unwrap_or(0);
            match add.outcome {
                Completion::Ok(_) => {
                    additions.sum += delta;
                    additions.acknowledged += 1;
                }
                Completion::Unknown { .. } => {
                    additions.below += delta.min(0);
                    additions.above += delta.max(0);
                    additions.unknown.push(index);
                    open.push(delta);
                }
                Completion::Failed { .. } => continue,
            }
            asked.push((add.invoked, delta));
        }
        additions.sums = sums(additions.sum, &open);
        asked.sort_unstable();
        let (mut below, mut above) = (0, 0);
        for (invoked, delta) in asked {
            below += delta.min(0);
            above += delta.max(0);
            additions.reach.push((invoked, below, above));
        }
        additions
    }

    /// Returns the expected value at the end, if it is not this one.
    fn wrong_at_the_end(&self, value: i128) -> Option<String> {
        let (least, most) = (self.sum + self.below, self.sum + self.above);
        if self.sums.as_ref().map_or((least..=most).contains(&value), |sums| sums.contains(&value)) {
            None
        } else if least == most {
            Some(format!("{least}, the sum of {} acknowledged additions", self.acknowledged))
        } else {
            let may = match &self.sums {
                Some(sums) if sums.len() <= VALUES_MAX => {
                    sums.iter().map(i128::to_string).collect::<Vec<_>>().join(" or ")
                }
                Some(_) => format!("a sum of some of them between {least} and {most}"),
                None => format!("between {least} and {most}"),
            };
            Some(format!("{} from acknowledged additions, with those of unknown outcome {may}", self.sum))
        }
    }

    fn possible_before(&self, moment: Duration) -> (i128, i128) {
        let until = self.reach.partition_point(|(invoked, ..)| *invoked <= moment);
        until.checked_sub(1).map_or((0, 0), |last| (self.reach[last].1, self.reach[last].2))
    }
}

/// Returns the sums that are possible if each open addition may have happened or not; none if there are too
/// many.
fn sums(sum: i128, open: &[i128]) -> Option<BTreeSet<i128>> {
    let mut sums = BTreeSet::from([sum]);
    for delta in open.iter().filter(|delta| **delta != 0) {
        let with: Vec<i128> = sums.iter().map(|sum| sum + delta).collect();
        sums.extend(with);
        if sums.len() > SUMS_MAX {
            return None;
        }
    }
    Some(sums)
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::*;

    fn messages(sample: &Sample) -> Vec<String> {
        let verdict = Counter::both_ways().check(&sample.history);
        verdict.problems.into_iter().map(|problem| problem.message).collect()
    }

    #[test]
    fn the_sum_is_that_of_what_was_acknowledged() {
        let mut sample = Sample::new();
        sample.done(0, "add 5").text(0, "read", "3").done(1, "add -2").failed(2, "add 9", "unavailable");
        let before = sample.history.clone();
        sample.last_texts(["3", "3", "3"]);
        assert_eq!(messages(&sample), Vec::<String>::new());
        sample.history = before;
        sample.last_texts(["3", "5", "x"]);
        assert_eq!(
            messages(&sample),
            [
                "n1 read 5 at the end; expected 3, the sum of 2 acknowledged additions",
                "n2 read x, which is no integer",
                "nodes do not agree at the end: n0 read 3, n1 read 5",
            ]
        );
    }

    #[test]
    fn what_nobody_knows_of_may_be_in_it() {
        let mut sample = Sample::new();
        sample.done(0, "add 5").unknown(1, "add 4").unknown(1, "add -1");
        let before = sample.history.clone();
        for sum in ["4", "5", "8", "9"] {
            sample.history = before.clone();
            sample.last_texts([sum, sum, sum]);
            assert_eq!(messages(&sample), Vec::<String>::new());
        }
        sample.history = before;
        sample.last_texts(["7", "5", "7"]);
        let expected =
            "expected 5 from acknowledged additions, with those of unknown outcome 4 or 5 or 8 or 9";
        assert_eq!(
            messages(&sample),
            [
                format!("n0 read 7 at the end; {expected}"),
                format!("n2 read 7 at the end; {expected}"),
                "nodes do not agree at the end: n1 read 5, n0 and 1 more read 7".to_owned(),
            ]
        );
    }

    #[test]
    fn nodes_agree_even_on_what_nobody_knows_of() {
        let mut sample = Sample::new();
        sample.done(0, "add 5").unknown(1, "add 2").unknown(1, "add -1").last_texts(["7", "4", "5"]);
        assert_eq!(messages(&sample), ["nodes do not agree at the end: n1 read 4, n2 read 5, n0 read 7"]);
    }

    #[test]
    fn of_too_many_sums_the_ends_are_known() {
        let mut sample = Sample::new();
        for power in 0..12 {
            sample.unknown(1, &format!("add {}", 3_i64 << power));
        }
        let before = sample.history.clone();
        sample.last_texts(["7", "7", "7"]);
        assert_eq!(messages(&sample), Vec::<String>::new());
        sample.history = before;
        sample.last_texts(["-1", "-1", "-1"]);
        assert!(messages(&sample)[0].ends_with("unknown outcome between 0 and 12285"));
    }

    #[test]
    fn nothing_is_read_before_it_was_asked_for() {
        let mut sample = Sample::new();
        sample.done(0, "add 1").text(1, "read", "4").done(0, "add 3").text(1, "read", "0");
        sample.last_texts(["4", "4", "4"]);
        assert_eq!(
            messages(&sample),
            ["n1 read 4, but what had been asked for until then sums to between 0 and 1"]
        );
    }

    #[test]
    fn a_node_that_answers_no_read_at_the_end_is_named_and_one_that_is_not_asked_is_not() {
        let mut sample = Sample::new();
        sample.done(0, "add 1").last_unknown(2);
        assert_eq!(messages(&sample), ["n2 did not answer a read at the end"]);
        // Several clients may read a node, and one answer is enough.
        sample.last_texts(["1", "1", "1"]);
        assert_eq!(messages(&sample), Vec::<String>::new());
    }

    #[test]
    fn a_sum_with_a_fraction_is_no_integer() {
        let mut sample = Sample::new();
        sample.done(0, "add 5").last_texts(["5", "5.0", "5"]);
        assert_eq!(messages(&sample), ["n1 read 5.0, which is no integer"]);
    }
}
