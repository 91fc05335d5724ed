//! Many seeds, side by side.

use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _, Write};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::{Arguments, real};
use crate::cli::exit::Exit;
use crate::cli::interrupt::Interrupt;
use crate::cli::replay;
use crate::cli::seeds::Seeds;
use crate::cli::window::Window;
use crate::fuzz::run::Outcome;

/// What came of a seed, or why it could not be run.
type Ran = Result<Outcome, String>;

pub(super) fn run(
    arguments: &Arguments,
    seeds: Seeds,
    out: &mut dyn Write,
    err: &mut dyn Write,
) -> io::Result<Exit> {
    // In real time runs would disturb each other.
    let usual = || thread::available_parallelism().ok().filter(|_| arguments.world.virtual_time);
    let workers = arguments.jobs.or_else(usual).map_or(1, usize::from);
    let bar = bar(seeds.count());
    let (began, mut tally) = (Instant::now(), Tally::default());
    let (again, interrupt) = (arguments.again(), Interrupt::listen());
    let run = |seed| {
        let again = format!("tools fuzz --seed {seed}{again}");
        replay::with_command(again, || arguments.run(&arguments.draw(seed)))
    };
    writeln!(out, "seeds {seeds}")?;
    out.flush()?;
    each(seeds, workers, run, |seed, ran| {
        bar.inc(1);
        let fails = bar.suspend(|| tally.take(arguments, seed, ran, out, err))?;
        let enough = fails && arguments.fail_fast;
        Ok(!enough && !interrupt.came())
    })?;
    bar.finish_and_clear();
    writeln!(out, "{}", tally.summary(began.elapsed(), arguments.world.virtual_time))?;
    if tally.runs < seeds.count() {
        let why = if interrupt.came() { ": interrupted" } else { "" };
        writeln!(out, "{} not run{why}", seeds.count() - tally.runs)?;
        if interrupt.came() {
            return Ok(tally.exit().gravest(Exit::Interrupted));
        }
    }
    Ok(tally.exit())
}

/// A bar that counts seeds; shows nothing unless standard error is a terminal.
fn bar(seeds: u64) -> ProgressBar {
    if seeds < 2 || !io::stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(Some(seeds), ProgressDrawTarget::stderr());
    if let Ok(style) = ProgressStyle::with_template("{bar:30} {pos}/{len} seeds, {per_sec} ({elapsed})") {
        bar.set_style(style);
    }
    bar
}

