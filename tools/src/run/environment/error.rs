//! The errors of words, expressions and choices of nodes. None of them changes the state of a run.

/// An error in the value of a word or an expression.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::run) enum ValueError {
    /// The right side of a division or a remainder is zero.
    #[error("a division by zero")]
    DivisionByZero,
    /// No step that has ended has bound the name.
    #[error("`${0}` has no value here")]
    Unbound(String),
    /// The network has no such figure.
    #[error("there is no figure `{0}`")]
    UnknownFigure(String),
    /// No measure of that name has ended, or it has no such figure.
    #[error("`{measure}.{figure}` has not been measured")]
    NotMeasured {
        /// The name of the measure.
        measure: String,
        /// The name of the figure.
        figure: String,
    },
    /// A text in a calculation does not read as a number.
    #[error("`{0}` is not a number")]
    NotANumber(String),
}

impl From<ValueError> for String {
    fn from(error: ValueError) -> Self {
        error.to_string()
    }
}

/// An error in a choice of nodes.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub(in crate::run) enum SelectionError {
    /// No node of that name has appeared so far.
    #[error("there is no node `{0}` yet")]
    UnknownNode(String),
    /// The last node of a range appeared before its first.
    #[error("`{first}..{last}` is empty: `{last}` appeared before `{first}`")]
    EmptyRange {
        /// The first node of the range.
        first: String,
        /// The last node of the range.
        last: String,
    },
    /// A name is bound to a number.
    #[error("`${name}` is {number}, which is no node")]
    NotANode {
        /// The name.
        name: String,
        /// The number that it is bound to.
        number: f64,
    },
    /// No step that has ended has bound the name.
    #[error("`${0}` has no value here")]
    Unbound(String),
    /// There are fewer nodes than the step draws.
    #[error("cannot draw {count} nodes: {found} {} to choose from", if *found == 1 { "is there" } else { "are there" })]
    TooFew {
        /// The number of nodes that the step draws.
        count: usize,
        /// The number of nodes to choose from.
        found: usize,
    },
    /// No node fits the choice, for none has this state.
    #[error("this chooses nobody: no such node is {state}")]
    Nobody {
        /// The state that the step requires of its nodes.
        state: &'static str,
    },
}

impl From<SelectionError> for String {
    fn from(error: SelectionError) -> Self {
        error.to_string()
    }
}
