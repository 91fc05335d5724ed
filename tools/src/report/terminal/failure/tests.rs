use super::*;
use crate::report::sample::{self, finding};
use crate::run::LogExcerpt;

/// Describes the sample's failure after a change.
fn failed(change: impl FnOnce(&mut Failure)) -> String {
    let mut report = sample::failed();
    if let Verdict::Failed(failure) = &mut report.verdict {
        change(failure);
    }
    failure(&report, Style::PLAIN)
}

fn plain(findings: &[Finding]) -> String {
    nodes(findings, true, Style::PLAIN).join("\n")
}

#[test]
fn an_expectation_shows_what_a_stranger_needs() {
    insta::assert_snapshot!(failed(|_| {}), @r###"
    sync failed: expected `== Reimert` within 5 s
     --> scenarios/sync.scn:5:1
     5 | expect all: get nom == Reimert within 5s
       | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       = when: 5.12 s after the run began, after waiting 5 s

      nodes
        c     error: key `nom` is absent (absent)
        d, z  Reinert\u{1b}[2J                     since 0.1 s to 0.25 s
        23 others as expected

      c's log
        2026-11-21T07:54:11.123Z INFO link to b is up, dialled there
        2026-11-21T07:54:11.130Z INFO link to b is down: reset

      logs    logs/NAME.log, logs/NAME.err; merged: tools logs --err --logs logs
      record  logs/run.jsonl
      again   tools test scenarios/sync.scn --seed 417
    "###);
}

#[test]
fn what_was_not_asked_in_time_blames_no_node() {
    let text = failed(|failure| {
        failure.kind = FailureKind::NotAsked;
        failure.message = "not asked in time: 122 asks of 200 ms each do not fit into 1 s".to_owned();
        failure.findings = ('a'..='d').map(|name| finding(&name.to_string(), "v", true, Some(90))).collect();
        failure.findings.push(finding("e", "not asked in time", true, None));
        failure.logs = Vec::new();
    });
    assert!(text.starts_with("sync failed: not asked in time: 122 asks of 200 ms each do not"), "{text}");
    assert!(
        text.contains("    a, b, c, d  v                  since 0.09 s\n    e           not asked"),
        "{text}"
    );
    assert!(!text.contains("as expected"), "{text}");
}

#[test]
fn the_end_of_a_scenario_has_no_line() {
    let text = failed(|failure| {
        failure.kind = FailureKind::End;
        failure.at = None;
        failure.message = "at the end the nodes do not hold the same, 5 s after the last step".to_owned();
        failure.findings = vec![
            finding("a", "digest 11", true, Some(90)),
            finding("b", "digest 22", false, Some(80)),
            finding("c", "has told nothing", false, Some(0)),
        ];
        failure.differences = vec!["`nom` is a: Reimert (stamp 12.0); b: nothing".to_owned()];
        failure.logs = vec![LogExcerpt { node: "b".to_owned(), lines: Vec::new() }];
        failure.help = Some("`settle 10s` at the top of the file gives them more time".to_owned());
    });
    insta::assert_snapshot!(text, @"
    sync failed: at the end the nodes do not hold the same, 5 s after the last step
     --> scenarios/sync.scn
       = when: 5.12 s after the run began, after waiting 5 s
       = help: `settle 10s` at the top of the file gives them more time

      nodes
        b  digest 22         since 0.08 s
        c  has told nothing  since 0 s
        a  digest 11         since 0.09 s, as expected

      how they differ
        `nom` is a: Reimert (stamp 12.0); b: nothing

      logs    logs/NAME.log, logs/NAME.err; merged: tools logs --err --logs logs
      record  logs/run.jsonl
      again   tools test scenarios/sync.scn --seed 417
    ");
}

#[test]
fn lost_writes_and_steps_under_way_are_called_so() {
    let title = |kind, findings: Vec<Finding>| {
        let text = failed(|failure| {
            (failure.kind, failure.findings) = (kind, findings);
            failure.differences = vec!["the line".to_owned()];
        });
        let lines: Vec<&str> = text.lines().collect();
        let place = lines.iter().position(|line| *line == "    the line").unwrap();
        lines[place - 1].trim().to_owned()
    };
    assert_eq!(title(FailureKind::End, Vec::new()), "missing");
    assert_eq!(title(FailureKind::Timeout, Vec::new()), "under way");
    assert_eq!(title(FailureKind::Expectation, vec![finding("a", "x", false, None)]), "how they differ");
}

#[test]
fn a_broken_law_is_named_with_its_evidence() {
    let text = failed(|failure| {
        failure.kind = FailureKind::End;
        failure.law = Some(Law::MonotonicReads);
        failure.message = "a goes back on `k`: it tells of an older version than before".to_owned();
        failure.differences = vec!["at 1 s, `get k` at a told of rank 5".to_owned()];
    });
    assert!(text.contains("= law: monotonic reads\n"), "{text}");
    assert!(text.contains("\n  evidence\n    at 1 s, `get k` at a told of rank 5\n"), "{text}");
}

#[test]
fn what_could_not_be_run_says_so_and_what_to_do() {
    insta::assert_snapshot!(failure(&sample::broken(), Style::PLAIN), @"
    sync could not be run: node `a` did not become ready
     --> scenarios/sync.scn:3:1
     3 | network a-b
       | ^^^^^^^^^^^
       = when: 0.02 s after the run began
       = help: is the port taken?

      nodes
        a  exit code 3

      again   tools test scenarios/sync.scn --world netns --seed 417
    ");
}

#[test]
fn excused_writes_are_listed_and_limited() {
    let mut report = sample::passed();
    assert_eq!(excused(&report, Style::PLAIN), "");
    report.excused = vec!["`k`, acknowledged by b at 1 s".to_owned()];
    assert_eq!(
        excused(&report, Style::PLAIN),
        "excused: 1 acknowledged write, known only to nodes that ended without a disk\n  `k`, acknowledged by \
         b at 1 s\n"
    );
    report.excused = (0..25).map(|number| format!("`k{number}`")).collect();
    let text = excused(&report, Style::PLAIN);
    assert!(text.ends_with("  `k19`\n  … and 5 more\n"), "{text}");
    let mut report = sample::failed();
    report.excused = vec!["`k`".to_owned()];
    assert!(failure(&report, Style::PLAIN).contains("\n\n  excused: 1 acknowledged write,"));
}

#[test]
fn what_passed_or_was_skipped_is_no_failure() {
    for report in [sample::passed(), sample::skipped()] {
        assert_eq!(failure(&report, Style::COLOUR), "");
    }
}

#[test]
fn nodes_that_hold_the_same_share_a_line() {
    let held = |number: usize| if number.is_multiple_of(2) { "Paris" } else { "Tokio" };
    let findings: Vec<Finding> =
        (0..26).map(|number| finding(&format!("n{number}"), held(number), false, Some(100))).collect();
    insta::assert_snapshot!(plain(&findings), @"
    n0, n2, n4, n6, n8, n10 and 7 more  Paris  since 0.1 s
    n1, n3, n5, n7, n9, n11 and 7 more  Tokio  since 0.1 s
    ");
}

#[test]
fn more_answers_than_can_be_read_are_counted() {
    let findings: Vec<Finding> = (0..40)
        .map(|number| finding(&format!("n{number}"), &number.to_string(), number == 7, None))
        .collect();
    let text = plain(&findings);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines.len(), HELD_SHOWN + 1);
    assert_eq!((lines[0], lines[7], lines[12]), ("n0   0", "n8   8", "… and 28 more"));
}

#[test]
fn a_few_fitting_nodes_are_shown_after_the_others() {
    let findings = [
        finding("a", "Reimert", true, Some(100)),
        finding("b", "Reinert", false, Some(2_000)),
        finding("c", "Reimert", true, Some(180)),
    ];
    insta::assert_snapshot!(plain(&findings), @"
    b     Reinert  since 2 s
    a, c  Reimert  since 0.1 s to 0.18 s, as expected
    ");
}

#[test]
fn an_answer_of_many_lines_is_cut() {
    let held = (1..=9).map(|number| format!("line {number}")).collect::<Vec<_>>().join("\n");
    let findings = [finding("a", &held, false, Some(1_000)), finding("bob", "", false, None)];
    insta::assert_snapshot!(plain(&findings), @"
    a    line 1              since 1 s
         line 2
         line 3
         line 4
         line 5
         line 6
         … and 3 more lines
    bob  nothing
    ");
}

#[test]
fn nothing_that_nodes_say_reaches_the_terminal_as_a_control() {
    let report = {
        let mut report = sample::failed();
        if let Verdict::Failed(failure) = &mut report.verdict {
            failure.message.push('\u{1b}');
            failure.differences = vec!["a\u{1b}[2J\r".to_owned()];
            failure.help = Some("\u{1b}".to_owned());
            failure.logs[0].lines.push("\u{1b}[31mred".to_owned());
        }
        report.excused = vec!["\u{1b}".to_owned()];
        report
    };
    let text = failure(&report, Style::PLAIN);
    assert!(!text.contains(|character: char| character.is_control() && character != '\n'), "{text}");
}

#[test]
fn colours_change_no_letter() {
    let coloured = failure(&sample::failed(), Style::COLOUR);
    assert!(coloured.contains("\u{1b}[31m^^^^"), "{coloured}");
    let mut plain = String::new();
    let mut rest = coloured.as_str();
    while let Some((before, after)) = rest.split_once("\u{1b}[") {
        plain.push_str(before);
        rest = after.split_once('m').map_or("", |(_, after)| after);
    }
    plain.push_str(rest);
    let lines = |text: &str| text.lines().map(|line| line.trim_end().to_owned()).collect::<Vec<_>>();
    assert_eq!(lines(&plain), lines(&failure(&sample::failed(), Style::PLAIN)));
}

#[test]
fn a_step_without_a_scenario_is_explained_as_well() {
    let Verdict::Failed(failure) = sample::failed().verdict else { panic!("it failed") };
    let (whole, explained) = (failed(|_| {}), explain(&failure, Style::PLAIN));
    let (first, body) = explained.split_once('\n').unwrap();
    assert_eq!(first, "error: expected `== Reimert` within 5 s");
    assert!(whole.contains(body) && !body.contains("again"), "{explained}");
    let explained = explain(&Failure { at: None, ..*failure }, Style::PLAIN);
    assert!(!explained.contains("-->"), "{explained}");
}

#[test]
fn a_reason_of_several_lines_stands_as_lines_that_forge_nothing() {
    let text = failed(|failure| {
        failure.message =
            "it ended before it was ready; its log:\n    Error: Cannot find module\nsync failed: no\u{1b}[2J"
                .to_owned();
        failure.help = Some("one thing\nand another".to_owned());
        failure.differences = vec!["`k` is a: one\ntwo".to_owned()];
        failure.findings.clear();
        failure.logs.clear();
    });
    let shown: Vec<&str> = text.lines().take(12).collect();
    insta::assert_snapshot!(shown.join("\n"), @r"
    sync failed: it ended before it was ready; its log:
        Error: Cannot find module
        sync failed: no\u{1b}[2J
     --> scenarios/sync.scn:5:1
     5 | expect all: get nom == Reimert within 5s
       | ^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^^
       = when: 5.12 s after the run began, after waiting 5 s
       = help: one thing
         and another

      how they differ
        `k` is a: one
    ");
}
