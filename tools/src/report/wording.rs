//! How counts, moments and strangers' texts are said.

use std::fmt::Write as _;
use std::time::Duration;

use crate::run::Report;
use crate::text;

/// The world that is taken when none is named on the command line.
pub(super) const USUAL_WORLD: &str = "process";
/// The driver that is taken then.
const USUAL_DRIVER: &str = "native";

/// A stretch of a run's time. Always in seconds below a minute, so that moments of one run compare
/// at a glance: `0.003 s`, `0.41 s`, `12.3 s`, `1 m 30 s`.
#[must_use]
pub fn seconds(duration: Duration) -> String {
    let decimals = match duration.as_millis() {
        0..100 => 3,
        100..10_000 => 2,
        10_000..60_000 => 1,
        _ => return text::duration(duration),
    };
    let text = format!("{:.decimals$}", duration.as_secs_f64());
    format!("{} s", text.trim_end_matches('0').trim_end_matches('.'))
}

/// `1 node`, `2 nodes`.
pub(super) fn count(number: u64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// Names as a list, with no more than `shown` of them: `a, b and 3 more`.
pub(super) fn names(names: &[&str], shown: usize) -> String {
    let head = names[..names.len().min(shown)].join(", ");
    match names.len().saturating_sub(shown) {
        0 => head,
        more => format!("{head} and {more} more"),
    }
}

/// A text without its control characters, which are shown instead: what a node says can neither
/// recolour a terminal nor forge a line. Tabs stay.
pub(crate) fn readable(text: &str) -> String {
    let mut readable = String::with_capacity(text.len());
    for character in text.chars() {
        if character.is_control() && character != '\t' {
            // Writing to a string does not fail.
            let _ = write!(readable, "{}", character.escape_default());
        } else {
            readable.push(character);
        }
    }
    readable
}

/// A word as a shell takes it.
pub(crate) fn quoted(word: &str) -> String {
    match shlex::try_quote(word) {
        Ok(quoted) => readable(&quoted),
        // A zero byte: no shell could pass it on.
        Err(_) => readable(word),
    }
}

/// Stretches of virtual time, as a whole that real time is compared with: `4321 simulated seconds`.
pub(super) fn simulated(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds >= 100.0 {
        return format!("{seconds:.0} simulated seconds");
    }
    let text = format!("{seconds:.2}");
    format!("{} simulated seconds", text.trim_end_matches('0').trim_end_matches('.'))
}

/// Whether a world's time is virtual. Worlds of other versions are not known here.
pub(super) fn is_virtual(world: &str) -> bool {
    crate::world::HERE.iter().any(|here| here.name == world && here.virtual_time)
}

/// The command that repeats a run, ready for a shell.
#[must_use]
pub fn again(report: &Report) -> String {
    command(report, &format!("--seed {}", report.seed))
}

/// The command that does the same with these seeds: all that a run depends on, and nothing that is as
/// it would be anyway.
pub(super) fn command(report: &Report, seeds: &str) -> String {
    let mut command = format!("tools test {}", quoted(&report.file));
    if report.world != USUAL_WORLD {
        command += &format!(" --world {}", quoted(&report.world));
    }
    command += &format!(" {seeds}");
    for (name, value) in &report.params {
        command += &format!(" --param {name}={}", quoted(value));
    }
    for (option, value) in &report.node_options {
        if option != "driver" || value != USUAL_DRIVER {
            command += &format!(" --{option} {}", quoted(value));
        }
    }
    // A factor of exactly one is what there is unless something else is asked for.
    if (report.timeout_factor - 1.0).abs() > f64::EPSILON {
        command += &format!(" --timeout-factor {}", report.timeout_factor);
    }
    command
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::sample;

    #[track_caller]
    fn check_seconds(micros: u64, expected: &str) {
        assert_eq!(seconds(Duration::from_micros(micros)), expected);
    }

    #[test]
    fn moments_are_on_one_scale() {
        check_seconds(0, "0 s");
        check_seconds(3_000, "0.003 s");
        check_seconds(99_999, "0.1 s");
        check_seconds(412_345, "0.41 s");
        check_seconds(5_000_000, "5 s");
        check_seconds(12_345_678, "12.3 s");
        check_seconds(90_000_000, "1 m 30 s");
    }

    #[test]
    fn lists_of_names_end() {
        assert_eq!(names(&["a", "b"], 2), "a, b");
        assert_eq!(names(&["a", "b", "c"], 2), "a, b and 1 more");
        assert_eq!((count(1, "node").as_str(), count(0, "node").as_str()), ("1 node", "0 nodes"));
    }

    #[test]
    fn control_characters_are_shown() {
        assert_eq!(readable("a\tb\u{1b}[31m\r\u{7}é"), "a\tb\\u{1b}[31m\\r\\u{7}é");
    }

    #[test]
    fn the_command_that_repeats_a_run_survives_a_shell() {
        let mut report = sample::passed();
        assert_eq!(
            again(&report),
            "tools test scenarios/latency.scn --seed 417 --param net='line(26)' --param policy=last"
        );
        report.file = "my file.scn".to_owned();
        report.world = "sim".to_owned();
        report.params.clear();
        assert_eq!(again(&report), "tools test 'my file.scn' --world sim --seed 417");
        let words = shlex::split(&again(&report)).unwrap();
        assert_eq!(words[2], "my file.scn");
    }

    #[test]
    fn the_command_that_repeats_a_run_says_all_that_was_said() {
        let mut report = sample::failed();
        report.timeout_factor = 2.5;
        report.node_options.insert("policy".to_owned(), "oldest".to_owned());
        report.node_options.insert("exec".to_owned(), "sh -c 'exec x'".to_owned());
        assert_eq!(
            again(&report),
            "tools test scenarios/sync.scn --seed 417 --exec \"sh -c 'exec x'\" --policy oldest \
             --timeout-factor 2.5"
        );
        report.node_options = [("driver".to_owned(), "other".to_owned())].into();
        report.timeout_factor = 1.0;
        assert_eq!(
            command(&report, "--seeds 1..9"),
            "tools test scenarios/sync.scn --seeds 1..9 --driver other"
        );
    }

    #[test]
    fn simulated_time_is_one_number() {
        let said = |ms| simulated(Duration::from_millis(ms));
        assert_eq!(said(0), "0 simulated seconds");
        assert_eq!(said(63_140), "63.14 simulated seconds");
        assert_eq!(said(4_321_499), "4321 simulated seconds");
        assert!(is_virtual("sim") && !is_virtual("process") && !is_virtual("elsewhere"));
    }
}
