//! Packets of Engine.IO 4 and, within its messages, of Socket.IO 5: one text each.
//!
//! Only the needed part is here: text, and the main namespace. Readers of packets refuse binary
//! attachments.

use serde_json::value::RawValue;

use crate::wire::{ErrorCode, Malformed, Refusal};

/// The most arguments of an event that are read; the rest is skipped. The longest request, `set`, has two, and
/// some clients add options.
const ARGUMENTS_MAX: usize = 4;

/// The most characters of an unreadable packet that an error quotes: a line.
const PACKET_QUOTED_MAX: usize = 80;
/// The most characters of an unreadable error that the message about it quotes: some lines.
const ERROR_QUOTED_MAX: usize = 200;

/// A packet of Engine.IO: the unit that a transport carries.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::net) enum Packet<'a> {
    /// The server's introduction, as JSON.
    Open(&'a str),
    /// The end of the session, sent by the other end.
    Close,
    /// A ping, with the data to repeat in the pong.
    Ping(&'a str),
    /// The answer to a ping, with its data.
    Pong(&'a str),
    /// A packet of Socket.IO.
    Message(&'a str),
    /// The request to use this transport from now on.
    Upgrade,
    /// An empty packet, without effect.
    Noop,
}

/// A packet of Socket.IO: the content of a message.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Envelope<'a> {
    pub(super) kind: EnvelopeKind,
    /// The namespace with its slash; the main one is `/`.
    pub(super) namespace: &'a str,
    /// The number of an acknowledgement that is requested or given.
    pub(super) ack: Option<u64>,
    /// The payload as JSON text; may be empty.
    pub(super) data: &'a str,
}

/// The kinds of packets of Socket.IO.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EnvelopeKind {
    Connect,
    Disconnect,
    Event,
    Ack,
    ConnectError,
    /// An event or an acknowledgement with binary attachments.
    Binary,
}

impl<'a> Packet<'a> {
    /// Reads a packet. Returns `None` where the text is no packet.
    pub(in crate::net) fn read(text: &'a str) -> Option<Self> {
        let (kind, rest) = (text.as_bytes().first()?, text.get(1..)?);
        Some(match kind {
            b'0' => Self::Open(rest),
            b'1' => Self::Close,
            b'2' => Self::Ping(rest),
            b'3' => Self::Pong(rest),
            b'4' => Self::Message(rest),
            b'5' => Self::Upgrade,
            b'6' => Self::Noop,
            _ => return None,
        })
    }
}

impl<'a> Envelope<'a> {
    /// Reads a message, `KIND[ATTACHMENTS-][/NAMESPACE,][ACK][JSON]`. Returns `None` where it is none.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let (kind, mut rest) = (text.as_bytes().first()?, text.get(1..)?);
        let kind = match kind {
            b'0' => EnvelopeKind::Connect,
            b'1' => EnvelopeKind::Disconnect,
            b'2' => EnvelopeKind::Event,
            b'3' => EnvelopeKind::Ack,
            b'4' => EnvelopeKind::ConnectError,
            b'5' | b'6' => EnvelopeKind::Binary,
            _ => return None,
        };
        let mut namespace = "/";
        if rest.starts_with('/') {
            (namespace, rest) = rest.split_once(',').unwrap_or((rest, ""));
            // A query in the address of a namespace has no meaning here.
            namespace = namespace.split('?').next().unwrap_or(namespace);
        }
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, data) = rest.split_at(digits);
        let ack = if digits.is_empty() { None } else { Some(digits.parse().ok()?) };
        Some(Self { kind, namespace, ack, data })
    }
}

/// Returns the first few elements of a JSON array, each as its text; `None` where the text is no array.
pub(super) fn elements(json: &str) -> Option<Vec<&RawValue>> {
    serde_json::from_str::<Elements<'_>>(json).ok().map(|elements| elements.0)
}

struct Elements<'a>(Vec<&'a RawValue>);

impl<'de> serde::Deserialize<'de> for Elements<'de> {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Elements<'de>;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an array")
            }

            fn visit_seq<A: serde::de::SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut elements = Vec::new();
                // The name of the event is the first element.
                while elements.len() <= ARGUMENTS_MAX
                    && let Some(element) = seq.next_element()?
                {
                    elements.push(element);
                }
                while seq.next_element::<serde::de::IgnoredAny>()?.is_some() {}
                Ok(Elements(elements))
            }
        }
        deserializer.deserialize_seq(Visitor)
    }
}

