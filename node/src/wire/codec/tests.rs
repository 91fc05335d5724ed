use std::borrow::Cow;
use std::sync::Arc;

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;

use super::*;
use crate::wire::*;

fn hex<const N: usize>() -> impl Strategy<Value = Hex<N>> {
    any::<u64>().prop_map(|seed| {
        let mut bytes = [0; N];
        for (index, byte) in bytes.iter_mut().enumerate() {
            *byte = seed.rotate_left(u32::try_from(7 * index).unwrap_or(0)).to_le_bytes()[0];
        }
        Hex(bytes)
    })
}

fn key() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z]{0,12}", ".{0,8}", "[\\x00-\\x1f\"\\\\\u{7f}\u{2028}é😀]{0,8}"]
}

fn value() -> impl Strategy<Value = Value> {
    let word = prop_oneof![
        key(),
        Just("null".to_owned()),
        Just("1.0e+05".to_owned()),
        Just("{\"b\" : [1,\t{}], \"a\":\"\\u00e9\\/\", \"\\ud83d\\ude00\": -0}".to_owned()),
        Just("\"\\ud800\"".to_owned()),
    ];
    word.prop_map(|word| Value::typed(&word, &Limits::default()).unwrap())
}

fn stamp() -> impl Strategy<Value = Stamp> {
    (any::<u64>(), any::<u32>()).prop_map(|(wall_ms, counter)| Stamp { wall_ms, counter })
}

fn version() -> impl Strategy<Value = Arc<Version>> {
    (key(), option::of(value()), stamp(), hex()).prop_map(|(key, value, stamp, author)| {
        let kind = value.map_or(Kind::Tombstone, Kind::Set);
        Arc::new(Version::new(&key, kind, stamp, author))
    })
}

fn rank() -> impl Strategy<Value = Rank> {
    (version(), policy()).prop_map(|(version, policy)| version.rank(policy))
}

fn policy() -> impl Strategy<Value = Policy> {
    prop_oneof![Just(Policy::Last), Just(Policy::Oldest)]
}

fn hello() -> impl Strategy<Value = Hello> {
    (any::<u32>(), vec(key(), 0..4), key(), hex(), policy(), key(), key()).prop_map(
        |(protocol, features, network, node, policy, name, address)| Hello {
            protocol,
            features,
            network,
            node,
            policy,
            name,
            address,
        },
    )
}

fn peer() -> impl Strategy<Value = PeerInfo> {
    (key(), key(), hex(), any::<bool>()).prop_map(|(name, address, node, dialled)| PeerInfo {
        name,
        address,
        node,
        dialled,
    })
}

fn change() -> impl Strategy<Value = Change> {
    (any::<u64>(), any::<u64>(), any::<u64>(), hex(), any::<u64>()).prop_map(
        |(incarnation, sequence, count, fingerprint, peers)| Change {
            incarnation,
            sequence,
            digest: Digest { count, fingerprint },
            peers,
        },
    )
}

fn announced() -> impl Strategy<Value = Announced> {
    (hex(), hex(), rank()).prop_map(|(key, author, rank)| Announced { key, author, rank })
}

fn resident() -> impl Strategy<Value = Resident> {
    let link = (hex(), any::<u64>()).prop_map(|(to, silent_ms)| SeenLink { to, silent_ms });
    (hex(), key(), key(), vec(link, 0..4)).prop_map(|(node, name, address, links)| Resident {
        node,
        name,
        address,
        links,
    })
}

fn prefix() -> impl Strategy<Value = Prefix> {
    vec(0u8..16, 0..=32).prop_map(|nibbles| nibbles.into_iter().fold(Prefix::ALL, Prefix::child))
}

fn range() -> impl Strategy<Value = RangeSummary> {
    (prefix(), any::<u64>(), hex()).prop_map(|(prefix, count, fingerprint)| RangeSummary {
        prefix,
        count,
        fingerprint,
    })
}

fn leaf() -> impl Strategy<Value = Leaf> {
    (prefix(), vec((hex(), hex()), 0..4)).prop_map(|(prefix, items)| Leaf { prefix, items })
}

