//! Data in a page: JSON in an element of its own, which no text in it can end.

/// Returns JSON, or lines of it, for an element `script`. JSON has `<` in strings only, where its escape means
/// the same.
pub(super) fn inert(json: &str) -> String {
    let mut text = String::with_capacity(json.len() + json.len() / 16);
    let mut rest = json;
    // Line ends for scripts, but not for JSON, begin with the byte E2.
    while let Some(at) = memchr::memchr3(b'<', 0xe2, 0, rest.as_bytes()) {
        text.push_str(&rest[..at]);
        let mut behind = rest[at..].chars();
        match behind.next() {
            Some('<') => text.push_str("\\u003c"),
            Some('\u{2028}') => text.push_str("\\u2028"),
            Some('\u{2029}') => text.push_str("\\u2029"),
            // A reader of HTML replaces this character.
            Some('\0') | None => {}
            Some(other) => text.push(other),
        }
        rest = behind.as_str();
    }
    text.push_str(rest);
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markup_in_data_ends_no_element_and_stays_the_same_data() {
        let value = serde_json::json!([
            "</script><img onerror=alert(1)>",
            "<!--",
            "\u{2028}\u{2029}",
            "\u{202e}rtl",
            "\u{0}"
        ]);
        let text = inert(&value.to_string());
        assert!(!text.contains('<') && !text.contains('\u{2028}') && !text.contains('\u{2029}'), "{text}");
        assert_eq!(serde_json::from_str::<serde_json::Value>(&text).unwrap(), value);
    }
}
