//! Text in XML.

use std::borrow::Cow;

/// Returns a text in which characters that XML 1.0 does not allow, escaped or not, are shown by their
/// numbers, as in `\u{fffe}`. Markup characters stay: the writer of the document escapes them.
#[must_use]
pub fn xml(text: &str) -> Cow<'_, str> {
    if text.chars().all(is_allowed) {
        return Cow::Borrowed(text);
    }
    let mut allowed = String::with_capacity(text.len());
    for character in text.chars() {
        if is_allowed(character) {
            allowed.push(character);
        } else {
            allowed.extend(character.escape_unicode());
        }
    }
    Cow::Owned(allowed)
}

/// Returns true if a character may stand in a document (XML 1.0, production 2), except those that some
/// readers discourage. Control characters of Latin-1 are allowed there, but count as not allowed here.
fn is_allowed(character: char) -> bool {
    match character {
        '\t' | '\n' | '\r' => true,
        _ if character.is_control() => false,
        // The last two of each plane are no characters (Unicode, section 23.7).
        _ => u32::from(character) & 0xfffe != 0xfffe && !('\u{fdd0}'..='\u{fdef}').contains(&character),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_xml_has_no_place_for_is_shown_by_its_number() {
        assert_eq!(xml("x\u{fffe}y\u{ffff}"), "x\\u{fffe}y\\u{ffff}");
        assert_eq!(xml("\u{0}\u{1b}\u{b}"), "\\u{0}\\u{1b}\\u{b}");
        assert_eq!(xml("\u{1ffff}\u{fdd0}"), "\\u{1ffff}\\u{fdd0}");
        assert_eq!(xml("a\tb\n<é> & 😀"), Cow::Borrowed("a\tb\n<é> & 😀"));
    }
}
