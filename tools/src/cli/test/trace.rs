//! The trace of runs: every event of the world as a line of a file.

use std::cell::RefCell;
use std::fs::File;
use std::io::{self, BufWriter, Write as _};
use std::rc::Rc;

use serde_json::json;

/// The bytes that are written at once. Chosen: some hundred events.
const BUFFER: usize = 1 << 16;

/// The writer of a run's events to a file. Writing ends at the first error, which is kept.
pub(super) struct Trace(Rc<RefCell<(BufWriter<File>, io::Result<()>)>>);

impl Trace {
    /// Creates the trace of this run, behind those of earlier runs in the same file.
    pub(super) fn new(file: File, scenario: &str, seed: u64) -> Self {
        let trace = Self(Rc::new(RefCell::new((BufWriter::with_capacity(BUFFER, file), Ok(())))));
        let run = json!({ "at_ns": 0, "event": "run", "scenario": scenario, "seed": seed });
        trace.writer()(&run.to_string());
        trace
    }

    /// Returns a function that writes a line.
    pub(super) fn writer(&self) -> Box<dyn FnMut(&str)> {
        let shared = Rc::clone(&self.0);
        Box::new(move |line| {
            let (file, result) = &mut *shared.borrow_mut();
            if result.is_ok() {
                *result = file.write_all(line.as_bytes()).and_then(|()| file.write_all(b"\n"));
            }
        })
    }

    /// Flushes the rest. Returns the first error of all writes.
    pub(super) fn finish(self) -> io::Result<()> {
        let (file, result) = &mut *self.0.borrow_mut();
        std::mem::replace(result, Ok(()))?;
        file.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trace_is_lines_and_its_first_error_is_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("trace.jsonl");
        let file = File::create(&path).unwrap();
        for scenario in ["one", "two"] {
            let trace = Trace::new(file.try_clone().unwrap(), scenario, 7);
            trace.writer()("{}");
            trace.finish().unwrap();
        }
        let run = |name: &str| {
            format!("{{\"at_ns\":0,\"event\":\"run\",\"scenario\":\"{name}\",\"seed\":7}}\n{{}}\n")
        };
        assert_eq!(std::fs::read_to_string(&path).unwrap(), run("one") + &run("two"));
        // A file opened for reading cannot be written.
        let trace = Trace::new(File::open(&path).unwrap(), "one", 7);
        trace.writer()(&"x".repeat(1 << 17));
        assert!(trace.finish().is_err());
    }
}
