//! The collector: takes the lines of a run one after another, and keeps those that a page has.
//!
//! A small run is kept whole. Of a large one, the collector keeps its structure, its first and latest details,
//! those behind faults, writes, and lost messages, each within [`Bounds`]. The rest goes into counts and curves.
//! So its memory is bounded by the bounds, whatever the run.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use super::bounds::Bounds;
use super::brief::Brief;
use super::curves::Curves;
use super::data::inert;
use super::density::Density;
use super::summary::Summary;
use crate::journal::JournalEntry;

/// The most messages under way whose lines are remembered, since they may yet be lost.
const UNDER_WAY_MAX: usize = 4_096;
/// The most asks under way that may yet write.
const ASKS_MAX: usize = 4_096;
/// The most spans of left-out lines that are told apart.
const GAPS_MAX: usize = 300;

/// The kind of a line, by which it is kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// A node, a step, a life, a fault, a link, a verdict.
    Structure { fault: bool },
    /// A question that writes, or its answer; an operation of a workload.
    Write,
    /// The end of a message that was lost, or its sending.
    Lost,
    /// Anything else.
    Detail,
}

/// A line that is kept.
#[derive(Debug, Clone)]
struct Kept {
    number: u64,
    at_us: u64,
    event: Box<str>,
    text: Box<str>,
}

/// The collector of one run's lines. A clone of it can be finished while the run goes on.
#[derive(Debug, Clone)]
pub struct Collector {
    bounds: Bounds,
    lines: u64,
    bytes: usize,
    at_us: u64,
    unreadable: u64,
    /// The lines so far, while the run is small enough to be kept whole.
    whole: Option<Vec<(Kind, Kept)>>,
    /// The chosen lines of a large run.
    chosen: Vec<Kept>,
    structure: usize,
    first: usize,
    writes: usize,
    lost: usize,
    after_faults: usize,
    /// The number of lines that are still kept behind the last fault.
    behind: usize,
    latest: VecDeque<Kept>,
    left_out: BTreeMap<String, u64>,
    /// The sendings that were passed over, by message: the message may yet be lost.
    under_way: BTreeMap<u64, Kept>,
    /// The asks that write and have no answer yet.
    asks: BTreeSet<u64>,
    density: Density,
    curves: Curves,
}

/// The lines of a run that a page has, as they go into it.
#[derive(Debug, Clone)]
pub struct Collected {
    /// The lines, fit for an element of the page.
    pub(super) events: String,
    /// The summary of a run that was not kept whole.
    pub(super) summary: Option<Summary>,
}

impl Collected {
    /// Returns the lines, each with a newline at its end.
    #[must_use]
    pub fn lines(&self) -> &str {
        &self.events
    }

    /// Returns the number of bytes of the lines.
    #[must_use]
    pub fn len(&self) -> usize {
        self.events.len()
    }

    /// Returns true if no line was kept.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.events.is_empty()
    }
}

impl Collector {
    /// Creates a collector with these bounds.
    #[must_use]
    pub fn new(bounds: Bounds) -> Self {
        Self {
            bounds,
            lines: 0,
            bytes: 0,
            at_us: 0,
            unreadable: 0,
            whole: Some(Vec::new()),
            chosen: Vec::new(),
            structure: 0,
            first: 0,
            writes: 0,
            lost: 0,
            after_faults: 0,
            behind: 0,
            latest: VecDeque::new(),
            left_out: BTreeMap::new(),
            under_way: BTreeMap::new(),
            asks: BTreeSet::new(),
            density: Density::new(),
            curves: Curves::default(),
        }
    }