/// Runs each seed, and hands over what comes of it in the order of the seeds, as long as `take` wants
/// more.
fn each<T: Send>(
    seeds: Seeds,
    workers: usize,
    run: impl Fn(u64) -> T + Sync,
    mut take: impl FnMut(u64, T) -> io::Result<bool>,
) -> io::Result<()> {
    let (next, window) = (AtomicU64::new(0), Window::new(workers));
    let (sender, receiver) = mpsc::sync_channel(4 * workers);
    thread::scope(|scope| {
        for _ in 0..workers {
            let (sender, next, window, run) = (sender.clone(), &next, &window, &run);
            scope.spawn(move || {
                let _worker = window.worker();
                loop {
                    let place = next.fetch_add(1, Ordering::Relaxed);
                    if place >= seeds.count() || !window.admits(place) {
                        break;
                    }
                    // Nobody takes it any more once it is enough.
                    if sender.send((place, run(seeds.first() + place))).is_err() {
                        break;
                    }
                }
            });
        }
        drop(sender);
        // Places are counted, and not seeds: after the last seed there may be no number.
        let (mut early, mut wanted) = (BTreeMap::new(), 0);
        let mut hand_over = |receiver: mpsc::Receiver<(u64, T)>| -> io::Result<()> {
            for (place, ran) in receiver {
                early.insert(place, ran);
                while let Some(ran) = early.remove(&wanted) {
                    if !take(seeds.first() + wanted, ran)? {
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

/// What came of all seeds so far.
#[derive(Debug, Default)]
struct Tally {
    runs: u64,
    broken: u64,
    unrun: u64,
    simulated: Duration,
}

impl Tally {
    /// Takes in one, and tells it if it did not hold; whether it did not.
    fn take(
        &mut self,
        arguments: &Arguments,
        seed: u64,
        ran: Ran,
        out: &mut dyn Write,
        err: &mut dyn Write,
    ) -> io::Result<bool> {
        self.runs += 1;
        let outcome = match ran {
            Ok(outcome) => outcome,
            Err(reason) => {
                self.unrun += 1;
                writeln!(err, "error: seed {seed}: {reason}")?;
                return Ok(true);
            }
        };
        self.simulated += outcome.took;
        let Some(broken) = outcome.broken else { return Ok(false) };
        self.broken += 1;
        let again = arguments.again();
        writeln!(out, "seed {seed} breaks {}: {}", broken.signature, broken.message)?;
        writeln!(out, "  again: tools fuzz --seed {seed}{again}")?;
        if !arguments.world.virtual_time {
            writeln!(out, "  logs:  {}", real::folder(arguments, seed).display())?;
            return Ok(true);
        }
        writeln!(out, "  small: tools fuzz --seed {seed}{again} --shrink -o found-{seed}.scn")?;
        Ok(true)
    }

    /// `2000 seeds hold (53210 simulated seconds in 12.3 s, 163 runs a second)`.
    fn summary(&self, wall: Duration, virtual_time: bool) -> String {
        let held = self.runs - self.broken - self.unrun;
        let mut parts = vec![match held {
            1 => "1 seed holds".to_owned(),
            _ => format!("{held} seeds hold"),
        }];
        if self.broken > 0 {
            let does = if self.broken == 1 { "does" } else { "do" };
            parts.push(format!("{} {does} not", self.broken));
        }
        if self.unrun > 0 {
            parts.push(format!("{} could not be run", self.unrun));
        }
        let seconds = wall.as_secs_f64();
        if !virtual_time {
            return format!("{} ({seconds:.1} s)", parts.join(", "));
        }
        let rate = self.runs as f64 / seconds.max(0.001);
        format!(
            "{} ({:.0} simulated seconds in {seconds:.1} s, {rate:.0} runs a second)",
            parts.join(", "),
            self.simulated.as_secs_f64(),
        )
    }

    fn exit(&self) -> Exit {
        let broken = if self.broken > 0 { Exit::Failed } else { Exit::Held };
        broken.gravest(if self.unrun > 0 { Exit::Environment } else { Exit::Held })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fuzz::Plan;
    use crate::fuzz::run::Setup;

    #[test]
    fn seeds_are_handed_over_in_order_until_it_is_enough() {
        let mut seen = Vec::new();
        each(
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
        each(seeds, 2, |seed| seed - first, take).unwrap();
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
                // Time for more, were there no bound.
                thread::sleep(Duration::from_millis(50));
                at_its_end.store(begun.load(Ordering::Relaxed), Ordering::Relaxed);
            }
        };
        let mut taken = 0;
        let take = |_, ()| {
            taken += 1;
            Ok(true)
        };
        each("0..5000".parse().unwrap(), 2, run, take).unwrap();
        // All that may be ahead of the first.
        assert_eq!((at_its_end.into_inner(), taken), (128, 5_001));
    }

    #[test]
    fn a_summary_counts() {
        let tally = Tally { runs: 10, broken: 1, unrun: 0, simulated: Duration::from_secs(90) };
        let sum = |tally: &Tally| tally.summary(Duration::from_secs(2), true);
        assert_eq!(sum(&tally), "9 seeds hold, 1 does not (90 simulated seconds in 2.0 s, 5 runs a second)");
        assert_eq!(tally.exit(), Exit::Failed);
        let tally = Tally { broken: 2, unrun: 1, ..tally };
        assert_eq!(
            sum(&tally),
            "7 seeds hold, 2 do not, 1 could not be run (90 simulated seconds in 2.0 s, 5 runs a second)"
        );
        assert_eq!(tally.exit(), Exit::Environment);
        assert_eq!(
            tally.summary(Duration::from_secs(2), false),
            "7 seeds hold, 2 do not, 1 could not be run (2.0 s)"
        );
        assert_eq!(Tally { runs: 1, ..Tally::default() }.exit(), Exit::Held);
    }
}
