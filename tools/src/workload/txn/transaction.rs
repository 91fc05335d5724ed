//! A transaction as it was asked for and as it was answered.

use serde_json::Value;

use crate::text::value;
use crate::workload::{Completion, Operation};

/// One read or write of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) key: String,
    pub(super) write: bool,
    /// The value that was written or read; none if there was no value, or if the answer is unknown.
    pub(super) value: Option<String>,
}

/// The fate of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Committed,
    Aborted,
    Unknown,
}

#[derive(Debug, Clone)]
pub(super) struct Transaction {
    /// The index of its operation in the history.
    pub(super) index: usize,
    pub(super) fate: Fate,
    pub(super) steps: Vec<Step>,
}

impl Transaction {
    /// Returns the transaction of an operation, and the problem of the answer, if there is one. A transaction
    /// with a problem has an unknown fate: it may have written all its values.
    pub(super) fn of(index: usize, operation: &Operation) -> (Self, Option<String>) {
        let Some(asked) = steps(operation.argument(0)) else {
            let why = "nothing that is a transaction was asked for".to_owned();
            return (Self { index, fate: Fate::Unknown, steps: Vec::new() }, Some(why));
        };
        let (fate, steps, wrong) = match &operation.outcome {
            Completion::Ok(_) => match answered(&asked, operation.text()) {
                Ok(answered) => (Fate::Committed, answered, None),
                Err(why) => (Fate::Unknown, asked, Some(why)),
            },
            Completion::Failed { .. } => (Fate::Aborted, asked, None),
            Completion::Unknown { .. } => (Fate::Unknown, asked, None),
        };
        (Self { index, fate, steps }, wrong)
    }

    /// Returns true if the values that it read are known.
    pub(super) fn has_read(&self) -> bool {
        self.fate == Fate::Committed
    }
}

/// Returns the steps that were asked for, with the values that they read, or the problem of the answer.
fn answered(asked: &[Step], text: Option<&str>) -> Result<Vec<Step>, String> {
    let text = text.ok_or("it answered no transaction")?;
    let answered = steps(text).ok_or_else(|| format!("it answered {text}, which is no transaction"))?;
    let same = |(one, other): (&Step, &Step)| {
        one.key == other.key && one.write == other.write && (!one.write || one.value == other.value)
    };
    if asked.len() != answered.len() || !asked.iter().zip(&answered).all(same) {
        return Err(format!("it answered {text}, which is another transaction"));
    }
    Ok(answered)
}

fn steps(text: &str) -> Option<Vec<Step>> {
    let steps: Vec<(String, Value, Value)> = serde_json::from_str(text).ok()?;
    let step = |(kind, key, value): (String, Value, Value)| {
        let write = match kind.as_str() {
            "r" => false,
            "w" => true,
            _ => return None,
        };
        Some(Step { key: word(&key), write, value: (!value.is_null()).then(|| word(&value)) })
    };
    steps.into_iter().map(step).collect()
}

/// Returns the canonical bare word of a value.
fn word(json: &Value) -> String {
    value::with_number_types(&json.to_string())
}
