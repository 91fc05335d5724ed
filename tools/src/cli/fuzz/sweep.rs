//! Many seeds of `tools fuzz`, side by side.

use std::collections::BTreeMap;
use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::Instant;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::arguments::Arguments;
use super::execution;
use super::reporter::Reporter;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::interrupt::Interrupt;
use crate::cli::replay;
use crate::cli::report_file;
use crate::cli::screen;
use crate::cli::seeds::Seeds;
use crate::cli::window::Window;
use crate::world::process::explained;

/// Runs every seed, and prints the results.
pub(super) fn run(
    arguments: &Arguments,
    seeds: Seeds,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> Result<Exit, Failure> {
    // In real time, runs side by side would disturb each other.
    let usual = || thread::available_parallelism().ok().filter(|_| arguments.world.virtual_time);
    let workers = arguments.jobs.or_else(usual).map_or(1, usize::from);
    let bar = bar(seeds.count());
    if let Some(path) = &arguments.junit {
        report_file::prepare(path)?;
    }
    let (began, mut reporter) = (Instant::now(), Reporter::new(&seeds));
    let (again, interrupt) = (arguments.again(), Interrupt::listen());
    let run = |seed| {
        let again = format!("tools fuzz --seed {seed}{again}");
        replay::with_command(again, || execution::run(arguments, &arguments.draw(seed)))
    };
    writeln!(out, "seeds {seeds}")?;
    out.flush()?;
    run_seeds(seeds, workers, run, |seed, ran| {
        bar.inc(1);
        let fails = bar.suspend(|| reporter.add(arguments, seed, ran, out, err))?;
        let enough = fails && arguments.fail_fast;
        Ok(!enough && !interrupt.is_set())
    })?;
    bar.finish_and_clear();
    let mut exit = reporter.exit();
    if let Some(path) = &arguments.junit
        && let Err(failure) = report_file::write(path, reporter.drawn.junit(began.elapsed()))
    {
        failure.print(err)?;
        exit = exit.gravest(failure.exit());
    }
    writeln!(out, "{}", reporter.summary(began.elapsed(), arguments.world.virtual_time))?;
    if reporter.runs < seeds.count() {
        let why = if interrupt.is_set() { ": interrupted" } else { "" };
        writeln!(out, "{} not run{why}", seeds.count() - reporter.runs)?;
        if interrupt.is_set() {
            return Ok(exit.gravest(Exit::Interrupted));
        }
    }
    Ok(exit)
}

/// Creates a bar that counts seeds. It is hidden unless standard error is a terminal.
fn bar(seeds: u64) -> ProgressBar {
    if seeds < 2 || !screen::has_bars() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(seeds), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} seeds, {per_sec} ({elapsed})") {
        bar.set_style(style);
    }
    bar
}

/// Runs each seed and hands over its result, in the order of the seeds, for as long as `receive` wants more.
fn run_seeds<T: Send>(
    seeds: Seeds,
    workers: usize,
    run: impl Fn(u64) -> T + Sync,
    mut receive: impl FnMut(u64, T) -> io::Result<bool>,
) -> io::Result<()> {
    let (next, window) = (AtomicU64::new(0), Window::new(workers));
    let (sender, receiver) = mpsc::sync_channel(4 * workers);
    thread::scope(|scope| {
        for worker in 0..workers {
            let (sender, next, window, run) = (sender.clone(), &next, &window, &run);
            let begun = thread::Builder::new().spawn_scoped(scope, move || {
                let _worker = window.worker();
                loop {
                    let index = next.fetch_add(1, Ordering::Relaxed);
                    if index >= seeds.count() || !window.admits(index) {
                        break;
                    }
                    // The receiver is gone once `receive` wants no more.
                    if sender.send((index, run(seeds.first() + index))).is_err() {
                        break;
                    }
                }
            });
            match begun {
                // Fewer workers take longer, and are no error.
                Err(_) if worker > 0 => break,
                begun => begun.map(drop).map_err(|error| io::Error::other(explained(&error)))?,
            }
        }
        drop(sender);
        // Results are numbered by index, not by seed: after the last seed there may be no number.
        let (mut early, mut wanted) = (BTreeMap::new(), 0);
        let mut hand_over = |receiver: mpsc::Receiver<(u64, T)>| -> io::Result<()> {
            for (index, ran) in receiver {
                early.insert(index, ran);
                while let Some(ran) = early.remove(&wanted) {
                    if !receive(seeds.first() + wanted, ran)? {
                        return Ok(());
                    }
                    wanted += 1;
                }
                window.advance(wanted);
            }
            Ok(())
        };
        let taken = hand_over(receiver);
        window.close();
        taken
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::fuzz::Plan;
    use crate::fuzz::run::Setup;

    #[test]
    fn seeds_are_handed_over_in_order_until_it_is_enough() {
        let mut seen = Vec::new();
        run_seeds(
            "5..40".parse().unwrap(),
            4,
            |seed| Setup::default().run(&Plan::draw(seed)),
            |seed, ran| {
                assert!(ran.is_ok());
                seen.push(seed);
                Ok(seed < 12)
            },
        )
        .unwrap();
        assert_eq!(seen, (5..=12).collect::<Vec<_>>());
    }

    #[test]
    fn the_last_seed_that_there_is_can_be_run() {
        let (first, mut seen) = (u64::MAX - 2, Vec::new());
        let seeds = format!("{first}..{}", u64::MAX).parse().unwrap();
        let take = |seed, ran| {
            seen.push((seed, ran));
            Ok(true)
        };
        run_seeds(seeds, 2, |seed| seed - first, take).unwrap();
        assert_eq!(seen, [(first, 0), (first + 1, 1), (first + 2, 2)]);
    }

    #[test]
    fn while_one_takes_long_only_so_many_are_kept() {
        let (begun, at_its_end) = (AtomicU64::new(0), AtomicU64::new(0));
        let run = |seed| {
            begun.fetch_add(1, Ordering::Relaxed);
            if seed == 0 {
                let deadline = Instant::now() + Duration::from_secs(10);
                while begun.load(Ordering::Relaxed) < 128 && Instant::now() < deadline {
                    thread::sleep(Duration::from_millis(1));
                }
                // Without the bound, more runs would begin in this time.
                thread::sleep(Duration::from_millis(50));
                at_its_end.store(begun.load(Ordering::Relaxed), Ordering::Relaxed);
            }
        };
        let mut taken = 0;
        let take = |_, ()| {
            taken += 1;
            Ok(true)
        };
        run_seeds("0..5000".parse().unwrap(), 2, run, take).unwrap();
        // The bound is 64 runs ahead for each of the 2 workers.
        assert_eq!((at_its_end.into_inner(), taken), (128, 5_001));
    }
}
