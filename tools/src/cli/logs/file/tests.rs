use std::fs::{self, OpenOptions};
use std::io::Write as _;

use tempfile::TempDir;

use super::*;

struct Log {
    _folder: TempDir,
    path: PathBuf,
    file: LogFile,
}

impl Log {
    fn of(text: &str) -> Self {
        let folder = TempDir::new().unwrap();
        let path = folder.path().join("a.log");
        fs::write(&path, text).unwrap();
        Self { file: LogFile::new(path.clone()), _folder: folder, path }
    }

    fn append(&self, text: &str) {
        OpenOptions::new().append(true).open(&self.path).unwrap().write_all(text.as_bytes()).unwrap();
    }

    /// Returns the lines that can be read now.
    fn read(&mut self, ended: bool) -> Vec<String> {
        self.file.refresh().unwrap();
        self.rest(ended)
    }

    fn rest(&mut self, ended: bool) -> Vec<String> {
        std::iter::from_fn(|| self.file.next(ended).unwrap()).map(|line| line.text().into_owned()).collect()
    }

    fn last(text: &str, lines: usize, word: &str) -> Vec<String> {
        let mut log = Self::of(text);
        log.file.skip_to_last(lines, |text| text.contains(word)).unwrap();
        log.rest(true)
    }
}

#[test]
fn a_line_is_given_when_its_end_is_there() {
    let mut log = Log::of("one\r\n\ntw");
    assert_eq!(log.read(false), ["one", ""]);
    log.append("o\nthr");
    assert_eq!(log.read(false), ["two"]);
    assert_eq!(log.read(true), ["thr"]);
    assert_eq!(log.read(true), [""; 0]);
}

#[test]
fn lines_without_a_time_have_that_of_the_line_before() {
    let mut log = Log::of("first\n1970-01-01T00:00:01Z x\n  more\n1970-01-01T00:00:00Z y\n");
    log.file.refresh().unwrap();
    let times: Vec<Option<i64>> =
        std::iter::from_fn(|| log.file.next(false).unwrap()).map(|line| line.time).collect();
    assert_eq!(times, [None, Some(1_000_000), Some(1_000_000), Some(0)]);
}

#[test]
fn a_file_that_was_emptied_or_replaced_begins_anew() {
    let mut log = Log::of("one\ntwo\nthr");
    assert_eq!(log.read(false), ["one", "two"]);
    fs::write(&log.path, "1\n").unwrap();
    assert_eq!(log.read(false), ["1"]);
    let other = log.path.with_extension("new");
    fs::write(&other, "another, and longer\n").unwrap();
    fs::rename(&other, &log.path).unwrap();
    assert_eq!(log.read(false), ["another, and longer"]);
    fs::remove_file(&log.path).unwrap();
    assert_eq!(log.read(false), [""; 0]);
}

#[test]
fn pieces_are_put_together_and_endless_lines_are_not() {
    let wide = "é".repeat(PIECE);
    let mut log = Log::of(&format!("{wide}\n{wide}\nx\n"));
    assert_eq!(log.read(false), [wide.as_str(), wide.as_str(), "x"]);
    let endless = "x".repeat(3 * LINE_MAX);
    let mut log = Log::of(&endless);
    let pieces = log.read(false);
    assert!(pieces.iter().all(|piece| (LINE_MAX..LINE_MAX + PIECE).contains(&piece.len())), "{pieces:?}");
    assert_eq!(pieces.concat() + &log.read(true).concat(), endless);
}

#[test]
fn the_last_lines_are_found_from_the_end() {
    let text = "1970-01-01T00:00:01Z a\n1970-01-01T00:00:02Z b\n1970-01-01T00:00:03Z a\n";
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(Log::last(text, 2, ""), lines[1..]);
    assert_eq!(Log::last(text, 2, "a"), lines);
    assert_eq!(Log::last(text, 9, ""), lines);
    assert_eq!(Log::last(text, 0, ""), [""; 0]);
    assert_eq!(Log::last("", 3, ""), [""; 0]);
    assert_eq!(Log::last(text.trim_end(), 1, ""), lines[2..]);
    assert_eq!(Log::last("\n\n\n", 1, ""), ["", "", ""], "without a time it goes on to the beginning");
}

#[test]
fn the_last_lines_begin_with_the_one_that_has_a_time() {
    let text = "1970-01-01T00:00:01Z a\n1970-01-01T00:00:02Z b\n  more\n  and more\n";
    assert_eq!(Log::last(text, 1, ""), ["1970-01-01T00:00:02Z b", "  more", "  and more"]);
}

#[test]
fn the_last_lines_are_found_across_pieces() {
    let line = |number: usize| format!("1970-01-01T00:00:01Z {number} {}", "x".repeat(number % 97));
    let all: Vec<String> = (0..5_000).map(line).collect();
    let text = all.join("\n") + "\n";
    assert!(text.len() > 8 * PIECE);
    for lines in [1, 2, 499, 1_234, 4_999, 5_000, 6_000] {
        assert_eq!(Log::last(&text, lines, ""), all[all.len().saturating_sub(lines)..], "{lines}");
    }
    let rare = Log::last(&text, 2, " 1000 ");
    assert_eq!(rare, all, "only one fits, so all is looked at");
}
