//! How a version is written under its key: kind, wall, counter, author, then the value's JSON text.
//! Integers are big-endian.

use crate::wire::{Hex, Kind, Limits, NodeId, Stamp, Value, Version};

const TOMBSTONE: u8 = 0;
const SET: u8 = 1;

/// The record of a version; its key stands outside.
pub(super) fn encode(version: &Version) -> Vec<u8> {
    let value = version.value().map_or("", Value::json);
    let stamp = version.stamp();
    let mut record = Vec::with_capacity(29 + value.len());
    record.push(if version.value().is_some() { SET } else { TOMBSTONE });
    record.extend(stamp.wall_ms.to_be_bytes());
    record.extend(stamp.counter.to_be_bytes());
    record.extend(version.author().0);
    record.extend(value.as_bytes());
    record
}

/// The version that a record holds, unless it is none.
pub(super) fn decode(key: &str, record: &[u8]) -> Option<Version> {
    let (kind, rest) = record.split_first()?;
    let (wall, rest) = rest.split_first_chunk()?;
    let (counter, rest) = rest.split_first_chunk()?;
    let (author, value) = rest.split_first_chunk::<16>()?;
    let kind = match (*kind, value) {
        (TOMBSTONE, []) => Kind::Tombstone,
        // What was taken once is not measured again: limits may differ from start to start.
        (SET, json) => Kind::Set(Value::new(std::str::from_utf8(json).ok()?, &unlimited()).ok()?),
        _ => return None,
    };
    let stamp = Stamp { wall_ms: u64::from_be_bytes(*wall), counter: u32::from_be_bytes(*counter) };
    let author: NodeId = Hex(*author);
    Some(Version::new(key, kind, stamp, author))
}

fn unlimited() -> Limits {
    Limits { value: usize::MAX, ..Limits::default() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(kind: Kind) -> Version {
        Version::new("k", kind, Stamp { wall_ms: 1_732_180_000_123, counter: 7 }, Hex([0xab; 16]))
    }

    #[test]
    fn a_record_gives_back_what_was_written() {
        for kind in [Kind::Tombstone, Kind::Set(Value::new(r#"{"ä":[1.50]}"#, &Limits::default()).unwrap())]
        {
            let version = version(kind);
            let back = decode("k", &encode(&version)).unwrap();
            assert_eq!((back.key(), back.kind(), back.stamp()), ("k", version.kind(), version.stamp()));
            assert_eq!(back.rank(crate::wire::Policy::Last), version.rank(crate::wire::Policy::Last));
        }
    }

    #[test]
    fn what_is_no_record_is_refused() {
        let good = encode(&version(Kind::Tombstone));
        assert!(decode("k", &good[..28]).is_none(), "too short");
        assert!(decode("k", &[&good[..], b"1"].concat()).is_none(), "a tombstone with a value");
        let set = |value: &[u8]| [&[SET], &good[1..], value].concat();
        assert!(decode("k", &set(b"1")).is_some());
        assert!(decode("k", &set(b"")).is_none() && decode("k", &set(b"\xff")).is_none());
        assert!(decode("k", &[&[2], &good[1..]].concat()).is_none(), "an unknown kind");
    }
}
