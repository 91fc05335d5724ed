//! The exit codes of `tools`: one table for all subcommands.

use crate::run::{Report, Verdict};

/// An exit code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// The command succeeded, and everything that it judged held.
    Held,
    /// An expectation did not hold, a node died unasked during a scenario, or a node refused.
    Failed,
    /// The usage, the topology or the scenario is wrong; nothing was started.
    Usage,
    /// The environment failed: for example a port is taken, a program is missing, or a node died before it
    /// was ready.
    Environment,
    /// The command was interrupted.
    Interrupted,
    /// A code outside of this table, from a process that did the command's work.
    Other(u8),
}

impl Exit {
    /// Returns the number with which the process ends.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Held => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Environment => 3,
            Self::Interrupted => 130,
            Self::Other(code) => code,
        }
    }

    /// Returns the exit code with a number, as another process reported it.
    #[must_use]
    pub fn of_code(code: u8) -> Self {
        let table = [Self::Held, Self::Failed, Self::Usage, Self::Environment, Self::Interrupted];
        table.into_iter().find(|exit| exit.code() == code).unwrap_or(Self::Other(code))
    }

    /// Returns the graver of two exit codes: the one with the greater number.
    #[must_use]
    pub fn gravest(self, other: Self) -> Self {
        if self.code() >= other.code() { self } else { other }
    }
}

impl From<&Verdict> for Exit {
    fn from(verdict: &Verdict) -> Self {
        match verdict {
            Verdict::Passed | Verdict::Skipped(_) => Self::Held,
            Verdict::Failed(_) | Verdict::Flaky(_) => Self::Failed,
            Verdict::Broken(_) => Self::Environment,
            Verdict::Interrupted => Self::Interrupted,
        }
    }
}

impl From<&Report> for Exit {
    fn from(report: &Report) -> Self {
        match &report.verdict {
            Verdict::Flaky(_) if !report.counts_as_failed() => Self::Held,
            verdict => Self::from(verdict),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_several_endings_the_gravest_counts() {
        use Exit::{Environment, Failed, Held, Interrupted};
        assert_eq!(Held.gravest(Failed), Failed);
        assert_eq!(Environment.gravest(Failed), Environment);
        assert_eq!(Environment.gravest(Interrupted), Interrupted);
    }

    #[test]
    fn a_number_of_another_process_is_that_of_the_table_if_it_has_it() {
        assert_eq!((Exit::of_code(0), Exit::of_code(130)), (Exit::Held, Exit::Interrupted));
        assert_eq!((Exit::of_code(137), Exit::of_code(137).code()), (Exit::Other(137), 137));
    }
}
