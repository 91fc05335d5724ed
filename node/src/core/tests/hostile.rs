//! Tests that no input of a neighbour makes a node fail or grow beyond its bounds.

use proptest::prelude::*;

use super::network::{WALL, address, config, node_id, secs, value};
use super::single::{Single, messages, version as written};
use crate::core::{ConnId, Input, Output};
use crate::wire::{
    Announced, Command, Frame, Hello, Hex, KeyHash, Kind, Leaf, Message, PeerInfo, Policy, Prefix,
    RangeSummary, Reply, Resident, Stamp, Version,
};

fn version() -> impl Strategy<Value = Version> {
    let wall = prop_oneof![Just(0), Just(u64::MAX), WALL - 100..WALL + 10_000];
    let counter = prop_oneof![Just(0), Just(u32::MAX)];
    (0..40u8, proptest::option::of("[a-z]{0,3}"), wall, counter, 0..6usize).prop_map(
        |(key, text, wall_ms, counter, author)| {
            let kind = text.map_or(Kind::Tombstone, |text| Kind::Set(value(&text)));
            Version::new(&format!("k{key}"), kind, Stamp { wall_ms, counter }, node_id(author))
        },
    )
}

fn announced() -> impl Strategy<Value = Announced> {
    version().prop_map(|version| Announced {
        key: version.key_hash(),
        author: version.author(),
        rank: version.rank(Policy::Last),
    })
}

fn key() -> impl Strategy<Value = KeyHash> {
    prop_oneof![version().prop_map(|version| version.key_hash()), any::<[u8; 16]>().prop_map(Hex)]
}

fn prefix() -> impl Strategy<Value = Prefix> {
    (key(), 0..=32usize).prop_map(|(key, length)| key.to_string()[..length].parse().unwrap())
}

fn range() -> impl Strategy<Value = RangeSummary> {
    let count = prop_oneof![Just(0), 1..40u64, Just(u64::MAX)];
    (prefix(), count, any::<[u8; 16]>()).prop_map(|(prefix, count, fingerprint)| RangeSummary {
        prefix,
        count,
        fingerprint: Hex(fingerprint),
    })
}

fn leaf() -> impl Strategy<Value = Leaf> {
    let item = (key(), any::<[u8; 16]>().prop_map(Hex));
    (prefix(), proptest::collection::vec(item, 0..20)).prop_map(|(prefix, items)| Leaf { prefix, items })
}

fn many<T: std::fmt::Debug>(one: impl Strategy<Value = T>) -> impl Strategy<Value = Vec<T>> {
    proptest::collection::vec(one, 0..30)
}

fn peer() -> impl Strategy<Value = PeerInfo> {
    (0..50usize).prop_map(|number| PeerInfo {
        name: String::new(),
        address: address(number),
        node: node_id(number),
        dialled: false,
    })
}

fn resident(number: usize) -> Resident {
    Resident { node: node_id(number), name: String::new(), address: address(number), links: Vec::new() }
}

fn message() -> impl Strategy<Value = Message> {
    let (settled, answer) = (any::<bool>(), any::<bool>());
    prop_oneof![
        version().prop_map(|version| Message::Push(version.into())),
        many(announced()).prop_map(Message::Announce),
        announced().prop_map(Message::Graft),
        (0..6usize).prop_map(|author| Message::Prune { author: node_id(author) }),
        (many(range()), any::<bool>()).prop_map(|(ranges, settled)| Message::Ranges { ranges, settled }),
        (many(leaf()), settled, answer).prop_map(|(leaves, settled, answer)| Message::Leaves {
            leaves,
            settled,
            answer
        }),
        many(key()).prop_map(|keys| Message::Want { keys }),
        (prefix(), proptest::option::of(key()))
            .prop_map(|(prefix, after)| Message::WantRange { prefix, after }),
        (many(version().prop_map(Into::into)), proptest::option::of(prefix()))
            .prop_map(|(versions, more)| Message::Have { versions, more }),
        prop_oneof![Just(0), Just(u64::MAX), Just(WALL)].prop_map(|wall_ms| Message::Early { wall_ms }),
        many(peer()).prop_map(Message::Neighbours),
        (0..4u64).prop_map(|id| Message::Census { id }),
        (0..4u64, many((0..6usize).prop_map(resident)), any::<bool>())
            .prop_map(|(id, nodes, last)| Message::Counted { id, nodes, last }),
        (0..4u64, 0..6usize).prop_map(|(id, node)| Message::Alive {
            id,
            node: node_id(node),
            name: String::new(),
            value: id.is_multiple_of(2).then(|| "\"x\"".to_owned()),
        }),
        Just(Message::Ping),
        Just(Message::Pong),
    ]
}

