//! The table of a grading as data, and as the JSON of `grades.json`.

use serde::Serialize;

use super::plan::Plan;
use super::results::{Book, Outcome};

/// The number of the format of `grades.json`. It changes when programs that read it would have to change.
const FORMAT: u32 = 1;

/// The table.
#[derive(Debug, Serialize)]
pub(super) struct Document {
    format: u32,
    world: &'static str,
    seed: u64,
    /// The scenarios, in the order of the columns.
    pub(super) scenarios: Vec<Column>,
    /// The submissions, in the order of the rows.
    pub(super) submissions: Vec<Row>,
}

/// A scenario.
#[derive(Debug, Serialize)]
pub(super) struct Column {
    pub(super) name: String,
    file: String,
    /// The points that it gives.
    pub(super) points: f64,
}

/// A submission.
#[derive(Debug, Serialize)]
pub(super) struct Row {
    pub(super) name: String,
    path: String,
    /// The points that it has.
    pub(super) points: f64,
    /// The points that it could have.
    pub(super) of: f64,
    /// The results, by column; null for one that is not there yet.
    pub(super) results: Vec<Option<Cell>>,
}

/// A result.
#[derive(Debug, Clone, Serialize)]
pub(super) struct Cell {
    scenario: String,
    pub(super) outcome: Outcome,
    pub(super) reason: Option<String>,
    points: f64,
    duration_ms: u64,
    again: Option<String>,
}

/// Returns the sum of points, which is 0 and not -0 if there are none.
fn sum(points: impl Iterator<Item = f64>) -> f64 {
    points.fold(0.0, |sum, points| sum + points)
}

impl Document {
    pub(super) fn new(plan: &Plan, book: &Book) -> Self {
        let column = |graded: &super::plan::Graded| Column {
            name: graded.name.clone(),
            file: graded.file.to_string_lossy().into_owned(),
            points: graded.points,
        };
        let row = |submission: &super::submission::Submission| {
            let cells = plan.scenarios.iter().map(|graded| {
                let result = book.get(&submission.name, &graded.name)?;
                Some(Cell {
                    scenario: graded.name.clone(),
                    outcome: result.outcome,
                    reason: result.reason.clone(),
                    points: if result.outcome == Outcome::Passed { graded.points } else { 0.0 },
                    duration_ms: result.duration_ms,
                    again: result.again.clone(),
                })
            });
            let results: Vec<Option<Cell>> = cells.collect();
            Row {
                name: submission.name.clone(),
                path: submission.path.to_string_lossy().into_owned(),
                points: sum(results.iter().flatten().map(|cell| cell.points)),
                of: sum(plan.scenarios.iter().map(|graded| graded.points)),
                results,
            }
        };
        Self {
            format: FORMAT,
            world: plan.world,
            seed: plan.seed,
            scenarios: plan.scenarios.iter().map(column).collect(),
            submissions: plan.submissions.iter().map(row).collect(),
        }
    }

    /// Returns the text of `grades.json`.
    pub(super) fn json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self).map(|text| text + "\n")
    }

    /// A table with rows as given: a name, and for each scenario an outcome with its reason.
    #[cfg(test)]
    #[expect(clippy::type_complexity, reason = "rows of literals in tests")]
    pub(super) fn of(scenarios: &[&str], rows: &[(&str, &[Option<(Outcome, &str)>])]) -> Self {
        let column = |name: &&str| Column { name: (*name).to_owned(), file: String::new(), points: 1.0 };
        let cell = |(outcome, reason): (Outcome, &str)| Cell {
            scenario: String::new(),
            outcome,
            reason: (!reason.is_empty()).then(|| reason.to_owned()),
            points: if outcome == Outcome::Passed { 1.0 } else { 0.0 },
            duration_ms: 0,
            again: None,
        };
        let row = |(name, cells): &(&str, &[Option<(Outcome, &str)>])| {
            let results: Vec<Option<Cell>> = cells.iter().map(|one| one.map(cell)).collect();
            Row {
                name: (*name).to_owned(),
                path: String::new(),
                points: sum(results.iter().flatten().map(|cell| cell.points)),
                of: sum(scenarios.iter().map(|_| 1.0)),
                results,
            }
        };
        let (columns, rows) = (scenarios.iter().map(column).collect(), rows.iter().map(row).collect());
        Self { format: FORMAT, world: "process", seed: 7, scenarios: columns, submissions: rows }
    }
}
