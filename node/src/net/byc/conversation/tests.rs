//! Tests of the conversation without a socket; the test sets the time.

use std::time::Duration;

use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

use super::{Conversation, CoreView, Effect};
use crate::core::{Config, Core, Input, Now};
use crate::net::byc::handshake::Server;
use crate::net::byc::neighbour::Neighbour;
use crate::wire::{
    Command, ErrorCode, Frame, Hello, Hex, Kind, Limits, Message, Policy, Refusal, Reply, RequestId, Stamp,
    Value, Version,
};

/// The wall clock at the beginning of a test, in milliseconds.
const WALL: u64 = 1_732_180_000_000;

struct Talk {
    core: Core,
    now: Duration,
    conversation: Conversation,
}

fn core() -> Core {
    let config = Config::new(Hex([1; 16]), "", "net", "127.0.0.1:3000");
    let config = Config { policy: Policy::Oldest, disk: false, ..config };
    Core::new(config, Now { monotonic: Duration::ZERO, wall_ms: WALL })
}

impl Talk {
    /// Begins a conversation with a peer that has joined the namespace.
    fn accepted() -> Self {
        let conversation =
            Conversation::accepted("127.0.0.1".parse().unwrap(), "x".to_owned(), Duration::ZERO);
        let mut talk = Self { core: core(), now: Duration::ZERO, conversation };
        assert_eq!(talk.receive("40"), [sent("40{\"sid\":\"x\"}")]);
        talk
    }

    /// Begins a conversation with a neighbour that takes packets of at most `packet_max` bytes.
    fn dialled(packet_max: usize) -> Self {
        let server = Server {
            address: "127.0.0.1:3001".parse().unwrap(),
            packet_max,
            ping_interval: Duration::from_secs(25),
            ping_timeout: Duration::from_secs(20),
        };
        let conversation = Conversation::dialled(&server, Duration::ZERO);
        Self { core: core(), now: Duration::ZERO, conversation }
    }

