//! The workload of linearizable registers: each behaves like a single copy.

use std::collections::BTreeMap;

use super::keys::Keys;
use super::linearizable::{self, Call, Contradiction, Interval, Linearizability, NOTHING};
use super::{CheckResult, Completion, History, Operation, Options, Workload, moment};
use crate::random::Rng;
use crate::text::value;

/// The number of different values, as in Jepsen's test of linearizable registers. It is small, so that an
/// exchange often finds the value that it expects.
const VALUES: u64 = 5;

/// The most keys that are read once more at the end. Chosen: it takes a second or two, and what was lost long before has
/// been read meanwhile.
const READ_BACK_MAX: usize = 300;

/// The workload `lin-kv`: `read`, `write` and `cas` of keys that must be linearizable.
///
/// A read that finds no key, or `null`, has read that the register holds nothing. A read with several values
/// counts as not answered. An exchange that was refused has not happened, and says nothing about the
/// register.
#[derive(Debug)]
pub(super) struct LinKv {
    keys: Keys,
    exchanges: bool,
}

impl LinKv {
    pub(super) fn new(options: &Options) -> Self {
        Self { keys: Keys::new(options), exchanges: options.exchanges }
    }
}

impl Workload for LinKv {
    fn next(&mut self, rng: &mut Rng) -> Vec<String> {
        let place = rng.index(self.keys.len());
        let mut value = || rng.below(VALUES).to_string();
        let (one, other) = (value(), value());
        match rng.below(if self.exchanges { 3 } else { 2 }) {
            0 => vec!["read".to_owned(), self.keys.key(place).to_string()],
            // Without exchanges, no value has to come again: each names its write.
            1 if !self.exchanges => {
                let (key, number) = self.keys.write(place);
                vec!["write".to_owned(), key.to_string(), number.to_string()]
            }
            1 => vec!["write".to_owned(), self.keys.write(place).0.to_string(), one],
            _ => vec!["cas".to_owned(), self.keys.write(place).0.to_string(), one, other],
        }
    }

    fn read_back(&self) -> Vec<Vec<String>> {
        let read = |key: u64| vec!["read".to_owned(), key.to_string()];
        self.keys.all().take(READ_BACK_MAX).map(read).collect()
    }

    fn check(&self, history: &History) -> CheckResult {
        let mut verdict = CheckResult::default();
        let mut registers: BTreeMap<&str, Register<'_>> = BTreeMap::new();
        for (index, operation) in history.operations().iter().enumerate() {
            if operation.kind() == "read" && operation.is_ok() && !is_one(operation) {
                let (node, key) = (history.node(operation.node), operation.argument(0));
                let message = format!("{node} was asked for key {key}, and its answer is no value");
                verdict.problem("malformed", message, vec![index]);
                continue;
            }
            registers.entry(operation.argument(0)).or_default().add(index, operation);
        }
        for (key, register) in &registers {
            match linearizable::judge(&register.intervals) {
                Linearizability::Linearizable => {}
                Linearizability::Not(found) => register.report(key, history, &found, &mut verdict),
                Linearizability::Undecided { at } => {
                    let at = moment(history.operations()[register.operations[at]].completed);
                    verdict.undecided = Some(format!(
                        "key {key} has too much at the same time to be judged from {at} on: ask with fewer clients or more keys"
                    ));
                }
            }
        }
        verdict.counted("keys", registers.len());
        verdict.counted("judged", registers.values().map(|register| register.intervals.len()).sum());
        verdict
    }
}

/// Returns true if one value was answered: a list is none.
fn is_one(read: &Operation) -> bool {
    read.text().is_some_and(|text| value::members(text).is_none())
}

/// The calls to one register.
#[derive(Default)]
struct Register<'a> {
    intervals: Vec<Interval>,
    /// The operations of these intervals, by their indices in the history.
    operations: Vec<usize>,
    /// The values by their numbers, which begin at 1.
    values: Vec<&'a str>,
    number_of: BTreeMap<&'a str, u32>,
}

impl<'a> Register<'a> {
    fn add(&mut self, index: usize, operation: &'a Operation) {
        let known = match &operation.outcome {
            Completion::Ok(_) => true,
            Completion::Failed { code, .. } if code == "absent" && operation.kind() == "read" => true,
            Completion::Failed { .. } => return,
            Completion::Unknown { .. } => false,
        };
        let call = match operation.kind() {
            "read" if !known => return,
            // Nodes in some languages most easily answer `null` for a key that does not exist.
            "read" => Call::Read(match operation.text() {
                None | Some("null") => NOTHING,
                Some(text) => self.number(text),
            }),
            "write" => Call::Write(self.number(operation.argument(1))),
            "cas" => {
                let (from, to) = (operation.argument(1), operation.argument(2));
                Call::Exchange { from: self.number(from), to: self.number(to) }
            }
            _ => return,
        };
        let end = known.then_some(operation.completed);
        self.intervals.push(Interval { call, begin: operation.invoked, end });
        self.operations.push(index);
    }

    fn number(&mut self, text: &'a str) -> u32 {
        *self.number_of.entry(text).or_insert_with(|| {
            self.values.push(text);
            u32::try_from(self.values.len()).unwrap_or(u32::MAX)
        })
    }

