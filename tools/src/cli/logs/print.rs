//! The printer of lines: each begins with its node's name, in the node's colour.

use std::io::{self, BufWriter, Write};

use anstyle::AnsiColor;
use unicode_width::UnicodeWidthStr;

use super::catalogue::Log;
use crate::report::Style;
use crate::text::readable;

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

/// The writer of lines.
pub(super) struct Printer<'a> {
    out: BufWriter<&'a mut dyn Write>,
    style: Style,
    /// The columns of the widest name.
    width: usize,
}

impl<'a> Printer<'a> {
    pub(super) fn new(out: &'a mut dyn Write, style: Style) -> Self {
        Self { out: BufWriter::new(out), style, width: 0 }
    }

    /// Aligns the lines that follow to the names of these logs.
    pub(super) fn make_room(&mut self, logs: &[Log]) {
        self.width = logs.iter().map(|log| log.node.width()).max().unwrap_or(0);
    }

    /// Prints a line as `a | …`, or as `a ! …` if it is from standard error.
    pub(super) fn print(&mut self, log: &Log, text: &str) -> io::Result<()> {
        let blanks = " ".repeat(self.width.saturating_sub(log.node.width()));
        let colour = COLOURS[log.node_index % COLOURS.len()].on_default();
        let (sign, sign_colour) =
            if log.problems { ("!", AnsiColor::Red.on_default().bold()) } else { ("|", colour) };
        let name = self.style.paint(colour, readable(&log.node));
        let sign = self.style.paint(sign_colour, sign);
        writeln!(self.out, "{name}{blanks} {sign} {}", readable(text))
    }

    /// Flushes the output.
    pub(super) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}
