//! The recording of a network: the steps done to it by hand, as a scenario that repeats them.
//!
//! The recording is bounded. Steps beyond the bound are counted and dropped, so that the kept steps begin
//! with the network and can be replayed. Each entry is also written to a file, so that the recording outlives
//! the network, however it ended.

mod entry;
mod file;
mod script;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::fs::File;
use std::io;
use std::path::Path;
use std::time::Duration;

pub(super) use file::NAME;
pub(super) use script::{DoneStep, StepResult, ask_text, death, replay_ask, replay_steps};

use entry::{BYTES, Entry, STEPS};

use crate::text::Source;
use crate::topology::Graph;
use crate::world::Attachment;

/// The unit of pauses: shorter ones are left out, others are rounded to a multiple of it. Chosen: a person
/// notices no shorter pause.
const PAUSE: Duration = Duration::from_millis(100);
/// The time that a scenario may take beyond the time it took by hand, in seconds: as much as a scenario
/// without a `timeout` has.
const SPARE_SECS: u64 = 60;

/// The steps that were done by hand so far.
#[derive(Debug, Default)]
pub(super) struct Recording {
    /// The file that takes the entries as they come.
    file: Option<File>,
    options: BTreeMap<String, String>,
    /// The topology that the network was started with.
    network: Option<String>,
    /// The steps of one request each, with the pause before them.
    entries: Vec<(Duration, String)>,
    steps: usize,
    bytes: usize,
    dropped: u64,
    /// The time when the network was ready; `ended` is the end of the last recorded steps.
    began: Duration,
    ended: Duration,
}

impl Recording {
    /// Creates the recording of a network whose nodes all have these options, named as in the step `node`.
    pub(super) fn new(options: BTreeMap<String, String>) -> Self {
        Self { options, ..Self::default() }
    }

    /// Reads the recording in a folder of logs. Returns `None` if there is no file.
    pub(super) fn read(logs: &Path) -> io::Result<Option<Self>> {
        let entries = file::read(logs)?;
        Ok(entries.map(|entries| {
            let mut recording = Self::default();
            for entry in entries {
                recording.append(entry);
            }
            recording
        }))
    }

    /// Writes the entries that follow to this file as well.
    pub(super) fn write_to(&mut self, file: File) {
        self.file = Some(file);
    }

    /// Records the start of the network.
    pub(super) fn record_start(&mut self, source: &Source, graph: &Graph, ready: Duration) {
        let (options, network) = (self.options.clone(), script::on_one_line(source.text(), graph));
        self.append(Entry::Network { options, network, ready });
    }

    /// Records steps, with their begin and end. Drops them if they exceed a bound, or if earlier steps were
    /// dropped.
    pub(super) fn record_steps(&mut self, began: Duration, ended: Duration, steps: &[String]) {
        let bytes: usize = steps.iter().map(|step| step.len() + 1).sum();
        let full = self.steps + steps.len() > STEPS || self.bytes + bytes > BYTES;
        // Steps after a gap could mean something else.
        if full || self.dropped > 0 {
            return self.count_dropped(steps.len() as u64);
        }
        self.append(Entry::Done { began, ended, steps: steps.to_vec() });
    }

    /// Counts steps that were done and are not recorded.
    pub(super) fn count_dropped(&mut self, steps: u64) {
        if steps == 0 {
            return;
        }
        let before = self.dropped;
        self.dropped += steps;
        // An entry is written only when the number has doubled, so that the file is bounded as well.
        if before == 0 || before.ilog2() < self.dropped.ilog2() {
            self.append(Entry::Dropped { steps: self.dropped });
        }
    }

    /// Writes an entry to the file, and adds it.
    fn append(&mut self, entry: Entry) {
        if let Some(file) = &mut self.file {
            // A full disk must not stop the request itself.
            let _: io::Result<()> = file::write(file, &entry);
        }
        match entry {
            Entry::Network { options, network, ready } => {
                (self.options, self.network) = (options, Some(network));
                (self.began, self.ended) = (ready, ready);
            }
            Entry::Done { began, ended, steps } => {
                let (pause, text) = (began.saturating_sub(self.ended), steps.join("\n"));
                (self.steps, self.bytes) = (self.steps + steps.len(), self.bytes + text.len() + 1);
                self.entries.push((pause, text));
                self.ended = ended;
            }
            Entry::Dropped { steps } => self.dropped = steps,
        }
    }

