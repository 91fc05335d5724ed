use std::fs::{self, OpenOptions};
use std::io::{BufRead as _, BufReader};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use clap::Parser;
use tempfile::TempDir;

use super::*;
use crate::cli::failure::conclude;

#[derive(Debug, Parser)]
struct Command {
    #[command(flatten)]
    arguments: Arguments,
}

/// A folder of logs.
struct Folder(TempDir);

impl Folder {
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = Self(TempDir::new().unwrap());
        for (name, text) in files {
            folder.append(name, text);
        }
        folder
    }

    fn path(&self) -> &Path {
        self.0.path()
    }

    fn append(&self, name: &str, text: &str) {
        let mut file = OpenOptions::new().create(true).append(true).open(self.path().join(name)).unwrap();
        file.write_all(text.as_bytes()).unwrap();
    }

    fn arguments(&self, arguments: &[&str]) -> Arguments {
        let folder = self.path().to_str().unwrap();
        let all = ["logs", "--logs", folder].into_iter().chain(arguments.iter().copied());
        Command::try_parse_from(all).unwrap().arguments
    }

    /// Runs the command. Returns the exit code, standard output and standard error, with `DIR` for the
    /// folder.
    fn ran(&self, arguments: &[&str]) -> (u8, String, String) {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let shown = show(&self.arguments(arguments), Style::PLAIN, None, &mut out, &mut err);
        let code = conclude(ended(shown), &mut err).code();
        let err = String::from_utf8(err).unwrap().replace(self.path().to_str().unwrap(), "DIR");
        (code, String::from_utf8(out).unwrap(), err)
    }

    #[track_caller]
    fn check(&self, arguments: &[&str], expected: &[&str]) {
        let (code, out, err) = self.ran(arguments);
        assert_eq!((code, err.as_str()), (0, ""));
        assert_eq!(out.lines().collect::<Vec<_>>(), expected);
    }

    #[track_caller]
    fn check_refused(&self, arguments: &[&str], expected: &str) {
        assert_eq!(self.ran(arguments), (2, String::new(), format!("{expected}\n")));
    }
}

fn three() -> Folder {
    Folder::new(&[
        ("a.log", "2026-11-21T07:54:11.100Z INFO one\n2026-11-21T07:54:11.300Z INFO three\n"),
        ("a.err", "2026-11-21T07:54:11.150Z WARN slow\n"),
        (
            "bob.log",
            "2026-11-21T07:54:11.200Z INFO two\n  more of two\n2026-11-21T07:54:11.300Z INFO three\n",
        ),
        ("c.log", "no time\n2026-11-21T07:54:11.250Z INFO half\n"),
        ("run.jsonl", "{}\n"),
    ])
}

#[test]
fn logs_are_merged_by_time() {
    three().check(
        &[],
        &[
            "c   | no time",
            "a   | 2026-11-21T07:54:11.100Z INFO one",
            "bob | 2026-11-21T07:54:11.200Z INFO two",
            "bob |   more of two",
            "c   | 2026-11-21T07:54:11.250Z INFO half",
            "a   | 2026-11-21T07:54:11.300Z INFO three",
            "bob | 2026-11-21T07:54:11.300Z INFO three",
        ],
    );
}

#[test]
fn problems_come_where_they_belong() {
    three().check(
        &["--err", "a"],
        &[
            "a | 2026-11-21T07:54:11.100Z INFO one",
            "a ! 2026-11-21T07:54:11.150Z WARN slow",
            "a | 2026-11-21T07:54:11.300Z INFO three",
        ],
    );
}

#[test]
fn the_last_lines_are_those_of_all_logs_together() {
    let folder = three();
    folder.check(
        &["-n", "3"],
        &[
            "c   | 2026-11-21T07:54:11.250Z INFO half",
            "a   | 2026-11-21T07:54:11.300Z INFO three",
            "bob | 2026-11-21T07:54:11.300Z INFO three",
        ],
    );
    folder.check(&["-n", "0"], &[]);
    folder.check(&["-n", "1", "--grep", "one|two$"], &["bob |   more of two"]);
    let all = folder.ran(&[]);
    assert_eq!(folder.ran(&["-n", "7"]), all);
    assert_eq!(folder.ran(&["-n", "700"]), all);
}

#[test]
fn lines_are_found_by_a_regular_expression() {
    let folder = three();
    folder.check(
        &["--grep", r"INFO (one|half)$", "a,c"],
        &["a | 2026-11-21T07:54:11.100Z INFO one", "c | 2026-11-21T07:54:11.250Z INFO half"],
    );
    let (code, out, err) = folder.ran(&["--grep", "("]);
    assert_eq!((code, out.as_str()), (2, ""));
    assert!(err.starts_with("error: --grep takes a regular expression, and this one is invalid: "), "{err}");
    assert!(err.contains("unclosed group"), "{err}");
}

