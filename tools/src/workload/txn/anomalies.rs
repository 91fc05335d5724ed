//! Anomalies of transactions, after Adya, "Weak Consistency: A Generalized Theory and Optimistic
//! Implementations for Distributed Transactions" (1999). They are found by inference, as Elle does it
//! (Kingsbury and Alvaro 2020). Values are unique, so that the writer of each value that was read is known. A
//! transaction that reads or writes a value, and then writes another one, shows the order of the two.

use std::collections::{BTreeMap, BTreeSet};

use super::graph::{Graph, TRIED_MAX};
use super::transaction::{Fate, Transaction};
use crate::workload::{CheckResult, ConsistencyModel, History};

/// The anomalies, each with the weakest model that forbids it. Transactions see their own writes only from
/// atomic views on, which are not checked here: a violation is counted, and allowed.
const ANOMALIES: &[(&str, Option<ConsistencyModel>)] = &[
    ("malformed", Some(ConsistencyModel::ReadUncommitted)),
    ("garbage_read", Some(ConsistencyModel::ReadUncommitted)),
    ("internal", None),
    ("cyclic_versions", Some(ConsistencyModel::ReadUncommitted)),
    ("G0", Some(ConsistencyModel::ReadUncommitted)),
    ("G1a", Some(ConsistencyModel::ReadCommitted)),
    ("G1b", Some(ConsistencyModel::ReadCommitted)),
    ("G1c", Some(ConsistencyModel::ReadCommitted)),
];

/// A value of a key.
type Version<'a> = (&'a str, &'a str);

/// The reason why one transaction comes before another.
#[derive(Debug, Clone, Copy)]
enum Reason<'a> {
    /// It wrote the value that the other overwrote.
    Overwritten { old: Version<'a>, new: &'a str },
    /// It wrote the value that the other read.
    Read(Version<'a>),
}

/// Judges the transactions of a history.
pub(super) fn check(history: &History, model: ConsistencyModel) -> CheckResult {
    let mut found = Found { model, verdict: CheckResult::default(), counts: BTreeMap::new() };
    let mut transactions = Vec::new();
    for (index, operation) in history.of_kind("txn") {
        let (transaction, wrong) = Transaction::of(index, operation);
        transactions.push(transaction);
        if let Some(why) = wrong {
            let message = format!("{} was asked for #{index}: {why}", history.node(operation.node));
            found.add("malformed", message, vec![index]);
        }
    }
    let inference = Inference::of(&transactions);
    inference.internal(&mut found);
    inference.reads(&mut found);
    inference.cycles(&mut found);
    found.verdict(&transactions)
}

struct Found {
    model: ConsistencyModel,
    verdict: CheckResult,
    counts: BTreeMap<&'static str, usize>,
}

impl Found {
    fn add(&mut self, kind: &'static str, message: String, operations: Vec<usize>) {
        *self.counts.entry(kind).or_default() += 1;
        let forbids = |weakest: Option<ConsistencyModel>| weakest.is_some_and(|model| model <= self.model);
        let forbidden = ANOMALIES.iter().any(|(name, weakest)| *name == kind && forbids(*weakest));
        if forbidden {
            self.verdict.problem(kind, message, operations);
        }
    }

    fn verdict(mut self, transactions: &[Transaction]) -> CheckResult {
        let with = |fate: Fate| transactions.iter().filter(|one| one.fate == fate).count();
        self.verdict.counted("committed", with(Fate::Committed));
        self.verdict.counted("aborted", with(Fate::Aborted));
        self.verdict.counted("unknown", with(Fate::Unknown));
        for (name, _) in ANOMALIES {
            self.verdict.counted(name, self.counts.get(name).copied().unwrap_or(0));
        }
        self.verdict
            .counted("nonrepeatable_reads", self.counts.get("nonrepeatable_reads").copied().unwrap_or(0));
        self.verdict
    }
}

/// The facts that follow from the answers.
struct Inference<'a> {
    transactions: &'a [Transaction],
    /// The writer of each version; true if that was its last write of the key.
    writers: BTreeMap<Version<'a>, (usize, bool)>,
}

impl<'a> Inference<'a> {
    fn of(transactions: &'a [Transaction]) -> Self {
        let mut writers = BTreeMap::new();
        for (at, transaction) in transactions.iter().enumerate() {
            let mut written: BTreeSet<&str> = BTreeSet::new();
            for step in transaction.steps.iter().rev().filter(|step| step.write) {
                if let Some(value) = &step.value {
                    let last = written.insert(&step.key);
                    writers.insert((step.key.as_str(), value.as_str()), (at, last));
                }
            }
        }
        Self { transactions, writers }
    }

