//! The answers of nodes: the result of an ask, comparisons of it, and the time that asks take.

mod asks;
mod comparison;
mod observed;

pub(in crate::run) use asks::Asks;
pub(in crate::run) use comparison::{CompareBy, FilledWord, agree, compare, contains};
pub(in crate::run) use observed::{ABSENT, Asked, Observed};
