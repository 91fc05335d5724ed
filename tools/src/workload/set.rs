//! The checker of sets: at the end every node holds each element that any node has acknowledged, and nothing
//! else.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::counter::unread;
use super::{CheckResult, Completion, Element, History, Operation, Options, Percentiles, Workload, moment};
use crate::random::Rng;
use crate::world::NodeIndex;

/// The workloads `broadcast` and `g-set`.
#[derive(Debug)]
pub(super) struct Set {
    /// The command that adds an element.
    add: &'static str,
    first: u64,
    next: u64,
    /// True if nodes may hold elements of before the run.
    holds_more: bool,
}

impl Set {
    pub(super) fn broadcast(options: &Options) -> Self {
        Self::of("broadcast", options)
    }

    pub(super) fn grow_only(options: &Options) -> Self {
        Self::of("add", options)
    }

    fn of(add: &'static str, options: &Options) -> Self {
        let first = if options.holds_more { options.first_key } else { 0 };
        Self { add, first, next: first, holds_more: options.holds_more }
    }

    /// Returns true for an element that nodes may hold from before the run: none that this run could add.
    fn may_be_older(&self, element: &str) -> bool {
        self.holds_more && element.parse::<u64>().map_or(true, |number| number < self.first)
    }
}

impl Workload for Set {
    fn next(&mut self, rng: &mut Rng) -> Vec<String> {
        if rng.percent(50) {
            return vec!["read".to_owned()];
        }
        self.next += 1;
        vec![self.add.to_owned(), (self.next - 1).to_string()]
    }

    fn last(&self) -> Option<Vec<String>> {
        Some(vec!["read".to_owned()])
    }

    fn check(&self, history: &History) -> CheckResult {
        let mut verdict = CheckResult::default();
        let additions = Additions::of(history, self.add);
        let reads = Read::all(history);
        let older = |element: &str| self.may_be_older(element);
        let seen = never_added(history, &additions, &reads, (&older, &mut verdict));
        verdict.counted("duplicated", duplicated(&reads));
        lost(history, &additions, &reads, &seen, &mut verdict);
        unlisted(history, &mut verdict);
        unread(history, &mut verdict);
        let stale = stale(&additions, &reads, &mut verdict);
        if verdict.found == 0
            && !additions.all.values().any(|one| reads.iter().any(|read| read.has(one.element)))
        {
            verdict.undecided =
                Some("no element was added and then read, so that nothing can be judged".to_owned());
        }
        verdict
            .counted("acknowledged", additions.all.values().filter(|one| one.acknowledged.is_some()).count());
        verdict.counted("stale", stale);
        verdict.counted("receded", receded(&reads));
        verdict
    }
}

/// An element that a client asked to add.
struct Addition<'a> {
    index: usize,
    operation: &'a Operation,
    /// The element, if it was ever read.
    element: Option<Element>,
    /// The time at which it was acknowledged, if it was.
    acknowledged: Option<Duration>,
    failed: bool,
}

struct Additions<'a> {
    all: BTreeMap<&'a str, Addition<'a>>,
}

impl<'a> Additions<'a> {
    fn of(history: &'a History, kind: &'a str) -> Self {
        let mut all = BTreeMap::new();
        for (index, operation) in history.of_kind(kind) {
            let text = operation.argument(0);
            let addition = Addition {
                index,
                operation,
                element: history.element(text),
                acknowledged: operation.is_ok().then_some(operation.completed),
                failed: matches!(operation.outcome, Completion::Failed { .. }),
            };
            all.insert(text, addition);
        }
        Self { all }
    }
}

/// A read that was answered.
struct Read<'a> {
    index: usize,
    operation: &'a Operation,
    list: &'a [Element],
    /// The elements in the list, one bit for each.
    holds: Vec<u64>,
}

impl<'a> Read<'a> {
    /// Returns all reads with a list, in the order in which they were asked for.
    fn all(history: &'a History) -> Vec<Self> {
        let words = history.elements().len().div_ceil(64);
        let mut reads: Vec<Self> = history
            .of_kind("read")
            .filter_map(|(index, operation)| {
                let list = operation.list()?;
                let mut holds = vec![0; words];
                for element in list {
                    holds[element.index() / 64] |= 1 << (element.index() % 64);
                }
                Some(Self { index, operation, list, holds })
            })
            .collect();
        reads.sort_by_key(|read| (read.operation.invoked, read.index));
        reads
    }

    fn has(&self, element: Option<Element>) -> bool {
        element.is_some_and(|element| {
            self.holds.get(element.index() / 64).is_some_and(|word| word >> (element.index() % 64) & 1 == 1)
        })
    }
}

