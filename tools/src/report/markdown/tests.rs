//! Tests of the report as Markdown.

use super::*;
use crate::report::sample;

#[test]
fn a_person_sees_what_did_not_pass_first_and_then_all() {
    let reports = [sample::passed(), sample::skipped(), sample::failed(), sample::broken(), sample::flaky()];
    let text = markdown(&reports, &[]);
    assert!(
        text.starts_with(
            "## 1 passed, 1 failed, 1 flaky, 1 broken, 1 skipped (16.2 s of the worlds' time)\n"
        ),
        "{text}"
    );
    let headings: Vec<&str> = text.lines().filter(|line| line.starts_with("###")).collect();
    let expected = [
        "### failed: ` sync in process seed 417 `",
        "### broken: ` sync in netns seed 417 `",
        "### flaky: ` sync in process seed 417 `",
    ];
    assert_eq!(headings, expected);
    assert!(text.contains("\n` scenarios/sync.scn:5 `: `` expected `== Reimert` within 5 s ``\n"), "{text}");
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with('|')).collect();
    assert_eq!(rows.len(), 7);
    assert_eq!(
        rows[2],
        "| passed | ` latency[net=line(26),policy=last] ` | ` scenarios/latency.scn ` | ` process ` | 417 | 0.41 s |  |"
    );
    assert!(rows[6].contains("flaky, 1 of 2 attempts passed"), "{}", rows[6]);
    assert_eq!(markdown(&[], &[]).lines().next(), Some("## no scenario was run"));
}

#[test]
fn many_seeds_are_counted_once() {
    let text = markdown(&[], &[sample::sweep()]);
    assert!(text.starts_with("## 1 failed ("), "{text}");
    assert!(text.contains("| 1..3 |") && text.contains("` 1 of 3 seeds passed `"), "{text}");
}

#[test]
fn hostile_text_is_code() {
    let text = markdown(&[sample::hostile()], &[]);
    // Fences are those of the report alone: the text has runs of three backticks, so a block needs four.
    assert_eq!(text.matches("\n````text\n").count(), 1, "{text}");
    assert_eq!(text.matches("\n````\n").count(), 1, "{text}");
    let rows: Vec<&str> = text.lines().filter(|line| line.starts_with('|')).collect();
    assert_eq!(rows.len(), 3);
    let bars = rows[2].replace("\\|", "").matches('|').count();
    assert_eq!(bars, 8, "{}", rows[2]);
    assert!(text.chars().all(|character| character == '\n' || crate::text::is_plain(character)));
}

#[test]
fn a_span_may_begin_and_end_with_its_fence() {
    assert_eq!(span("`a``"), "``` `a`` ```");
    assert_eq!((span(" "), cell("a|b")), ("–".to_owned(), "` a\\|b `".to_owned()));
}

#[test]
fn a_long_text_is_bounded_and_says_what_it_left_out() {
    let mut long = sample::failed();
    if let Verdict::Failed(failure) = &mut long.verdict {
        failure.message = "x".repeat(50_000);
    }
    let text = markdown(&vec![long; 1_500], &[]);
    assert!(text.len() <= BYTES_MAX, "{}", text.len());
    assert!(text.contains(" further runs that did not pass: only in the table below.\n"));
    assert!(text.ends_with("\n500 more runs\n"), "{}", &text[text.len() - 40..]);
    let text = markdown(&vec![sample::passed(); 1_001], &[]);
    assert!(text.ends_with("\n1 more run\n"));
}