fn command() -> impl Strategy<Value = Command> {
    prop_oneof![
        key().prop_map(|key| Command::Get { key }),
        key().prop_map(|key| Command::Stamp { key }),
        (key(), value(), option::of(any::<u64>())).prop_map(|(key, value, date)| Command::Set {
            key,
            value,
            date
        }),
        key().prop_map(|key| Command::Delete { key }),
        option::of(key()).prop_map(|after| Command::Keys { after }),
        Just(Command::Count),
        Just(Command::Peers),
        key().prop_map(|address| Command::AddPeer { address }),
        hello().prop_map(Command::Auth),
        Just(Command::Nodes),
        Just(Command::Ping),
        Just(Command::Digest),
        Just(Command::Stats),
        any::<bool>().prop_map(|versions| Command::Watch { versions }),
    ]
}

fn reply() -> impl Strategy<Value = Reply> {
    prop_oneof![
        (stamp(), hex(), rank()).prop_map(|(stamp, author, rank)| Reply::Written { stamp, author, rank }),
        version().prop_map(Reply::Value),
        (vec(key(), 0..4), any::<bool>()).prop_map(|(keys, more)| Reply::Keys { keys, more }),
        any::<u64>().prop_map(Reply::Count),
        vec(peer(), 0..4).prop_map(Reply::Peers),
        (vec(resident(), 0..4), any::<bool>()).prop_map(|(nodes, complete)| Reply::Nodes { nodes, complete }),
        peer().prop_map(Reply::Added),
        hello().prop_map(Reply::Hello),
        (any::<u64>(), hex()).prop_map(|(count, fingerprint)| Reply::Digest(Digest { count, fingerprint })),
        btree_map(key().prop_map(Cow::Owned), any::<u64>(), 0..4).prop_map(Reply::Stats),
        change().prop_map(Reply::Watching),
    ]
}

fn refusal() -> impl Strategy<Value = Refusal> {
    (0..ErrorCode::ALL.len(), key()).prop_map(|(code, text)| Refusal::new(ErrorCode::ALL[code], text))
}

fn notice() -> impl Strategy<Value = Notice> {
    prop_oneof![
        change().prop_map(Notice::Changed),
        (key(), stamp(), hex(), rank()).prop_map(|(key, stamp, author, rank)| Notice::Stored {
            key,
            stamp,
            author,
            rank
        }),
    ]
}

fn message() -> impl Strategy<Value = Message> {
    prop_oneof![
        version().prop_map(Message::Push),
        version().prop_map(Message::Stray),
        vec(announced(), 0..4).prop_map(Message::Announce),
        announced().prop_map(Message::Graft),
        hex().prop_map(|author| Message::Prune { author }),
        (vec(range(), 0..4), any::<bool>()).prop_map(|(ranges, settled)| Message::Ranges { ranges, settled }),
        (vec(leaf(), 0..4), any::<bool>(), any::<bool>())
            .prop_map(|(leaves, settled, answer)| Message::Leaves { leaves, settled, answer }),
        vec(hex(), 0..4).prop_map(|keys| Message::Want { keys }),
        (prefix(), option::of(hex())).prop_map(|(prefix, after)| Message::WantRange { prefix, after }),
        (vec(version(), 0..4), option::of(prefix()))
            .prop_map(|(versions, more)| Message::Have { versions, more }),
        any::<u64>().prop_map(|wall_ms| Message::Early { wall_ms }),
        vec(peer(), 0..4).prop_map(Message::Neighbours),
        any::<u64>().prop_map(|id| Message::Census { id }),
        (any::<u64>(), vec(resident(), 0..4), any::<bool>()).prop_map(|(id, nodes, last)| Message::Counted {
            id,
            nodes,
            last
        }),
        (any::<u64>(), hex(), key(), option::of(key())).prop_map(|(id, node, name, value)| Message::Alive {
            id,
            node,
            name,
            value
        }),
        Just(Message::Ping),
        Just(Message::Pong),
    ]
}

fn frame() -> impl Strategy<Value = Frame> {
    prop_oneof![
        (any::<u64>(), command()).prop_map(|(id, command)| Frame::Request { id, command }),
        (any::<u64>(), reply()).prop_map(|(id, reply)| Frame::Reply { id, result: Ok(reply) }),
        (any::<u64>(), refusal()).prop_map(|(id, refusal)| Frame::Reply { id, result: Err(refusal) }),
        notice().prop_map(Frame::Notice),
        message().prop_map(Frame::Message),
    ]
}

