//! The places where names come from.

use super::document::Document;
use crate::scenario::NameKind;
use crate::text::Span;

/// The place where a name comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Origin {
    /// A place in the same text.
    Here(Span),
    /// An included file, by the path that the text writes.
    File(String),
}

/// Returns the origin of the name at a byte: of a node its first appearance, of a variable the declaration above,
/// or the included file.
#[must_use]
pub fn origin(document: &Document, byte: usize) -> Option<Origin> {
    let name = document.name_at(byte)?;
    let text = document.name(&name);
    let declared = |kinds: &'static [NameKind]| {
        let same = document.names(kinds).filter(|other| document.name(other) == text);
        let spans: Vec<Span> = same.map(|other| other.span).collect();
        let above = spans.iter().rfind(|span| span.start <= name.span.start);
        above.or(spans.first()).copied().map(Origin::Here)
    };
    match name.kind {
        NameKind::Include => Some(Origin::File(path(text))),
        NameKind::Node => node(document, text).map(Origin::Here),
        NameKind::Use | NameKind::Variable | NameKind::Param => {
            declared(&[NameKind::Variable, NameKind::Param])
        }
        NameKind::Measure | NameKind::Measured => declared(&[NameKind::Measured]),
    }
}

/// Returns the first appearance of a node: its name, or the generator that makes it.
fn node(document: &Document, name: &str) -> Option<Span> {
    let made = document.graphs().into_iter().find_map(|(graph, step)| document.maker(name, graph, step));
    let named = || document.names(&[NameKind::Node]).find(|other| document.name(other) == name);
    made.or_else(|| named().map(|other| other.span))
}

/// Returns the path in the quotes of an `include`.
#[must_use]
pub fn path(quoted: &str) -> String {
    let inner = || quoted.trim_matches('"').to_owned();
    serde_json::from_str(quoted).unwrap_or_else(|_| inner())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Source;

    /// Checks the origin of the name at `^`, given as the text there.
    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        let byte = text.find('^').unwrap();
        let document = Document::new(Source::new("x.scn", text.replacen('^', "", 1)));
        let found = origin(&document, byte).map(|origin| match origin {
            Origin::Here(span) => format!("{}:{}", span.start, document.source.at(span)),
            Origin::File(path) => path,
        });
        assert_eq!(found.as_deref(), expected);
    }

    #[test]
    fn a_node_comes_from_its_first_appearance() {
        check("network a-b, b-c\nkill ^b", Some("10:b"));
        check("network x, ring(3)\nkill a..^b", Some("11:ring(3)"));
        check("param net = ring(3)\nnetwork $net\nkill ^a", Some("20:network $net"));
        check("expect ^q: get x", Some("7:q"));
        // The text has an error below.
        check("network a-b\nkill ^b\nwait 5", Some("10:b"));
    }

    #[test]
    fn a_variable_comes_from_the_declaration_above() {
        check("let v = a\nkill $^v\nlet v = b", Some("4:v"));
        check("let v = a\nlet v = b\nkill $^v", Some("14:v"));
        check("repeat 3 as i { a: set k${^i % 2} $i }", Some("12:i"));
        check("param p = 1 | 2\na: set x $^p", Some("6:p"));
        check("each v in all { kill ^$v }", Some("5:v"));
        check("measure m { a: set x 1 }\nexpect ^m.ok == 1", Some("8:m"));
        check("kill $^v", None);
    }

    #[test]
    fn an_included_file_is_named_by_its_path() {
        check("include \"lo^ad.scn\"", Some("load.scn"));
        check("wait ^1s", None);
    }
}
