//! A value with its date and its hash: the form of versions in the arguments of events.

use std::borrow::Cow;

use serde_json::value::RawValue;

use crate::wire::{Limits, Value, ValueError, Version};

/// A value, and the date that came with it, in milliseconds since 1970.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct DatedValue {
    pub(super) value: Value,
    pub(super) date: Option<u64>,
}

impl DatedValue {
    /// Reads a plain value, or `{value, date, hash}`: an object that has the first two fields and no others
    /// than these. A hash that is given is not trusted: it is computed from the value.
    pub(super) fn read(json: &str, limits: &Limits) -> Result<Self, DatedError> {
        let (value, date) = match ValueFields::read(json) {
            Some(fields) => {
                let whole = fields.date.get().parse::<u64>();
                let date = whole.map_err(|_| DatedError::Date)?;
                (fields.value.get(), Some(date))
            }
            None => (json, None),
        };
        let value = Value::new(value, limits)?;
        Ok(Self { value, date })
    }
}

/// The reason why a text is no value of this protocol.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum DatedError {
    /// The date is no number, or not a whole one.
    #[error("a date is a whole number of milliseconds since 1970")]
    Date,
    /// The value is no JSON, or too long.
    #[error(transparent)]
    Value(#[from] ValueError),
}

/// The fields of `{value, date, hash}`, as written.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct ValueFields<'a> {
    #[serde(borrow)]
    value: &'a RawValue,
    #[serde(borrow)]
    date: &'a RawValue,
    #[serde(borrow, default, rename = "hash")]
    _hash: Option<&'a RawValue>,
}

impl<'a> ValueFields<'a> {
    fn read(json: &'a str) -> Option<Self> {
        serde_json::from_str(json).ok().filter(|_| json.starts_with('{'))
    }
}

/// The entry of a key in `keysAndTime`. A field that is missing or malformed is `None`.
#[derive(Debug, Default)]
pub(super) struct ListingEntry {
    pub(super) date: Option<u64>,
    pub(super) hash: Option<String>,
}

impl ListingEntry {
    /// Reads `{date, hash}`.
    pub(super) fn read(json: &RawValue) -> Self {
        #[derive(serde::Deserialize)]
        struct EntryFields<'a> {
            #[serde(borrow, default)]
            date: Option<&'a RawValue>,
            #[serde(borrow, default)]
            hash: Option<&'a RawValue>,
        }
        // serde would read a list as the fields in their order.
        let object = Some(json.get()).filter(|json| json.starts_with('{'));
        let Some(fields) = object.and_then(|json| serde_json::from_str::<EntryFields<'_>>(json).ok()) else {
            return Self::default();
        };
        let text = |raw: &RawValue| serde_json::from_str::<Cow<'_, str>>(raw.get()).ok().map(Cow::into_owned);
        Self {
            date: fields.date.and_then(|raw| raw.get().parse().ok()),
            hash: fields.hash.and_then(text).map(|hash| hash.to_ascii_lowercase()),
        }
    }
}

/// Returns a version as `{value, date, hash}`. The value of a tombstone would be `null`; no network of this
/// protocol has tombstones.
pub(super) fn version_json(version: &Version) -> String {
    let value = version.value().map_or("null", Value::json);
    let (date, hash) = (version.stamp().wall_ms, version.value_sha256());
    format!("{{\"value\":{value},\"date\":{date},\"hash\":\"{hash}\"}}")
}

/// Returns the entry of a version in `keysAndTime`.
pub(super) fn listing_json(version: &Version) -> String {
    format!("{{\"date\":{},\"hash\":\"{}\"}}", version.stamp().wall_ms, version.value_sha256())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::{Hex, Kind, Stamp};

    #[track_caller]
    fn check(json: &str, value: &str, date: Option<u64>) {
        let limits = Limits::default();
        assert_eq!(
            DatedValue::read(json, &limits),
            Ok(DatedValue { value: Value::new(value, &limits).unwrap(), date })
        );
    }

    #[test]
    fn a_value_brings_its_date_along_or_is_plain() {
        check("\"Reimert\"", "\"Reimert\"", None);
        check("{\"value\": 1.0, \"date\": 10000, \"hash\": \"00\"}", "1.0", Some(10_000));
        check("{\"date\":10000,\"value\":null}", "null", Some(10_000));
        // A client's own object.
        check("{\"value\":1,\"date\":2,\"colour\":3}", "{\"value\":1,\"date\":2,\"colour\":3}", None);
        check("{\"value\":1}", "{\"value\":1}", None);
        check("[1,2]", "[1,2]", None);
        check("[1,2,3]", "[1,2,3]", None);
    }

    #[test]
    fn a_date_is_a_whole_number() {
        for date in ["-1", "1.5", "\"10\"", "null", "1e3"] {
            let read = DatedValue::read(&format!("{{\"value\":1,\"date\":{date}}}"), &Limits::default());
            assert!(read.is_err(), "{date}: {read:?}");
        }
    }

    #[test]
    fn a_version_is_written_with_its_sha256() {
        let value = Value::typed("Reimert", &Limits::default()).unwrap();
        let version = Version::new("nom", Kind::Set(value), Stamp { wall_ms: 7, counter: 3 }, Hex([1; 16]));
        // printf Reimert | sha256sum
        let hash = "86f3d20609f6ff5d89091b0a0d911cb4a7c291f8b891916dd552504b7286e763";
        assert_eq!(
            version_json(&version),
            format!("{{\"value\":\"Reimert\",\"date\":7,\"hash\":\"{hash}\"}}")
        );
        let text = listing_json(&version);
        let listed = ListingEntry::read(serde_json::from_str(&text).unwrap());
        assert_eq!((listed.date, listed.hash.as_deref()), (Some(7), Some(hash)));
        let other = ListingEntry::read(serde_json::from_str("[1]").unwrap());
        assert!(other.date.is_none() && other.hash.is_none());
    }
}