    /// Returns the scenario, or `None` if the network was not started by hand.
    pub(super) fn scenario_text(&self) -> Option<String> {
        let network = self.network.as_ref()?;
        let mut text = "# What was done to this network by hand.\n\n".to_owned();
        let took = self.ended.saturating_sub(self.began).as_secs();
        if took > SPARE_SECS / 2 {
            // Writing to a string cannot fail.
            let _ = write!(text, "timeout {}s\n\n", took + SPARE_SECS);
        }
        for (name, value) in &self.options {
            let (who, name) = Attachment::node_of(name).map_or(("all", name.as_str()), |node| (node, "at"));
            let _ = writeln!(text, "node {who} {name}={}", script::word(value));
        }
        let _ = writeln!(text, "network {network}");
        for (pause, steps) in &self.entries {
            let tenths = (pause.as_millis() + PAUSE.as_millis() / 2) / PAUSE.as_millis();
            if *pause >= PAUSE {
                let _ = writeln!(text, "wait {}ms", tenths * PAUSE.as_millis());
            }
            let _ = writeln!(text, "{steps}");
        }
        if self.dropped > 0 {
            let _ = writeln!(
                text,
                "# {} later steps were not kept: at most {STEPS} are, and none after one that was missed.",
                self.dropped
            );
        }
        text.push_str("expect converged within 5s\n");
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::topology;

    fn secs(secs: u64) -> Duration {
        Duration::from_secs(secs)
    }

    fn graph(text: &str) -> (Source, Graph) {
        let source = Source::new("topology", text);
        let parsed = topology::parse(&source).unwrap();
        (source, parsed.graph)
    }

    fn recording(topology: &str) -> Recording {
        let mut recording = Recording::new(BTreeMap::from([("policy".to_owned(), "oldest".to_owned())]));
        let (source, graph) = graph(topology);
        recording.record_start(&source, &graph, secs(1));
        recording
    }

    #[test]
    fn steps_stand_in_their_order_with_the_pauses_between() {
        let mut recording = recording("ring:3");
        recording.record_steps(secs(3), secs(4), &["kill c".to_owned()]);
        let soon = secs(4) + Duration::from_millis(99);
        recording.record_steps(soon, soon, &["a: set k v".to_owned(), "start c".to_owned()]);
        let later = soon + Duration::from_millis(1_260);
        recording.record_steps(later, later, &["a: get k".to_owned()]);
        let expected = "# What was done to this network by hand.\n\nnode all policy=oldest\nnetwork ring:3\n\
                        wait 2000ms\nkill c\na: set k v\nstart c\nwait 1300ms\na: get k\n\
                        expect converged within 5s\n";
        assert_eq!(recording.scenario_text().as_deref(), Some(expected));
    }

    #[test]
    fn a_long_recording_is_given_its_time() {
        let mut recording = recording("a-b");
        recording.record_steps(secs(100), secs(101), &["kill b".to_owned()]);
        assert!(recording.scenario_text().unwrap().contains("\ntimeout 160s\n"));
    }

    #[test]
    fn a_topology_of_several_lines_becomes_one() {
        let text =
            |topology: &str| recording(topology).scenario_text().unwrap().lines().nth(3).unwrap().to_owned();
        assert_eq!(text("a-b\nc"), "network a, b, c, a-b");
        assert_eq!(text("graph { x -- y }"), "network x, y, x-y");
        assert_eq!(text("a-b, c  # why"), "network a-b, c  # why");
    }

    #[test]
    fn steps_beyond_the_bound_are_counted_and_so_are_all_later_ones() {
        let mut recording = recording("a-b");
        recording.record_steps(secs(1), secs(1), &vec!["kill b".to_owned(); STEPS]);
        recording.record_steps(secs(1), secs(1), &["start b".to_owned()]);
        assert!(
            recording.scenario_text().unwrap().contains("# 1 later steps were not kept: at most 10000 are")
        );
        let mut recording = self::recording("a-b");
        recording.record_steps(secs(1), secs(1), &["x".repeat(BYTES + 1)]);
        recording.record_steps(secs(1), secs(1), &["start b".to_owned()]);
        assert!(recording.scenario_text().unwrap().contains("# 2 later steps were not kept"));
    }

    #[test]
    fn nothing_is_to_be_had_of_a_network_that_a_scenario_started() {
        assert_eq!(Recording::default().scenario_text(), None);
    }
}