    fn step(&mut self, step: impl FnOnce(&mut Conversation, CoreView<'_>, &mut Vec<Effect>)) -> Vec<Effect> {
        let now = Now { monotonic: self.now, wall_ms: WALL };
        let mut out = Vec::new();
        step(&mut self.conversation, CoreView { core: &self.core, now }, &mut out);
        out
    }

    fn receive(&mut self, text: &str) -> Vec<Effect> {
        self.step(|conversation, view, out| conversation.on_packet(text, view, out))
    }

    fn core_sends(&mut self, frame: &Frame) -> Vec<Effect> {
        self.step(|conversation, view, out| conversation.on_core_frame(frame, view, out))
    }

    fn core_asks(&mut self, id: RequestId, command: Command) -> Vec<Effect> {
        self.core_sends(&Frame::Request { id, command })
    }

    /// Lets the core push the version that it holds of a key.
    fn core_pushes(&mut self, key: &str) -> Vec<Effect> {
        let version = self.core.version(key).unwrap().clone();
        self.core_sends(&Frame::Message(Message::Push(version)))
    }

    /// Advances the clock until something is due, and does it.
    fn wait_until_due(&mut self) -> Vec<Effect> {
        self.now = self.conversation.due();
        self.step(Conversation::on_due)
    }

    /// Hands the core a version.
    fn holds(&mut self, key: &str, value: &str, wall_ms: u64) {
        let value = Value::typed(value, &Limits::default()).unwrap();
        let stamp = Stamp { wall_ms, counter: 0 };
        let version = Version::new(key, Kind::Set(value), stamp, Hex([2; 16]));
        let now = Now { monotonic: self.now, wall_ms: WALL };
        let mut out = Vec::new();
        self.core.handle(now, Input::Offered { conn: crate::core::ConnId(9), id: 1, version }, &mut out);
        let up_to = out.iter().find_map(|output| match output {
            crate::core::Output::Persist { id, .. } => Some(*id),
            _ => None,
        });
        self.core.handle(now, Input::Persisted(up_to.unwrap()), &mut Vec::new());
    }

    /// Brings the link up.
    fn link(&mut self) {
        let hello = Hello { address: "127.0.0.1:3000".to_owned(), ..hello() };
        self.core_asks(1, Command::Auth(hello));
        let welcome = self.receive("431[null,true]");
        assert!(matches!(
            &welcome[..],
            [Effect::Receive(Frame::Reply { id: 1, result: Ok(Reply::Hello(_)) })]
        ));
    }
}

fn hello() -> Hello {
    let config = Config::new(Hex([1; 16]), "", "net", "127.0.0.1:3000");
    Neighbour::at("127.0.0.1".parse().unwrap(), 9).hello(&config)
}

fn sent(text: &str) -> Effect {
    Effect::Send { text: text.to_owned(), weight: 0 }
}

/// Returns the keys of the versions that are pushed, in order.
fn pushed_keys(effects: &[Effect]) -> Vec<&str> {
    let texts = effects.iter().filter_map(|effect| match effect {
        Effect::Send { text, .. } => Some(text),
        _ => None,
    });
    let mut keys: Vec<&str> =
        texts.filter_map(|text| text.split_once("[\"set\",\"")?.1.split('"').next()).collect();
    keys.sort_unstable();
    keys
}

#[test]
fn auth_says_where_this_end_listens_and_is_not_waited_for_too_long() {
    let mut talk = Talk::dialled(1_000);
    let effects = talk.core_asks(7, Command::Auth(Hello { address: "127.0.0.1:3000".into(), ..hello() }));
    assert_eq!(effects, [sent("421[\"auth\",3000]"), sent("422[\"peers\"]")]);
    let effects = talk.wait_until_due();
    assert_eq!(talk.now, Duration::from_secs(1));
    let [Effect::Receive(Frame::Reply { id: 7, result: Ok(Reply::Hello(hello)) })] = &effects[..] else {
        panic!("{effects:?}");
    };
    assert_eq!((hello.address.as_str(), hello.policy), ("127.0.0.1:3001/byc", Policy::Oldest));
    assert!(hello.features.is_empty());
    // A later answer about it has no effect.
    assert_eq!(talk.receive("431[\"no\"]"), []);
}

#[test]
fn a_listing_tells_the_core_of_what_is_better_alone() {
    let mut talk = Talk::dialled(1_000_000);
    talk.link();
    for (key, wall_ms) in
        [("older", 20_000), ("newer", 20_000), ("same", 20_000), ("tie", 20_000), ("odd", 20_000)]
    {
        talk.holds(key, "Reimert", wall_ms);
    }
    let asked = talk.core_asks(2, Command::Keys { after: None });
    assert_eq!(asked, [sent("423[\"keysAndTime\"]"), sent("424[\"keys\"]")]);
    let hash = "86f3d20609f6ff5d89091b0a0d911cb4a7c291f8b891916dd552504b7286e763";
    let effects = talk.receive(&format!(
        "433[null,{{\"older\":{{\"date\":10000}},\"newer\":{{\"date\":30000}},\"absent\":null,\
         \"same\":{{\"date\":20000,\"hash\":\"{hash}\"}},\"tie\":{{\"date\":20000,\"hash\":\"00\"}},\
         \"odd\":{{\"date\":\"now\",\"hash\":7}}}}]"
    ));
    let keys = ["absent", "older", "tie"].map(str::to_owned).to_vec();
    let reply = Reply::Keys { keys, more: false };
    assert_eq!(effects[0], Effect::Receive(Frame::Reply { id: 2, result: Ok(reply) }));
    // The neighbour gets the version that it has only a later one of.
    assert_eq!(pushed_keys(&effects), ["newer"]);
    assert_eq!(talk.receive("434[null,[\"more\"]]"), []);
}

#[test]
fn what_a_neighbour_lacks_is_pushed_after_its_first_listing() {
    let mut talk = Talk::dialled(1_000_000);
    talk.link();
    talk.holds("lacking", "v", 10_000);
    talk.holds("there", "v", 10_000);
    talk.holds("young", "v", WALL);
    talk.core_asks(2, Command::Keys { after: None });
    let effects = talk.receive("433[null,{\"there\":{\"date\":10000}}]");
    assert_eq!(pushed_keys(&effects), ["lacking", "young"]);
}

#[test]
fn what_a_neighbour_that_fetches_lacks_is_pushed_after_later_listings() {
    let mut talk = Talk::dialled(1_000_000);
    assert_eq!(talk.receive("429[\"keysAndTime\"]"), [sent("439[null,{}]")]);
    talk.link();
    talk.holds("lacking", "v", 10_000);
    talk.holds("later", "v", 10_000);
    talk.holds("there", "v", 10_000);
    talk.holds("young", "v", WALL - 500);
    let listing = "[null,{\"later\":{\"date\":10001},\"there\":{\"date\":10000}}]";
    talk.core_asks(2, Command::Keys { after: None });
    assert_eq!(pushed_keys(&talk.receive(&format!("433{listing}"))), [""; 0]);
    // A round follows soon, for the versions that came in between.
    assert_eq!(talk.wait_until_due(), [Effect::BeginRound]);
    assert_eq!(talk.now, Duration::from_secs(1));
    assert_eq!(talk.core_asks(3, Command::Keys { after: None }), [sent("425[\"keysAndTime\"]")]);
    let effects = talk.receive(&format!("435{listing}"));
    assert_eq!(pushed_keys(&effects), ["lacking", "later"]);
    // None of it has a weight: the core did not hand it over.
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Send { weight: 1.., .. })));
}