    /// Takes a line, without its newline. A line that cannot be read is counted and left out.
    pub fn push(&mut self, line: &str) {
        match serde_json::from_str::<Brief<'_>>(line) {
            Ok(brief) => self.push_brief(&brief, line.as_bytes()),
            Err(_) => self.unreadable += u64::from(!line.trim().is_empty()),
        }
    }

    /// Takes an entry and its line, without a newline. This is several times faster than to read the line.
    pub fn push_entry(&mut self, entry: &JournalEntry, line: &[u8]) {
        self.push_brief(&Brief::of(entry), line);
    }

    fn push_brief(&mut self, brief: &Brief<'_>, line: &[u8]) {
        self.lines += 1;
        self.at_us = self.at_us.max(brief.at_us.unwrap_or(self.at_us));
        self.count(brief);
        let kind = self.kind(brief);
        let event = &*brief.event.0;
        if line.len() > self.bounds.line_bytes && !matches!(kind, Kind::Structure { .. }) {
            self.leave_out(event);
            self.end_whole();
            return;
        }
        let (number, at_us) = (self.lines, self.at_us);
        let kept = || Kept { number, at_us, event: event.into(), text: String::from_utf8_lossy(line).into() };
        self.bytes += line.len();
        if let Some(whole) = &mut self.whole {
            whole.push((kind, kept()));
            if whole.len() > self.bounds.whole_lines || self.bytes > self.bounds.whole_bytes {
                self.end_whole();
            }
            return;
        }
        self.choose(kind, event, brief.message(), kept);
    }

    /// Counts a line in the curves, whether it is kept or not.
    fn count(&mut self, brief: &Brief<'_>) {
        let at_us = self.at_us;
        self.density.count(&brief.event.0, at_us);
        let Some(node) = brief.node() else { return };
        match &*brief.event.0 {
            "stored" => {
                if let (Some(key), Some(rank)) = (&brief.key, &brief.rank) {
                    self.curves.on_stored(node, &key.0, &rank.0, at_us);
                }
            }
            "changed" => self.curves.on_digest(node, brief.digest.as_ref().map(|digest| &*digest.0), at_us),
            "launch" => self.curves.on_launch(node, brief.spec.as_ref().is_some_and(|spec| spec.disk)),
            "life" if brief.life.as_ref().is_some_and(|life| matches!(&*life.0, "exited" | "stopped")) => {
                self.curves.on_end(node, at_us);
            }
            _ => {}
        }
    }

    fn kind(&mut self, brief: &Brief<'_>) -> Kind {
        match &*brief.event.0 {
            "links" | "partition" | "signal" | "clock" | "disk" | "exited" | "misbehaved" | "flooded" => {
                Kind::Structure { fault: true }
            }
            "plan" | "node" | "step" | "step_ended" | "chosen" | "launch" | "life" | "link" | "held"
            | "measured" | "law" | "problem" | "verdict" | "failed" | "bypassed" | "continued"
            | "dropped" => Kind::Structure { fault: false },
            "ask" if brief.asks_to_write() => {
                if self.asks.len() < ASKS_MAX {
                    self.asks.extend(brief.op);
                }
                Kind::Write
            }
            "answer" | "refused" | "unknown" | "unasked" => {
                let written = brief.op.is_some_and(|op| self.asks.remove(&op));
                if written { Kind::Write } else { Kind::Detail }
            }
            "operation" => Kind::Write,
            "lost" => Kind::Lost,
            _ => Kind::Detail,
        }
    }

    /// Goes on to choose lines, since the run is too large to be kept whole.
    fn end_whole(&mut self) {
        for (kind, kept) in self.whole.take().into_iter().flatten() {
            let message =
                serde_json::from_str::<Brief<'_>>(&kept.text).ok().and_then(|brief| brief.message());
            let event = kept.event.clone();
            self.choose(kind, &event, message, || kept);
        }
    }

    /// Keeps a line of a large run, or counts it as left out.
    fn choose(&mut self, kind: Kind, event: &str, message: Option<u64>, kept: impl FnOnce() -> Kept) {
        let bounds = self.bounds;
        // The plan and the verdict are in every page.
        let always = matches!(event, "plan" | "verdict");
        let room = |used: &mut usize, most: usize| {
            let has_room = *used < most;
            *used += usize::from(has_room);
            has_room
        };
        let has_room = match kind {
            Kind::Structure { fault } => {
                if fault {
                    self.behind = bounds.after_fault;
                }
                always || room(&mut self.structure, bounds.structure)
            }
            Kind::Write => room(&mut self.writes, bounds.writes),
            Kind::Lost => {
                if let Some(sent) = message.and_then(|message| self.under_way.remove(&message)) {
                    if self.lost < bounds.lost {
                        self.chosen.push(sent);
                    } else {
                        self.leave_out(&sent.event);
                    }
                }
                room(&mut self.lost, bounds.lost)
            }
            Kind::Detail => {
                let behind = self.behind > 0 && room(&mut self.after_faults, bounds.after_faults);
                self.behind = self.behind.saturating_sub(1);
                behind || room(&mut self.first, bounds.first)
            }
        };
        if has_room {
            self.chosen.push(kept());
            return;
        }
        // Without room for latest lines, only the sending of a message may yet be of use.
        if bounds.latest == 0 && message.is_none() {
            return self.leave_out(event);
        }
        self.latest.push_back(kept());
        while self.latest.len() > bounds.latest {
            let Some(oldest) = self.latest.pop_front() else { return };
            self.pass_over(oldest);
        }
    }

    /// Leaves a line out, unless it is the sending of a message that may yet be lost.
    fn pass_over(&mut self, kept: Kept) {
        let message = match &*kept.event {
            "sent" | "arrived" => {
                serde_json::from_str::<Brief<'_>>(&kept.text).ok().and_then(|brief| brief.message())
            }
            _ => None,
        };
        match (&*kept.event, message) {
            ("sent", Some(message)) => {
                self.under_way.insert(message, kept);
                while self.under_way.len() > UNDER_WAY_MAX {
                    let Some((_, oldest)) = self.under_way.pop_first() else { return };
                    self.leave_out(&oldest.event);
                }
            }
            ("arrived", Some(message)) => {
                if let Some(sent) = self.under_way.remove(&message) {
                    self.leave_out(&sent.event);
                }
                self.leave_out(&kept.event);
            }
            _ => self.leave_out(&kept.event),
        }
    }

    fn leave_out(&mut self, event: &str) {
        if let Some(count) = self.left_out.get_mut(event) {
            *count += 1;
        } else {
            self.left_out.insert(event.to_owned(), 1);
        }
    }

    /// Returns the kept lines, and the summary of a run that is not kept whole.
    #[must_use]
    pub fn finish(mut self) -> Collected {
        if let Some(whole) = self.whole.take() {
            return Collected { events: joined(whole.iter().map(|(_, kept)| kept)), summary: None };
        }
        for sent in std::mem::take(&mut self.under_way).into_values() {
            self.leave_out(&sent.event);
        }
        let mut kept = std::mem::take(&mut self.chosen);
        kept.extend(std::mem::take(&mut self.latest));
        kept.sort_by_key(|kept| kept.number);
        let summary = Summary {
            lines: self.lines,
            gaps: gaps(&kept),
            left_out: self.left_out,
            density: self.density,
            curves: self.curves.finish(),
        };
        Collected { events: joined(kept.iter()), summary: Some(summary) }
    }

    /// Returns the number of lines that could not be read.
    #[must_use]
    pub fn unreadable(&self) -> u64 {
        self.unreadable
    }
}