/// Finds reads whose answer is no list: their content is unknown.
fn unlisted(history: &History, verdict: &mut CheckResult) {
    let unlisted = |read: &Operation| read.is_ok() && read.list().is_none();
    for (index, read) in history.of_kind("read").filter(|(_, read)| unlisted(read)) {
        let said = read.text().unwrap_or("nothing");
        let message = format!("{} was read and answered {said}, which is no list", history.node(read.node));
        verdict.problem("no_list", message, vec![index]);
    }
}

/// Finds elements that were read and cannot be there. Nodes may hold those for which `older` is true from before.
/// Returns for each element the first read, by its end, that has it.
fn never_added(
    history: &History,
    additions: &Additions<'_>,
    reads: &[Read<'_>],
    (older, verdict): (&dyn Fn(&str) -> bool, &mut CheckResult),
) -> Vec<Option<usize>> {
    let mut first: Vec<Option<usize>> = vec![None; history.elements().len()];
    for (at, read) in reads.iter().enumerate() {
        for element in read.list {
            let known = &mut first[element.index()];
            if known.is_none_or(|known| reads[known].operation.completed > read.operation.completed) {
                *known = Some(at);
            }
        }
    }
    let mut unexpected = 0;
    for (text, at) in history.elements().iter().zip(&first) {
        let Some(read) = at.map(|at| &reads[at]) else { continue };
        let node = history.node(read.operation.node);
        let (why, mut operations) = match additions.all.get(text.as_str()) {
            None if older(text) => continue,
            None => ("nobody ever added it".to_owned(), Vec::new()),
            Some(one) if one.failed => {
                (format!("{} refused to take it", history.node(one.operation.node)), vec![one.index])
            }
            Some(one) if one.operation.invoked > read.operation.completed => {
                (format!("it was added only at {}", moment(one.operation.invoked)), vec![one.index])
            }
            Some(_) => continue,
        };
        unexpected += 1;
        operations.push(read.index);
        let message = format!("{text} was read at {node} at {}, but {why}", moment(read.operation.completed));
        verdict.problem("unexpected", message, operations);
    }
    verdict.counted("unexpected", unexpected);
    first
}

/// Counts the elements that stand twice in one answer. Maelstrom accepts this, and so it is no problem: a set is
/// the same however often an element is listed.
fn duplicated(reads: &[Read<'_>]) -> usize {
    let mut twice: BTreeSet<Element> = BTreeSet::new();
    for read in reads {
        let distinct: u32 = read.holds.iter().map(|word| word.count_ones()).sum();
        if read.list.len() != distinct as usize {
            let mut seen = BTreeSet::new();
            twice.extend(read.list.iter().filter(|element| !seen.insert(**element)));
        }
    }
    twice.len()
}

/// Finds elements that were acknowledged, or read somewhere, and are not on every node at the end.
fn lost(
    history: &History,
    additions: &Additions<'_>,
    reads: &[Read<'_>],
    seen: &[Option<usize>],
    verdict: &mut CheckResult,
) {
    let last: Vec<&Read<'_>> = reads.iter().filter(|read| read.operation.last).collect();
    let mut missing: Vec<(&str, &Addition<'_>, Vec<&Read<'_>>)> = Vec::new();
    for (text, addition) in additions.all.iter().filter(|(_, addition)| !addition.failed) {
        let read = addition.element.and_then(|element| seen[element.index()]);
        if addition.acknowledged.is_some() || read.is_some() {
            let without: Vec<_> = last.iter().copied().filter(|read| !read.has(addition.element)).collect();
            if !without.is_empty() {
                missing.push((text, addition, without));
            }
        }
    }
    // The elements that were lost first come first.
    missing.sort_by_key(|(_, addition, _)| (addition.operation.completed, addition.index));
    verdict.counted("lost", missing.len());
    for (text, addition, without) in missing {
        let node = history.node(addition.operation.node);
        let mut operations = vec![addition.index];
        let known = match (addition.acknowledged, addition.element.and_then(|element| seen[element.index()]))
        {
            (Some(at), _) => format!("acknowledged by {node} at {}", moment(at)),
            (None, Some(at)) => {
                let read = &reads[at];
                operations.push(read.index);
                format!(
                    "read at {} at {}",
                    history.node(read.operation.node),
                    moment(read.operation.completed)
                )
            }
            (None, None) => continue,
        };
        // Several clients may have read a node.
        let nodes: BTreeSet<NodeIndex> = without.iter().map(|read| read.operation.node).collect();
        let nodes: Vec<&str> = nodes.into_iter().map(|node| history.node(node)).collect();
        let place = if without.len() == last.len() {
            "in no final read".to_owned()
        } else {
            format!("not in the final read of {}", nodes.join(", "))
        };
        operations.extend(without.iter().map(|read| read.index));
        verdict.problem("lost", format!("{text}, {known}, is {place}"), operations);
    }
}

/// Measures the time after its acknowledgement during which an element was missing somewhere: until the last read
/// that lacks it began. That time has no end for an element that a final read lacks. Returns the number of
/// elements that were missing for a time.
fn stale(additions: &Additions<'_>, reads: &[Read<'_>], verdict: &mut CheckResult) -> usize {
    let (mut stale, mut never, mut latencies) = (0, 0, Vec::new());
    for addition in additions.all.values() {
        let Some(acknowledged) = addition.acknowledged else { continue };
        let after = reads.partition_point(|read| read.operation.invoked < acknowledged);
        let later = &reads[after..];
        let lacks = |read: &Read<'_>| !read.has(addition.element);
        match later.iter().rposition(lacks) {
            // No client has read since.
            None if later.is_empty() => {}
            None => latencies.push(Duration::ZERO),
            Some(_) if later.iter().any(|read| read.operation.last && lacks(read)) => never += 1,
            Some(at) if at + 1 == later.len() => never += 1,
            Some(at) => {
                stale += 1;
                latencies.push(later[at].operation.invoked.saturating_sub(acknowledged));
            }
        }
    }
    verdict.times.extend(Percentiles::of(latencies, never).map(|times| ("stable_latency", times)));
    stale
}

/// Counts the reads of a client that gave less than its earlier read at the same node. This is allowed, and worth
/// knowing.
fn receded(reads: &[Read<'_>]) -> usize {
    let mut before: BTreeMap<(usize, usize), &Read<'_>> = BTreeMap::new();
    let mut count = 0;
    for read in reads {
        let client = (read.operation.client, read.operation.node.0);
        if let Some(before) = before.insert(client, read) {
            count += usize::from(before.holds.iter().zip(&read.holds).any(|(had, has)| had & !has != 0));
        }
    }
    count
}

#[cfg(test)]
mod tests {
    use super::super::sample::Sample;
    use super::*;

    fn check(sample: &Sample) -> CheckResult {
        Set::broadcast(&Options::default()).check(&sample.history)
    }

    fn messages(sample: &Sample) -> Vec<String> {
        check(sample).problems.into_iter().map(|problem| problem.message).collect()
    }

    #[test]
    fn all_that_was_acknowledged_is_everywhere_at_the_end() {
        let mut sample = Sample::new();
        sample.done(0, "broadcast 1").list(1, "read", "").list(2, "read", "1").unknown(1, "broadcast 2");
        sample.list(1, "read", "1").failed(2, "broadcast 3", "unavailable");
        sample.last_lists(["1", "1", "1"]);
        let verdict = check(&sample);
        assert!(verdict.is_valid(), "{verdict:?}");
        assert_eq!((verdict.count("acknowledged"), verdict.count("stale")), (Some(1), Some(1)));
        // Acknowledged at 10 ms; the last read without it began at 20 ms.
        assert_eq!(verdict.times[0].1.max, Some(Duration::from_millis(10)));
    }

    #[test]
    fn a_lost_element_is_shown_with_who_lacks_it() {
        let mut sample = Sample::new();
        sample.done(0, "broadcast 1").done(1, "broadcast 2").done(2, "broadcast 3");
        sample.last_lists(["1 3", "1 3", "3"]);
        assert_eq!(
            messages(&sample),
            [
                "1, acknowledged by n0 at 0.010 s, is not in the final read of n2",
                "2, acknowledged by n1 at 0.030 s, is in no final read",
            ]
        );
        let verdict = check(&sample);
        assert_eq!((verdict.count("lost"), &verdict.problems[0].operations[..]), (Some(2), &[0, 5][..]));
    }

    #[test]
    fn what_somebody_has_read_is_everywhere_even_if_nobody_promised_it() {
        let mut sample = Sample::new();
        sample.unknown(0, "broadcast 1").list(1, "read", "1");
        sample.last_lists(["1", "", "1"]);
        assert_eq!(messages(&sample), ["1, read at n1 at 0.030 s, is not in the final read of n1"]);
    }

    #[test]
    fn what_nobody_added_is_unexpected() {
        let mut sample = Sample::new();
        sample.failed(0, "broadcast 1", "refused").list(1, "read", "2 7 1").done(2, "broadcast 2");
        sample.last_lists(["2", "2", "2"]);
        assert_eq!(
            messages(&sample),
            [
                "2 was read at n1 at 0.030 s, but it was added only at 0.040 s",
                "7 was read at n1 at 0.030 s, but nobody ever added it",
                "1 was read at n1 at 0.030 s, but n0 refused to take it",
            ]
        );
    }

    #[test]
    fn a_text_is_not_the_element_that_it_spells() {
        for workload in [Set::broadcast(&Options::default()), Set::grow_only(&Options::default())] {
            let mut sample = Sample::new();
            sample.done(0, &format!("{} 5", workload.add)).last_lists(["5", "\"5\"", "5"]);
            let verdict = workload.check(&sample.history);
            let messages: Vec<&str> =
                verdict.problems.iter().map(|problem| problem.message.as_str()).collect();
            assert_eq!(
                messages,
                [
                    "\"5\" was read at n1 at 0.050 s, but nobody ever added it",
                    "5, acknowledged by n0 at 0.010 s, is not in the final read of n1",
                ]
            );
        }
    }

    #[test]
    fn an_element_that_is_listed_twice_is_counted_and_no_problem() {
        let mut sample = Sample::new();
        sample.done(0, "broadcast 1").done(0, "broadcast 2");
        sample.last_lists(["1 2", "2 1 2", "1 2"]);
        let verdict = check(&sample);
        assert!(verdict.is_valid());
        assert_eq!(verdict.count("duplicated"), Some(1));
    }

    #[test]
    fn the_latency_of_an_element_that_was_lost_has_no_end() {
        let mut sample = Sample::new();
        sample.done(0, "broadcast 1").done(0, "broadcast 2").list(1, "read", "1");
        // The read that began last has both.
        sample.last_lists(["1 2", "1", "1 2"]);
        let times = check(&sample).times[0].1;
        assert_eq!((times.count, times.never), (1, 1));
        assert_eq!((times.p50, times.p95, times.max), (Some(Duration::ZERO), None, None));
    }

    #[test]
    fn what_no_client_added_or_read_cannot_be_judged() {
        let mut sample = Sample::new();
        sample.last_lists(["", "", ""]);
        assert_eq!((check(&sample).found, check(&sample).undecided.is_some()), (0, true));
        let mut sample = Sample::new();
        sample.unknown(0, "broadcast 1").last_lists(["", "", ""]);
        assert!(check(&sample).undecided.is_some());
        let mut sample = Sample::new();
        sample.unknown(0, "broadcast 1").last_lists(["1", "1", "1"]);
        assert!(check(&sample).is_valid());
    }

    #[test]
    fn a_number_with_a_fraction_is_not_the_whole_number_that_it_equals() {
        let mut sample = Sample::new();
        sample.done(0, "broadcast 5").last_lists(["5", "5.0", "5"]);
        assert!(messages(&sample)[1].contains("is not in the final read of n1"), "{:?}", messages(&sample));
    }

    #[test]
    fn who_answers_a_read_with_no_list_is_named() {
        let mut sample = Sample::new();
        sample.done(0, "broadcast 1").done(1, "read").last_texts(["1", "null", "1"]);
        assert_eq!(
            messages(&sample),
            [
                "n1 was read and answered nothing, which is no list",
                "n0 was read and answered 1, which is no list",
                "n1 was read and answered null, which is no list",
                "n2 was read and answered 1, which is no list",
            ]
        );
    }

    #[test]
    fn elements_of_before_are_expected_where_nodes_ran_before() {
        let options = Options::default().beside_older_data(5_000);
        let (mut set, mut rng) = (Set::grow_only(&options), Rng::new(1));
        let added = (0..100).map(|_| set.next(&mut rng)).find(|words| words.len() == 2);
        assert_eq!(added.as_ref().map(|words| words[1].as_str()), Some("5000000"));
        assert!(set.may_be_older("x") && set.may_be_older("4999999") && !set.may_be_older("5000001"));
        assert!(!Set::grow_only(&Options::default()).may_be_older("x"));
    }

    #[test]
    fn to_read_less_than_before_is_counted() {
        let mut sample = Sample::new();
        sample.done(0, "broadcast 1").list(1, "read", "1").list(1, "read", "").last_lists(["1", "1", "1"]);
        let verdict = check(&sample);
        assert!(verdict.is_valid());
        assert_eq!(verdict.count("receded"), Some(1));
    }
}
