//! A version: what one author wrote for one key at one time. It travels unchanged.

use std::fmt;
use std::str::FromStr;
use std::sync::OnceLock;

use sha2::Digest as _;

use super::hash::{Hash, Hex, KeyHash, NodeId, digits};

/// A hybrid logical clock's reading: wall milliseconds since 1970, then a counter among equals.
///
/// Kulkarni, Demirbas, Madappa, Avva, Leone: *Logical Physical Clocks* (2014).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default, Hash)]
pub struct Stamp {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub wall_ms: u64,
    /// Distinguishes stamps of one millisecond.
    pub counter: u32,
}

impl fmt::Display for Stamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.wall_ms, self.counter)
    }
}

/// A text that is not `MILLISECONDS.COUNTER`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a stamp is MILLISECONDS.COUNTER, for example 1732180000123.0")]
pub struct NotAStamp;

impl FromStr for Stamp {
    type Err = NotAStamp;

    fn from_str(text: &str) -> Result<Self, NotAStamp> {
        let (wall, counter) = text.split_once('.').ok_or(NotAStamp)?;
        Ok(Self {
            wall_ms: wall.parse().map_err(|_| NotAStamp)?,
            counter: counter.parse().map_err(|_| NotAStamp)?,
        })
    }
}

/// How a network chooses among versions of one key. All nodes of a network use the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Hash)]
pub enum Policy {
    /// The last writer wins: the greater (wall, counter, author, id).
    #[default]
    Last,
    /// The oldest writer wins: the smaller (wall, SHA-256 of the value). Nothing else is compared.
    Oldest,
}

impl Policy {
    /// The word for it on the wire and on command lines.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Last => "last",
            Self::Oldest => "oldest",
        }
    }
}

impl fmt::Display for Policy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

impl FromStr for Policy {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        [Self::Last, Self::Oldest]
            .into_iter()
            .find(|policy| policy.name() == text)
            .ok_or_else(|| format!("unknown policy `{text}`: it is `last` or `oldest`"))
    }
}

/// Why a text cannot be a value.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ValueError {
    /// It is not JSON.
    #[error("the value is not JSON: {0}")]
    NotJson(String),
    /// Longer than [`Limits::value`](super::Limits::value).
    #[error("the value has {0} bytes; at most {1} are taken")]
    TooLong(usize, usize),
    /// Nested deeper than [`Limits::depth`](super::Limits::depth).
    #[error("the value is nested more than {0} levels deep")]
    TooDeep(usize),
}

/// A JSON value as the bytes its author wrote.
#[derive(Clone, PartialEq, Eq)]
pub struct Value(Box<str>);

impl Value {
    /// Takes JSON text as it stands, white space around it removed.
    pub fn new(text: &str, limits: &super::Limits) -> Result<Self, ValueError> {
        let text = text.trim_matches([' ', '\t', '\r', '\n']);
        if text.len() > limits.value {
            return Err(ValueError::TooLong(text.len(), limits.value));
        }
        if depth(text) > limits.depth {
            return Err(ValueError::TooDeep(limits.depth));
        }
        serde_json::from_str::<serde::de::IgnoredAny>(text)
            .map_err(|error| ValueError::NotJson(error.to_string()))?;
        Ok(Self(text.into()))
    }

    /// What a person typed: JSON where it is JSON, otherwise a bare word that stands for a string.
    pub fn typed(word: &str, limits: &super::Limits) -> Result<Self, ValueError> {
        match Self::new(word, limits) {
            Err(ValueError::NotJson(_)) => Self::new(&serde_json::Value::from(word).to_string(), limits),
            other => other,
        }
    }

    /// The JSON text.
    #[must_use]
    pub fn json(&self) -> &str {
        &self.0
    }

    /// What a person reads: a string without its quotes, anything else as its JSON text.
    #[must_use]
    pub fn text(&self) -> String {
        serde_json::from_str::<String>(&self.0).unwrap_or_else(|_| self.0.to_string())
    }
}

impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The deepest nesting of brackets outside of strings.
fn depth(json: &str) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0usize, 0, false, false);
    for byte in json.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'[' | b'{' if !in_string => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}

/// What a version says of its key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// The key has this value.
    Set(Value),
    /// The key is deleted; the version stays as its tombstone.
    Tombstone,
}

/// The place of a version among those of its key, as bytes: the lexicographically greater wins.
///
/// Comparable between the nodes of one network, and by a harness that knows no policy.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Rank {
    bytes: [u8; 60],
    length: u8,
}