#[test]
fn versions_are_held_back_until_the_dialect_is_known() {
    for (listing, value) in [("433[null,{}]", "{\"value\":\"v\",\"date\":10000,"), ("434[null,[]]", "\"v\"]")]
    {
        let mut talk = Talk::dialled(1_000_000);
        talk.receive("429[\"keys\"]");
        talk.link();
        talk.core_asks(2, Command::Keys { after: None });
        talk.holds("early", "v", 10_000);
        assert_eq!(talk.core_pushes("early"), []);
        let effects = talk.receive(listing);
        assert_eq!(pushed_keys(&effects), ["early"]);
        talk.holds("late", "v", 10_000);
        let effects = talk.core_pushes("late");
        let [Effect::Send { text, weight: 1.. }] = &effects[..] else { panic!("{effects:?}") };
        assert!(text.contains(&format!("[\"set\",\"late\",{value}")), "{text}");
    }
}

#[test]
fn a_neighbour_that_answers_keys_alone_has_plain_values_that_never_change() {
    let mut talk = Talk::dialled(1_000_000);
    talk.link();
    talk.holds("held", "v", 10_000);
    let asked = talk.core_asks(2, Command::Keys { after: None });
    assert_eq!(asked, [sent("423[\"keysAndTime\"]"), sent("424[\"keys\"]")]);
    let listed = |effects: &[Effect]| match effects {
        [Effect::Receive(Frame::Reply { result: Ok(Reply::Keys { keys, .. }), .. }), ..] => keys.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(listed(&talk.receive("434[null,[\"held\",\"new\"]]")), ["held", "new"]);
    assert_eq!(talk.core_asks(3, Command::Keys { after: None }), [sent("425[\"keys\"]")]);
    assert_eq!(listed(&talk.receive("435[null,[\"held\",\"new\"]]")), ["new"]);
    // An answer to `keysAndTime` that comes later shows that it was only slow.
    talk.receive("433[null,{}]");
    assert_eq!(talk.core_asks(4, Command::Keys { after: None }).len(), 1);
    talk.holds("later", "v", 10_000);
    let effects = talk.core_pushes("later");
    assert!(matches!(&effects[..], [Effect::Send { text, .. }] if text.contains("\"date\":10000")));
}

#[test]
fn a_neighbour_that_lists_this_node_from_before_is_asked_again_until_it_pushes() {
    let auth = || Command::Auth(Hello { address: "127.0.0.1:3000".into(), ..hello() });
    let mut talk = Talk::dialled(1_000_000);
    talk.core_asks(1, auth());
    let effects = talk.receive("431[\"neighbor exists\"]");
    let [Effect::Receive(Frame::Reply { id: 1, result: Ok(Reply::Hello(answer)) })] = &effects[..] else {
        panic!("{effects:?}");
    };
    assert_eq!(answer.features, [Hello::LISTED]);
    let mut slow = Talk::dialled(1_000_000);
    slow.core_asks(1, auth());
    // The list comes before the answer to `auth`, which is late.
    assert_eq!(slow.receive("432[null,[2999,\"3000\"]]").len(), 1);
    assert_eq!(slow.receive("431[\"neighbor exists\"]"), []);
    for mut talk in [talk, slow] {
        for _ in 0..3 {
            let due = talk.now + Duration::from_secs(1);
            while talk.wait_until_due() != [Effect::BeginRound] {}
            assert_eq!(talk.now, due);
        }
        talk.receive("429[\"set\",\"k\",{\"value\":1,\"date\":10000}]");
        let mut rounds = 0;
        while talk.conversation.due() < Duration::from_secs(20) {
            rounds += usize::from(talk.wait_until_due() == [Effect::BeginRound]);
        }
        assert_eq!(rounds, 1, "only the round that was due already");
    }
}

#[test]
fn a_neighbour_that_does_not_list_this_node_yet_has_not_accepted_it() {
    let mut talk = Talk::dialled(1_000);
    talk.core_asks(1, Command::Auth(Hello { address: "127.0.0.1:3000".into(), ..hello() }));
    assert_eq!(talk.receive("432[null,[3002]]"), []);
    assert_eq!(talk.receive("431[\"not today\"]"), [Effect::refuse(1, ErrorCode::Refused, "not today")]);
}

#[test]
fn no_more_is_told_again_at_a_time_than_a_queue_takes() {
    let mut talk = Talk::dialled(8 << 20);
    talk.link();
    for number in 0..10 {
        talk.holds(&format!("k{number}"), &"x".repeat(1_000_000), 10_000);
    }
    for (id, ack) in [(2, 3), (3, 9)] {
        talk.core_asks(id, Command::Keys { after: None });
        let effects = talk.receive(&format!("43{ack}[null,{{}}]"));
        assert_eq!(pushed_keys(&effects).len(), 4);
        // The rest follows soon.
        while talk.wait_until_due() != [Effect::BeginRound] {}
    }
}

#[test]
fn what_is_not_answered_in_time_is_given_up() {
    let mut talk = Talk::dialled(1_000);
    talk.link();
    // The probe is forgotten first.
    assert_eq!(talk.wait_until_due(), []);
    talk.core_asks(2, Command::Keys { after: None });
    talk.core_asks(3, Command::Get { key: "k".into() });
    talk.holds("k", "v", 10_000);
    assert_eq!(talk.core_pushes("k"), []);
    let effects = talk.wait_until_due();
    // A neighbour that answers nothing is taken for one that understands dates.
    assert_eq!(pushed_keys(&effects), ["k"]);
    for id in [2, 3] {
        let given_up = Effect::refuse(id, ErrorCode::Unavailable, "it does not answer");
        assert!(effects.contains(&given_up), "{effects:?}");
    }
    assert_eq!(talk.receive("434[null,[]]"), []);
}

#[test]
fn who_is_silent_is_given_up_and_the_cores_own_pings_are_answered_here() {
    let mut talk = Talk::accepted();
    assert_eq!(talk.wait_until_due(), [sent("2")]);
    assert_eq!(talk.receive("3"), []);
    assert_eq!(talk.wait_until_due(), [sent("2")]);
    assert!(matches!(&talk.wait_until_due()[..], [Effect::Close(CloseCode::Away, _)]));
    let effects = talk.core_sends(&Frame::Message(Message::Ping));
    assert_eq!(effects, [Effect::Receive(Frame::Message(Message::Pong))]);
    assert_eq!(talk.core_sends(&Frame::Message(Message::Early { wall_ms: 1 })), []);
}

#[test]
fn a_packet_that_the_other_end_does_not_take_is_not_sent() {
    let mut talk = Talk::dialled(200);
    talk.link();
    talk.core_asks(2, Command::Keys { after: None });
    talk.receive("433[null,{}]");
    talk.holds("long", &"x".repeat(200), 10_000);
    assert_eq!(talk.core_pushes("long"), []);
    let effects = talk.receive("427[\"get\",\"long\"]");
    let [_, Effect::Send { text, .. }] = &effects[..] else { panic!("{effects:?}") };
    assert!(text.starts_with("437[\"the answer has 3") && text.contains("at most 200"), "{text}");
}

#[test]
fn what_waits_for_answers_is_bounded() {
    let mut talk = Talk::accepted();
    for number in 0..1_024 {
        let effects = talk.receive(&format!("42{number}[\"addPeer\",3001]"));
        assert!(matches!(&effects[..], [Effect::Receive(Frame::Request { .. })]), "{number}: {effects:?}");
    }
    let effects = talk.receive("427[\"addPeer\",3001]");
    assert!(matches!(&effects[..], [Effect::Send { text, .. }] if text.contains("too many questions")));
    // A question that is answered makes room.
    let reply = Frame::Reply { id: 1, result: Err(Refusal::new(ErrorCode::NeighborExists, "known")) };
    assert_eq!(talk.core_sends(&reply), [sent("430[\"neighbor exists\"]")]);
    assert!(matches!(&talk.receive("427[\"addPeer\",3001]")[..], [Effect::Receive(_)]));
}

#[test]
fn auth_comes_from_the_end_that_dialled() {
    let mut talk = Talk::dialled(1_000);
    assert_eq!(talk.receive("421[\"auth\",3001]"), [sent("431[\"auth is for the end that dialled\"]")]);
}
