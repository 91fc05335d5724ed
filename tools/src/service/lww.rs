//! `lww-kv`: replicas that know of each other only now and then, and keep what was written last.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::request::{Request, full};
use super::{KEYS_MAX, Service};
use crate::chance::Chance;

/// How many replicas there are.
const REPLICAS: usize = 5;
/// How far their clocks are apart at most.
const SKEW_MS_MAX: u64 = 10;
/// After how long one replica learns of another unasked.
const GOSSIP_EVERY: Duration = Duration::from_millis(50);
/// How often one does at most between two requests: by then all know all.
const GOSSIP_MAX: u32 = 64;

/// When something was written, and where: of two the greater stays.
type Stamp = (Duration, u64, usize);

/// Each request is answered by one replica, drawn. Writes are stamped by its own clock, so that one
/// may lose to another that came before it.
#[derive(Debug)]
pub(super) struct LastWriterWins {
    chance: Chance,
    replicas: Vec<BTreeMap<String, (Stamp, Value)>>,
    /// How far each one's clock is ahead.
    skews: Vec<Duration>,
    /// Tells writes of one moment apart.
    writes: u64,
    gossiped: Duration,
}

impl LastWriterWins {
    pub(super) fn new(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let skews = (0..REPLICAS).map(|_| Duration::from_millis(chance.within(0, SKEW_MS_MAX))).collect();
        Self { chance, replicas: vec![BTreeMap::new(); REPLICAS], skews, writes: 0, gossiped: Duration::ZERO }
    }

    /// One replica learns all that another knows; once with each second request, and as time passes.
    fn gossip(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.gossiped).as_millis() / GOSSIP_EVERY.as_millis();
        let rounds = u32::try_from(passed).unwrap_or(GOSSIP_MAX).min(GOSSIP_MAX);
        if rounds > 0 {
            self.gossiped = now;
        }
        for _ in 0..rounds + u32::from(self.chance.percent(50)) {
            let (from, to) = (self.chance.index(REPLICAS), self.chance.index(REPLICAS));
            if from == to {
                continue;
            }
            let known = std::mem::take(&mut self.replicas[from]);
            for (key, told) in &known {
                match self.replicas[to].get_mut(key) {
                    Some(held) if held.0 >= told.0 => {}
                    Some(held) => *held = told.clone(),
                    None => {
                        self.replicas[to].insert(key.clone(), told.clone());
                    }
                }
            }
            self.replicas[from] = known;
        }
    }
}

impl Service for LastWriterWins {
    fn answer(&mut self, _: &str, body: &Value, now: Duration) -> Value {
        let request = match Request::of(body) {
            Ok(request) => request,
            Err(error) => return error,
        };
        self.gossip(now);
        let at = self.chance.index(REPLICAS);
        let replica = &mut self.replicas[at];
        let held = replica.get(request.key());
        let effect = request.on(held.map(|(_, value)| value));
        if let Some(value) = effect.value {
            if held.is_none() && replica.len() >= KEYS_MAX {
                return full();
            }
            self.writes += 1;
            let stamp = (now + self.skews[at], self.writes, at);
            if held.is_none_or(|(held, _)| *held < stamp) {
                replica.insert(request.key().to_owned(), (stamp, value));
            }
        }
        effect.body
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn read(store: &mut LastWriterWins, now: Duration) -> u64 {
        store.answer("n1", &json!({ "type": "read", "key": "k" }), now)["value"].as_u64().unwrap_or(0)
    }

    fn write(store: &mut LastWriterWins, value: u64, now: Duration) {
        let body = json!({ "type": "write", "key": "k", "value": value });
        assert_eq!(store.answer("n1", &body, now)["type"], "write_ok");
    }

    #[test]
    fn even_the_writer_reads_what_is_stale_and_goes_back() {
        let mut store = LastWriterWins::new(1);
        let (mut stale, mut back, mut before) = (0, 0, 0);
        for value in 1..=200 {
            write(&mut store, value, ms(value));
            let seen = read(&mut store, ms(value));
            stale += u32::from(seen < value);
            back += u32::from(seen < before);
            before = seen;
        }
        assert!(stale > 50 && back > 5, "{stale} {back}");
    }

    #[test]
    fn when_it_is_quiet_all_replicas_hold_what_was_written_last() {
        for seed in 0..20 {
            let mut store = LastWriterWins::new(seed);
            write(&mut store, 1, ms(0));
            write(&mut store, 2, ms(1_000));
            read(&mut store, ms(100_000));
            for _ in 0..20 {
                assert_eq!(read(&mut store, ms(200_000)), 2);
            }
        }
    }

    #[test]
    fn a_clock_ahead_makes_a_later_write_lose() {
        let lost = (0..200).filter(|seed| {
            let mut store = LastWriterWins::new(*seed);
            write(&mut store, 1, ms(0));
            write(&mut store, 2, ms(1));
            read(&mut store, ms(100_000));
            read(&mut store, ms(200_000)) == 1
        });
        assert!((20..120).contains(&lost.count()));
    }
}
