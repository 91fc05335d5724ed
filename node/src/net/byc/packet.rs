//! Packets of Engine.IO 4 and, within its messages, of Socket.IO 5: one text each.
//!
//! Only what is needed here: text, and the main namespace. Binary attachments are refused by whoever
//! reads a packet.

use serde_json::value::RawValue;

/// How many arguments of an event are read; what comes after them is passed over.
const ARGUMENTS: usize = 4;

/// What comes over a transport: a packet of Engine.IO.
#[derive(Debug, PartialEq, Eq)]
pub(in crate::net) enum Packet<'a> {
    /// The server introduces itself, with JSON.
    Open(&'a str),
    /// The other end takes leave.
    Close,
    /// Are you there? With what is to be repeated.
    Ping(&'a str),
    /// I am.
    Pong(&'a str),
    /// What Socket.IO says.
    Message(&'a str),
    /// This transport is used from now on.
    Upgrade,
    /// Nothing.
    Noop,
}

/// What a message holds: a packet of Socket.IO.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Envelope<'a> {
    pub(super) kind: Kind,
    /// With its slash; the main one is `/`.
    pub(super) namespace: &'a str,
    /// The number of the acknowledgement that is asked for, or given.
    pub(super) ack: Option<u64>,
    /// JSON text; may be empty.
    pub(super) data: &'a str,
}

/// The kinds of packets of Socket.IO.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Connect,
    Disconnect,
    Event,
    Ack,
    ConnectError,
    /// An event or an acknowledgement with binary attachments.
    Binary,
}

impl<'a> Packet<'a> {
    /// Reads a packet, or nothing where there is none.
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
    /// Reads a message: `KIND[ATTACHMENTS-][/NAMESPACE,][ACK][JSON]`.
    pub(super) fn read(text: &'a str) -> Option<Self> {
        let (kind, mut rest) = (text.as_bytes().first()?, text.get(1..)?);
        let kind = match kind {
            b'0' => Kind::Connect,
            b'1' => Kind::Disconnect,
            b'2' => Kind::Event,
            b'3' => Kind::Ack,
            b'4' => Kind::ConnectError,
            b'5' | b'6' => Kind::Binary,
            _ => return None,
        };
        let mut namespace = "/";
        if rest.starts_with('/') {
            (namespace, rest) = rest.split_once(',').unwrap_or((rest, ""));
            // What is asked of a namespace in its address is of no matter here.
            namespace = namespace.split('?').next().unwrap_or(namespace);
        }
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, data) = rest.split_at(digits);
        let ack = if digits.is_empty() { None } else { Some(digits.parse().ok()?) };
        Some(Self { kind, namespace, ack, data })
    }
}

/// The first few elements of a JSON array, each as its text; nothing where it is none.
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
                // The name of the event stands first.
                while elements.len() <= ARGUMENTS
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

/// An event, to be acknowledged under a number if one is given. The arguments are JSON texts.
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

/// The acknowledgement of a number: what came of it, as JSON text, or why nothing did.
pub(super) fn acknowledgement(ack: u64, result: Result<&str, &str>) -> String {
    match result {
        Ok(json) => format!("43{ack}[null,{json}]"),
        Err(error) => format!("43{ack}[{}]", quoted(error)),
    }
}

/// A text as JSON.
pub(super) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, kind: Kind, namespace: &str, ack: Option<u64>, data: &str) {
        assert_eq!(Envelope::read(text), Some(Envelope { kind, namespace, ack, data }));
    }

    #[test]
    fn an_envelope_may_name_its_namespace_and_its_acknowledgement() {
        check("0", Kind::Connect, "/", None, "");
        check("0{\"token\":1}", Kind::Connect, "/", None, "{\"token\":1}");
        check("0/admin,", Kind::Connect, "/admin", None, "");
        check("0/admin?x=1,", Kind::Connect, "/admin", None, "");
        check("2[\"keys\"]", Kind::Event, "/", None, "[\"keys\"]");
        check("212[\"keys\"]", Kind::Event, "/", Some(12), "[\"keys\"]");
        check("3/admin,7[]", Kind::Ack, "/admin", Some(7), "[]");
        check(
            "51-[\"set\",{\"_placeholder\":true,\"num\":0}]",
            Kind::Binary,
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