#[derive(Debug, Clone)]
enum Act {
    Message(Message),
    Auth(usize),
    AddPeer(usize),
    Connected,
    DialFailed,
    Hello(usize),
    Reply,
    Closed,
    Written,
    Wait(u64),
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        12 => message().prop_map(Act::Message),
        2 => (0..8usize).prop_map(Act::Auth),
        1 => (0..8usize).prop_map(Act::AddPeer),
        1 => Just(Act::Connected),
        1 => Just(Act::DialFailed),
        1 => (0..8usize).prop_map(Act::Hello),
        1 => Just(Act::Reply),
        1 => Just(Act::Closed),
        1 => Just(Act::Written),
        1 => (0..4_000u64).prop_map(Act::Wait),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, ..ProptestConfig::default() })]
    #[test]
    fn nothing_that_is_said_breaks_a_node(acts in proptest::collection::vec((0..8u64, act()), 0..80)) {
        let mut config = config(0);
        config.auto_connect = true;
        (config.limits.missing, config.limits.trees, config.limits.peers) = (8, 2, 6);
        (config.limits.in_flight, config.limits.outbox) = (10_000, 20_000);
        let mut node = Single::with(config);
        let (mut dials, mut asked) = (Vec::new(), Vec::new());
        for (conn, act) in acts {
            let conn = ConnId(conn);
            let features = [Hello::TREE, Hello::RANGES, Hello::NEIGHBOURS];
            let hello = |number| super::single::hello(number, &features[..number % 4]);
            let received = |frame: Frame| Input::Received { conn, frame: frame.into() };
            let out = match act {
                Act::Message(message) => node.deliver(conn, message),
                Act::Auth(number) => node.ask(conn, Command::Auth(hello(number))),
                Act::AddPeer(number) => node.ask(conn, Command::AddPeer { address: address(number) }),
                Act::Connected => match dials.pop() {
                    Some(dial) => node.input(Input::Connected { conn: ConnId(conn.0 + 100), dial }),
                    None => Vec::new(),
                },
                Act::DialFailed => match dials.pop() {
                    Some(dial) => node.input(Input::DialFailed { dial, reason: "no".into() }),
                    None => Vec::new(),
                },
                Act::Hello(number) => match asked.pop() {
                    Some((conn, id)) => {
                        let frame = Frame::Reply { id, result: Ok(Reply::Hello(hello(number))) };
                        node.input(Input::Received { conn, frame: frame.into() })
                    }
                    None => Vec::new(),
                },
                Act::Reply => node.input(received(Frame::Reply { id: 1, result: Ok(Reply::Count(1)) })),
                Act::Closed => node.input(Input::Closed { conn }),
                Act::Written => node.input(Input::Written { conn, weight: 5_000, bytes: 1 }),
                Act::Wait(ms) => node.wait(std::time::Duration::from_millis(ms)),
            };
            for output in &out {
                match output {
                    Output::Dial { dial, .. } => dials.push(*dial),
                    Output::Send { conn, frame } => match &**frame {
                        Frame::Request { id, .. } => asked.push((*conn, *id)),
                        Frame::Message(message) => prop_assert!(message.weight() < 200_000),
                        _ => {}
                    },
                    _ => {}
                }
            }
            let stats = node.core.stats();
            prop_assert!(stats["missing"] <= 8 && stats["trees"] <= 2 && stats["peers"] <= 6);
            prop_assert!(stats["outbox_weight_max"] <= 20_000);
            prop_assert!(stats["outbox_weight"] <= stats["peers"] * stats["outbox_weight_max"]);
            // No node is listed twice, nor is the node its own neighbour.
            let mut nodes: Vec<_> = node.core.peers().into_iter().map(|peer| peer.node).collect();
            nodes.push(node_id(0));
            nodes.sort();
            prop_assert!(nodes.windows(2).all(|pair| pair[0] != pair[1]));
            // No version far ahead of the clock is held.
            prop_assert!(node.core.versions().all(|version| version.stamp().wall_ms < WALL + 1_000_000_000));
        }
        node.wait(secs(30));
    }
}

/// Claims, as a neighbour, to hold a thousand versions.
fn claim(node: &mut Single, conn: ConnId) -> Vec<Output> {
    let theirs = RangeSummary { prefix: Prefix::ALL, count: 1_000, fingerprint: Hex([7; 16]) };
    node.deliver(conn, Message::Ranges { ranges: vec![theirs], settled: false })
}

#[test]
fn a_pull_without_an_end_gives_way_to_waiting_links() {
    let mut node = Single::new();
    let (hostile, other) = (node.neighbour(1), node.neighbour(2));
    let mut versions: Vec<_> = (0..100).map(|number| written(&format!("k{number}"), "v", 0, 1)).collect();
    versions.sort_by_key(|version| version.key_hash());
    claim(&mut node, hostile);
    claim(&mut node, other);
    // Each answer comes just in time, and promises another.
    let answers = versions.into_iter().position(|version| {
        node.wait(secs(1));
        let have = Message::Have { versions: vec![version], more: Some(Prefix::ALL) };
        let out = node.deliver(hostile, have);
        messages(&out, other).iter().any(|message| matches!(message, Message::Ranges { .. }))
    });
    assert!(answers.is_some_and(|answers| answers < 4), "{answers:?}");
    // The other neighbour has its turn.
    let out = claim(&mut node, other);
    assert!(matches!(messages(&out, other)[..], [Message::Ranges { .. }]), "{out:?}");
    assert!(node.core.rounds.pull.as_ref().is_none_or(|pull| pull.conn == other));
}

#[test]
fn a_pull_from_a_neighbour_that_lists_keys_for_ever_is_bounded() {
    let mut node = Single::new();
    let hostile = node.neighbour(1);
    let have = || Message::Have { versions: Vec::new(), more: None };
    let ended = (0..300u64).any(|turn| {
        // No node holds these keys: four questions, of which one is always left open.
        let key = |number: u64| Hex((u128::from(turn << 32 | number)).to_be_bytes());
        let items = (0..1_024).map(|number| (key(number), Hex([7; 16]))).collect();
        let leaves = vec![Leaf { prefix: Prefix::ALL, items }];
        node.deliver(hostile, Message::Leaves { leaves, settled: false, answer: false });
        for _ in 0..if turn == 0 { 3 } else { 4 } {
            node.deliver(hostile, have());
        }
        node.core.rounds.pull.is_none()
    });
    // The memory of a pull ends with it.
    assert!(ended);
}
