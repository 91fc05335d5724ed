//! What is said, without a socket: time is what the test says it is.

use super::*;
use crate::core::{Config, Input};
use crate::net::byc::client::Opened;
use crate::wire::{Hello, Hex, Limits, Value};

/// When the test begins, by the wall clock.
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
    /// With somebody who has joined the namespace.
    fn accepted() -> Self {
        let conversation =
            Conversation::accepted("127.0.0.1".parse().unwrap(), "x".to_owned(), Duration::ZERO);
        let mut talk = Self { core: core(), now: Duration::ZERO, conversation };
        assert_eq!(talk.hear("40"), [said("40{\"sid\":\"x\"}")]);
        talk
    }

    /// With a neighbour that takes packets of so many bytes.
    fn dialled(most: usize) -> Self {
        let opened = Opened {
            peer: "127.0.0.1:3001".parse().unwrap(),
            most,
            interval: Duration::from_secs(25),
            patience: Duration::from_secs(20),
        };
        let conversation = Conversation::dialled(&opened, Duration::ZERO);
        Self { core: core(), now: Duration::ZERO, conversation }
    }

    fn turn(&mut self, turn: impl FnOnce(&mut Conversation, Scene<'_>, &mut Vec<Effect>)) -> Vec<Effect> {
        let now = Now { monotonic: self.now, wall_ms: WALL };
        let mut out = Vec::new();
        turn(&mut self.conversation, Scene { core: &self.core, now }, &mut out);
        out
    }

    fn hear(&mut self, text: &str) -> Vec<Effect> {
        self.turn(|conversation, scene, out| conversation.received(text, scene, out))
    }

    fn told(&mut self, frame: &Frame) -> Vec<Effect> {
        self.turn(|conversation, scene, out| conversation.told(frame, scene, out))
    }

    fn asked(&mut self, id: RequestId, command: Command) -> Vec<Effect> {
        self.told(&Frame::Request { id, command })
    }

    /// Waits until something is due, and has it done.
    fn wait(&mut self) -> Vec<Effect> {
        self.now = self.conversation.due();
        self.turn(Conversation::look)
    }

    /// The core takes a version that somebody tells of.
    fn holds(&mut self, key: &str, value: &str, wall_ms: u64) {
        let value = Value::typed(value, &Limits::default()).unwrap();
        let stamp = Stamp { wall_ms, counter: 0 };
        let version = Version::new(key, wire::Kind::Set(value), stamp, Hex([2; 16]));
        let now = Now { monotonic: self.now, wall_ms: WALL };
        let mut out = Vec::new();
        self.core.handle(now, Input::Offered { conn: crate::core::ConnId(9), id: 1, version }, &mut out);
        let up_to = out.iter().find_map(|output| match output {
            crate::core::Output::Persist { id, .. } => Some(*id),
            _ => None,
        });
        self.core.handle(now, Input::Persisted(up_to.unwrap()), &mut Vec::new());
    }

    /// The link is up.
    fn link(&mut self) {
        let hello = Hello { address: "127.0.0.1:3000".to_owned(), ..hello() };
        self.asked(1, Command::Auth(hello));
        let welcome = self.hear("431[null,true]");
        assert!(matches!(&welcome[..], [Effect::Hear(Frame::Reply { id: 1, result: Ok(Reply::Hello(_)) })]));
    }
}

fn hello() -> Hello {
    let config = Config::new(Hex([1; 16]), "", "net", "127.0.0.1:3000");
    Neighbour::at("127.0.0.1".parse().unwrap(), 9).hello(&config)
}

fn said(text: &str) -> Effect {
    Effect::Say { text: text.to_owned(), weight: 0 }
}

/// The keys of the versions that are told.
fn told_of(effects: &[Effect]) -> Vec<&str> {
    let texts = effects.iter().filter_map(|effect| match effect {
        Effect::Say { text, .. } => Some(text),
        _ => None,
    });
    texts.filter_map(|text| text.split_once("[\"set\",\"")?.1.split('"').next()).collect()
}

#[test]
fn auth_says_where_this_end_listens_and_is_not_waited_for_too_long() {
    let mut talk = Talk::dialled(1_000);
    let effects = talk.asked(7, Command::Auth(Hello { address: "127.0.0.1:3000".into(), ..hello() }));
    assert_eq!(effects, [said("421[\"auth\",3000]"), said("422[\"peers\"]")]);
    let effects = talk.wait();
    assert_eq!(talk.now, Duration::from_secs(1));
    let [Effect::Hear(Frame::Reply { id: 7, result: Ok(Reply::Hello(hello)) })] = &effects[..] else {
        panic!("{effects:?}");
    };
    assert_eq!((hello.address.as_str(), hello.policy), ("127.0.0.1:3001/byc", Policy::Oldest));
    assert!(hello.features.is_empty());
    // What is said of it later is of no matter any more.
    assert_eq!(talk.hear("431[\"no\"]"), []);
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
    assert_eq!(talk.asked(2, Command::Keys { after: None }), [said("423[\"keysAndTime\"]")]);
    let hash = "86f3d20609f6ff5d89091b0a0d911cb4a7c291f8b891916dd552504b7286e763";
    let effects = talk.hear(&format!(
        "433[null,{{\"older\":{{\"date\":10000}},\"newer\":{{\"date\":30000}},\"absent\":null,\
         \"same\":{{\"date\":20000,\"hash\":\"{hash}\"}},\"tie\":{{\"date\":20000,\"hash\":\"00\"}},\
         \"odd\":{{\"date\":\"now\",\"hash\":7}}}}]"
    ));
    let keys = ["absent", "older", "tie"].map(str::to_owned).to_vec();
    let reply = Reply::Keys { keys, more: false };
    assert_eq!(effects, [Effect::Hear(Frame::Reply { id: 2, result: Ok(reply) })]);
}

