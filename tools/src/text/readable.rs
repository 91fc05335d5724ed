//! Text of strangers, made harmless for a terminal: invisible characters are shown as escapes.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthChar as _;

/// Returns a text on one line, with every character that is not [`is_plain`] shown as an escape:
/// `\r`, `\u{1b}`. Such a text can neither steer a terminal, nor forge a line, nor change the order
/// in which its letters are read. Tabs stay.
#[must_use]
pub fn readable(text: &str) -> String {
    let mut readable = String::with_capacity(text.len());
    for character in text.chars() {
        push(&mut readable, character);
    }
    readable
}

/// Returns a text of several lines, each [`readable`].
#[must_use]
pub fn readable_lines(text: &str) -> String {
    text.split('\n').map(readable).collect::<Vec<_>>().join("\n")
}

/// Returns the number of terminal columns that a character takes in a [`readable`] text; a tab
/// counts as one.
pub(super) fn readable_width(character: char) -> usize {
    if is_plain(character) {
        return if character == '\t' { 1 } else { character.width().unwrap_or(0) };
    }
    character.escape_default().count()
}

/// Returns `true` for a character that a terminal shows as itself, or as a tab.
///
/// All others are controls (C0, DEL and C1, line ends included), separators of lines and
/// paragraphs, and the format characters of Unicode that are invisible or reorder text. The joiners
/// of emoji and of Indic and Persian words are plain.
#[must_use]
pub fn is_plain(character: char) -> bool {
    match character {
        '\t' => true,
        '\u{ad}'
        | '\u{61c}'
        | '\u{180e}'
        | '\u{200b}'
        | '\u{200e}'
        | '\u{200f}'
        | '\u{2028}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}'
        | '\u{feff}'
        | '\u{fff9}'..='\u{fffb}'
        | '\u{1bca0}'..='\u{1bca3}'
        | '\u{1d173}'..='\u{1d17a}'
        | '\u{e0000}'..='\u{e007f}' => false,
        other => !other.is_control(),
    }
}

fn push(readable: &mut String, character: char) {
    if is_plain(character) {
        readable.push(character);
    } else {
        // Writing to a string does not fail.
        let _ = write!(readable, "{}", character.escape_default());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_would_not_be_seen_is_shown() {
        assert_eq!(readable("a\tb\u{1b}[31m\r\u{7}é"), "a\tb\\u{1b}[31m\\r\\u{7}é");
        assert_eq!(readable("a\u{9b}31m\u{7f}\n"), "a\\u{9b}31m\\u{7f}\\n");
        assert_eq!(readable("a\u{202e}b\u{2066}c\u{200b}"), "a\\u{202e}b\\u{2066}c\\u{200b}");
        assert_eq!(readable("\u{e0041}\u{feff}\u{2028}"), "\\u{e0041}\\u{feff}\\u{2028}");
        assert_eq!(readable("👩\u{200d}💻 東 نمی\u{200c}خواهم"), "👩\u{200d}💻 東 نمی\u{200c}خواهم");
        assert_eq!(readable_lines("a\u{1b}\nb\r\n"), "a\\u{1b}\nb\\r\n");
    }

    #[test]
    fn widths_are_those_of_what_is_shown() {
        for character in ['a', '東', '\u{1b}', '\u{202e}', '\u{301}'] {
            let shown = readable(&character.to_string());
            let width = unicode_width::UnicodeWidthStr::width(shown.as_str());
            assert_eq!(readable_width(character), width, "{shown}");
        }
    }
}
