//! Tests of the commands of clients and their answers.

use crate::core::tests::network::{WALL, config, delete, get, node_id, set, set_at, value};
use crate::core::tests::single::{CLIENT, Single, messages, replies, version};
use crate::core::{Config, Input, LogEvent, Output, PersistId};
use crate::wire::{Command, ErrorCode, Message, Policy, Refusal, Reply, Stamp, Version};

fn oldest() -> Config {
    Config { policy: Policy::Oldest, ..config(0) }
}

fn stamp(after_ms: u64, counter: u32) -> Stamp {
    Stamp { wall_ms: WALL + after_ms, counter }
}

#[track_caller]
fn refusal(node: &mut Single, command: Command) -> (ErrorCode, String) {
    let refusal = node.call(command).unwrap_err();
    (refusal.code, refusal.message)
}

#[track_caller]
fn written(node: &mut Single, command: Command) -> Stamp {
    match node.call(command) {
        Ok(Reply::Written { stamp, .. }) => stamp,
        other => panic!("{other:?}"),
    }
}

#[track_caller]
fn text(node: &mut Single, key: &str) -> String {
    match node.call(get(key)) {
        Ok(Reply::Value(version)) => version.value().unwrap().text(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_key_that_was_never_set_is_absent() {
    let mut node = Single::new();
    let absent = (ErrorCode::Absent, "key `nom` is absent".to_owned());
    assert_eq!(refusal(&mut node, get("nom")), absent);
    assert_eq!(refusal(&mut node, Command::Stamp { key: "nom".into() }), absent);
    assert_eq!(refusal(&mut node, delete("nom")), absent);
    assert_eq!(node.core.digest().count, 0);
}

#[test]
fn set_answers_with_the_stamp_and_get_with_the_version() {
    let mut node = Single::new();
    assert_eq!(written(&mut node, set("nom", "Reimert")), stamp(0, 0));
    assert_eq!(written(&mut node, set("nom", "Damien")), stamp(0, 1));
    assert_eq!(text(&mut node, "nom"), "Damien");
    assert_eq!(written(&mut node, Command::Stamp { key: "nom".into() }), stamp(0, 1));
    assert_eq!(node.call(Command::Count), Ok(Reply::Count(1)));
}

#[test]
fn a_deleted_key_is_absent_and_its_tombstone_has_a_stamp() {
    let mut node = Single::new();
    written(&mut node, set("k", "v"));
    assert_eq!(written(&mut node, delete("k")), stamp(0, 1));
    assert_eq!(refusal(&mut node, get("k")).0, ErrorCode::Absent);
    assert_eq!(refusal(&mut node, delete("k")).0, ErrorCode::Absent);
    assert_eq!(written(&mut node, Command::Stamp { key: "k".into() }), stamp(0, 1));
    assert_eq!(node.call(Command::Count), Ok(Reply::Count(0)));
    assert_eq!(node.core.digest().count, 1);
}

#[test]
fn a_write_is_pending_until_it_is_kept() {
    let mut node = Single::new();
    let a = node.neighbour(1);
    let out = node.ask(CLIENT, set("k", "v"));
    assert!(
        matches!(&out[..], [Output::Persist { id: PersistId(1), versions }] if versions.len() == 1),
        "{out:?}"
    );
    assert_eq!((node.core.version("k"), node.core.digest().count), (None, 0));
    assert_eq!(node.core.stats()["pending"], 1);
    let out = node.input(Input::Persisted(PersistId(1)));
    assert!(matches!(replies(&out, CLIENT)[..], [Ok(Reply::Written { .. })]));
    assert!(matches!(messages(&out, a)[..], [Message::Push(_)]));
    assert!(out.iter().any(|output| matches!(output,
        Output::Log(LogEvent::Written { key, tombstone: false }) if key == "k")));
    assert_eq!((node.core.digest().count, node.core.stats()["pending"]), (1, 0));
}

#[test]
fn persisted_covers_all_writes_up_to_it_in_order() {
    let mut node = Single::new();
    for number in 0..3 {
        node.ask(CLIENT, set("k", &format!("{number}")));
    }
    let out = node.input(Input::Persisted(PersistId(2)));
    let stamps: Vec<_> = replies(&out, CLIENT)
        .into_iter()
        .map(|reply| match reply {
            Ok(Reply::Written { stamp, .. }) => stamp,
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(stamps, [stamp(0, 0), stamp(0, 1)]);
    assert_eq!(text(&mut node, "k"), "1");
}

#[test]
fn a_write_that_cannot_be_kept_is_refused_and_never_visible() {
    let mut node = Single::new();
    let a = node.neighbour(1);
    for number in 0..3 {
        node.ask(CLIENT, set("k", &format!("{number}")));
    }
    let out = node.input(Input::PersistFailed { up_to: PersistId(2), reason: "disk full".into() });
    let refusal = Refusal::new(ErrorCode::Unavailable, "the write may not have been kept: disk full");
    assert_eq!(replies(&out, CLIENT), [Err(refusal.clone()), Err(refusal)]);
    assert!(out.iter().any(|output| matches!(output,
        Output::Log(LogEvent::NotKept { reason }) if reason == "disk full")));
    assert_eq!((messages(&out, a), node.core.version("k")), (vec![], None));
    // Without a waiting client nothing is logged: the driver still owes the version to the disk.
    let out = node.input(Input::PersistFailed { up_to: PersistId(2), reason: "disk full".into() });
    assert!(!out.iter().any(|output| matches!(output, Output::Log(_))));
    // A write that was given up does not reappear with one that is kept later.
    let out = node.input(Input::Persisted(PersistId(3)));
    assert!(matches!(replies(&out, CLIENT)[..], [Ok(Reply::Written { .. })]));
    assert_eq!(messages(&out, a).len(), 1);
    assert_eq!((text(&mut node, "k"), node.core.stats()["pending"]), ("2".to_owned(), 0));
}

#[test]
fn under_oldest_a_key_whose_write_was_not_kept_is_free_again() {
    let mut node = Single::with(oldest());
    node.ask(CLIENT, set("k", "first"));
    // The same value again waits for the same commit, and fails with it.
    node.ask(CLIENT, set("k", "first"));
    let out = node.input(Input::PersistFailed { up_to: PersistId(1), reason: "disk full".into() });
    assert_eq!(replies(&out, CLIENT).iter().filter(|reply| reply.is_err()).count(), 2);
    written(&mut node, set("k", "second"));
    assert_eq!(text(&mut node, "k"), "second");
}

#[test]
fn a_delete_sees_a_pending_set() {
    let mut node = Single::new();
    node.ask(CLIENT, set("k", "v"));
    assert!(matches!(node.ask(CLIENT, delete("k"))[..], [Output::Persist { .. }]));
    assert!(matches!(replies(&node.ask(CLIENT, delete("k")), CLIENT)[..], [Err(_)]));
    node.input(Input::Persisted(PersistId(2)));
    assert_eq!(refusal(&mut node, get("k")).0, ErrorCode::Absent);
}

#[test]
fn neighbours_versions_and_clients_writes_are_kept_in_order() {
    let mut node = Single::new();
    let a = node.neighbour(1);
    let ids = [
        node.ask(CLIENT, set("k", "v")),
        node.deliver(a, Message::Push(version("l", "v", 0, 1))),
        node.ask(CLIENT, set("m", "v")),
    ]
    .map(|out| {
        out.into_iter().find_map(|output| match output {
            Output::Persist { id, .. } => Some(id),
            _ => None,
        })
    });
    assert_eq!(ids, [1, 2, 3].map(|id| Some(PersistId(id))));
}

#[test]
fn a_given_date_is_the_stamp_and_may_lose() {
    let mut node = Single::new();
    written(&mut node, set("k", "now"));
    assert_eq!(written(&mut node, set_at("k", "then", 10_000)), Stamp { wall_ms: 10_000, counter: 0 });
    assert_eq!(text(&mut node, "k"), "now");
    // An old date does not hold the clock back either.
    assert_eq!(written(&mut node, set("k", "later")), stamp(0, 1));
}

#[test]
fn a_date_ahead_of_the_clock_is_taken_within_bounds_and_passed_by_the_next_write() {
    let mut node = Single::new();
    assert_eq!(written(&mut node, set_at("k", "soon", WALL + 5_000)), stamp(5_000, 0));
    assert_eq!(written(&mut node, set("k", "now")), stamp(5_000, 1));
    assert_eq!(text(&mut node, "k"), "now");
    let (code, message) = refusal(&mut node, set_at("k", "never", WALL + 5_001));
    assert_eq!(code, ErrorCode::Refused);
    assert_eq!(message, "the date is 6 s ahead of this node's clock; at most 5 s are taken");
}

#[test]
fn a_key_over_the_limit_is_refused() {
    let mut node = Single::new();
    written(&mut node, set(&"k".repeat(1_024), "v"));
    let (code, message) = refusal(&mut node, set(&"k".repeat(1_025), "v"));
    assert_eq!((code, &message[..]), (ErrorCode::Refused, "the key has 1025 bytes; at most 1024 are taken"));
}

#[test]
fn a_disk_that_does_not_keep_up_refuses_writes_before_memory_is_full() {
    let mut config = config(0);
    config.limits.outbox = 10_000;
    let mut node = Single::with(config);
    let refused = (0..100)
        .filter(|number| {
            let out = node.ask(CLIENT, set(&format!("k{number}"), &"x".repeat(1_000)));
            matches!(&replies(&out, CLIENT)[..], [Err(refusal)] if refusal.code == ErrorCode::Unavailable)
        })
        .count();
    assert!((85..95).contains(&refused), "{refused}");
}

#[test]
fn under_oldest_a_taken_key_stays() {
    let mut node = Single::with(oldest());
    let first = written(&mut node, set("k", "v"));
    assert_eq!(refusal(&mut node, set("k", "w")), (ErrorCode::Exists, "key `k` exists".into()));
    assert_eq!(refusal(&mut node, set_at("k", "w", 1)).0, ErrorCode::Exists);
    assert_eq!(written(&mut node, set("k", "v")), first);
    let (code, message) = refusal(&mut node, delete("k"));
    assert_eq!(
        (code, &message[..]),
        (ErrorCode::Refused, "under policy `oldest` a key stays: it cannot be deleted")
    );
    assert_eq!(text(&mut node, "k"), "v");
}

#[test]
fn under_oldest_a_pending_key_is_taken() {
    let mut node = Single::with(oldest());
    node.ask(CLIENT, set("k", "v"));
    let out = node.ask(CLIENT, set("k", "w"));
    assert!(matches!(&replies(&out, CLIENT)[..], [Err(refusal)] if refusal.code == ErrorCode::Exists));
    // The same value is a success, answered when the first write is kept and not before.
    assert!(node.ask(CLIENT, set("k", "v")).is_empty());
    let out = node.input(Input::Persisted(PersistId(1)));
    let [first, second] = &replies(&out, CLIENT)[..] else { panic!("{out:?}") };
    assert!(first == second && first.is_ok());
}

#[test]
fn under_oldest_the_older_write_replaces_the_newer_one() {
    let mut node = Single::with(oldest());
    let a = {
        let mut hello = crate::core::tests::single::hello(1, &[crate::wire::Hello::TREE]);
        hello.policy = Policy::Oldest;
        node.ask(crate::core::ConnId(1), Command::Auth(hello));
        crate::core::ConnId(1)
    };
    written(&mut node, set_at("k", "Tokio", 10_001));
    let older = Version::new(
        "k",
        crate::wire::Kind::Set(value("Paris")),
        Stamp { wall_ms: 10_000, counter: 0 },
        node_id(1),
    );
    node.deliver(a, Message::Push(older.into()));
    assert_eq!(text(&mut node, "k"), "Paris");
    // A tombstone cannot come from a node of this policy.
    let out = node.deliver(a, Message::Push(crate::core::tests::single::tombstone("k", 0, 1)));
    assert!(out.is_empty());
    assert_eq!(text(&mut node, "k"), "Paris");
}

#[test]
fn keys_come_in_order_a_page_at_a_time() {
    let mut node = Single::new();
    let expected: Vec<String> =
        (0..1_000).map(|number| format!("{number:04}{}", "k".repeat(1_000))).collect();
    for key in expected.iter().rev() {
        written(&mut node, set(key, "v"));
    }
    written(&mut node, delete(&expected[7]));
    let (mut keys, mut pages, mut after) = (Vec::new(), 0, None);
    loop {
        let Ok(Reply::Keys { keys: page, more }) = node.call(Command::Keys { after }) else { panic!() };
        assert!(page.iter().map(String::len).sum::<usize>() <= 128 << 10);
        after = page.last().cloned();
        keys.extend(page);
        pages += 1;
        if !more {
            break;
        }
    }
    assert_eq!(pages, 8);
    assert!(keys.iter().eq(expected.iter().filter(|key| **key != expected[7])));
}

#[test]
fn versions_from_the_disk_are_restored_and_set_the_clock() {
    let mut node = Single::new();
    node.core.restore([version("k", "v", 3_000, 1)]);
    assert_eq!(text(&mut node, "k"), "v");
    assert_eq!(written(&mut node, set("k", "w")), stamp(3_000, 1));
    assert_eq!(text(&mut node, "k"), "w");
}

#[test]
fn stats_carry_their_names() {
    let names: Vec<_> = Single::new().core.stats().into_keys().collect();
    assert_eq!(
        names,
        [
            "announcements_sent",
            "bytes_sent",
            "damaged",
            "duplicates",
            "fetched",
            "grafts_sent",
            "keys",
            "messages_sent",
            "missing",
            "not_due",
            "outbox_overflows",
            "outbox_weight",
            "outbox_weight_max",
            "payloads_received",
            "payloads_sent",
            "peers",
            "pending",
            "prunes_sent",
            "rounds",
            "trees",
            "versions"
        ]
    );
}

/// Offers the node a version of `k`, as a client of another protocol does, `after_ms` after the
/// start of virtual time.
fn offer(node: &mut Single, text: &str, after_ms: u64) -> Vec<Output> {
    let version = Version::clone(&version("k", text, after_ms, 9));
    node.input(Input::Offered { conn: CLIENT, id: 7, version })
}

#[test]
fn an_offered_version_is_merged_and_never_refused_for_what_is_held() {
    let mut node = Single::with(oldest());
    let a = node.accept_oldest(1);
    let out = offer(&mut node, "second", 20);
    assert_eq!(replies(&out, CLIENT), []);
    // A losing version waits for the commit of the winner.
    assert_eq!(replies(&offer(&mut node, "third", 30), CLIENT), []);
    let out = node.input(Input::Persisted(PersistId(1)));
    assert!(matches!(replies(&out, CLIENT)[..], [Ok(_), Ok(_)]), "{out:?}");
    assert!(matches!(replies(&offer(&mut node, "third", 30), CLIENT)[..], [Ok(_)]));
    assert_eq!(text(&mut node, "k"), "second");
    offer(&mut node, "first", 10);
    let out = node.input(Input::Persisted(PersistId(2)));
    assert_eq!(messages(&out, a), [Message::Push(version("k", "first", 10, 9))]);
    assert_eq!(text(&mut node, "k"), "first");
    let out = offer(&mut node, "ahead", 5_001);
    assert!(matches!(&replies(&out, CLIENT)[..], [Err(refusal)] if refusal.code == ErrorCode::Refused));
}
