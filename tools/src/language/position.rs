//! Positions as the protocol of editors counts them: lines, and units of UTF-16 within a line, from 0.

use crate::text::Span;

/// A position in a text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Position {
    /// The line.
    pub line: u32,
    /// The units of UTF-16 before it in its line.
    pub unit: u32,
}

/// The lines of a text, by the places where they begin.
#[derive(Debug)]
pub struct Lines<'a> {
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    /// Finds the lines of a text.
    #[must_use]
    pub fn new(text: &'a str) -> Self {
        let starts = [0].into_iter().chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Self { text, starts }
    }

    /// Returns the position of a byte; the end of the text for one behind it.
    #[must_use]
    pub fn position(&self, byte: usize) -> Position {
        let byte =
            (0..=byte.min(self.text.len())).rev().find(|&at| self.text.is_char_boundary(at)).unwrap_or(0);
        let line = self.starts.partition_point(|&start| start <= byte).saturating_sub(1);
        let before = &self.text[self.starts[line]..byte];
        Position { line: number(line), unit: number(before.encode_utf16().count()) }
    }

    /// Returns the byte at a position; the end of its line for one behind it, and the end of the text for a
    /// line that is not there. A position within a character is that of the character.
    #[must_use]
    pub fn byte(&self, position: Position) -> usize {
        let line = usize::try_from(position.line).unwrap_or(usize::MAX);
        let Some(&start) = self.starts.get(line) else { return self.text.len() };
        let text = self.text[start..].split('\n').next().unwrap_or_default().trim_end_matches('\r');
        let mut units = 0;
        for (at, character) in text.char_indices() {
            units += number(character.len_utf16());
            if units > position.unit {
                return start + at;
            }
        }
        start + text.len()
    }

    /// Returns the positions at both ends of a span.
    #[must_use]
    pub fn range(&self, span: Span) -> [Position; 2] {
        [self.position(span.start), self.position(span.end)]
    }
}

/// Returns a number as the protocol has it. Texts are far shorter than its bound.
fn number(number: usize) -> u32 {
    u32::try_from(number).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn positions_count_units_of_utf_16() {
        let text = "é😀x\r\nend";
        let lines = Lines::new(text);
        for (byte, line, unit) in [(0, 0, 0), (2, 0, 1), (6, 0, 3), (7, 0, 4), (9, 1, 0), (12, 1, 3)] {
            assert_eq!(lines.position(byte), Position { line, unit }, "{byte}");
            assert_eq!(lines.byte(Position { line, unit }), byte, "{line}:{unit}");
        }
    }

    #[test]
    fn positions_that_are_not_there_are_the_nearest() {
        let lines = Lines::new("é😀\nx");
        assert_eq!(lines.byte(Position { line: 0, unit: 2 }), 2);
        assert_eq!(lines.byte(Position { line: 0, unit: 99 }), 6);
        assert_eq!(lines.byte(Position { line: 9, unit: 0 }), 8);
        assert_eq!(lines.position(1), Position { line: 0, unit: 0 });
        assert_eq!(lines.position(99), Position { line: 1, unit: 1 });
    }
}