proptest! {
    #[test]
    fn a_frame_is_read_as_it_was_written(frame in frame()) {
        let text = encode(&frame);
        prop_assert!(serde_json::from_str::<serde_json::Value>(&text).is_ok() || text.contains("\\ud800"));
        prop_assert_eq!(decode(&text, &Limits::default()), Ok(frame), "{}", text);
    }

    #[test]
    fn a_length_is_counted_as_it_is_written(frame in frame()) {
        prop_assert_eq!(encoded_len(&frame), encode(&frame).len());
    }

    #[test]
    fn a_frame_that_was_damaged_does_not_harm(
        frame in frame(),
        at in any::<prop::sample::Index>(),
        length in 0usize..8,
        with in "[\\[\\]{}\":,\\\\0-9eE.+-]{0,6}|\\\\ud8[0-9]{2}|null|\u{0}|é",
    ) {
        let text = encode(&frame);
        let mut start = at.index(text.len() + 1);
        while !text.is_char_boundary(start) { start -= 1; }
        let mut end = (start + length).min(text.len());
        while !text.is_char_boundary(end) { end += 1; }
        // Decoding must return. A refusal is not required, since the damage may be within a string.
        let _ = decode(&format!("{}{with}{}", &text[..start], &text[end..]), &Limits::default());
    }

    #[test]
    fn any_text_is_refused_or_read(text in "[\\[\\]{}\":,\\\\a-z0-9]{0,64}") {
        let _ = decode(&text, &Limits::default());
    }
}

#[track_caller]
fn check_refused(text: &str, id: Option<RequestId>, code: ErrorCode, message: &str) {
    let malformed = decode(text, &Limits::default()).unwrap_err();
    assert_eq!((malformed.id, malformed.refusal.code), (id, code), "{malformed}");
    assert!(malformed.refusal.message.contains(message), "`{malformed}` does not say `{message}`");
    assert!(malformed.refusal.message.len() < 200, "{malformed}");
}

#[test]
fn a_refusal_names_the_field_and_repeats_the_id() {
    use ErrorCode::{Malformed, Refused, UnknownCommand};
    check_refused("", None, Malformed, "should be a JSON object");
    check_refused("[1]", None, Malformed, "should be a JSON object");
    check_refused("{\"id\":1,", None, Malformed, "EOF");
    check_refused("{\"id\":1}x", None, Malformed, "trailing");
    check_refused("{\"id\":1}", Some(1), Malformed, "`type` is missing");
    check_refused("{\"id\":1,\"type\":7}", Some(1), Malformed, "`type` should be a string");
    check_refused("{\"id\":1,\"type\":\"fly\"}", Some(1), UnknownCommand, "`fly`");
    check_refused("{\"type\":\"count\"}", None, Malformed, "`id` is missing");
    for id in ["-1", "1.5", "1e400", "\"1\"", "[]", "18446744073709551616"] {
        let text = format!("{{\"id\":{id},\"type\":\"count\"}}");
        check_refused(&text, None, Malformed, "`id` should be a whole number");
    }
    check_refused("{\"id\":1,\"type\":\"get\"}", Some(1), Malformed, "`key` is missing");
    check_refused("{\"id\":1,\"type\":\"get\",\"key\":null}", Some(1), Malformed, "`key` should be a string");
    check_refused("{\"id\":1,\"type\":\"get\",\"key\":\"\\ud800\"}", Some(1), Malformed, "`key`: ");
    check_refused("{\"id\":1,\"type\":\"get\",\"key\":\"a\",\"key\":\"b\"}", None, Malformed, "there twice");
    check_refused("{\"id\":1,\"type\":\"set\",\"key\":\"a\"}", Some(1), Malformed, "`value` is missing");
    let text = "{\"id\":1,\"type\":\"set\",\"key\":\"a\",\"value\":1,\"date\":-5}";
    check_refused(text, Some(1), Malformed, "`date` should be a whole number of at most 64 bits");
    let text = format!("{{\"id\":1,\"type\":\"get\",\"key\":\"{}\"}}", "é".repeat(513));
    check_refused(&text, Some(1), Refused, "`key` has 1026 bytes; at most 1024 are taken");
    check_refused("{\"type\":\"prune\",\"author\":\"xyz\"}", None, Malformed, "`author`: expected 32");
    check_refused("{\"type\":\"want\",\"hashes\":7}", None, Malformed, "`hashes` should be an array");
    check_refused("{\"type\":\"push\",\"version\":{}}", None, Malformed, "`value` is missing");
    check_refused(
        &format!("{{\"id\":1,\"type\":\"{}\"}}", "é".repeat(9_999)),
        Some(1),
        UnknownCommand,
        "éé…`",
    );
}

