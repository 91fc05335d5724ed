//! The wording of counts, times, commands and texts of strangers.

use std::time::Duration;

use crate::run::{AttemptRule, Attempts, Report};
use crate::text::{self, readable};
use crate::world::Attachment;

/// The default world of the command line.
pub(super) const USUAL_WORLD: &str = "process";
/// The default driver of the command line.
const USUAL_DRIVER: &str = "native";

/// Formats a duration of a run. It is in seconds below a minute, so that times of one run compare at a
/// glance: `0.003 s`, `0.41 s`, `12.3 s`, `1 m 30 s`.
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

/// Returns a number of things: `1 node`, `2 nodes`.
pub(super) fn count(number: u64, noun: &str) -> String {
    if number == 1 { format!("1 {noun}") } else { format!("{number} {noun}s") }
}

/// Returns the number of attempts, and of those that passed if not all did: `3 attempts`, `1 of 3 attempts
/// passed`.
pub(super) fn attempts(made: &Attempts) -> String {
    let all = count(made.count(), "attempt");
    if made.passed == made.count() { all } else { format!("{} of {all} passed", made.passed) }
}

/// Lists names, at most `shown` of them: `a, b and 3 more`.
pub(super) fn names(names: &[&str], shown: usize) -> String {
    let head = names[..names.len().min(shown)].join(", ");
    match names.len().saturating_sub(shown) {
        0 => head,
        more => format!("{head} and {more} more"),
    }
}

/// Indents a further line of a text to at least `least` blanks, so that it is not mistaken for a line of the
/// report.
pub(super) fn indented(line: &str, least: usize) -> String {
    let blanks = line.len() - line.trim_start_matches(' ').len();
    format!("{}{}", " ".repeat(least.saturating_sub(blanks)), readable(line))
}

/// Returns a text as lines, with all but the first indented.
pub(super) fn lines_of(text: &str) -> impl Iterator<Item = String> {
    let mut lines = text.lines();
    let first = lines.next().map(readable);
    first.into_iter().chain(lines.map(|line| indented(line, 4)))
}

/// Quotes a word for a shell.
pub(crate) fn quoted(word: &str) -> String {
    match shlex::try_quote(word) {
        Ok(quoted) => readable(&quoted),
        // The word has a zero byte, which no shell can pass on.
        Err(_) => readable(word),
    }
}

/// Formats a duration of virtual time, for comparison with real time: `4321 simulated seconds`.
pub(super) fn simulated(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds >= 100.0 {
        return format!("{seconds:.0} simulated seconds");
    }
    let text = format!("{seconds:.2}");
    format!("{} simulated seconds", text.trim_end_matches('0').trim_end_matches('.'))
}

/// Returns true if a world's time is virtual. Worlds of other versions are not known here.
pub(super) fn is_virtual(world: &str) -> bool {
    crate::world::HERE.iter().any(|here| here.name == world && here.virtual_time)
}

/// Returns the command that repeats a run, ready for a shell.
#[must_use]
pub fn again(report: &Report) -> String {
    report.again.clone().unwrap_or_else(|| command(report, &format!("--seed {}", report.seed)))
}

/// Returns the command that repeats a run with these seeds. It has all settings that the run depends on, and
/// no defaults.
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
        if let Some(node) = Attachment::node_of(option) {
            command += &format!(" --at {}", quoted(&format!("{node}={value}")));
        } else if option != "driver" || value != USUAL_DRIVER {
            command += &format!(" --{option} {}", quoted(value));
        }
    }
    // A factor of exactly one is the default.
    if (report.timeout_factor - 1.0).abs() > f64::EPSILON {
        command += &format!(" --timeout-factor {}", report.timeout_factor);
    }
    for (flag, value) in &report.flags {
        command += &format!(" --{flag} {}", quoted(value));
    }
    if let Some(made) = report.attempts.as_ref().filter(|made| made.rule == AttemptRule::Repeat) {
        command += &format!(" --repeat {}", made.count());
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
        let flags = [("include-dir", "../my parts"), ("log-limit", "4096")];
        report.flags = flags.map(|(name, value)| (name.to_owned(), value.to_owned())).to_vec();
        report.node_options.insert("policy".to_owned(), "oldest".to_owned());
        report.node_options.insert("exec".to_owned(), "sh -c 'exec x'".to_owned());
        assert_eq!(
            again(&report),
            "tools test scenarios/sync.scn --seed 417 --exec \"sh -c 'exec x'\" --policy oldest \
             --timeout-factor 2.5 --include-dir '../my parts' --log-limit 4096"
        );
        report.flags.clear();
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
