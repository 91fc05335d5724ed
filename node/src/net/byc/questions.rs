//! What is asked of a neighbour, how long its answers are waited for, and what they mean to the core.
//!
//! Nodes of this protocol differ in what they acknowledge. Whoever does not say whether `auth` was taken
//! is taken to have done so as soon as it answers what was asked after it, or after a while; whoever does
//! not know `keysAndTime` is asked for `keys`.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::value::RawValue;

use super::conversation::{Conversation, Effect, Scene, live, say};
use super::dated::{Dated, Listed};
use super::neighbour::port_in;
use super::packet::{elements, event, quoted};
use crate::core::Core;
use crate::wire::{Command, ErrorCode, Frame, Kind, Refusal, Reply, RequestId, Stamp, Version};

/// How long a word about `auth` is waited for; the core gives a dial 3 s.
const WELCOME: Duration = Duration::from_secs(1);
/// How long any other answer is waited for.
const ANSWER: Duration = Duration::from_secs(5);
/// How much of what a neighbour lacks is pushed after one of its listings, by weight.
const MENDED: usize = 4 << 20;
/// Younger versions are still on their way by push.
const SETTLED_MS: u64 = 1_000;

/// The questions to one neighbour.
#[derive(Debug, Default)]
pub(super) struct Questions {
    asked: BTreeMap<u64, Question>,
    last: u64,
    /// How many listings have come.
    listings: u64,
}

#[derive(Debug)]
struct Question {
    /// The core's number for what it asked.
    id: RequestId,
    what: What,
    due: Duration,
}

#[derive(Debug)]
enum What {
    Auth,
    /// Asked after `auth`: its answer says that `auth` was heard.
    Probe,
    KeysAndTime,
    Keys,
    Get {
        key: String,
    },
}

impl Questions {
    /// A number that no acknowledgement has had yet.
    pub(super) fn number(&mut self) -> u64 {
        self.last += 1;
        self.last
    }

    /// When the first answer is overdue.
    pub(super) fn due(&self) -> Option<Duration> {
        self.asked.values().map(|question| question.due).min()
    }
}

impl Conversation {
    /// The core asks something.
    pub(super) fn ask(&mut self, id: RequestId, command: &Command, scene: Scene<'_>, out: &mut Vec<Effect>) {
        match command {
            Command::Auth(hello) => {
                let port = port_in(&hello.address).unwrap_or_default().to_string();
                self.put(id, What::Auth, "auth", &[&port], scene, out);
                self.put(id, What::Probe, "peers", &[], scene, out);
            }
            Command::Keys { .. } => self.put(id, What::KeysAndTime, "keysAndTime", &[], scene, out),
            Command::Get { key } => {
                let what = What::Get { key: key.clone() };
                self.put(id, what, "get", &[&quoted(key)], scene, out);
            }
            _ => out.push(refuse(id, ErrorCode::UnknownCommand, "not in this protocol")),
        }
    }

    fn put(
        &mut self,
        id: RequestId,
        what: What,
        name: &str,
        arguments: &[&str],
        scene: Scene<'_>,
        out: &mut Vec<Effect>,
    ) {
        let patience = if matches!(what, What::Auth | What::Probe) { WELCOME } else { ANSWER };
        let number = self.questions.number();
        say(out, event(Some(number), name, arguments));
        let due = scene.now.monotonic + patience;
        self.questions.asked.insert(number, Question { id, what, due });
    }

    /// An acknowledgement came: `[error, result]`.
    pub(super) fn acknowledged(&mut self, number: u64, data: &str, scene: Scene<'_>, out: &mut Vec<Effect>) {
        let Some(Question { id, what, .. }) = self.questions.asked.remove(&number) else { return };
        let answer = elements(data).unwrap_or_default();
        let result = match answer.first().and_then(|error| complaint(error)) {
            Some(error) => Err(error),
            None => Ok(answer.get(1).map_or("null", |result| result.get())),
        };
        match (what, result) {
            (What::Auth, Ok(_)) => self.welcome(id, scene.core, out),
            (What::Auth, Err(error)) => {
                let known = error.contains("neighbor exists");
                let code = if known { ErrorCode::NeighborExists } else { ErrorCode::Refused };
                out.push(refuse(id, code, &error));
            }
            (What::Probe, _) => self.let_in(scene.core, out),
            (What::KeysAndTime, Ok(json)) => self.listed(id, json, scene, out),
            (What::KeysAndTime, Err(_)) => self.put(id, What::Keys, "keys", &[], scene, out),
            (What::Keys, Ok(json)) => {
                let keys = serde_json::from_str::<Vec<String>>(json).unwrap_or_default();
                out.push(answer_with(id, Reply::Keys { keys, more: false }));
            }
            (What::Get { key }, Ok(json)) => {
                let limits = &scene.core.config().limits;
                let effect = match (self.linked.as_ref(), Dated::read(json, limits)) {
                    (Some(neighbour), Ok(Dated { value, date: Some(wall_ms) })) => {
                        let stamp = Stamp { wall_ms, counter: 0 };
                        let version = Version::new(&key, Kind::Set(value), stamp, neighbour.node);
                        answer_with(id, Reply::Value(version.into()))
                    }
                    (_, Ok(_)) => refuse(id, ErrorCode::Malformed, "a value without its date"),
                    (_, Err(error)) => refuse(id, ErrorCode::Malformed, &error),
                };
                out.push(effect);
            }
            (What::Keys, Err(error)) => out.push(refuse(id, ErrorCode::Unavailable, &error)),
            (What::Get { .. }, Err(error)) => out.push(refuse(id, ErrorCode::Absent, &error)),
        }
    }

