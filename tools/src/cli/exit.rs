//! How `tools` ends: one table for all subcommands.

/// The ending codes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// All held.
    Held,
    /// An expectation did not hold, or a node died unasked during a scenario; or a node said no.
    Failed,
    /// Wrong usage, topology or scenario: nothing was started.
    Usage,
    /// The environment failed: a port taken, a program missing, a node that died before it was ready.
    Environment,
    /// Interrupted.
    Interrupted,
}

impl Exit {
    /// The code that the process ends with.
    #[must_use]
    pub fn code(self) -> u8 {
        match self {
            Self::Held => 0,
            Self::Failed => 1,
            Self::Usage => 2,
            Self::Environment => 3,
            Self::Interrupted => 130,
        }
    }

    /// Of several endings the gravest counts.
    #[must_use]
    pub fn gravest(self, other: Self) -> Self {
        if self.code() >= other.code() { self } else { other }
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
}
