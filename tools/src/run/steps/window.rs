//! The time in which an expectation must hold, and the asks that fit into it.
//!
//! An answer is true of some moment between its question and its arrival.
//!
//! - For `within`, an answer counts if its question was put before the deadline, however late it comes.
//! - For `for`, a false answer counts only if both moments lie in the window. An answer that comes
//!   later counts only if it is true.

use std::time::Duration;

use crate::run::answers::{Asked, Observed};

/// The time in which an expectation must hold.
#[derive(Debug, Clone, Copy)]
pub(in crate::run) struct Window {
    /// The end of the window.
    pub deadline: Duration,
    /// True if the expectation must hold all the time, and not once.
    pub lasting: bool,
}

impl Window {
    /// Returns true if an answer counts. `fits` is true for an answer that meets the expectation.
    pub(in crate::run) fn counts(self, asked: &Asked, fits: bool) -> bool {
        match asked.observed {
            Observed::Unasked => false,
            _ if self.lasting => fits || asked.answered <= self.deadline,
            _ => true,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_false_answer_counts_against_for_only_if_it_lies_in_the_window() {
        let window = |lasting| Window { deadline: Duration::from_millis(500), lasting };
        let inside = Asked::between(100, 500, Observed::text("x"));
        let astride = Asked::between(400, 501, Observed::text("x"));
        assert!(window(true).counts(&inside, false) && window(true).counts(&astride, true));
        assert!(!window(true).counts(&astride, false));
        assert!(window(false).counts(&astride, false), "its question was put in time");
        let unasked = Asked::between(500, 500, Observed::Unasked);
        assert!(!window(true).counts(&unasked, false) && !window(false).counts(&unasked, false));
    }
}