#[test]
fn a_node_without_a_log_is_refused_with_the_nearest() {
    let folder = three();
    folder.check_refused(&["bbo"], "error: node `bbo` has no log in `DIR`; did you mean `bob`?");
    folder.check_refused(&["a", "fourty"], "error: node `fourty` has no log in `DIR`; there are a, c, bob");
    for number in 0..9 {
        folder.append(&format!("n{number}.log"), "");
    }
    let one = Folder::new(&[("a.log", "")]);
    one.check_refused(&["fourty"], "error: node `fourty` has no log in `DIR`; there is only `a`");
    folder.check_refused(
        &["--err", "fourty"],
        "error: node `fourty` has no log in `DIR`; there are a, c, n0, n1, n2, n3, n4, n5 and 4 more",
    );
}

#[test]
fn no_logs_at_all_say_what_to_do() {
    let folder = Folder::new(&[("run.jsonl", "{}\n"), (".log", "x\n")]);
    let nothing =
        "error: there are no logs in `DIR`; `tools run` writes some, and --logs names another folder";
    folder.check_refused(&[], nothing);
    folder.check_refused(&["-f"], nothing);
    folder.check_refused(&["a"], nothing);
    fs::remove_file(folder.path().join("run.jsonl")).unwrap();
    fs::remove_file(folder.path().join(".log")).unwrap();
    fs::remove_dir(folder.path()).unwrap();
    let (code, _, err) = folder.ran(&["-f"]);
    assert!(code == 2 && err.starts_with("error: cannot read `DIR`: there is no such file"), "{err}");
}

#[test]
fn the_output_of_nodes_cannot_forge_lines_or_colours() {
    Folder::new(&[("a.log", "x\u{1b}[31m\ry\r\n\u{7f}\tz")])
        .check(&[], &["a | x\\u{1b}[31m\\ry", "a | \\u{7f}\tz"]);
}

#[test]
fn a_colour_belongs_to_a_node_whatever_else_is_shown() {
    let folder = Folder::new(&[("a.log", "x\n"), ("b.log", "y\n"), ("b.err", "z\n")]);
    let (mut out, mut err) = (Vec::new(), Vec::new());
    show(&folder.arguments(&["b", "--err"]), Style::COLOUR, None, &mut out, &mut err).unwrap();
    let (yellow, red, reset) = ("\u{1b}[33m", "\u{1b}[1m\u{1b}[31m", "\u{1b}[0m");
    let expected = format!("{yellow}b{reset} {yellow}|{reset} y\n{yellow}b{reset} {red}!{reset} z\n");
    assert_eq!(String::from_utf8(out).unwrap(), expected);
}

#[test]
fn a_reader_that_has_gone_ends_the_command_quietly() {
    struct Gone;
    impl Write for Gone {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
    }
    let mut err = Vec::new();
    assert_eq!(run(&three().arguments(&[]), &mut Gone, &mut err).unwrap(), Exit::Held);
    assert_eq!(err, b"");
}

#[test]
fn without_a_run_there_is_nothing_to_follow() {
    let folder = Folder::new(&[("a.log", "x\nlast")]);
    let ended = "the run in `DIR` has ended: there is nothing to follow\n".to_owned();
    assert_eq!(folder.ran(&["-f"]), (0, "a | x\na | last\n".to_owned(), ended.clone()));
    // A killed run leaves its socket behind.
    drop(UnixListener::bind(folder.path().join(".tools.sock")).unwrap());
    assert_eq!(folder.ran(&["-f"]), (0, "a | x\na | last\n".to_owned(), ended));
}

/// A running `tools logs -f`, with the run that it follows.
struct Follower {
    following: JoinHandle<(u8, String)>,
    out: Receiver<Vec<u8>>,
    seen: String,
    run: Option<UnixStream>,
}

/// A writer that sends what is written to a channel.
struct Shown(Sender<Vec<u8>>);

