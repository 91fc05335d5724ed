//! `lww-kv`: replicas that exchange their state now and then, and keep the last write of each key.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;

use super::Service;
use super::request::{KEYS_MAX, Request, full};
use crate::random::Rng;

/// The number of replicas. Chosen: a usual size of a replicated store.
const REPLICAS: usize = 5;
/// The greatest difference between the replicas' clocks, in milliseconds. Chosen: the order of clocks that are
/// synchronised over a network.
const SKEW_MS_MAX: u64 = 10;
/// The time after which one replica learns from another without a request. Chosen: long enough that stale reads
/// are frequent under load.
const GOSSIP_EVERY: Duration = Duration::from_millis(50);
/// The most exchanges between two requests: by then five replicas hold the same with near certainty.
const GOSSIP_MAX: u32 = 64;

/// The time of a write, its number and its replica: of two stamps the greater wins.
type Stamp = (Duration, u64, usize);

/// A store of several replicas. A replica drawn at random answers each request. Its own clock stamps writes,
/// so that a write may lose to an earlier one.
#[derive(Debug)]
pub(super) struct LastWriterWins {
    rng: Rng,
    replicas: Vec<BTreeMap<String, (Stamp, Value)>>,
    /// The lead of each replica's clock.
    skews: Vec<Duration>,
    /// The number of writes, which tells writes of one moment apart.
    writes: u64,
    gossiped: Duration,
}

impl LastWriterWins {
    pub(super) fn new(seed: u64) -> Self {
        let mut rng = Rng::new(seed);
        let skews = (0..REPLICAS).map(|_| Duration::from_millis(rng.within(0, SKEW_MS_MAX))).collect();
        Self { rng, replicas: vec![BTreeMap::new(); REPLICAS], skews, writes: 0, gossiped: Duration::ZERO }
    }

    /// Merges one replica into another, with every second request on average and as time passes. Of two
    /// values of a key the one with the greater stamp stays.
    fn gossip(&mut self, now: Duration) {
        let passed = now.saturating_sub(self.gossiped).as_millis() / GOSSIP_EVERY.as_millis();
        let rounds = u32::try_from(passed).unwrap_or(GOSSIP_MAX).min(GOSSIP_MAX);
        if rounds > 0 {
            self.gossiped = now;
        }
        for _ in 0..rounds + u32::from(self.rng.percent(50)) {
            let (from, to) = (self.rng.index(REPLICAS), self.rng.index(REPLICAS));
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
        let at = self.rng.index(REPLICAS);
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