    fn value(&self, number: u32) -> &'a str {
        (number as usize).checked_sub(1).map_or("nothing", |index| self.values[index])
    }

    fn report(&self, key: &str, history: &History, found: &Contradiction, verdict: &mut CheckResult) {
        let operation = &history.operations()[self.operations[found.at]];
        let (did, value) = match self.intervals[found.at].call {
            Call::Read(value) => ("read", value),
            Call::Exchange { from, .. } => ("exchanged", from),
            Call::Write(value) => ("wrote", value),
        };
        let possible: Vec<&str> = found.possible.iter().map(|number| self.value(*number)).collect();
        let message = format!(
            "{} {did} {} of key {key} by {}, but it can only have held {}",
            history.node(operation.node),
            self.value(value),
            moment(operation.completed),
            possible.join(" or "),
        );
        let mut operations = vec![found.at];
        operations.extend(self.last_write_before(found.at, &[value]));
        operations.extend(self.last_write_before(found.at, &found.possible));
        operations.extend(&found.concurrent);
        let mut shown = Vec::new();
        for at in operations {
            if !shown.contains(&self.operations[at]) {
                shown.push(self.operations[at]);
            }
        }
        verdict.problem_of_order("not_linearizable", message, shown, || self.longest_order());
    }

    /// Returns the longest order of the calls, and those that do not fit, by their indices in the history; nothing
    /// where the search would cost too much.
    fn longest_order(&self) -> (Vec<usize>, Vec<usize>) {
        let of = |calls: Vec<usize>| calls.into_iter().map(|at| self.operations[at]).collect();
        linearizable::longest_order(&self.intervals)
            .map_or_else(Default::default, |found| (of(found.order), of(found.misfits)))
    }

    /// Returns the last write of one of these values before that call began.
    fn last_write_before(&self, at: usize, values: &[u32]) -> Option<usize> {
        let begin = self.intervals[at].begin;
        let writes = self.intervals.iter().enumerate().filter(|(_, one)| match one.call {
            Call::Write(to) | Call::Exchange { to, .. } => values.contains(&to),
            Call::Read(_) => false,
        });
        let before = writes.filter_map(|(at, one)| Some((one.end?, at)));
        before.filter(|(end, _)| *end <= begin).max().map(|(_, at)| at)
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::*;

    fn check(sample: &Sample) -> CheckResult {
        LinKv::new(&Options::default()).check(&sample.history)
    }

    #[test]
    fn a_stale_read_is_shown_with_the_writes() {
        let mut sample = Sample::new();
        sample.failed(0, "read 1", "absent").done(0, "write 1 3").text(1, "read 1", "3");
        sample.done(1, "cas 1 3 4").failed(2, "cas 1 3 5", "precondition_failed").done(2, "write 2 3");
        sample.text(0, "read 2", "3").text(2, "read 1", "4");
        assert!(check(&sample).is_valid());
        sample.text(2, "read 1", "3");
        let verdict = check(&sample);
        assert_eq!(verdict.problems[0].message, "n2 read 3 of key 1 by 0.170 s, but it can only have held 4");
        assert_eq!(verdict.problems[0].operations, [8, 1, 3]);
        // The refused exchange, and the operations of the other key, have no place in the order.
        assert_eq!(verdict.problems[0].order, [0, 1, 2, 3, 7]);
        assert_eq!(verdict.problems[0].misfits, [8]);
        let told = "operation #8 does not fit: the other 5 have an order";
        assert_eq!(verdict.problems[0].misfits_in_words().as_deref(), Some(told));
        assert_eq!((verdict.found, verdict.count("keys")), (1, Some(2)));
    }

    #[test]
    fn a_key_that_is_there_is_not_absent() {
        let mut sample = Sample::new();
        sample.done(0, "write 1 3").failed(1, "read 1", "absent");
        assert_eq!(
            check(&sample).problems[0].message,
            "n1 read nothing of key 1 by 0.030 s, but it can only have held 3"
        );
    }

    #[test]
    fn a_text_is_not_the_value_that_it_spells() {
        let mut sample = Sample::new();
        sample.done(0, "write 1 5").text(1, "read 1", "\"5\"");
        assert_eq!(
            check(&sample).problems[0].message,
            "n1 read \"5\" of key 1 by 0.030 s, but it can only have held 5"
        );
    }

    #[test]
    fn null_is_nothing_and_a_list_is_no_value() {
        let mut sample = Sample::new();
        sample.text(0, "read 1", "null").done(0, "write 1 3");
        assert!(check(&sample).is_valid());
        sample.text(0, "read 1", "null").list(1, "read 1", "3");
        let messages: Vec<String> = check(&sample).problems.into_iter().map(|one| one.message).collect();
        assert_eq!(
            messages,
            [
                "n1 was asked for key 1, and its answer is no value",
                "n0 read nothing of key 1 by 0.050 s, but it can only have held 3",
            ]
        );
    }

    #[test]
    fn what_nobody_knows_of_may_have_happened() {
        let mut sample = Sample::new();
        sample.done(0, "write 1 3").unknown(0, "write 1 4").unknown(1, "read 1").text(1, "read 1", "3");
        sample.text(1, "read 1", "4");
        assert!(check(&sample).is_valid());
        sample.text(1, "read 1", "3");
        assert_eq!(check(&sample).found, 1);
        let mut failed = Sample::new();
        failed.done(0, "write 1 3").failed(0, "write 1 4", "unavailable").text(1, "read 1", "4");
        assert_eq!(check(&failed).found, 1);
    }

    #[test]
    fn what_is_concurrent_may_be_either() {
        let mut sample = Sample::new();
        sample
            .done(0, "write 1 3")
            .text(1, "read 1", "3")
            .text(1, "read 1", "4")
            .done(0, "write 1 4")
            .long(100);
        assert!(check(&sample).is_valid());
    }
}