    /// What is overdue is not waited for.
    pub(super) fn look_after_questions(&mut self, scene: Scene<'_>, out: &mut Vec<Effect>) {
        let now = scene.now.monotonic;
        while let Some((&number, _)) = self.questions.asked.iter().find(|(_, question)| question.due <= now) {
            let Some(Question { id, what, .. }) = self.questions.asked.remove(&number) else { return };
            match what {
                What::Auth => self.welcome(id, scene.core, out),
                What::Probe => {}
                What::KeysAndTime => self.put(id, What::Keys, "keys", &[], scene, out),
                What::Keys | What::Get { .. } => {
                    out.push(refuse(id, ErrorCode::Unavailable, "it does not answer"));
                }
            }
        }
    }

    /// The neighbour answered what was asked after `auth`, so it has heard that.
    fn let_in(&mut self, core: &Core, out: &mut Vec<Effect>) {
        let auth = self.questions.asked.iter().find(|(_, question)| matches!(question.what, What::Auth));
        if let Some((&number, &Question { id, .. })) = auth {
            self.questions.asked.remove(&number);
            self.welcome(id, core, out);
        }
    }

    /// `auth` was taken: the link is up.
    fn welcome(&mut self, id: RequestId, core: &Core, out: &mut Vec<Effect>) {
        let Some(neighbour) = self.dialled_neighbour().cloned() else { return };
        let hello = neighbour.hello(core.config());
        self.linked = Some(neighbour);
        out.push(answer_with(id, Reply::Hello(hello)));
    }

    /// The neighbour says what it holds: the core is told of the keys of which it has a better version,
    /// or the only one, as if it had no others.
    fn listed(&mut self, id: RequestId, json: &str, scene: Scene<'_>, out: &mut Vec<Effect>) {
        let Ok(listing) = serde_json::from_str::<BTreeMap<String, &RawValue>>(json) else {
            return self.put(id, What::Keys, "keys", &[], scene, out);
        };
        let listing: BTreeMap<String, Listed> =
            listing.into_iter().map(|(key, raw)| (key, Listed::read(raw))).collect();
        let wanted = |(key, listed): &(&String, &Listed)| {
            scene.core.version(key).is_none_or(|held| is_better(listed, held))
        };
        let keys = listing.iter().filter(wanted).map(|(key, _)| key.clone()).collect();
        out.push(answer_with(id, Reply::Keys { keys, more: false }));
        self.questions.listings += 1;
        // When a link comes up, a neighbour asks for what it lacks by itself.
        if self.questions.listings > 1 {
            self.mend(&listing, scene, out);
        }
    }

    /// Pushes what the neighbour should have heard of and did not: nodes of this protocol ask once.
    fn mend(&mut self, listing: &BTreeMap<String, Listed>, scene: Scene<'_>, out: &mut Vec<Effect>) {
        let mut weight = 0;
        for held in live(scene.core) {
            let wall_ms = held.stamp().wall_ms;
            let lacking = match listing.get(held.key()) {
                None => true,
                Some(listed) => listed.date.is_some_and(|date| date > wall_ms),
            };
            if lacking && wall_ms.saturating_add(SETTLED_MS) <= scene.now.wall_ms {
                weight += held.weight();
                if weight > MENDED {
                    return;
                }
                self.push(held, 0, out);
            }
        }
    }
}

/// Whether a version that is listed so is better than the one held, as far as can be seen.
fn is_better(listed: &Listed, held: &Version) -> bool {
    let Some(date) = listed.date else { return false };
    let wall_ms = held.stamp().wall_ms;
    let smaller = |hash: &String| *hash < held.value_sha256().to_string();
    date < wall_ms || date == wall_ms && listed.hash.as_ref().is_some_and(smaller)
}

/// The text of the first argument of an acknowledgement, unless it says that all is well.
pub(super) fn complaint(error: &RawValue) -> Option<String> {
    match serde_json::from_str(error.get()) {
        Ok(serde_json::Value::Null | serde_json::Value::Bool(false)) => None,
        Ok(serde_json::Value::String(text)) => (!text.is_empty()).then_some(text),
        _ => Some(error.get().chars().take(200).collect()),
    }
}

fn answer_with(id: RequestId, reply: Reply) -> Effect {
    Effect::Hear(Frame::Reply { id, result: Ok(reply) })
}

fn refuse(id: RequestId, code: ErrorCode, message: &str) -> Effect {
    Effect::Hear(Frame::Reply { id, result: Err(Refusal::new(code, message)) })
}