#[test]
fn what_a_neighbour_lacks_is_told_again_from_its_second_listing_on() {
    let mut talk = Talk::dialled(1_000_000);
    talk.link();
    talk.holds("lacking", "v", 10_000);
    talk.holds("later", "v", 10_000);
    talk.holds("there", "v", 10_000);
    talk.holds("young", "v", WALL - 500);
    let listing = "[null,{\"later\":{\"date\":10001},\"there\":{\"date\":10000}}]";
    talk.asked(2, Command::Keys { after: None });
    assert_eq!(told_of(&talk.hear(&format!("433{listing}"))), [""; 0]);
    talk.asked(3, Command::Keys { after: None });
    let effects = talk.hear(&format!("434{listing}"));
    let mut keys = told_of(&effects);
    keys.sort_unstable();
    assert_eq!(keys, ["lacking", "later"]);
    // None of it weighs: the core did not hand it over.
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Say { weight: 1.., .. })));
}

#[test]
fn no_more_is_told_again_at_a_time_than_a_queue_takes() {
    let mut talk = Talk::dialled(8 << 20);
    talk.link();
    for number in 0..10 {
        talk.holds(&format!("k{number}"), &"x".repeat(1_000_000), 10_000);
    }
    for (id, ack) in [(2, 3), (3, 4)] {
        talk.asked(id, Command::Keys { after: None });
        let effects = talk.hear(&format!("43{ack}[null,{{}}]"));
        assert_eq!(told_of(&effects).len(), if ack == 3 { 0 } else { 4 });
    }
}

#[test]
fn what_is_not_answered_in_time_is_given_up_or_asked_otherwise() {
    let mut talk = Talk::dialled(1_000);
    talk.link();
    // The probe is forgotten first.
    assert_eq!(talk.wait(), []);
    talk.asked(2, Command::Keys { after: None });
    talk.asked(3, Command::Get { key: "k".into() });
    let effects = talk.wait();
    assert_eq!(effects[0], said("425[\"keys\"]"));
    let given_up = |effect: &Effect, asked: RequestId| {
        matches!(effect, Effect::Hear(Frame::Reply { id, result: Err(refusal) })
            if *id == asked && refusal.code == ErrorCode::Unavailable)
    };
    assert!(given_up(&effects[1], 3), "{effects:?}");
    assert!(given_up(&talk.wait()[0], 2));
    assert_eq!(talk.hear("435[null,[]]"), []);
}

#[test]
fn who_is_silent_is_given_up_and_the_cores_own_pings_are_answered_here() {
    let mut talk = Talk::accepted();
    assert_eq!(talk.wait(), [said("2")]);
    assert_eq!(talk.hear("3"), []);
    assert_eq!(talk.wait(), [said("2")]);
    assert!(matches!(&talk.wait()[..], [Effect::End(CloseCode::Away, _)]));
    let effects = talk.told(&Frame::Message(Message::Ping));
    assert_eq!(effects, [Effect::Hear(Frame::Message(Message::Pong))]);
    assert_eq!(talk.told(&Frame::Message(Message::Early { wall_ms: 1 })), []);
}

#[test]
fn a_packet_that_the_other_end_does_not_take_is_not_sent() {
    let mut talk = Talk::dialled(200);
    talk.link();
    talk.holds("long", &"x".repeat(200), 10_000);
    let version = talk.core.version("long").unwrap().clone();
    assert_eq!(talk.told(&Frame::Message(Message::Push(version))), []);
    let effects = talk.hear("427[\"get\",\"long\"]");
    let [_, Effect::Say { text, .. }] = &effects[..] else { panic!("{effects:?}") };
    assert!(text.starts_with("437[\"the answer has 3") && text.contains("at most 200"), "{text}");
}

#[test]
fn what_waits_for_answers_is_bounded() {
    let mut talk = Talk::accepted();
    for number in 0..1_024 {
        let effects = talk.hear(&format!("42{number}[\"addPeer\",3001]"));
        assert!(matches!(&effects[..], [Effect::Hear(Frame::Request { .. })]), "{number}: {effects:?}");
    }
    let effects = talk.hear("427[\"addPeer\",3001]");
    assert!(matches!(&effects[..], [Effect::Say { text, .. }] if text.contains("too many questions")));
    // One that is answered makes room.
    let reply = Frame::Reply { id: 1, result: Err(Refusal::new(ErrorCode::NeighborExists, "known")) };
    assert_eq!(talk.told(&reply), [said("430[\"neighbor exists\"]")]);
    assert!(matches!(&talk.hear("427[\"addPeer\",3001]")[..], [Effect::Hear(_)]));
}

#[test]
fn auth_comes_from_the_end_that_dialled() {
    let mut talk = Talk::dialled(1_000);
    assert_eq!(talk.hear("421[\"auth\",3001]"), [said("431[\"auth is for the end that dialled\"]")]);
}
