//! The result of the check of one register.

use super::call::Value;

/// The linearizability of one register's history, as the search found it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Linearizability {
    /// An order of the calls exists.
    Linearizable,
    /// No order of the calls exists.
    Not(Contradiction),
    /// The search would have cost too much: nothing is known from this call on.
    Undecided {
        /// The index of the call.
        at: usize,
    },
}

/// The place at which no order is left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contradiction {
    /// The index of the call that cannot have ended as it did.
    pub at: usize,
    /// The values that the register could hold then instead.
    pub possible: Vec<Value>,
    /// The indices of the other calls that were under way when it ended.
    pub concurrent: Vec<usize>,
}
