//! The record of a version under its key: a check, the kind, wall, counter, author, then the value's
//! JSON text. Integers are big-endian.
//!
//! The check is the first half of the version's id, which covers all of the record and its key. So a
//! record that was changed on the disk, or that stands under another key, is refused.

use crate::wire::{Hex, Kind, Limits, NodeId, Policy, Stamp, Value, Version};

const TOMBSTONE: u8 = 0;
const SET: u8 = 1;
/// The length of the check, in bytes.
const CHECK: usize = 16;
/// The length of a tombstone's record, in bytes: the shortest record.
const SHORTEST: usize = CHECK + 29;

/// Returns the record of a version, without its key.
pub(super) fn encode(version: &Version) -> Vec<u8> {
    let value = version.value().map_or("", Value::json);
    let stamp = version.stamp();
    let mut record = Vec::with_capacity(SHORTEST + value.len());
    record.extend(check(version));
    record.push(if version.value().is_some() { SET } else { TOMBSTONE });
    record.extend(stamp.wall_ms.to_be_bytes());
    record.extend(stamp.counter.to_be_bytes());
    record.extend(version.author().0);
    record.extend(value.as_bytes());
    record
}

/// Reads the version in a record. Returns `None` where it is no record or was damaged.
pub(super) fn decode(key: &str, record: &[u8]) -> Option<Version> {
    let (checked, body) = record.split_first_chunk::<CHECK>()?;
    decode_unchecked(key, body).filter(|version| check(version) == *checked)
}

/// Reads the version in a record without a check, of the first format.
pub(super) fn decode_unchecked(key: &str, body: &[u8]) -> Option<Version> {
    let (kind, rest) = body.split_first()?;
    let (wall, rest) = rest.split_first_chunk()?;
    let (counter, rest) = rest.split_first_chunk()?;
    let (author, value) = rest.split_first_chunk::<16>()?;
    let kind = match (*kind, value) {
        (TOMBSTONE, []) => Kind::Tombstone,
        // A value that was accepted once is not measured again: limits may differ from start to start.
        (SET, json) => Kind::Set(Value::new(std::str::from_utf8(json).ok()?, &unlimited()).ok()?),
        _ => return None,
    };
    let stamp = Stamp { wall_ms: u64::from_be_bytes(*wall), counter: u32::from_be_bytes(*counter) };
    let author: NodeId = Hex(*author);
    Some(Version::new(key, kind, stamp, author))
}

/// Returns true for bytes in the form of a record, even a damaged one. The search for damaged records names
/// only these.
pub(super) fn resembles(record: &[u8]) -> bool {
    match record.get(CHECK) {
        Some(&TOMBSTONE) => record.len() == SHORTEST,
        Some(&SET) => record.len() > SHORTEST,
        _ => false,
    }
}

fn check(version: &Version) -> [u8; CHECK] {
    // The id under `last` covers all of a version, whatever the policy.
    version.id(Policy::Last).truncated::<CHECK>().0
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

    fn set() -> Version {
        version(Kind::Set(Value::new(r#"{"ä":[1.50]}"#, &Limits::default()).unwrap()))
    }

    #[test]
    fn a_record_gives_back_what_was_written() {
        for version in [version(Kind::Tombstone), set()] {
            let back = decode("k", &encode(&version)).unwrap();
            assert_eq!((back.key(), back.kind(), back.stamp()), ("k", version.kind(), version.stamp()));
            assert_eq!(back.rank(Policy::Last), version.rank(Policy::Last));
            assert_eq!(back.author(), version.author());
        }
    }

    #[test]
    fn a_record_with_one_wrong_bit_or_under_another_key_is_refused() {
        for version in [version(Kind::Tombstone), set()] {
            let good = encode(&version);
            for bit in 0..8 * good.len() {
                let mut damaged = good.clone();
                damaged[bit / 8] ^= 1 << (bit % 8);
                assert!(decode("k", &damaged).is_none(), "bit {bit}");
            }
            assert!(decode("l", &good).is_none());
            assert!(resembles(&good));
        }
    }

    #[test]
    fn what_is_no_record_is_refused() {
        let good = encode(&version(Kind::Tombstone));
        assert!(decode("k", &good[..good.len() - 1]).is_none(), "too short");
        let body = |body: &[u8]| decode_unchecked("k", body);
        let tail = &good[CHECK + 1..];
        assert!(body(&[&good[CHECK..], b"1"].concat()).is_none(), "a tombstone with a value");
        let set = |value: &[u8]| [&[SET], tail, value].concat();
        assert!(body(&set(b"1")).is_some());
        assert!(body(&set(b"")).is_none() && body(&set(b"\xff")).is_none());
        assert!(body(&[&[2], tail].concat()).is_none(), "an unknown kind");
    }
}
