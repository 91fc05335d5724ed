//! The reporter of `tools fuzz --seeds`: prints the results as they come, and sums them up.

use std::io::{self, Write};
use std::time::Duration;

use super::arguments::Arguments;
use super::execution;
use crate::cli::exit::Exit;
use crate::cli::failure::Failure;
use crate::cli::seeds::Seeds;
use crate::fuzz::run::PlanResult;
use crate::report::{DrawnRun, DrawnRuns};

/// The result of a seed, or the reason why it could not be run.
type SeedResult = Result<PlanResult, String>;

/// The results of all seeds so far.
#[derive(Debug, Default)]
pub(super) struct Reporter {
    /// The number of seeds with a result.
    pub(super) runs: u64,
    broken: u64,
    unrun: u64,
    simulated: Duration,
    /// The runs, for the report for build servers.
    pub(super) drawn: DrawnRuns,
}

impl Reporter {
    /// Creates a reporter without results.
    pub(super) fn new(seeds: &Seeds) -> Self {
        Self { drawn: DrawnRuns::new(seeds), ..Self::default() }
    }

    /// Adds the result of a seed, and prints it if the seed did not hold. Returns true if it did not hold.
    pub(super) fn add(
        &mut self,
        arguments: &Arguments,
        seed: u64,
        result: SeedResult,
        out: &mut dyn Write,
        err: &mut dyn Write,
    ) -> io::Result<bool> {
        self.runs += 1;
        let again_of = |seed: u64| format!("tools fuzz --seed {seed}{}", arguments.again());
        let outcome = match result {
            Ok(outcome) => outcome,
            Err(reason) => {
                self.unrun += 1;
                Failure::environment(format!("seed {seed}: {reason}")).print(err)?;
                let kind = "environment".to_owned();
                self.drawn.add(DrawnRun {
                    seed,
                    kind,
                    judged: false,
                    message: reason,
                    again: again_of(seed),
                });
                return Ok(true);
            }
        };
        self.simulated += outcome.took;
        let Some(broken) = outcome.broken else {
            self.drawn.add_held();
            return Ok(false);
        };
        self.broken += 1;
        let again = arguments.again();
        let (kind, message) = (broken.signature.to_string(), broken.message.clone());
        self.drawn.add(DrawnRun { seed, kind, judged: true, message, again: again_of(seed) });
        let message = broken.message.lines().next().unwrap_or_default();
        writeln!(out, "seed {seed} breaks {}: {message}", broken.signature)?;
        writeln!(out, "  again: tools fuzz --seed {seed}{again}")?;
        if !arguments.world.virtual_time {
            writeln!(out, "  logs:  {}", execution::folder(arguments, seed).display())?;
            return Ok(true);
        }
        writeln!(out, "  small: tools fuzz --seed {seed}{again} --shrink -o found-{seed}.scn")?;
        Ok(true)
    }

    /// Returns the summary: `2000 seeds hold (53210 simulated seconds in 12.3 s, 163 runs a second)`.
    pub(super) fn summary(&self, wall: Duration, virtual_time: bool) -> String {
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

    /// Returns the exit code of the results so far.
    pub(super) fn exit(&self) -> Exit {
        let broken = if self.broken > 0 { Exit::Failed } else { Exit::Held };
        broken.gravest(if self.unrun > 0 { Exit::Environment } else { Exit::Held })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_counts() {
        let reporter =
            Reporter { runs: 10, broken: 1, simulated: Duration::from_secs(90), ..Reporter::default() };
        let sum = |reporter: &Reporter| reporter.summary(Duration::from_secs(2), true);
        assert_eq!(
            sum(&reporter),
            "9 seeds hold, 1 does not (90 simulated seconds in 2.0 s, 5 runs a second)"
        );
        assert_eq!(reporter.exit(), Exit::Failed);
        let reporter = Reporter { broken: 2, unrun: 1, ..reporter };
        assert_eq!(
            sum(&reporter),
            "7 seeds hold, 2 do not, 1 could not be run (90 simulated seconds in 2.0 s, 5 runs a second)"
        );
        assert_eq!(reporter.exit(), Exit::Environment);
        assert_eq!(
            reporter.summary(Duration::from_secs(2), false),
            "7 seeds hold, 2 do not, 1 could not be run (2.0 s)"
        );
        assert_eq!(Reporter { runs: 1, ..Reporter::default() }.exit(), Exit::Held);
    }
}
