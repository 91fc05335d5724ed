//! The policy of a page (Content-Security-Policy, level 3): the scripts and the style sheet in it by their hashes,
//! and nothing else.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest as _, Sha256};

/// Returns the policy of a page with these scripts and this style sheet. A live page may connect to its own server.
pub(super) fn policy(scripts: &[&str], style: &str, live: bool) -> String {
    let hashes = |texts: &[&str]| {
        let sources: Vec<String> = texts.iter().map(|text| source(text)).collect();
        sources.join(" ")
    };
    let connect = if live { "; connect-src 'self'" } else { "" };
    format!(
        "default-src 'none'; script-src {}; style-src {}; img-src data:; base-uri 'none'; form-action 'none'{connect}",
        hashes(scripts),
        hashes(&[style])
    )
}

/// Returns the source expression of an inline text.
fn source(text: &str) -> String {
    format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_that_of_the_specification() {
        // The example of the specification (CSP 3, section 8.3) is the script `alert('Hello, world.');`.
        assert_eq!(
            source("alert('Hello, world.');"),
            "'sha256-qznLcsROx4GACP2dm0UCKCzCG+HiZ1guq6ZZDob/Tng='"
        );
    }

    #[test]
    fn only_a_live_page_connects() {
        assert!(!policy(&["a"], "b", false).contains("connect-src"));
        assert!(policy(&["a"], "b", true).ends_with("connect-src 'self'"));
    }
}