/// Returns the lines, fit for an element of a page.
fn joined<'a>(kept: impl Iterator<Item = &'a Kept>) -> String {
    let mut text = String::new();
    for one in kept {
        text.push_str(&inert(&one.text));
        text.push('\n');
    }
    text
}

/// Returns the spans of time between kept lines that were not neighbours. Where there are too many, the nearest
/// to each other become one.
fn gaps(kept: &[Kept]) -> Vec<(u64, u64)> {
    let mut gaps: Vec<(u64, u64)> = Vec::new();
    for pair in kept.windows(2) {
        if pair[1].number == pair[0].number + 1 {
            continue;
        }
        match gaps.last_mut() {
            Some(last) if last.1 >= pair[0].at_us => last.1 = pair[1].at_us,
            _ => gaps.push((pair[0].at_us, pair[1].at_us)),
        }
    }
    let mut apart = 1;
    while gaps.len() > GAPS_MAX {
        let mut joined: Vec<(u64, u64)> = Vec::new();
        for gap in gaps {
            match joined.last_mut() {
                Some(last) if gap.0 - last.1 <= apart => last.1 = gap.1,
                _ => joined.push(gap),
            }
        }
        gaps = joined;
        apart *= 2;
    }
    gaps
}

#[cfg(test)]
mod tests;
