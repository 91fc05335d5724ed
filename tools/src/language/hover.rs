//! The explanation of a word, as Markdown.

use super::document::Document;
use super::table;
use crate::scenario::NameKind;
use crate::text::Span;

/// Returns the explanation of the word at a byte, and its place: of the word that a line begins with, or of a
/// parameter.
#[must_use]
pub fn hover(document: &Document, byte: usize) -> Option<(String, Span)> {
    if let Some(name) = document.name_at(byte) {
        let text = document.name(&name);
        let params = document.scenario.as_ref().map_or(&[][..], |scenario| &scenario.headers.params);
        let param = params.iter().find(|param| param.name == text);
        let is_use = matches!(name.kind, NameKind::Use | NameKind::Param);
        let values = param.filter(|_| is_use)?.values.iter().map(|value| format!("- `{value}`\n"));
        return Some((
            format!("the parameter `{text}` is one of\n\n{}", values.collect::<String>()),
            name.span,
        ));
    }
    let span = word_at(document.text(), byte)?;
    if is_ask_word(document, span) {
        return None;
    }
    let entry = table::entry(document.source.at(span))?;
    Some((format!("{}\n\n{}", entry.form, entry.meaning), span))
}

/// Returns the word at a byte.
fn word_at(text: &str, byte: usize) -> Option<Span> {
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let before = text.get(..byte)?;
    let start = before.trim_end_matches(is_word).len();
    let end = byte + text[byte..].find(|c| !is_word(c)).unwrap_or(text.len() - byte);
    (start < end).then_some(Span { start, end })
}

/// Returns true if a word does not begin a step: it is data, a comment or a later word of a line.
fn is_ask_word(document: &Document, word: Span) -> bool {
    let line = document.text()[..word.start].rsplit('\n').next().unwrap_or_default();
    let step = line.rsplit([';', '{']).next().unwrap_or_default().trim();
    !(step.is_empty() || step == "}" || step == "try" || step == "until")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Source;

    /// Returns the explanation at `^`.
    fn explained(text: &str) -> Option<(String, String)> {
        let byte = text.find('^').unwrap();
        let document = Document::new(Source::new("x.scn", text.replacen('^', "", 1)));
        hover(&document, byte).map(|(said, span)| (said, document.source.at(span).to_owned()))
    }

    #[test]
    fn the_word_of_a_step_is_explained_by_the_table() {
        let (said, word) = explained("network a-b\nki^ll a").unwrap();
        assert_eq!(word, "kill");
        assert!(said.contains("`kill` sends SIGKILL"), "{said}");
        assert!(explained("do { wait^ 1s }").unwrap().0.contains("lets time pass"));
        assert!(explained("^expect converged").unwrap().0.contains("`within` waits"));
        assert!(explained("ti^meout 5s").unwrap().0.contains("bounds the scenario"));
        // The text need not be right.
        assert!(explained("par^tition").unwrap().0.contains("silences all links"));
    }

    #[test]
    fn data_and_comments_are_not_explained() {
        assert_eq!(explained("a: set ki^ll 1"), None);
        assert_eq!(explained("# ki^ll"), None);
        assert_eq!(explained("^"), None);
        assert_eq!(explained("é ^"), None);
    }

    #[test]
    fn a_parameter_is_explained_by_its_values() {
        let (said, word) = explained("param net = a-b | ring(3)\nnetwork $n^et").unwrap();
        assert_eq!(
            (said.as_str(), word.as_str()),
            ("the parameter `net` is one of\n\n- `a-b`\n- `ring(3)`\n", "net")
        );
    }
}
