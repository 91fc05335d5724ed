//! The texts that the editor has open.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use lsp_types::{TextDocumentContentChangeEvent, Uri};

use crate::cli::reach::SIZE_MAX;
use crate::language::document::Document;
use crate::language::position::{Lines, Position};
use crate::text::Source;

/// The most texts that are open at once. Chosen: more than a person opens.
const OPEN_MAX: usize = 1000;

/// An open text.
#[derive(Debug)]
pub(super) struct Open {
    /// The address that the editor gave.
    pub(super) uri: Uri,
    /// The path, by which scenarios include it.
    pub(super) path: String,
    /// The editor's number of this state of the text.
    pub(super) version: i32,
    /// The text, as long as it is not too long to be a scenario.
    pub(super) text: Option<String>,
}

impl Open {
    /// Returns the text for answers, read anew: texts are short.
    pub(super) fn document(&self) -> Document {
        Document::new(self.source())
    }

    /// Returns the text with its path.
    pub(super) fn source(&self) -> Source {
        Source::new(self.path.clone(), self.text.clone().unwrap_or_default())
    }
}

/// All open texts, by their addresses.
#[derive(Debug, Default)]
pub(super) struct Documents {
    open: BTreeMap<String, Open>,
    closed: BTreeSet<String>,
    changed: bool,
}

impl Documents {
    /// Returns the text at an address.
    pub(super) fn get(&self, uri: &Uri) -> Option<&Open> {
        self.open.get(uri.as_str())
    }

    /// Returns all texts.
    pub(super) fn all(&self) -> impl Iterator<Item = &Open> {
        self.open.values()
    }

    /// Opens a text.
    pub(super) fn put(&mut self, uri: &Uri, text: String, version: i32) {
        if self.open.len() >= OPEN_MAX && self.get(uri).is_none() {
            return;
        }
        let open = Open { uri: uri.clone(), path: path(uri.as_str()), version, text: bounded(text) };
        self.closed.remove(uri.as_str());
        self.open.insert(uri.as_str().to_owned(), open);
        self.changed = true;
    }

    /// Changes a text. A change without a range replaces all of it.
    pub(super) fn change(&mut self, uri: &Uri, changes: Vec<TextDocumentContentChangeEvent>, version: i32) {
        let Some(open) = self.open.get_mut(uri.as_str()) else { return };
        for change in changes {
            match (change.range, open.text.take()) {
                (None, _) => open.text = bounded(change.text),
                (Some(range), Some(mut text)) => {
                    let lines = Lines::new(&text);
                    let [start, end] = [range.start, range.end].map(|at| lines.byte(position(at)));
                    text.replace_range(start..end.max(start), &change.text);
                    open.text = bounded(text);
                }
                (Some(_), None) => {}
            }
        }
        open.version = version;
        self.changed = true;
    }

    /// Closes a text.
    pub(super) fn close(&mut self, uri: &Uri) {
        if self.open.remove(uri.as_str()).is_some() {
            self.closed.insert(uri.as_str().to_owned());
            self.changed = true;
        }
    }

    /// Returns true if a text has changed since the last call.
    pub(super) fn take_changed(&mut self) -> bool {
        std::mem::take(&mut self.changed)
    }

    /// Returns the addresses of the texts that were closed since the last call.
    pub(super) fn take_closed(&mut self) -> Vec<Uri> {
        std::mem::take(&mut self.closed).iter().filter_map(|uri| uri.parse().ok()).collect()
    }
}

/// Returns a text unless it is longer than a scenario may be.
fn bounded(text: String) -> Option<String> {
    (text.len() as u64 <= SIZE_MAX).then_some(text)
}

/// Returns a position of the protocol.
pub(super) fn position(at: lsp_types::Position) -> Position {
    Position { line: at.line, unit: at.character }
}

/// Returns the path of a file's address (RFC 8089), or the address itself for texts that are no files.
pub(super) fn path(uri: &str) -> String {
    let Some(rest) = uri.strip_prefix("file://") else { return uri.to_owned() };
    let path = rest.find('/').map_or("", |slash| &rest[slash..]);
    let (mut bytes, mut at) = (Vec::with_capacity(path.len()), 0);
    while let Some(&byte) = path.as_bytes().get(at) {
        let escaped = path.get(at + 1..at + 3).and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let escaped = escaped.filter(|_| byte == b'%');
        bytes.push(escaped.unwrap_or(byte));
        at += if escaped.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// Returns the address of a file.
pub(super) fn uri(path: &PathBuf) -> Option<Uri> {
    let path = std::path::absolute(path).ok()?;
    let mut uri = "file://".to_owned();
    for &byte in path.as_os_str().as_encoded_bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' => uri.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => uri.push(char::from(byte)),
            _ => uri += &format!("%{byte:02X}"),
        }
    }
    uri.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_paths_stand_for_each_other() {
        for name in ["/a/b.scn", "/a b/é%.scn"] {
            assert_eq!(path(uri(&PathBuf::from(name)).unwrap().as_str()), name);
        }
        assert_eq!(path("file://host/x%2"), "/x%2");
        assert_eq!(path("untitled:Untitled-1"), "untitled:Untitled-1");
    }

    #[test]
    fn changes_are_made_where_they_say_and_too_long_texts_are_not_kept() {
        let mut documents = Documents::default();
        let at: Uri = "file:///x.scn".parse().unwrap();
        documents.put(&at, "a😀b\n".to_owned(), 1);
        let change = |start: u32, end: u32, text: &str| TextDocumentContentChangeEvent {
            range: Some(lsp_types::Range::new(
                lsp_types::Position::new(0, start),
                lsp_types::Position::new(0, end),
            )),
            range_length: None,
            text: text.to_owned(),
        };
        documents.change(&at, vec![change(3, 4, "c"), change(0, 1, "")], 2);
        assert_eq!(documents.get(&at).unwrap().text.as_deref(), Some("😀c\n"));
        // The end lies before the start.
        documents.change(&at, vec![change(3, 0, "x")], 3);
        assert_eq!(documents.get(&at).unwrap().text.as_deref(), Some("😀cx\n"));
        documents.change(&at, vec![change(0, 0, &"x".repeat(2 << 20))], 4);
        assert_eq!(documents.get(&at).unwrap().text, None);
        assert!(documents.take_changed() && !documents.take_changed());
    }
}
