//! Runs side by side: a queue, workers, and one who takes in what comes of each.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, mpsc};

use super::job::{Job, Queue};
use super::runner::Runner;
use crate::cli::replay;
use crate::cli::window::Window;
use crate::run::Report;

/// In which order reports are handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// As runs end: where time is real, nobody should wait for what is known.
    AsTheyEnd,
    /// As they were planned, so that what is printed does not depend on the machine.
    AsPlanned,
}

/// Runs what is in the queue and hands over each report, until `take` fails. Of several errors the
/// first is told.
pub(super) fn run(
    queue: Queue,
    workers: usize,
    runner: &Runner,
    order: Order,
    mut take: impl FnMut(Report) -> io::Result<()>,
) -> io::Result<()> {
    let workers = workers.min(usize::try_from(queue.total()).unwrap_or(usize::MAX));
    let work = Arc::new(Work { queue: Mutex::new(queue), window: Window::new(workers), order });
    let (sender, receiver) = mpsc::channel();
    let handles: Vec<_> = (0..workers)
        .map(|_| {
            let (work, runner, sender) = (Arc::clone(&work), runner.clone(), sender.clone());
            std::thread::spawn(move || {
                let _worker = work.window.worker();
                while let Some(job) = work.next() {
                    let again = runner.again(&job);
                    // Nobody takes reports any more once one of them could not be taken.
                    let tell = |report| sender.send(Ok((job.number, report))).is_ok();
                    let stop = match replay::with_command(again, || runner.run(&job, tell)) {
                        Ok(stop) => stop,
                        Err(error) => {
                            // Whether that was heard or not, it is over.
                            let _: Result<(), _> = sender.send(Err(error));
                            true
                        }
                    };
                    if stop {
                        work.close();
                        break;
                    }
                }
            })
        })
        .collect();
    drop(sender);
    let mut ordered = Ordered { order, next: 0, early: BTreeMap::new() };
    let taken = receiver.into_iter().try_for_each(|told: io::Result<(u64, Report)>| {
        let (number, report) = told?;
        ordered.hand_over(number, report, &mut take)?;
        work.window.advance(ordered.next);
        Ok(())
    });
    if taken.is_err() {
        work.close();
    }
    for handle in handles {
        if handle.join().is_err() {
            return Err(io::Error::other("a scenario's thread panicked: please report this"));
        }
    }
    taken
}

/// What is still to begin.
struct Work {
    queue: Mutex<Queue>,
    window: Window,
    order: Order,
}

impl Work {
    /// The next run, once it may begin: where reports are handed over in order, those that wait for an
    /// earlier one are kept, and there must not be any number of them.
    fn next(&self) -> Option<Job> {
        let job = self.queue.lock().ok()?.next()?;
        (self.order == Order::AsTheyEnd || self.window.admits(job.number)).then_some(job)
    }

    /// Lets no further run begin. Who waits to begin comes after all that have begun: nothing before
    /// the last of those is missing.
    fn close(&self) {
        if let Ok(mut queue) = self.queue.lock() {
            queue.close();
        }
        self.window.close();
    }
}

/// Holds back what comes too early. Runs begin in order, so that there is no gap for long.
struct Ordered {
    order: Order,
    next: u64,
    early: BTreeMap<u64, Report>,
}

impl Ordered {
    fn hand_over(
        &mut self,
        number: u64,
        report: Report,
        take: &mut impl FnMut(Report) -> io::Result<()>,
    ) -> io::Result<()> {
        if self.order == Order::AsTheyEnd {
            return take(report);
        }
        self.early.insert(number, report);
        while let Some(report) = self.early.remove(&self.next) {
            self.next += 1;
            take(report)?;
        }
        Ok(())
    }
}