#[test]
fn deep_nesting_is_refused_and_does_not_exhaust_the_stack() {
    let deep = format!("{}{}", "[".repeat(500_000), "]".repeat(500_000));
    let text = format!("{{\"id\":1,\"type\":\"set\",\"key\":\"a\",\"value\":{deep}}}");
    let limits = Limits { value: usize::MAX, ..Limits::default() };
    assert_eq!(decode(&text, &limits).map_err(|malformed| malformed.refusal.code), Err(ErrorCode::Refused));
    check_refused(&deep, None, ErrorCode::Malformed, "should be a JSON object");
    let objects = "{\"a\":".repeat(200_000);
    check_refused(&objects, None, ErrorCode::Malformed, "EOF");
    // A field that the frame does not use may be nested to any depth.
    let text = format!("{{\"id\":1,\"type\":\"count\",\"other\":{deep}}}");
    assert_eq!(decode(&text, &limits), Ok(Frame::Request { id: 1, command: Command::Count }));
}

#[test]
fn a_value_keeps_the_bytes_its_author_wrote() {
    let text = "{\"id\":1,\"type\":\"set\",\"key\":\"a\",\"value\":  {\"b\" :1.0, \"a\": \"\\u00e9\"}  }";
    let Ok(Frame::Request { command: Command::Set { value, .. }, .. }) = decode(text, &Limits::default())
    else {
        panic!("not a set");
    };
    assert_eq!(value.json(), "{\"b\" :1.0, \"a\": \"\\u00e9\"}");
    let text = "{\"id\":1,\"type\":\"set\",\"key\":\"a\",\"value\":null}";
    let Ok(Frame::Request { command: Command::Set { value, date, .. }, .. }) =
        decode(text, &Limits::default())
    else {
        panic!("not a set");
    };
    assert_eq!((value.json(), date), ("null", None));
}

#[test]
fn fields_that_a_frame_does_not_use_may_hold_anything() {
    let text = "{\"keys\":7,\"id\":1,\"version\":\"?\",\"type\":\"count\",\"key\":{}}";
    assert_eq!(decode(text, &Limits::default()), Ok(Frame::Request { id: 1, command: Command::Count }));
}

#[test]
fn answers_are_known_as_answers_even_where_they_cannot_be_read() {
    let refusal = Refusal::new(ErrorCode::Malformed, "a frame cannot be read");
    let malformed = decode(&encode_refusal(None, &refusal), &Limits::default()).unwrap_err();
    assert_eq!(malformed, Malformed { id: None, refusal, answer: true });
    let malformed = decode("{\"id\":3,\"result\":{\"type\":\"flown\"}}", &Limits::default()).unwrap_err();
    assert_eq!((malformed.id, malformed.answer), (Some(3), true));
    let refusal = Refusal::new(ErrorCode::Absent, "no such key");
    let reply = Frame::Reply { id: 3, result: Err(refusal.clone()) };
    assert_eq!(encode(&reply), encode_refusal(Some(3), &refusal));
    // A code from a newer node is still a refusal.
    let text = "{\"id\":3,\"error\":{\"code\":\"tired\",\"message\":\"come back later\"}}";
    let refusal = Refusal::new(ErrorCode::Refused, "come back later");
    assert_eq!(decode(text, &Limits::default()), Ok(Frame::Reply { id: 3, result: Err(refusal) }));
}

