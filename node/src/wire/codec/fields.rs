//! The fields of one JSON object as their raw text, each parsed only when it is needed. So a field
//! that a frame does not use may hold anything, and an error can name its field.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use serde::de::{Deserialize, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use crate::wire::refusal::{ErrorCode, Refusal};

/// The maximum number of fields in an object.
///
/// Chosen: more than any frame has (`stats` has some twenty), and few enough for a linear search.
const FIELDS_MAX: usize = 128;

/// The fields of one object: the name and the JSON text of each.
pub(super) struct Fields<'a>(Vec<(Cow<'a, str>, &'a str)>);

/// Creates the refusal of a text that is no frame.
pub(super) fn malformed(message: impl Into<String>) -> Refusal {
    Refusal::new(ErrorCode::Malformed, message)
}

impl<'a> Fields<'a> {
    /// Reads the object that is a whole frame.
    pub(super) fn read(text: &'a str) -> Result<Self, Refusal> {
        Self::parse(text).map_err(|wrong| malformed(format!("a frame {wrong}")))
    }

    /// Reads the object in a field; errors name the field.
    pub(super) fn nested(name: &str, raw: &'a str) -> Result<Self, Refusal> {
        Self::parse(raw).map_err(|wrong| malformed(format!("`{name}` {wrong}")))
    }

    fn parse(text: &'a str) -> Result<Self, String> {
        if !text.trim_ascii_start().starts_with('{') {
            return Err("should be a JSON object".to_owned());
        }
        serde_json::from_str(text).map_err(|error| format!("cannot be read: {error}"))
    }

    /// Returns true if there is a field of this name.
    pub(super) fn has(&self, name: &str) -> bool {
        self.raw(name).is_some()
    }

    /// Returns the JSON text of a field.
    pub(super) fn raw(&self, name: &str) -> Option<&'a str> {
        self.0.iter().find(|(field, _)| field == name).map(|(_, raw)| *raw)
    }

    /// Returns the JSON text of a field that has to be there.
    pub(super) fn required(&self, name: &str) -> Result<&'a str, Refusal> {
        self.raw(name).ok_or_else(|| malformed(format!("`{name}` is missing")))
    }

    /// Reads a field that may be absent or null.
    pub(super) fn optional<T>(
        &self,
        name: &str,
        read: impl FnOnce(&str, &'a str) -> Result<T, Refusal>,
    ) -> Result<Option<T>, Refusal> {
        self.raw(name).filter(|raw| *raw != "null").map(|raw| read(name, raw)).transpose()
    }

    /// Reads a required string.
    pub(super) fn text(&self, name: &str) -> Result<Cow<'a, str>, Refusal> {
        text(name, self.required(name)?)
    }

    /// Reads a required whole number.
    pub(super) fn number<T: FromStr>(&self, name: &str) -> Result<T, Refusal> {
        number(name, self.required(name)?)
    }

    /// Reads a required value that has a text form of its own.
    pub(super) fn parsed<T: FromStr<Err: fmt::Display>>(&self, name: &str) -> Result<T, Refusal> {
        parsed(name, self.required(name)?)
    }

    /// Reads a flag, which is false if absent or null.
    pub(super) fn flag(&self, name: &str) -> Result<bool, Refusal> {
        match self.raw(name) {
            Some("true") => Ok(true),
            None | Some("false" | "null") => Ok(false),
            Some(_) => Err(malformed(format!("`{name}` should be true or false"))),
        }
    }

    /// Reads the items of a required array.
    pub(super) fn list<T>(
        &self,
        name: &str,
        read: impl Fn(&str, &'a str) -> Result<T, Refusal>,
    ) -> Result<Vec<T>, Refusal> {
        items(name, self.required(name)?)?.into_iter().map(|item| read(name, item)).collect()
    }

    /// Returns the name and the JSON text of each field.
    pub(super) fn all(&self) -> impl Iterator<Item = (&str, &'a str)> {
        self.0.iter().map(|(name, raw)| (name.as_ref(), *raw))
    }
}

/// Reads a string, borrowed if it contains no escape.
pub(super) fn text<'a>(name: &str, raw: &'a str) -> Result<Cow<'a, str>, Refusal> {
    let Some(inner) = raw.strip_prefix('"').and_then(|rest| rest.strip_suffix('"')) else {
        return Err(malformed(format!("`{name}` should be a string")));
    };
    if !inner.contains('\\') {
        return Ok(Cow::Borrowed(inner));
    }
    serde_json::from_str(raw).map(Cow::Owned).map_err(|error| malformed(format!("`{name}`: {error}")))
}

/// Reads a whole number without a sign, a point or an exponent.
pub(super) fn number<T: FromStr>(name: &str, raw: &str) -> Result<T, Refusal> {
    let bits = 8 * size_of::<T>();
    raw.parse().map_err(|_| malformed(format!("`{name}` should be a whole number of at most {bits} bits")))
}

/// Reads a value that is written as a string and has a text form of its own.
pub(super) fn parsed<T: FromStr<Err: fmt::Display>>(name: &str, raw: &str) -> Result<T, Refusal> {
    text(name, raw)?.parse().map_err(|error| malformed(format!("`{name}`: {error}")))
}

/// Returns the items of an array, each as its JSON text.
pub(super) fn items<'a>(name: &str, raw: &'a str) -> Result<Vec<&'a str>, Refusal> {
    if !raw.starts_with('[') {
        return Err(malformed(format!("`{name}` should be an array")));
    }
    serde_json::from_str::<Items>(raw)
        .map(|items| items.0)
        .map_err(|error| malformed(format!("`{name}`: {error}")))
}

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Fields<'de>;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Fields<'de>, A::Error> {
                let mut fields: Vec<(Cow<'de, str>, &'de str)> = Vec::with_capacity(8);
                while let Some(Name(name)) = map.next_key()? {
                    if fields.iter().any(|(other, _)| *other == name) {
                        return Err(A::Error::custom(format_args!("`{name}` is there twice")));
                    }
                    if fields.len() == FIELDS_MAX {
                        return Err(A::Error::custom(format_args!("more than {FIELDS_MAX} fields")));
                    }
                    fields.push((name, map.next_value::<&RawValue>()?.get()));
                }
                Ok(Fields(fields))
            }
        }
        deserializer.deserialize_map(Collect)
    }
}

/// The name of a field, borrowed if it contains no escape.
struct Name<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Read;
        impl<'de> Visitor<'de> for Read {
            type Value = Name<'de>;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a field's name")
            }

            fn visit_borrowed_str<E>(self, name: &'de str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Borrowed(name)))
            }

            fn visit_str<E>(self, name: &str) -> Result<Name<'de>, E> {
                Ok(Name(Cow::Owned(name.to_owned())))
            }
        }
        deserializer.deserialize_str(Read)
    }
}

/// The items of an array, each as its JSON text.
struct Items<'a>(Vec<&'a str>);

impl<'de: 'a, 'a> Deserialize<'de> for Items<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Collect;
        impl<'de> Visitor<'de> for Collect {
            type Value = Items<'de>;

            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("an array")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Items<'de>, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = list.next_element::<&RawValue>()? {
                    items.push(item.get());
                }
                Ok(Items(items))
            }
        }
        deserializer.deserialize_seq(Collect)
    }
}
