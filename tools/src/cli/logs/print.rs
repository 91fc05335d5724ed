//! How lines are shown: a node's name, in a colour of its own, before each.

use std::io::{self, BufWriter, Write};

use anstyle::AnsiColor;
use unicode_width::UnicodeWidthStr;

use super::catalogue::Log;
use crate::report::{Style, readable};

/// The colours of nodes, in their order. Red is for problems.
const COLOURS: [AnsiColor; 10] = [
    AnsiColor::Cyan,
    AnsiColor::Yellow,
    AnsiColor::Green,
    AnsiColor::Magenta,
    AnsiColor::Blue,
    AnsiColor::BrightCyan,
    AnsiColor::BrightYellow,
    AnsiColor::BrightGreen,
    AnsiColor::BrightMagenta,
    AnsiColor::BrightBlue,
];

/// Where lines are shown.
pub(super) struct Printer<'a> {
    out: BufWriter<&'a mut dyn Write>,
    style: Style,
    /// What the widest name takes.
    width: usize,
}

impl<'a> Printer<'a> {
    pub(super) fn new(out: &'a mut dyn Write, style: Style) -> Self {
        Self { out: BufWriter::new(out), style, width: 0 }
    }

    /// Aligns what is printed from here on to the names of these.
    pub(super) fn make_room(&mut self, logs: &[Log]) {
        self.width = logs.iter().map(|log| log.node.width()).max().unwrap_or(0);
    }

    /// Prints a line: `a | …`, `a ! …` if it is a problem.
    pub(super) fn print(&mut self, log: &Log, text: &str) -> io::Result<()> {
        let blanks = " ".repeat(self.width.saturating_sub(log.node.width()));
        let colour = COLOURS[log.place % COLOURS.len()].on_default();
        let (sign, sign_colour) =
            if log.problems { ("!", AnsiColor::Red.on_default().bold()) } else { ("|", colour) };
        let name = self.style.paint(colour, readable(&log.node));
        let sign = self.style.paint(sign_colour, sign);
        writeln!(self.out, "{name}{blanks} {sign} {}", readable(text))
    }

    /// Lets everything printed so far be seen.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
