//! A transaction as it was asked for and as it was answered.

use serde_json::Value;

use crate::workload::{Operation, Outcome};

/// One read or write of a transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Step {
    pub(super) key: String,
    pub(super) write: bool,
    /// What was written or read; nothing where nothing was there, or where the answer is unknown.
    pub(super) value: Option<String>,
}

/// What became of a transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fate {
    Committed,
    Aborted,
    Unknown,
}

#[derive(Debug, Clone)]
pub(super) struct Transaction {
    /// Its operation's place in the history.
    pub(super) index: usize,
    pub(super) fate: Fate,
    pub(super) steps: Vec<Step>,
}

impl Transaction {
    /// The transaction of an operation, and what is wrong with the answer, if anything is. Of such a one
    /// nobody knows what has happened: it may have written what it was asked to.
    pub(super) fn of(index: usize, operation: &Operation) -> (Self, Option<String>) {
        let Some(asked) = steps(operation.argument(0)) else {
            let why = "nothing that is a transaction was asked for".to_owned();
            return (Self { index, fate: Fate::Unknown, steps: Vec::new() }, Some(why));
        };
        let (fate, steps, wrong) = match &operation.outcome {
            Outcome::Ok(_) => match answered(&asked, operation.text()) {
                Ok(answered) => (Fate::Committed, answered, None),
                Err(why) => (Fate::Unknown, asked, Some(why)),
            },
            Outcome::Failed { .. } => (Fate::Aborted, asked, None),
            Outcome::Unknown { .. } => (Fate::Unknown, asked, None),
        };
        (Self { index, fate, steps }, wrong)
    }

    /// Whether what it read is known.
    pub(super) fn has_read(&self) -> bool {
        self.fate == Fate::Committed
    }
}

/// The steps that were asked for, with what they read, or what is wrong with the answer.
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
        Some(Step { key: plain(&key), write, value: (!value.is_null()).then(|| plain(&value)) })
    };
    steps.into_iter().map(step).collect()
}

/// A text as it is, all else as JSON.
fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}