/// Returns the error in the first argument of an acknowledgement, or `None` where it says that all is well.
pub(super) fn error_in(error: &RawValue) -> Option<String> {
    match serde_json::from_str(error.get()) {
        Ok(serde_json::Value::Null | serde_json::Value::Bool(false)) => None,
        Ok(serde_json::Value::String(text)) => (!text.is_empty()).then_some(text),
        _ => {
            let quoted: String = error.get().chars().take(ERROR_QUOTED_MAX).collect();
            Some(format!(
                "it gave `{quoted}` for an error: an acknowledgement is (error, result), and without an error \
                 (null, result)"
            ))
        }
    }
}

/// Returns the fault of a text that is no packet, with its beginning.
pub(super) fn unreadable(text: &str) -> Malformed {
    let text: String = text.chars().take(PACKET_QUOTED_MAX).collect();
    let refusal = Refusal::new(ErrorCode::Malformed, format!("`{text}` is no packet of this protocol"));
    Malformed { id: None, refusal, answer: false }
}

/// Returns an event as text, with the number of its acknowledgement if it asks for one. The arguments
/// are JSON texts.
pub(super) fn event(ack: Option<u64>, name: &str, arguments: &[&str]) -> String {
    let mut text = "42".to_owned();
    if let Some(ack) = ack {
        text.push_str(&ack.to_string());
    }
    text.push('[');
    text.push_str(&quoted(name));
    for argument in arguments {
        text.push(',');
        text.push_str(argument);
    }
    text.push(']');
    text
}

/// Returns the acknowledgement of a number, with the result as JSON text or the error.
pub(super) fn acknowledgement(ack: u64, result: Result<&str, &str>) -> String {
    match result {
        Ok(json) => format!("43{ack}[null,{json}]"),
        Err(error) => format!("43{ack}[{}]", quoted(error)),
    }
}

/// Returns a text as JSON.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, kind: EnvelopeKind, namespace: &str, ack: Option<u64>, data: &str) {
        assert_eq!(Envelope::read(text), Some(Envelope { kind, namespace, ack, data }));
    }

    #[test]
    fn an_envelope_may_name_its_namespace_and_its_acknowledgement() {
        check("0", EnvelopeKind::Connect, "/", None, "");
        check("0{\"token\":1}", EnvelopeKind::Connect, "/", None, "{\"token\":1}");
        check("0/admin,", EnvelopeKind::Connect, "/admin", None, "");
        check("0/admin?x=1,", EnvelopeKind::Connect, "/admin", None, "");
        check("2[\"keys\"]", EnvelopeKind::Event, "/", None, "[\"keys\"]");
        check("212[\"keys\"]", EnvelopeKind::Event, "/", Some(12), "[\"keys\"]");
        check("3/admin,7[]", EnvelopeKind::Ack, "/admin", Some(7), "[]");
        check(
            "51-[\"set\",{\"_placeholder\":true,\"num\":0}]",
            EnvelopeKind::Binary,
            "/",
            Some(1),
            "-[\"set\",{\"_placeholder\":true,\"num\":0}]",
        );
    }

    #[test]
    fn what_is_no_packet_is_nothing() {
        for text in ["", "7", "x", "é"] {
            assert_eq!(Packet::read(text), None, "{text}");
            assert_eq!(Envelope::read(text), None, "{text}");
        }
        assert_eq!(Envelope::read("299999999999999999999[]"), None);
        assert!(elements("{}").is_none() && elements("[1,").is_none() && elements("").is_none());
    }

    #[test]
    fn arguments_keep_the_text_they_were_written_in_and_only_a_few_are_read() {
        let texts = |json| elements(json).unwrap().into_iter().map(RawValue::get).collect::<Vec<_>>();
        assert_eq!(texts("[ \"set\", 1.0 , {\"b\": 1,\"a\":2}]"), ["\"set\"", "1.0", "{\"b\": 1,\"a\":2}"]);
        assert_eq!(texts("[1,2,3,4,5,6,7]").len(), 5);
    }

    #[test]
    fn what_is_written_is_read_again() {
        let text = event(Some(3), "set", &["\"k\"", "1.0"]);
        assert_eq!(text, "423[\"set\",\"k\",1.0]");
        assert_eq!(acknowledgement(3, Ok("true")), "433[null,true]");
        assert_eq!(acknowledgement(3, Err("no \"k\"")), "433[\"no \\\"k\\\"\"]");
    }
}
