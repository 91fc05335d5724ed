//! The destination of a frame's text: a string, or a counter if only the length is needed.

use std::fmt;

/// The destination to which a frame is written. One writer serves all sinks, so that a counted
/// length is the length of the text that would be written.
pub(super) trait Sink: fmt::Write {
    fn push(&mut self, character: char);

    fn push_str(&mut self, text: &str);

    /// Appends a number in decimal.
    fn push_number(&mut self, number: u64);

    /// Appends bytes in lower-case hexadecimal.
    fn push_hex(&mut self, bytes: &[u8]);
}

impl Sink for String {
    fn push(&mut self, character: char) {
        Self::push(self, character);
    }

    fn push_str(&mut self, text: &str) {
        Self::push_str(self, text);
    }

    fn push_number(&mut self, number: u64) {
        use fmt::Write as _;
        // Writing to a string does not fail.
        let _ = write!(self, "{number}");
    }

    fn push_hex(&mut self, bytes: &[u8]) {
        const DIGITS: &[u8; 16] = b"0123456789abcdef";
        for byte in bytes {
            Self::push(self, char::from(DIGITS[usize::from(byte >> 4)]));
            Self::push(self, char::from(DIGITS[usize::from(byte & 15)]));
        }
    }
}

/// A counter of the bytes that would have been written.
#[derive(Debug, Default)]
pub(super) struct Length(pub(super) usize);

impl fmt::Write for Length {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        self.0 += text.len();
        Ok(())
    }
}

impl Sink for Length {
    fn push(&mut self, character: char) {
        self.0 += character.len_utf8();
    }

    fn push_str(&mut self, text: &str) {
        self.0 += text.len();
    }

    fn push_number(&mut self, number: u64) {
        // A number has one more digit than the floor of its decimal logarithm; zero has one digit
        // as well.
        self.0 += 1 + number.checked_ilog10().map_or(0, |power| power as usize);
    }

    fn push_hex(&mut self, bytes: &[u8]) {
        self.0 += 2 * bytes.len();
    }
}