    fn index(&self, transaction: usize) -> usize {
        self.transactions[transaction].index
    }

    /// Returns the reads of committed transactions that found a value: the reader, and the version. Reads of
    /// a transaction's own writes are left out.
    fn external_reads(&self) -> impl Iterator<Item = (usize, Version<'a>)> {
        let committed = self.transactions.iter().enumerate().filter(|(_, one)| one.has_read());
        committed.flat_map(|(at, transaction)| {
            let mut own: BTreeSet<&str> = BTreeSet::new();
            transaction.steps.iter().filter_map(move |step| {
                if step.write {
                    own.insert(&step.key);
                    return None;
                }
                let external = !own.contains(step.key.as_str());
                step.value.as_deref().filter(|_| external).map(|value| (at, (step.key.as_str(), value)))
            })
        })
    }

    /// Finds transactions that do not see their own writes, and counts reads that are not repeatable.
    fn internal(&self, found: &mut Found) {
        for transaction in self.transactions.iter().filter(|one| one.has_read()) {
            let index = transaction.index;
            // For each key the value that the transaction saw last; true if it wrote that value.
            let mut known: BTreeMap<&str, (Option<&str>, bool)> = BTreeMap::new();
            for step in &transaction.steps {
                let value = step.value.as_deref();
                match known.get(step.key.as_str()) {
                    Some((own, true)) if !step.write && *own != value => {
                        let message = format!(
                            "#{index} wrote {} to key {} and then read {} of it",
                            own.unwrap_or("nothing"),
                            step.key,
                            value.unwrap_or("nothing")
                        );
                        found.add("internal", message, vec![index]);
                    }
                    Some((before, false)) if !step.write && *before != value => {
                        *found.counts.entry("nonrepeatable_reads").or_default() += 1;
                    }
                    _ => {}
                }
                let own = step.write || known.get(step.key.as_str()).is_some_and(|(_, own)| *own);
                known.insert(&step.key, (value, own));
            }
        }
    }

