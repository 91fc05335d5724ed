//! The JSON schema of descriptions, for editors. A test compares its fields and words with those that are read.

/// The text of the schema.
pub const SCHEMA: &str = include_str!("schema.json");

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde::de::DeserializeOwned;
    use serde_json::Value;

    use super::super::description::{
        Adapter, Command, Description, Framing, HttpRequests, Links, Meaning, ReadyTable, Redirects,
        SocketIo, Start, StartStep, StepNodes, ValueKind,
    };
    use super::*;

    /// Returns the names in the reader's message about one that it does not know: fields, or words.
    fn known<T: DeserializeOwned>(text: &str) -> BTreeSet<String> {
        let Err(error) = toml::from_str::<T>(text) else { panic!("`{text}` is known") };
        let message = error.message().to_owned();
        assert!(message.contains("`nonesuch`"), "{message}");
        message.split('`').skip(3).step_by(2).map(str::to_owned).collect()
    }

    /// Returns the fields of an object of the schema.
    fn properties(schema: &Value, place: &str) -> BTreeSet<String> {
        let object = schema.pointer(place).and_then(Value::as_object);
        let object = object.unwrap_or_else(|| panic!("the schema has no {place}"));
        assert_eq!(object.get("additionalProperties"), Some(&Value::Bool(false)), "{place}");
        object["properties"].as_object().map(|fields| fields.keys().cloned().collect()).unwrap_or_default()
    }

    /// Returns the words of a choice of the schema.
    fn words(schema: &Value, place: &str) -> BTreeSet<String> {
        let words = schema.pointer(place).and_then(Value::as_array);
        let words = words.unwrap_or_else(|| panic!("the schema has no {place}"));
        words.iter().filter_map(Value::as_str).map(str::to_owned).collect()
    }

    /// A field with a word, so that the words of its type are named.
    #[derive(Debug, serde::Deserialize)]
    struct Word<T> {
        #[serde(rename = "word")]
        _word: T,
    }

    #[test]
    fn every_field_that_is_read_is_in_it_and_no_other() {
        let schema: Value = serde_json::from_str(SCHEMA).unwrap();
        let field = "nonesuch = 1\n";
        assert_eq!(properties(&schema, ""), known::<Description>(field));
        assert_eq!(properties(&schema, "/definitions/start"), known::<Start>(field));
        assert_eq!(properties(&schema, "/definitions/command"), known::<Command>(field));
        assert_eq!(properties(&schema, "/definitions/step"), known::<StartStep>(field));
        assert_eq!(properties(&schema, "/definitions/ready/oneOf/1"), known::<ReadyTable>(field));
        assert_eq!(properties(&schema, "/properties/http"), known::<HttpRequests>(field));
        assert_eq!(properties(&schema, "/properties/stdio"), known::<Adapter>(field));
        assert_eq!(properties(&schema, "/properties/socketio"), known::<SocketIo>(field));
    }

    #[test]
    fn every_word_that_is_read_is_in_it_and_no_other() {
        let schema: Value = serde_json::from_str(SCHEMA).unwrap();
        let word = "word = \"nonesuch\"\n";
        assert_eq!(words(&schema, "/definitions/meaning/enum"), known::<Word<Meaning>>(word));
        assert_eq!(words(&schema, "/properties/values/enum"), known::<Word<ValueKind>>(word));
        assert_eq!(words(&schema, "/properties/links/enum"), known::<Word<Links>>(word));
        assert_eq!(words(&schema, "/definitions/redirects/enum"), known::<Word<Redirects>>(word));
        assert_eq!(words(&schema, "/properties/stdio/properties/framing/enum"), known::<Word<Framing>>(word));
        assert_eq!(words(&schema, "/definitions/step/properties/on/enum"), known::<Word<StepNodes>>(word));
    }
}
