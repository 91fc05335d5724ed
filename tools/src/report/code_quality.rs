//! Reports for GitLab, as a code quality report: a list of issues, each with its place.
//!
//! Runs that failed, broke or were flaky are issues. An issue needs a place; one that has none is at the first
//! line of its scenario.

use serde::Serialize;

use super::case::{Case, cases};
use super::sweep::Sweep;
use crate::run::{Report, Verdict};
use crate::text::readable;

/// An issue, with the fields that GitLab reads.
#[derive(Debug, Serialize)]
struct Issue<'a> {
    description: String,
    check_name: &'a str,
    fingerprint: String,
    severity: &'static str,
    location: Location,
}

#[derive(Debug, Serialize)]
struct Location {
    path: String,
    lines: Lines,
}

#[derive(Debug, Serialize)]
struct Lines {
    begin: usize,
}

/// Returns the runs that did not hold as a code quality report: JSON, indented, with a newline at the end.
pub fn code_quality(reports: &[Report], sweeps: &[Sweep]) -> serde_json::Result<String> {
    let cases = cases(reports, sweeps);
    let issues: Vec<Issue<'_>> = cases.iter().filter(|case| case.sweep.is_none()).filter_map(issue).collect();
    let mut text = serde_json::to_string_pretty(&issues)?;
    text.push('\n');
    Ok(text)
}

fn issue<'a>(case: &Case<'a>) -> Option<Issue<'a>> {
    let severity = match &case.report.verdict {
        Verdict::Passed | Verdict::Skipped(_) | Verdict::Interrupted => return None,
        Verdict::Flaky(_) => "minor",
        Verdict::Failed(_) => "major",
        Verdict::Broken(_) => "critical",
    };
    let place = case.place();
    let path = place.as_ref().map_or(case.report.file.as_str(), |place| place.file);
    let path = path.strip_prefix("./").unwrap_or(path);
    let line_text = place.as_ref().map(|place| place.text.trim()).unwrap_or_default();
    Some(Issue {
        description: readable(&format!("{}: {}", case.name(), case.reason()?)),
        check_name: case.kind(),
        fingerprint: fingerprint(&[path, &case.name(), case.kind(), line_text]),
        severity,
        location: Location {
            path: readable(path),
            lines: Lines { begin: place.as_ref().map_or(1, |place| place.line) },
        },
    })
}

/// Returns the identity of an issue. It depends neither on the line's number nor on what nodes answered, so
/// that the same issue is recognised after an edit elsewhere in the file.
fn fingerprint(parts: &[&str]) -> String {
    let mut hasher = blake3::Hasher::new();
    for part in parts {
        hasher.update(&(part.len() as u64).to_le_bytes()).update(part.as_bytes());
    }
    hasher.finalize().to_hex().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    fn parsed(reports: &[Report], sweeps: &[Sweep]) -> Vec<serde_json::Value> {
        serde_json::from_str(&code_quality(reports, sweeps).unwrap()).unwrap()
    }

    #[test]
    fn what_did_not_hold_is_an_issue_at_its_line() {
        let reports =
            [sample::passed(), sample::failed(), sample::skipped(), sample::broken(), sample::flaky()];
        let issues = parsed(&reports, &[]);
        let brief: Vec<String> = issues
            .iter()
            .map(|issue| {
                let location = &issue["location"];
                format!("{} {} {}", issue["severity"], location["path"], location["lines"]["begin"])
            })
            .collect();
        let file = "\"scenarios/sync.scn\"";
        let expected =
            [format!("\"major\" {file} 5"), format!("\"critical\" {file} 3"), format!("\"minor\" {file} 5")];
        assert_eq!(brief, expected);
        assert_eq!(issues[0]["check_name"], "expectation");
        assert!(issues[0]["description"].as_str().unwrap().ends_with(": expected `== Reimert` within 5 s"));
        assert_eq!(parsed(&[], &[sample::sweep()]).len(), 2);
        assert_eq!(code_quality(&[sample::passed()], &[]).unwrap(), "[]\n");
    }

    #[test]
    fn an_issue_is_the_same_after_an_edit_elsewhere_and_whatever_nodes_held() {
        let mut other = sample::failed();
        if let Verdict::Failed(failure) = &mut other.verdict {
            failure.message = "expected `== Reimert` within 5 s, c held 7".to_owned();
            failure.findings.clear();
        }
        let print = |report: Report| parsed(&[report], &[])[0]["fingerprint"].clone();
        assert_eq!(print(sample::failed()), print(other));
        assert_ne!(print(sample::failed()), print(sample::broken()));
    }

    #[test]
    fn hostile_text_stays_text() {
        let text = code_quality(&[sample::hostile()], &[]).unwrap();
        assert!(!text.contains('\u{1b}') && !text.contains("\\u001b"), "{text}");
        assert_eq!(serde_json::from_str::<Vec<serde_json::Value>>(&text).unwrap().len(), 1);
    }
}