impl Write for Shown {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.send(bytes.to_vec()).map_err(|_| io::ErrorKind::BrokenPipe)?;
        Ok(bytes.len())
    }
    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Follower {
    fn of(folder: &Folder, arguments: &[&str]) -> Self {
        let listener = UnixListener::bind(folder.path().join(".tools.sock")).unwrap();
        let arguments = folder.arguments(&[&["-f"], arguments].concat());
        let (sender, out) = channel();
        let following = std::thread::spawn(move || {
            let mut err = Vec::new();
            let shown = show(&arguments, Style::PLAIN, None, &mut Shown(sender), &mut err);
            (conclude(ended(shown), &mut err).code(), String::from_utf8(err).unwrap())
        });
        let (run, _) = listener.accept().unwrap();
        let mut asked = String::new();
        BufReader::new(&run).read_line(&mut asked).unwrap();
        assert_eq!(asked, "{\"do\":\"attend\"}\n");
        Self { following, out, seen: String::new(), run: Some(run) }
    }

    /// Waits until the output since the last wait is this text.
    #[track_caller]
    fn shows(&mut self, expected: &str) {
        while self.seen.len() < expected.len() {
            let bytes = self.out.recv_timeout(Duration::from_secs(20));
            let bytes = bytes.unwrap_or_else(|_| panic!("only this was shown: {}", self.seen));
            self.seen.push_str(std::str::from_utf8(&bytes).unwrap());
        }
        assert_eq!(std::mem::take(&mut self.seen), expected);
    }

    /// Ends the run. Returns the rest of the output, the exit code and standard error.
    fn end(mut self) -> (String, u8, String) {
        self.run = None;
        let (code, err) = self.following.join().unwrap();
        let rest: Vec<u8> = self.out.iter().flatten().collect();
        (self.seen + std::str::from_utf8(&rest).unwrap(), code, err)
    }
}

#[test]
fn following_shows_what_is_written_until_the_run_ends() {
    let folder = Folder::new(&[("a.log", "one\ntwo\nbegun"), ("b.log", "three\n")]);
    let mut follower = Follower::of(&folder, &[]);
    follower.shows("a | one\na | two\nb | three\n");
    folder.append("a.log", " and ended\n");
    follower.shows("a | begun and ended\n");
    folder.append("b.log", "four\n");
    follower.shows("b | four\n");
    folder.append("b.log", "without its end");
    assert_eq!(follower.end(), ("b | without its end\n".to_owned(), 0, String::new()));
}

#[test]
fn following_takes_in_nodes_that_come_later() {
    let folder = Folder::new(&[]);
    let mut follower = Follower::of(&folder, &["--err"]);
    folder.append("a.log", "one\n");
    follower.shows("a | one\n");
    folder.append("late.log", "two\n");
    follower.shows("late | two\n");
    folder.append("late.err", "three\n");
    follower.shows("late ! three\n");
    folder.append("run.jsonl", "{}\n");
    folder.append("a.log", "four\n");
    follower.shows("a    | four\n");
    assert_eq!(follower.end(), (String::new(), 0, String::new()));
}

#[test]
fn following_named_nodes_shows_no_others() {
    let folder = Folder::new(&[("a.log", "one\n"), ("b.log", "two\n")]);
    let mut follower = Follower::of(&folder, &["b", "-n", "1", "--grep", "o"]);
    follower.shows("b | two\n");
    folder.append("c.log", "foo\n");
    folder.append("a.log", "foo\n");
    folder.append("b.log", "three\nfour\n");
    follower.shows("b | four\n");
    assert_eq!(follower.end(), (String::new(), 0, String::new()));
}

#[test]
fn following_begins_a_file_anew_that_was_emptied() {
    let folder = Folder::new(&[("a.log", "one\ntwo\n")]);
    let mut follower = Follower::of(&folder, &["-n", "1"]);
    follower.shows("a | one\na | two\n".trim_start_matches("a | one\n"));
    fs::write(folder.path().join("a.log"), "3\n").unwrap();
    follower.shows("a | 3\n");
    drop(follower.end());
}

#[test]
fn following_goes_on_when_the_run_talks() {
    let folder = Folder::new(&[("a.log", "one\n")]);
    let mut follower = Follower::of(&folder, &[]);
    follower.shows("a | one\n");
    follower.run.as_mut().unwrap().write_all(b"{\"ok\":true}\n").unwrap();
    folder.append("a.log", "two\n");
    follower.shows("a | two\n");
    assert_eq!(follower.end().1, 0);
}

#[test]
fn following_ends_when_the_folder_is_gone() {
    let folder = Folder::new(&[("a.log", "one\n")]);
    let mut follower = Follower::of(&folder, &[]);
    follower.shows("a | one\n");
    let away = TempDir::new().unwrap();
    fs::rename(folder.path(), away.path().join("logs")).unwrap();
    assert_eq!(follower.following.join().unwrap(), (0, String::new()));
    fs::create_dir(folder.path()).unwrap();
}

#[test]
fn following_ends_when_nobody_reads() {
    let folder = Folder::new(&[("a.log", "one\n")]);
    let listener = UnixListener::bind(folder.path().join(".tools.sock")).unwrap();
    let (reading, writing) = io::pipe().unwrap();
    let arguments = folder.arguments(&["-f"]);
    let following = std::thread::spawn(move || {
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let shown = show(&arguments, Style::PLAIN, Some(writing.as_fd()), &mut out, &mut err);
        (conclude(ended(shown), &mut err).code(), out)
    });
    let _run = listener.accept().unwrap();
    drop(reading);
    assert_eq!(following.join().unwrap(), (0, b"a | one\n".to_vec()));
}
