//! Tests of the report for GitHub Actions.

use super::*;
use crate::report::sample;

#[test]
fn what_did_not_hold_is_annotated_at_its_line() {
    let reports = [sample::passed(), sample::failed(), sample::skipped(), sample::broken(), sample::flaky()];
    let text = github(&reports, &[], "");
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(
        lines[0],
        "::error title=sync in process seed 417 failed,file=scenarios/sync.scn,line=5,col=1,endColumn=41::expected \
         `== Reimert` within 5 s%0Ac: error: key `nom` is absent (absent)%0Ad: Reinert\\u{1b}[2J%0Az: \
         Reinert\\u{1b}[2J%0Aagain: tools test scenarios/sync.scn --seed 417"
    );
    assert!(
        lines[1].starts_with("::error title=sync in netns seed 417 broken,file=scenarios/sync.scn,line=3,")
    );
    assert!(lines[2].starts_with("::warning title=sync in process seed 417 flaky,"), "{}", lines[2]);
    assert!(lines[2].contains("::flaky, 1 of 2 attempts passed: expected"), "{}", lines[2]);
    assert_eq!(lines.len(), 3);
}

#[test]
fn a_path_is_seen_from_the_folder_of_the_repository() {
    let text = github(&[sample::failed()], &[], "a/b");
    assert!(text.contains(",file=a/b/scenarios/sync.scn,"), "{text}");
    assert_eq!((below("a", "/x.scn"), below("", "./x.scn")), ("/x.scn".to_owned(), "x.scn".to_owned()));
}

#[test]
fn each_failing_seed_is_annotated() {
    let text = github(&[], &[sample::sweep()], "");
    assert_eq!(text.lines().count(), 2);
    // The checks at the end belong to no line.
    let last = text.lines().last().unwrap();
    assert!(
        last.starts_with("::error title=sync in sim seed 3 failed,file=scenarios/sync.scn::at the end"),
        "{last}"
    );
}

#[test]
fn hostile_text_begins_no_command_and_no_property() {
    let text = github(&[sample::hostile()], &[], "");
    assert_eq!(text.lines().count(), 1, "{text}");
    let (properties, message) = text.strip_prefix("::error ").unwrap().split_once("::").unwrap();
    let names: Vec<&str> =
        properties.split(',').map(|property| property.split_once('=').unwrap().0).collect();
    assert_eq!(names, ["title", "file", "line", "col", "endColumn"]);
    assert!(message.contains("%250A"), "{message}");
    assert!(!text.contains('\u{1b}') && !text.contains('\r'));
}

#[test]
fn lines_of_strangers_stand_where_no_command_is_carried_out() {
    assert_eq!(stop_commands("t") + "x\n" + &resume_commands("t"), "::stop-commands::t\nx\n::t::\n");
}
