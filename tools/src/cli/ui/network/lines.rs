//! The lines that browsers are sent: those so far, as far as a page has them, and each as it comes.

use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _};
use std::sync::{Arc, Mutex, PoisonError};

use crate::cli::feed::{Feed, Frame, Reader};
use crate::page::{Bounds, Collector};

/// The longest line of a journal that is read. Chosen: as the longest message of the control socket.
const LINE_MAX: u64 = 16 << 20;

/// The lines of a network, for any number of browsers.
#[derive(Debug)]
pub(in crate::cli::ui) struct PageLines {
    /// The lines so far. The lock is held while lines are handed on, so that a browser misses none of them
    /// and gets none twice.
    collector: Mutex<Collector>,
    browsers: Feed,
}

/// The lines for one browser.
#[derive(Debug)]
pub(super) struct BrowserLines {
    reader: Reader,
    page: Arc<PageLines>,
}

/// A part of the lines for a browser.
#[derive(Debug)]
pub(super) enum Part {
    /// The lines so far, in place of all that came before; one a line.
    Anew(String),
    /// Further lines.
    More(Frame),
}

impl PageLines {
    /// Returns the lines of a network of which nothing is read yet.
    pub(in crate::cli::ui) fn new() -> Self {
        Self { collector: Mutex::new(Collector::new(Bounds::PAGE)), browsers: Feed::default() }
    }

    /// Reads the lines so far from the journal, each file up to a length. A last line cut short is left out.
    pub(in crate::cli::ui) fn read(&self, files: Vec<(File, u64)>) {
        for (file, length) in files {
            let mut file = BufReader::new(file.take(length));
            let mut line = Vec::new();
            while file.by_ref().take(LINE_MAX).read_until(b'\n', &mut line).is_ok_and(|read| read > 0) {
                if let Some(line) = line.strip_suffix(b"\n").and_then(|line| std::str::from_utf8(line).ok()) {
                    self.collector.lock().unwrap_or_else(PoisonError::into_inner).push(line);
                }
                line.clear();
            }
        }
    }

    /// Adds lines, and hands them to the browsers.
    pub(in crate::cli::ui) fn add(&self, lines: &[Arc<str>]) {
        let mut collector = self.collector.lock().unwrap_or_else(PoisonError::into_inner);
        for line in lines {
            collector.push(line);
        }
        self.browsers.publish_lines(lines);
    }

    /// Ends the lines.
    pub(in crate::cli::ui) fn end(&self) {
        self.browsers.end();
    }

    /// Returns the lines for one more browser, or `None` if there are too many.
    pub(super) fn browser(self: &Arc<Self>) -> Option<(String, BrowserLines)> {
        let collector = self.collector.lock().unwrap_or_else(PoisonError::into_inner);
        let reader = self.browsers.subscribe(None)?;
        Some((so_far(&collector), BrowserLines { reader, page: Arc::clone(self) }))
    }
}

impl BrowserLines {
    /// Waits for the next part. Returns `None` once the network has ended.
    pub(super) async fn next(&mut self) -> Option<Part> {
        let frame = self.reader.frame().await?;
        if !frame.overrun {
            return Some(Part::More(frame));
        }
        let collector = self.page.collector.lock().unwrap_or_else(PoisonError::into_inner);
        self.reader.skip();
        Some(Part::Anew(so_far(&collector)))
    }
}

fn so_far(collector: &Collector) -> String {
    collector.clone().finish().lines().to_owned()
}
