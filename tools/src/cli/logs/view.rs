//! The view of the logs: the lines that pass the filter, printed in order of time.

use std::collections::{BTreeSet, VecDeque};

use super::catalogue::Catalogue;
use super::error::LogsError;
use super::filter::Filter;
use super::merge::merge;
use super::print::Printer;

/// The view of the logs: the logs, the filter of their lines, and the printer.
pub(super) struct View<'a> {
    catalogue: Catalogue,
    filter: Filter,
    printer: Printer<'a>,
}

impl<'a> View<'a> {
    /// Creates a view of which nothing is printed yet.
    pub(super) fn new(catalogue: Catalogue, filter: Filter, printer: Printer<'a>) -> Self {
        Self { catalogue, filter, printer }
    }

    /// Prints the lines that the logs have now, or the last of them.
    pub(super) fn begin(&mut self, lines: Option<usize>, ended: bool) -> Result<(), LogsError> {
        let all: Vec<usize> = (0..self.catalogue.logs.len()).collect();
        let Some(lines) = lines else { return self.print_new(&all, ended) };
        let Self { catalogue, filter, printer } = self;
        for log in &mut catalogue.logs {
            log.file.skip_to_last(lines, |text| filter.matches(text))?;
        }
        let mut last: VecDeque<(usize, String)> = VecDeque::new();
        merge(&mut catalogue.logs, &all, ended, |index, _, line| {
            let text = line.text();
            if lines > 0 && filter.matches(&text) {
                if last.len() == lines {
                    last.pop_front();
                }
                last.push_back((index, text.into_owned()));
            }
            Ok(())
        })?;
        printer.make_room(&catalogue.logs);
        for (index, text) in last {
            printer.print(&catalogue.logs[index], &text)?;
        }
        Ok(printer.flush()?)
    }

    /// Prints the lines of these logs that were not read before.
    pub(super) fn print_new(&mut self, logs: &[usize], ended: bool) -> Result<(), LogsError> {
        let Self { catalogue, filter, printer } = self;
        printer.make_room(&catalogue.logs);
        merge(&mut catalogue.logs, logs, ended, |_, log, line| {
            let text = line.text();
            if filter.matches(&text) {
                printer.print(log, &text)?;
            }
            Ok(())
        })?;
        Ok(printer.flush()?)
    }

    /// Returns the indices of the logs with these file names, and updates their ends.
    pub(super) fn refresh(&mut self, names: &BTreeSet<String>) -> Result<Vec<usize>, LogsError> {
        let mut logs = BTreeSet::new();
        for name in names {
            if let Some(index) = self.catalogue.named(name)? {
                self.catalogue.logs[index].file.refresh()?;
                logs.insert(index);
            }
        }
        Ok(logs.into_iter().collect())
    }

    /// Returns the indices of all logs, and updates their ends.
    pub(super) fn refresh_all(&mut self) -> Result<Vec<usize>, LogsError> {
        self.catalogue.add_new_logs()?;
        for log in &mut self.catalogue.logs {
            log.file.refresh()?;
        }
        Ok((0..self.catalogue.logs.len()).collect())
    }
}
