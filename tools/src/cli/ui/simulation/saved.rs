//! The run as a scenario: the scenario's own steps, and beside them those that were added by hand.

use std::fmt::Write as _;
use std::time::Duration;

use super::added::Addition;
use super::course::OwnSteps;
use crate::language::format::tidy;
use crate::scenario::{Scenario, Step};
use crate::text::Source;

/// Returns the scenario that does the same as the run. Own steps that had ended before the first added one stay
/// where they are; the others run beside the added ones. Returns `None` if there is nothing to be repeated, or if
/// the steps to be divided come from an included file.
pub(super) fn text(
    scenario: &Scenario,
    again: &str,
    additions: &[Addition],
    own: &OwnSteps,
) -> Option<String> {
    let first = additions.first()?;
    let whole = scenario.source.text();
    let mut text = format!("# The run of `{again}`, with the steps that were added by hand.\n");
    if first.own_steps >= scenario.steps.len() {
        text += whole;
        text += "\n";
        text += &added(additions, own.ended_at);
    } else {
        let (cut, step) = cut(scenario, first.own_steps)?;
        let began = own.began.get(step).copied().unwrap_or_default();
        text += &whole[..cut];
        let _ = write!(text, "together {{\ndo {{\n{}\n}}\ndo {{\n", whole[cut..].trim_end());
        text += &added(additions, began);
        text += "}\n}\n";
    }
    // A text that the language refuses would be no scenario.
    tidy(&Source::new(scenario.source.name(), text)).ok()
}

/// Returns the place in the text before which steps have ended, with the index of the first step behind it.
fn cut(scenario: &Scenario, at: usize) -> Option<(usize, usize)> {
    let is_own = |step: &Step| step.at.source == scenario.source;
    let at = (0..=at).rev().find(|index| scenario.steps.get(*index).is_some_and(is_own))?;
    let start = scenario.steps[at].at.span.start;
    let line = scenario.source.text()[..start].rfind('\n').map_or(0, |newline| newline + 1);
    // Steps of one line, divided by `;`, stay together.
    let first = (0..=at).find(|index| {
        let step = &scenario.steps[*index];
        is_own(step) && step.at.span.start >= line
    })?;
    Some((line, first))
}

/// Returns the lines of the added steps, with the waits before them.
fn added(additions: &[Addition], began: Duration) -> String {
    let mut text = String::new();
    let mut last = began;
    for addition in additions {
        let pause = addition.at.saturating_sub(last);
        if pause.as_micros() > 0 {
            let _ = writeln!(text, "wait {}us", pause.as_micros());
        }
        let Some((ended, steps)) = &addition.done else {
            let typed = addition.text.replace('\n', "\n# ");
            let _ = writeln!(text, "# This was not done when the run ended: {typed}");
            continue;
        };
        for step in steps {
            let _ = writeln!(text, "{step}");
        }
        last = *ended;
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::scenario::parse_all;

    fn scenario(text: &str) -> Scenario {
        let source = Source::new("x.scn", text);
        parse_all(&source, &std::collections::BTreeMap::new(), &mut |_| Err(String::new())).unwrap().0
    }

    fn addition(at_ms: u64, own_steps: usize, text: &str) -> Addition {
        let at = Duration::from_millis(at_ms);
        let done = Some((at + Duration::from_millis(1), vec![text.to_owned()]));
        Addition { event: at_ms, at, lines: 0, own_steps, text: text.to_owned(), steps: Vec::new(), done }
    }

    #[track_caller]
    fn check(own_text: &str, additions: &[Addition], began_ms: &[u64], expected: Option<&str>) {
        let began = began_ms.iter().map(|at| Duration::from_millis(*at)).collect();
        let own = OwnSteps { began, ended_at: Duration::from_millis(50), ..OwnSteps::default() };
        let made = text(&scenario(own_text), "tools test x.scn", additions, &own);
        let expected = expected.map(|text| {
            format!("# The run of `tools test x.scn`, with the steps that were added by hand.\n{text}")
        });
        assert_eq!(made, expected);
        if let Some(made) = made {
            scenario(&made);
        }
    }

    #[test]
    fn steps_stand_beside_those_that_had_not_ended() {
        let additions = [addition(12, 1, "kill b"), addition(20, 1, "start b")];
        check(
            "settle 2s\nnetwork a-b\nwait 2s  # here\na: set k v\n",
            &additions,
            &[0, 10],
            Some(
                "settle 2s\nnetwork a-b\ntogether {\n  do {\n    wait 2s                       # here\n    a: set \
                 k v\n  }\n  do {\n    wait 2000us\n    kill b\n    wait 7000us\n    start b\n  }\n}\n",
            ),
        );
    }

    #[test]
    fn steps_after_the_last_one_stand_behind_it() {
        check(
            "network a-b\n",
            &[addition(60, 1, "kill b")],
            &[0],
            Some("network a-b\n\nwait 10000us\nkill b\n"),
        );
    }

    #[test]
    fn a_step_that_outlasts_the_run_is_no_step_of_the_scenario() {
        let late = Addition { done: None, ..addition(60, 1, "wait 2s") };
        let expected = "network a-b\n\nwait 10000us\n# This was not done when the run ended: wait 2s\n";
        check("network a-b\n", &[late], &[0], Some(expected));
    }

    #[test]
    fn nothing_added_is_nothing_to_save() {
        check("network a-b\n", &[], &[0], None);
    }
}
