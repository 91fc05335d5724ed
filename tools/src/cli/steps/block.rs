//! The check for a block that is still open at the end of a text.

/// Returns true if a block is open at the end of a text, so that more lines belong to it.
pub(super) fn is_open(text: &str) -> bool {
    let (mut depth, mut quoted, mut comment, mut escaped) = (0_usize, false, false, false);
    for c in text.chars() {
        if comment {
            comment = c != '\n';
        } else if quoted {
            // A quoted word ends with its line at the latest; the parser reports the missing quote.
            quoted = c != '\n' && (escaped || c != '"');
            escaped = c == '\\' && !escaped;
        } else {
            match c {
                '"' => quoted = true,
                '#' => comment = true,
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
    }
    depth > 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_is_open_until_its_brace() {
        for open in ["together {", "do {\n  each v in all {\n  }", "do { # }", "a: set k \"}\" ; do {"] {
            assert!(is_open(open), "{open}");
        }
        for closed in ["", "a: get k", "do { }", "a: set k \"{\"", "# {", "a: set k \"\\\"{\"", "}"] {
            assert!(!is_open(closed), "{closed}");
        }
    }
}
