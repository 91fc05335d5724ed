//! The few fields of a line of `run.jsonl` that decide its place in a page.

use std::borrow::Cow;

use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::journal::{JournalEntry, JournalEvent};

/// A text that is borrowed from the line if it has no escapes.
#[derive(Debug, Deserialize)]
#[serde(transparent)]
pub(super) struct Text<'a>(#[serde(borrow)] pub(super) Cow<'a, str>);

/// A line in brief. It is read several times faster than a whole entry, and from a line of any version.
#[derive(Debug, Deserialize)]
pub(super) struct Brief<'a> {
    pub(super) at_us: Option<u64>,
    #[serde(borrow)]
    pub(super) event: Text<'a>,
    #[serde(default)]
    pub(super) message: Option<Id>,
    #[serde(default)]
    pub(super) op: Option<u64>,
    #[serde(default)]
    pub(super) node: Option<u64>,
    #[serde(borrow, default)]
    pub(super) key: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) rank: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) digest: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) life: Option<Text<'a>>,
    #[serde(borrow, default)]
    pub(super) words: Vec<Text<'a>>,
    #[serde(default)]
    pub(super) spec: Option<Spec>,
}

/// The field `message`: the number of a message, or a text in other events.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Id {
    Number(u64),
    Other(IgnoredAny),
}

/// The part of a node's specification that decides over its contents after its end.
#[derive(Debug, Deserialize)]
pub(super) struct Spec {
    #[serde(default)]
    pub(super) disk: bool,
}

impl<'a> Brief<'a> {
    /// Returns an entry in brief, as its line would be read.
    pub(super) fn of(entry: &'a JournalEntry) -> Self {
        let text = |text: &'a str| Some(Text(Cow::Borrowed(text)));
        let mut brief = Self {
            at_us: entry.at_us,
            event: Text(Cow::Borrowed(entry.event.name())),
            message: None,
            op: None,
            node: None,
            key: None,
            rank: None,
            digest: None,
            life: None,
            words: Vec::new(),
            spec: None,
        };
        match &entry.event {
            JournalEvent::Stored { node, key, rank, .. } => {
                (brief.node, brief.key, brief.rank) = (u64::try_from(node.0).ok(), text(key), text(rank));
            }
            JournalEvent::Changed { node, change } => {
                (brief.node, brief.digest) = (u64::try_from(node.0).ok(), text(&change.digest));
            }
            JournalEvent::Sent { message, .. }
            | JournalEvent::Arrived { message }
            | JournalEvent::Lost { message, .. }
            | JournalEvent::Delayed { message, .. } => brief.message = Some(Id::Number(*message)),
            JournalEvent::Launch { node, spec, .. } => {
                (brief.node, brief.spec) = (u64::try_from(node.0).ok(), Some(Spec { disk: spec.disk }));
            }
            JournalEvent::Life { node, life } => {
                (brief.node, brief.life) = (u64::try_from(node.0).ok(), text(life.name()));
            }
            JournalEvent::Ask { op, node, words, .. } => {
                (brief.op, brief.node) = (Some(op.0), u64::try_from(node.0).ok());
                brief.words = words.first().into_iter().filter_map(|word| text(word)).collect();
            }
            JournalEvent::Answer { op, .. }
            | JournalEvent::Refused { op, .. }
            | JournalEvent::Unknown { op, .. }
            | JournalEvent::Unasked { op } => brief.op = Some(op.0),
            _ => {}
        }
        brief
    }

    /// Returns the number of the message that the line is about.
    pub(super) fn message(&self) -> Option<u64> {
        match self.message {
            Some(Id::Number(number)) => Some(number),
            _ => None,
        }
    }

    /// Returns the index of the node that the line is about, as far as an index can go.
    pub(super) fn node(&self) -> Option<usize> {
        /// The most nodes of which figures are kept. Chosen: ten times the largest networks in use.
        const NODES_MAX: u64 = 100_000;
        self.node.filter(|node| *node < NODES_MAX).and_then(|node| usize::try_from(node).ok())
    }

    /// Returns true if the line asks a node to write.
    pub(super) fn asks_to_write(&self) -> bool {
        matches!(self.words.first().map(|word| &*word.0), Some("set" | "delete"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_every_kind_are_read_in_brief() {
        for (line, message, node) in [
            (
                r#"{"at_us":1,"event":"sent","message":7,"from":0,"to":"c1","key":"a\"b","bytes":9}"#,
                Some(7),
                None,
            ),
            (
                r#"{"at_us":1,"event":"verdict","verdict":"failed","message":"no","report":{"x":[1]}}"#,
                None,
                None,
            ),
            (r#"{"at_us":null,"event":"log","node":3,"text":"x"}"#, None, Some(3)),
            (r#"{"event":"dropped","events":3}"#, None, None),
            (r#"{"at_us":1,"event":"stored","node":99999999999,"key":"k","rank":"r"}"#, None, None),
        ] {
            let brief: Brief<'_> = serde_json::from_str(line).unwrap();
            assert_eq!((brief.message(), brief.node()), (message, node), "{line}");
        }
    }
}
