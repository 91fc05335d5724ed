//! The body of a message between nodes that speak in lines, in short.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::value::RawValue;

/// The fields of every body, which say nothing about what it carries.
const USUAL: [&str; 3] = ["type", "msg_id", "in_reply_to"];
/// The most characters of a body in short. Chosen: an arrow of a diagram has room for a few words.
const BRIEF_MAX: usize = 60;

/// The fields of a body.
#[derive(Deserialize)]
#[serde(transparent)]
pub(super) struct MessageBody<'a>(#[serde(borrow)] BTreeMap<Cow<'a, str>, &'a RawValue>);

impl MessageBody<'_> {
    /// Returns the type of the message; empty if it has none.
    pub(super) fn kind(&self) -> String {
        let kind = self.0.get("type").map(|kind| serde_json::from_str::<String>(kind.get()));
        kind.and_then(Result::ok).unwrap_or_default()
    }

    /// Returns the content of the message, as far as its body tells: `2` of `{"type":"gossip","value":2}`, `key "x",
    /// value 3` of a body with both. `None` if it has no fields of its own.
    pub(super) fn brief(&self) -> Option<String> {
        let own: Vec<_> = self.0.iter().filter(|(name, _)| !USUAL.contains(&&***name)).collect();
        let text = match own.as_slice() {
            [] => return None,
            [(_, value)] => clip(value.get()),
            fields => {
                let fields = fields.iter().map(|(name, value)| format!("{name} {}", clip(value.get())));
                clip(&fields.collect::<Vec<_>>().join(", "))
            }
        };
        Some(text)
    }
}

/// Returns a text, cut to a bounded length.
fn clip(text: &str) -> String {
    match text.char_indices().nth(BRIEF_MAX) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(body: &str, kind: &str, brief: Option<&str>) {
        let body: MessageBody<'_> = serde_json::from_str(body).unwrap();
        assert_eq!((body.kind().as_str(), body.brief().as_deref()), (kind, brief));
    }

    #[test]
    fn a_body_is_told_by_its_own_fields() {
        check(r#"{"type":"gossip","value":2,"msg_id":7}"#, "gossip", Some("2"));
        check(r#"{"type":"write","key":"x","value":[1,2]}"#, "write", Some(r#"key "x", value [1,2]"#));
        check(r#"{"type":"read","msg_id":1}"#, "read", None);
        check(r#"{"type":7}"#, "", None);
        check("{}", "", None);
    }

    #[test]
    fn a_long_body_is_cut() {
        let body = format!(r#"{{"type":"gossip","messages":[{}1]}}"#, "1,".repeat(50_000));
        let body: MessageBody<'_> = serde_json::from_str(&body).unwrap();
        assert_eq!(body.brief().unwrap().chars().count(), BRIEF_MAX + 1);
    }
}
