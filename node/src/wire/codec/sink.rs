//! Where the text of a frame goes: into a string, or nowhere, if only its length is asked for.

use std::fmt;

/// What a frame is written to. One writer serves all, so that a length that was counted is that of
/// the text that would be written.
pub(super) trait Sink: fmt::Write {
    fn push(&mut self, character: char);

    fn push_str(&mut self, text: &str);

    /// In decimal.
    fn push_number(&mut self, number: u64);

    /// In lower-case hexadecimal.
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

/// How many bytes would have been written.
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
        // A power of ten has one more digit than its logarithm says; zero has one as well.
        self.0 += 1 + number.checked_ilog10().map_or(0, |power| power as usize);
    }

    fn push_hex(&mut self, bytes: &[u8]) {
        self.0 += 2 * bytes.len();
    }
}