    /// Finds reads of values that were not written, were aborted, or were not the last write of their
    /// transaction.
    fn reads(&self, found: &mut Found) {
        let mut reported: BTreeSet<(usize, Version<'_>)> = BTreeSet::new();
        for (reader, version) in self.external_reads() {
            if !reported.insert((reader, version)) {
                continue;
            }
            let (key, value) = version;
            let by = self.index(reader);
            let Some((writer, last)) = self.writers.get(&version) else {
                found.add(
                    "garbage_read",
                    format!("#{by} read {value} of key {key}, which nobody wrote"),
                    vec![by],
                );
                continue;
            };
            let of = self.index(*writer);
            if *writer == reader {
                let message = format!("#{by} read {value} of key {key} before it wrote that");
                found.add("internal", message, vec![by]);
            } else if self.transactions[*writer].fate == Fate::Aborted {
                let message = format!("#{by} read {value} of key {key}, written by #{of}, which was aborted");
                found.add("G1a", message, vec![by, of]);
            } else if !last {
                let message =
                    format!("#{by} read {value} of key {key}, which #{of} wrote and then replaced itself");
                found.add("G1b", message, vec![by, of]);
            }
        }
    }

    /// Returns the order of the versions of a key, as far as transactions show it: the old and the new
    /// version, with the transaction that replaced one by the other.
    fn replaced(&self) -> BTreeMap<(Version<'a>, Version<'a>), usize> {
        let mut replaced = BTreeMap::new();
        for (at, transaction) in self.transactions.iter().enumerate() {
            if transaction.fate == Fate::Aborted {
                continue;
            }
            let mut known: BTreeMap<&str, Version<'_>> = BTreeMap::new();
            for step in &transaction.steps {
                let Some(value) = step.value.as_deref() else { continue };
                let version = (step.key.as_str(), value);
                match known.insert(&step.key, version) {
                    Some(before) if step.write && before != version => {
                        replaced.insert((before, version), at);
                    }
                    _ => {}
                }
            }
        }
        replaced
    }

    /// Returns the writer of a version, unless it was aborted or there is none.
    fn writer(&self, version: Version<'_>) -> Option<usize> {
        let (writer, _) = self.writers.get(&version)?;
        (self.transactions[*writer].fate != Fate::Aborted).then_some(*writer)
    }

    /// Finds cycles in the order of the transactions.
    fn cycles(&self, found: &mut Found) {
        let replaced = self.replaced();
        let unordered = cyclic_versions(&replaced, self.transactions, found);
        let mut reasons: BTreeMap<(usize, usize), Reason<'_>> = BTreeMap::new();
        let (mut writes, mut all) = (Graph::default(), Graph::default());
        for ((old, new), by) in &replaced {
            if let Some(writer) = self.writer(*old).filter(|_| !unordered.contains(old.0)) {
                writes.link(writer, *by);
                all.link(writer, *by);
                reasons.entry((writer, *by)).or_insert(Reason::Overwritten { old: *old, new: new.1 });
            }
        }
        let mut read = Vec::new();
        for (reader, version) in self.external_reads() {
            if let Some(writer) = self.writer(version).filter(|writer| *writer != reader) {
                all.link(writer, reader);
                reasons.entry((writer, reader)).or_insert(Reason::Read(version));
                read.push((writer, reader, version));
            }
        }
        for component in writes.components() {
            self.report_cycle("G0", &writes.cycle(&component), &reasons, found);
        }
        for component in all.components() {
            let within =
                read.iter().filter(|(from, to, _)| component.contains(from) && component.contains(to));
            let cycles = within.take(TRIED_MAX).filter_map(|(from, to, version)| {
                let way = all.shortest_path(*to, *from, &component)?;
                Some((way.len(), (*from, *to), *version, way))
            });
            if let Some((_, edge, version, way)) = cycles.min_by_key(|(length, ..)| *length) {
                let mut reasons = reasons.clone();
                reasons.insert(edge, Reason::Read(version));
                self.report_cycle("G1c", &way, &reasons, found);
            }
        }
    }

    /// Reports a cycle, edge by edge.
    fn report_cycle(
        &self,
        kind: &'static str,
        cycle: &[usize],
        reasons: &BTreeMap<(usize, usize), Reason<'_>>,
        found: &mut Found,
    ) {
        let next = cycle.iter().cycle().skip(1);
        let edges: Vec<String> = cycle
            .iter()
            .zip(next)
            .filter_map(|(from, to)| {
                let (first, second) = (self.index(*from), self.index(*to));
                Some(match reasons.get(&(*from, *to))? {
                    Reason::Overwritten { old: (key, old), new } => {
                        format!("#{first} wrote {old} to key {key}, which #{second} replaced by {new}")
                    }
                    Reason::Read((key, value)) => {
                        format!("#{first} wrote {value} to key {key}, which #{second} read")
                    }
                })
            })
            .collect();
        let names: Vec<String> =
            cycle.iter().chain(cycle.first()).map(|at| format!("#{}", self.index(*at))).collect();
        let message = format!("{}: {}", names.join(" → "), edges.join("; "));
        found.add(kind, message, cycle.iter().map(|at| self.index(*at)).collect());
    }
}

/// Finds keys with a cycle in the order of their values. Returns those keys: nothing can be inferred from
/// their order.
fn cyclic_versions<'a>(
    replaced: &BTreeMap<(Version<'a>, Version<'a>), usize>,
    transactions: &[Transaction],
    found: &mut Found,
) -> BTreeSet<&'a str> {
    let versions: Vec<Version<'a>> =
        replaced.keys().flat_map(|(old, new)| [*old, *new]).collect::<BTreeSet<_>>().into_iter().collect();
    let mut order = Graph::default();
    let number = |version: &Version<'_>| versions.binary_search(version).unwrap_or_default();
    for (old, new) in replaced.keys() {
        order.link(number(old), number(new));
    }
    let mut keys = BTreeSet::new();
    for component in order.components() {
        let cycle = order.cycle(&component);
        let (mut edges, mut operations) = (Vec::new(), Vec::new());
        for (from, to) in cycle.iter().zip(cycle.iter().cycle().skip(1)) {
            let (old, new) = (versions[*from], versions[*to]);
            if let Some(by) = replaced.get(&(old, new)) {
                let index = transactions[*by].index;
                operations.push(index);
                edges.push(format!("#{index} replaced {} by {}", old.1, new.1));
            }
        }
        let key = cycle.first().map_or("", |at| versions[*at].0);
        keys.insert(key);
        let message = format!("the values of key {key} have no order: {}", edges.join("; "));
        found.add("cyclic_versions", message, operations);
    }
    keys
}
