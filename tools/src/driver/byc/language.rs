//! The translation of typed values to events, and of acknowledgements to outcomes. It uses no socket.

use node::wire::{Hex, Kind, Limits, Policy, Stamp, Value as NodeValue, Version};
use serde_json::value::RawValue;

use crate::text::value;
use crate::world::{Answer, Outcome, Value, Written};

/// The answer to `get`: a value with the date of its write.
#[derive(Debug, PartialEq)]
pub(super) struct Held {
    value: NodeValue,
    date: u64,
    /// True if the node gave a hash beside the date. Nodes that give one order versions by both, and send them
    /// on to each other.
    hashed: bool,
}

impl Held {
    /// Parses `{value, date, …}`. The error continues "it answered `get` with …".
    pub(super) fn read(json: &RawValue) -> Result<Self, String> {
        #[derive(serde::Deserialize)]
        struct Fields<'a> {
            #[serde(borrow)]
            value: &'a RawValue,
            date: u64,
            #[serde(borrow, default)]
            hash: Option<&'a RawValue>,
        }
        // Serde would read an array as the fields in their order.
        let object = Some(json.get()).filter(|json| json.starts_with('{'));
        let fields: Option<Fields<'_>> = object.and_then(|json| serde_json::from_str(json).ok());
        let fields = fields.ok_or_else(|| format!("{}, not with {{value, date}}", shown(json)))?;
        let value = NodeValue::new(fields.value.get(), &Limits::default());
        let value = value.map_err(|error| format!("what cannot be read: {error}"))?;
        let hashed = fields.hash.is_some_and(|hash| hash.get() != "null");
        Ok(Self { value, date: fields.date, hashed })
    }

    /// Returns the value alone.
    pub(super) fn value(&self) -> Value {
        Value::of_json(self.value.json())
    }

    /// Returns true if the value is this one.
    pub(super) fn is(&self, value: &NodeValue) -> bool {
        Value::of_json(value.json()).word() == self.value().word()
    }

    /// Returns the date as a stamp.
    pub(super) fn stamp(&self) -> Stamp {
        Stamp { wall_ms: self.date, counter: 0 }
    }

    /// Returns the version of this key, ranked as by all nodes of this protocol: the older date is greater,
    /// then the smaller hash. Without a hash there is none: such a node gives each value a date of its own,
    /// and does not order values by it.
    pub(super) fn written(&self, key: &str) -> Option<Written> {
        let version = Version::new(key, Kind::Set(self.value.clone()), self.stamp(), Hex::ZERO);
        let rank = version.rank(Policy::Oldest).to_string();
        self.hashed.then(|| Written { stamp: self.stamp().to_string(), rank })
    }
}

/// Returns a value with a date, in milliseconds since 1970, as an argument of `set`.
pub(super) fn dated(key: &str, value: &NodeValue, date: u64) -> Box<RawValue> {
    let stamp = Stamp { wall_ms: date, counter: 0 };
    let hash = Version::new(key, Kind::Set(value.clone()), stamp, Hex::ZERO).value_sha256();
    let json = format!("{{\"value\":{},\"date\":{date},\"hash\":\"{hash}\"}}", value.json());
    RawValue::from_string(json).unwrap_or_else(|_| RawValue::NULL.to_owned())
}

/// Returns the value of a bare word. The error is for a person.
pub(super) fn typed(word: &str) -> Result<NodeValue, String> {
    NodeValue::new(&value::json(word), &Limits::default()).map_err(|error| error.to_string())
}

/// Returns the outcome of an event that was acknowledged with an error.
pub(super) fn refusal(message: String) -> Outcome {
    let has = |part: &str| message.contains(part);
    let code = if has("neighbor exists") {
        "neighbor_exists"
    } else if has("not exists") {
        "absent"
    } else if has("set error") && ["exists", "too recent", "too big"].into_iter().any(has) {
        // The node holds another version of the key, which wins: that is older, or has a smaller hash.
        "exists"
    } else if ["cannot connect", "nobody answers", "may not have been kept", "try again later"]
        .into_iter()
        .any(has)
    {
        "unavailable"
    } else {
        "refused"
    };
    Outcome::Refused { code: code.to_owned(), message }
}

/// Returns an answer without a version.
pub(super) fn answered(value: Value) -> Outcome {
    Outcome::Answered(Answer { value, written: None })
}

