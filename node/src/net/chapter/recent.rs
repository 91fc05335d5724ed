//! The values that were passed on within the last seconds. A ring of nodes that repeat each message ends here.

use std::collections::VecDeque;
use std::time::Duration;

use tokio::time::Instant;

/// The time for which an equal value counts as the same. Chosen: a ring comes round sooner, and people ping more rarely.
const SPAN: Duration = Duration::from_secs(2);
/// The most values that are remembered. Arithmetic: the core lets 20 at once and 10 a second pass.
const VALUES_MAX: usize = 64;

/// The values of the last [`SPAN`], the newest last.
#[derive(Debug, Default)]
pub(super) struct Recent(VecDeque<(Instant, serde_json::Value)>);

impl Recent {
    /// Records a value that is passed on.
    pub(super) fn record(&mut self, value: serde_json::Value, now: Instant) {
        if self.0.len() == VALUES_MAX {
            self.0.pop_front();
        }
        self.0.push_back((now, value));
    }

    /// Returns true if an equal value was passed on within the span.
    pub(super) fn contains(&self, value: &serde_json::Value, now: Instant) -> bool {
        self.0.iter().any(|(at, passed)| now.duration_since(*at) < SPAN && passed == value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_the_same_however_it_is_written_and_for_two_seconds() {
        let (mut recent, start) = (Recent::default(), Instant::now());
        let read = |text| serde_json::from_str::<serde_json::Value>(text).unwrap();
        recent.record(read(r#"{"type":"ping","text":"a"}"#), start);
        assert!(recent.contains(&read(r#" {"text": "a", "type": "ping"} "#), start + SPAN / 2));
        assert!(!recent.contains(&read(r#"{"type":"ping","text":"b"}"#), start));
        assert!(!recent.contains(&read(r#"{"type":"ping","text":"a"}"#), start + SPAN));
    }
}