#[test]
fn frames_look_as_the_protocol_shows_them() {
    let value = Value::typed("Reimert", &Limits::default()).unwrap();
    let set = Command::Set { key: "nom".into(), value, date: Some(10_000) };
    assert_eq!(
        encode(&Frame::Request { id: 7, command: set }),
        r#"{"id":7,"type":"set","key":"nom","value":"Reimert","date":10000}"#
    );
    let version =
        Version::new("nom", Kind::Tombstone, Stamp { wall_ms: 10_000, counter: 2 }, Hex([0xab; 16]));
    let id = version.id(Policy::Last).truncated::<16>();
    assert_eq!(
        encode(&Frame::Message(Message::Push(Arc::new(version)))),
        format!(
            r#"{{"type":"push","version":{{"key":"nom","deleted":true,"wall":10000,"counter":2,"author":"abababababababababababababababab","id":"{id}"}}}}"#
        )
    );
}

#[test]
fn a_version_is_read_with_the_id_that_its_sender_gives_or_none() {
    let read = |id: &str| {
        let version = r#"{"key":"nom","value":"Reimert","wall":10000,"counter":0,"author":"abababababababababababababababab""#;
        let text = format!(r#"{{"type":"push","version":{version}{id}}}}}"#);
        match decode(&text, &Limits::default()) {
            Ok(Frame::Message(Message::Push(version))) => Some(version.is_intact()),
            _ => None,
        }
    };
    assert_eq!(read(""), Some(true));
    assert_eq!(read(r#","id":"d621af844a9db8a5cfa95241d277f5bc""#), Some(true));
    assert_eq!(read(r#","id":"d621af844a9db8a5cfa95241d277f5bd""#), Some(false));
    assert_eq!(read(r#","id":7"#), None);
}

const PROTOCOL: &str = include_str!("../../../PROTOCOL.md");

/// Returns the version of the computed examples in PROTOCOL.md.
fn example(kind: Kind, counter: u32) -> Version {
    Version::new("nom", kind, Stamp { wall_ms: 10_000, counter }, Hex([0xab; 16]))
}

#[test]
fn the_examples_of_the_protocol_are_frames_as_they_are_written_here() {
    let mut examples = 0;
    for block in PROTOCOL.split("```json\n").skip(1) {
        for line in block.split("```").next().unwrap().lines() {
            examples += 1;
            match decode(line, &Limits::default()) {
                Ok(frame) => assert_eq!(encode(&frame), line),
                Err(Malformed { id: None, refusal, answer: true }) => {
                    assert_eq!(encode_refusal(None, &refusal), line);
                }
                Err(malformed) => panic!("{line}: {malformed}"),
            }
        }
    }
    assert!(examples > 40, "only {examples} examples were found");
}

#[test]
fn the_protocol_names_every_command_and_every_error() {
    for code in ErrorCode::ALL {
        assert!(PROTOCOL.contains(&format!("| `{}` |", code.name())), "{code:?} is not described");
    }
    for name in [
        "get", "stamp", "set", "delete", "keys", "count", "peers", "addPeer", "auth", "nodes", "ping",
        "digest", "stats", "watch",
    ] {
        assert!(PROTOCOL.contains(&format!("\"type\":\"{name}\"")), "{name} has no example");
    }
}

#[test]
fn the_protocol_computes_as_this_does() {
    let set = example(Kind::Set(Value::typed("Reimert", &Limits::default()).unwrap()), 0);
    let deleted = example(Kind::Tombstone, 1);
    let mut sum = Sum::default();
    sum.add(&set.id(Policy::Last));
    for (what, shown) in [
        ("key hash", set.key_hash().to_string()),
        ("id under last", set.id(Policy::Last).to_string()),
        ("rank under last", set.rank(Policy::Last).to_string()),
        ("value hash", set.value_sha256().to_string()),
        ("id under oldest", set.id(Policy::Oldest).to_string()),
        ("rank under oldest", set.rank(Policy::Oldest).to_string()),
        ("rank of the tombstone", deleted.rank(Policy::Last).to_string()),
        ("fingerprint", sum.fingerprint().to_string()),
    ] {
        assert!(PROTOCOL.contains(&shown), "the {what} should be {shown}");
    }
}