/// Parses the keys in the answer to `keys`.
pub(super) fn keys(json: &RawValue) -> Result<Vec<String>, String> {
    serde_json::from_str(json.get()).map_err(|_| format!("{}, not with an array of texts", shown(json)))
}

/// Parses the ports in the answer to `peers`, which are numbers or strings of digits.
pub(super) fn ports(json: &RawValue) -> Result<Vec<u16>, String> {
    let wrong = || format!("{}, not with an array of ports", shown(json));
    let peers: Vec<serde_json::Value> = serde_json::from_str(json.get()).map_err(|_| wrong())?;
    let port = |peer: &serde_json::Value| match peer {
        serde_json::Value::Number(number) => number.as_u64().and_then(|port| u16::try_from(port).ok()),
        serde_json::Value::String(digits) => digits.parse().ok(),
        _ => None,
    };
    peers.iter().map(port).collect::<Option<_>>().ok_or_else(wrong)
}

/// Returns the start of an answer, as a report shows it.
fn shown(json: &RawValue) -> String {
    let text: String = json.get().chars().take(200).collect();
    format!("`{text}`")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(json: &str) -> &RawValue {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn what_is_held_ranks_as_natively() {
        let held = |json| Held::read(raw(json)).unwrap().written("nom").unwrap();
        let version = |text: &str, counter| {
            let stamp = Stamp { wall_ms: 10_000, counter };
            Version::new("nom", Kind::Set(typed(text).unwrap()), stamp, Hex([7; 16]))
        };
        let written = held("{\"value\":\"Reimert\",\"date\":10000,\"hash\":\"of any kind\"}");
        assert_eq!(written.rank, version("Reimert", 3).rank(Policy::Oldest).to_string());
        assert_eq!(written.stamp, "10000.0");
        // The older version is greater.
        assert!(held("{\"value\":1,\"date\":9999,\"hash\":\"\"}").rank > written.rank);
    }

    #[test]
    fn a_date_without_a_hash_ranks_nothing() {
        for json in ["{\"value\":1,\"date\":9999}", "{\"value\":1,\"date\":9999,\"hash\":null}"] {
            let held = Held::read(raw(json)).unwrap();
            assert_eq!((held.stamp().to_string(), held.written("nom")), ("9999.0".to_owned(), None));
        }
    }

    #[test]
    fn values_are_the_same_if_their_types_are() {
        let is = |json, word| Held::read(raw(json)).unwrap().is(&typed(word).unwrap());
        assert!(is("{\"value\":\"5\",\"date\":1}", "\"5\"") && is("{\"value\":1.0,\"date\":1}", "1"));
        assert!(!is("{\"value\":\"5\",\"date\":1}", "5") && !is("{\"value\":5,\"date\":1}", "\"5\""));
    }

    #[test]
    fn what_is_no_answer_is_shown() {
        for json in ["\"Reimert\"", "null", "[1,2]", "{\"value\":1}", "{\"value\":1,\"date\":\"now\"}"] {
            assert!(Held::read(raw(json)).unwrap_err().contains(json), "{json}");
        }
        assert!(keys(raw("{\"nom\":1}")).unwrap_err().contains("array of texts"));
        assert!(ports(raw("[\"a\"]")).unwrap_err().contains("array of ports"));
        assert_eq!(ports(raw("[3000,\"3001\"]")), Ok(vec![3000, 3001]));
    }

    #[test]
    fn a_dated_value_is_sent_with_its_hash() {
        let argument = dated("nom", &typed("Reimert").unwrap(), 7);
        let hash = "86f3d20609f6ff5d89091b0a0d911cb4a7c291f8b891916dd552504b7286e763";
        assert_eq!(argument.get(), format!("{{\"value\":\"Reimert\",\"date\":7,\"hash\":\"{hash}\"}}"));
    }

    #[track_caller]
    fn check(message: &str, code: &str) {
        let expected = Outcome::Refused { code: code.to_owned(), message: message.to_owned() };
        assert_eq!(refusal(message.to_owned()), expected);
    }

    #[test]
    fn errors_are_told_apart_by_their_texts() {
        check("Field nom not exists", "absent");
        check("set error : Field nom exists.", "exists");
        check("set error : Field nom too recent.", "exists");
        check("set error : Field nom hash too big.", "exists");
        check("set error : Field nom exists and value differs.", "exists");
        check("set error : invalid hash.", "refused");
        check("neighbor exists", "neighbor_exists");
        check("cannot connect to 127.0.0.1:9: nobody listens there", "unavailable");
        check("no", "refused");
    }
}
