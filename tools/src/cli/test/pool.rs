//! The pool of workers: runs take jobs from a queue side by side, and one thread receives the reports.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Mutex, mpsc};

use super::queue::{Job, Queue};
use super::runner::Runner;
use crate::cli::replay;
use crate::cli::window::Window;
use crate::run::Report;
use crate::world::process::explained;

/// The order in which reports are handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Order {
    /// The order in which runs end: in real time, a report should not wait for others.
    AsTheyEnd,
    /// The order of the plan, so that the output does not depend on the machine.
    AsPlanned,
}

/// Runs all jobs of the queue and hands over each report, until `take` fails. Returns the first error.
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
    let started: Vec<_> = (0..workers)
        .map(|_| {
            let (work, runner, sender) = (Arc::clone(&work), runner.clone(), sender.clone());
            std::thread::Builder::new().spawn(move || {
                let _worker = work.window.worker();
                while let Some(job) = work.next() {
                    let again = runner.again(&job);
                    let (number, reports) = (job.number, sender.clone());
                    // The receiver stops once `take` has failed.
                    let hand_over = move |report| reports.send(Ok((number, report))).is_ok();
                    let stop = match replay::with_command(again, || runner.run_job(job, hand_over)) {
                        Ok(stop) => stop,
                        Err(error) => {
                            // The worker stops, even if the receiver is gone.
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
    let handles = started_workers(started)?;
    let mut ordered = Ordered { order, next: 0, early: BTreeMap::new() };
    let taken = receiver.into_iter().try_for_each(|ended: io::Result<(u64, Report)>| {
        let (number, report) = ended?;
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

/// Returns the workers that could be started. Fewer workers take longer. Fails, with an error for a person,
/// if none could be started.
fn started_workers<T>(started: Vec<io::Result<T>>) -> io::Result<Vec<T>> {
    let (begun, failed): (Vec<_>, Vec<_>) = started.into_iter().partition(Result::is_ok);
    match failed.into_iter().find_map(Result::err) {
        Some(error) if begun.is_empty() => Err(io::Error::other(explained(&error))),
        _ => Ok(begun.into_iter().filter_map(Result::ok).collect()),
    }
}

/// The work that is shared by the workers.
struct Work {
    queue: Mutex<Queue>,
    window: Window,
    order: Order,
}

impl Work {
    /// Returns the next run, once it may begin. If reports are handed over in order, those that wait for an
    /// earlier one are held in memory, so their number is bounded.
    fn next(&self) -> Option<Job> {
        let job = self.queue.lock().ok()?.next()?;
        (self.order == Order::AsTheyEnd || self.window.admits(job.number)).then_some(job)
    }

    /// Starts no further run but those that a worker took before one that has begun, so the reports have no gap.
    fn close(&self) {
        if let Ok(mut queue) = self.queue.lock() {
            queue.close();
        }
        self.window.close();
    }
}

/// The buffer that holds reports back until their turn. Runs begin in order, so no gap lasts for long.
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
