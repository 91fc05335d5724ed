//! A command in a terminal of its own, as a person sees it.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Instant;

use rustix::fs::{Mode, OFlags};
use rustix::process::Signal;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

use crate::story::{DEADLINE, kill};

/// A child process in a terminal, killed when this value is dropped.
pub(crate) struct Terminal {
    child: Child,
    keyboard: File,
    /// The terminal as the child has it. It stays open, so that its modes can be read after the child's end.
    screen: OwnedFd,
    coming: Receiver<Vec<u8>>,
    seen: Vec<u8>,
}

impl Terminal {
    #[track_caller]
    pub(crate) fn start(mut command: Command, columns: u16, rows: u16) -> Self {
        let master =
            openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC).expect("a terminal");
        grantpt(&master).and_then(|()| unlockpt(&master)).expect("it is ours");
        let name = ptsname(&master, Vec::new()).expect("it has a name");
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let screen = rustix::fs::open(name, flags, Mode::empty()).expect("the terminal's other end");
        let size = Winsize { ws_row: rows, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&screen, size).expect("a terminal has a size");
        let end = || Stdio::from(screen.try_clone().expect("a descriptor"));
        command.stdin(end()).stdout(end()).stderr(end()).env("TERM", "xterm-256color");
        let child = command.spawn().expect("the program can be started");
        drop(command);
        let keyboard = File::from(master);
        let mut output = keyboard.try_clone().expect("a descriptor");
        let (sender, coming) = mpsc::channel();
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(read) = output.read(&mut bytes) {
                if read == 0 || sender.send(bytes[..read].to_vec()).is_err() {
                    break;
                }
            }
        });
        Self { child, keyboard, screen, coming, seen: Vec::new() }
    }

    /// Types these keys.
    #[track_caller]
    pub(crate) fn types(&mut self, keys: &str) {
        self.seen.clear();
        self.keyboard.write_all(keys.as_bytes()).expect("the terminal is open");
    }

    /// Waits until this text was written since the last keys, in one piece.
    #[track_caller]
    pub(crate) fn sees(&mut self, text: &str) {
        let deadline = Instant::now() + DEADLINE;
        while !String::from_utf8_lossy(&self.seen).contains(text) {
            let left = deadline.saturating_duration_since(Instant::now());
            let Ok(bytes) = self.coming.recv_timeout(left) else {
                panic!("`{text}` was not seen: {}", String::from_utf8_lossy(&self.seen).escape_debug())
            };
            self.seen.extend(bytes);
        }
    }

    /// Returns all that was written since the last keys, as far as it was seen.
    pub(crate) fn seen(&self) -> String {
        String::from_utf8_lossy(&self.seen).into_owned()
    }

    /// Waits for the end of a process that draws no screen of its own. Returns its exit code.
    #[track_caller]
    pub(crate) fn exits(&mut self) -> Option<i32> {
        self.child.wait().expect("a child of ours").code()
    }

    /// Sends a signal to the process.
    #[track_caller]
    pub(crate) fn signal(&self, signal: Signal) {
        kill(i32::try_from(self.child.id()).expect("a process id"), signal).expect("it still runs");
    }

    /// Waits for the end of the process. Returns its exit code, and checks that the terminal is as it was.
    #[track_caller]
    pub(crate) fn ends(&mut self) -> Option<i32> {
        // The alternate screen is left, and typed characters are echoed again.
        self.sees("\u{1b}[?1049l");
        let code = self.child.wait().expect("a child of ours").code();
        let modes = tcgetattr(&self.screen).expect("a terminal has modes").local_modes;
        assert!(modes.contains(LocalModes::ECHO | LocalModes::ICANON | LocalModes::ISIG), "{modes:?}");
        code
    }
}

/// Returns the lines of a terminal to which this was written, as far as the codes of moving lines go: the start of
/// a line, one line up, and an empty line.
pub(crate) fn shown(written: &str) -> Vec<String> {
    let (mut lines, mut row): (Vec<String>, usize) = (vec![String::new()], 0);
    let mut starts = false;
    let mut characters = written.chars();
    while let Some(character) = characters.next() {
        match character {
            '\r' => starts = true,
            '\n' => {
                starts = false;
                row += 1;
                lines.resize(lines.len().max(row + 1), String::new());
            }
            '\u{1b}' => {
                let mut code = String::new();
                for character in characters.by_ref().skip(1) {
                    code.push(character);
                    if character.is_ascii_alphabetic() {
                        break;
                    }
                }
                match code.as_str() {
                    "2K" | "K" | "0K" => lines[row].clear(),
                    "J" | "0J" => {
                        lines.truncate(row + 1);
                        lines[row].clear();
                    }
                    up if up.ends_with('A') => {
                        row = row.saturating_sub(up.trim_end_matches('A').parse().unwrap_or(1));
                    }
                    _ => {}
                }
            }
            other => {
                if std::mem::take(&mut starts) {
                    lines[row].clear();
                }
                lines[row].push(other);
            }
        }
    }
    lines
}

impl Drop for Terminal {
    fn drop(&mut self) {
        // It may have ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