impl Rank {
    /// The bytes that are compared: 60 under `last`, 40 under `oldest`.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.length)]
    }

    fn of(parts: &[&[u8]]) -> Self {
        let (mut bytes, mut length) = ([0; 60], 0);
        for part in parts {
            bytes[length..length + part.len()].copy_from_slice(part);
            length += part.len();
        }
        Self { bytes, length: u8::try_from(length).unwrap_or(60) }
    }
}

impl fmt::Display for Rank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // At once rather than byte by byte: a simulator tells of a rank with every copy that is sent.
        f.pad(&digits(self.bytes()))
    }
}

impl fmt::Debug for Rank {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A text that is no rank: 120 hexadecimal digits (`last`) or 80 (`oldest`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a rank is 80 or 120 hexadecimal digits")]
pub struct NotARank;

impl FromStr for Rank {
    type Err = NotARank;

    fn from_str(text: &str) -> Result<Self, NotARank> {
        match text.len() {
            80 => text.parse::<Hex<40>>().map(|hex| Self::of(&[&hex.0])).map_err(|_| NotARank),
            120 => text.parse::<Hex<60>>().map(|hex| Self::of(&[&hex.0])).map_err(|_| NotARank),
            _ => Err(NotARank),
        }
    }
}

/// One write of one key by one author.
#[derive(Debug, Clone)]
pub struct Version {
    key: Box<str>,
    kind: Kind,
    stamp: Stamp,
    author: NodeId,
    key_hash: KeyHash,
    id: Hash,
    /// What `oldest` compares and fingerprints, worked out when first asked for.
    oldest: OnceLock<Oldest>,
}

#[derive(Debug, Clone, Copy)]
struct Oldest {
    value: Hash,
    id: Hash,
}

impl Version {
    /// A version with its id, the BLAKE3 hash of its canonical bytes: `version 1`, NUL, the key's
    /// length (4 bytes), the key, the kind (0 tombstone, 1 set), wall (8), counter (4), the
    /// author (16), the value's JSON text. Integers are big-endian.
    #[must_use]
    pub fn new(key: &str, kind: Kind, stamp: Stamp, author: NodeId) -> Self {
        let mut hasher = blake3::Hasher::new();
        hasher.update(b"version 1\0");
        hasher.update(&length(key));
        hasher.update(key.as_bytes());
        hasher.update(&[u8::from(matches!(kind, Kind::Set(_)))]);
        hasher.update(&stamp.wall_ms.to_be_bytes());
        hasher.update(&stamp.counter.to_be_bytes());
        hasher.update(&author.0);
        if let Kind::Set(value) = &kind {
            hasher.update(value.json().as_bytes());
        }
        let id = Hex(*hasher.finalize().as_bytes());
        Self { key: key.into(), kind, stamp, author, key_hash: KeyHash::of(key), id, oldest: OnceLock::new() }
    }

    /// The key, as its author wrote it.
    #[must_use]
    pub fn key(&self) -> &str {
        &self.key
    }

    /// Set or deleted.
    #[must_use]
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// The value, unless this is a tombstone.
    #[must_use]
    pub fn value(&self) -> Option<&Value> {
        match &self.kind {
            Kind::Set(value) => Some(value),
            Kind::Tombstone => None,
        }
    }

    /// When it was written, by its author's clock.
    #[must_use]
    pub fn stamp(&self) -> Stamp {
        self.stamp
    }

    /// Who wrote it.
    #[must_use]
    pub fn author(&self) -> NodeId {
        self.author
    }

    /// Where its key stands in the trie.
    #[must_use]
    pub fn key_hash(&self) -> KeyHash {
        self.key_hash
    }

    /// What stands for this version in digests and reconciliation: under `last` the hash of all
    /// of it, under `oldest` the hash of key, wall and value alone.
    #[must_use]
    pub fn id(&self, policy: Policy) -> Hash {
        match policy {
            Policy::Last => self.id,
            Policy::Oldest => self.oldest().id,
        }
    }

    /// Its place among the versions of its key: the greater wins.
    #[must_use]
    pub fn rank(&self, policy: Policy) -> Rank {
        let wall = self.stamp.wall_ms;
        match policy {
            Policy::Last => Rank::of(&[
                &wall.to_be_bytes(),
                &self.stamp.counter.to_be_bytes(),
                &self.author.0,
                &self.id.0,
            ]),
            Policy::Oldest => Rank::of(&[&(!wall).to_be_bytes(), &self.oldest().value.0.map(|byte| !byte)]),
        }
    }

    /// The SHA-256 of the value: of a string its text, of anything else its JSON text, of a
    /// tombstone the empty text.
    #[must_use]
    pub fn value_sha256(&self) -> Hash {
        self.oldest().value
    }

    /// Roughly how many bytes it takes on the wire.
    #[must_use]
    pub fn weight(&self) -> usize {
        128 + self.key.len() + self.value().map_or(0, |value| value.json().len())
    }

    fn oldest(&self) -> &Oldest {
        self.oldest.get_or_init(|| {
            let text = self.value().map(Value::text).unwrap_or_default();
            let value = Hex(sha2::Sha256::digest(text.as_bytes()).into());
            let mut hasher = blake3::Hasher::new();
            hasher.update(b"oldest 1\0");
            hasher.update(&length(&self.key));
            hasher.update(self.key.as_bytes());
            hasher.update(&self.stamp.wall_ms.to_be_bytes());
            hasher.update(&value.0);
            Oldest { value, id: Hex(*hasher.finalize().as_bytes()) }
        })
    }
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.id == other.id
    }
}

impl Eq for Version {}

fn length(key: &str) -> [u8; 4] {
    u32::try_from(key.len()).unwrap_or(u32::MAX).to_be_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::Limits;

    fn set(value: &str, wall_ms: u64, counter: u32, author: u8) -> Version {
        let value = Value::typed(value, &Limits::default()).unwrap();
        Version::new("k", Kind::Set(value), Stamp { wall_ms, counter }, Hex([author; 16]))
    }

    #[track_caller]
    fn check_order(policy: Policy, loser: &Version, winner: &Version) {
        assert!(loser.rank(policy) < winner.rank(policy), "{loser:?} should lose to {winner:?}");
    }

    #[test]
    fn last_compares_wall_then_counter_then_author_then_id() {
        check_order(Policy::Last, &set("z", 1, 9, 9), &set("a", 2, 0, 0));
        check_order(Policy::Last, &set("z", 1, 0, 9), &set("a", 1, 1, 0));
        check_order(Policy::Last, &set("z", 1, 1, 0), &set("a", 1, 1, 1));
        let (a, b) = (set("a", 1, 1, 1), set("b", 1, 1, 1));
        assert_eq!(a.rank(Policy::Last) < b.rank(Policy::Last), a.id(Policy::Last) < b.id(Policy::Last));
        assert_ne!(a.rank(Policy::Last), b.rank(Policy::Last));
    }

    #[test]
    fn oldest_compares_wall_then_sha256_and_nothing_else() {
        check_order(Policy::Oldest, &set("a", 2, 0, 0), &set("a", 1, 9, 9));
        let (a, b) = (set("a", 1, 0, 0), set("b", 1, 9, 9));
        let (winner, loser) = if a.value_sha256() < b.value_sha256() { (&a, &b) } else { (&b, &a) };
        check_order(Policy::Oldest, loser, winner);
        let same = set("a", 1, 7, 7);
        assert_eq!(a.rank(Policy::Oldest), same.rank(Policy::Oldest));
        assert_eq!(a.id(Policy::Oldest), same.id(Policy::Oldest));
    }

    #[test]
    fn the_sha256_of_a_string_is_that_of_its_text() {
        // printf Reimert | sha256sum
        let expected = "86f3d20609f6ff5d89091b0a0d911cb4a7c291f8b891916dd552504b7286e763";
        assert_eq!(set("Reimert", 1, 0, 0).value_sha256().to_string(), expected);
    }

    #[test]
    fn a_bare_word_is_a_string_and_json_stays_as_it_was_written() {
        let value = |text| Value::typed(text, &Limits::default()).unwrap();
        assert_eq!(value("Reimert").json(), "\"Reimert\"");
        assert_eq!(value("1.0").json(), "1.0");
        assert_eq!(value("{\"b\": 1, \"a\": 2}").json(), "{\"b\": 1, \"a\": 2}");
        assert_eq!(value("\"caf\\u00e9\"").json(), "\"caf\\u00e9\"");
        assert_eq!(value("\"caf\\u00e9\"").text(), "café");
    }

    #[test]
    fn a_value_is_bounded_in_length_and_depth() {
        let limits = Limits { value: 10, depth: 2, ..Limits::default() };
        assert_eq!(Value::new("[[1]]", &limits).map(|value| value.json().len()), Ok(5));
        assert_eq!(Value::new("[[[1]]]", &limits), Err(ValueError::TooDeep(2)));
        assert_eq!(Value::new("\"[[[\"", &limits).map(|value| value.json().len()), Ok(5));
        assert_eq!(Value::typed("01234567890", &limits), Err(ValueError::TooLong(11, 10)));
    }

    #[test]
    fn ranks_read_what_they_write() {
        for policy in [Policy::Last, Policy::Oldest] {
            let rank = set("a", 1, 2, 3).rank(policy);
            assert_eq!(rank.to_string().parse(), Ok(rank));
        }
    }
}
