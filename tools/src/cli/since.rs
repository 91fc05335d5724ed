//! The moment since which runs are of interest, as it is typed.

use std::str::FromStr;
use std::time::SystemTime;

use super::logs::stamp;

/// A moment, in milliseconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Since(u64);

impl Since {
    /// Returns true if a run that began then is of interest. One whose beginning is unknown is.
    pub(super) fn includes(self, began_ms: Option<u64>) -> bool {
        began_ms.is_none_or(|began_ms| began_ms >= self.0)
    }

    /// Reads a moment; ages count back from `now_ms`.
    fn read(text: &str, now_ms: u64) -> Option<Self> {
        if let Some(ms) = age_ms(text) {
            return Some(Self(now_ms.saturating_sub(ms)));
        }
        // A day begins at midnight, and a moment may come without its seconds.
        let with_rest = ["", ":00", "T00:00:00"].map(|rest| format!("{text}{rest}"));
        let micros = with_rest.iter().find_map(|text| stamp(text.as_bytes()))?;
        u64::try_from(micros / 1_000).ok().map(Self)
    }
}

/// Reads an age: a whole number with its unit, from seconds to weeks.
fn age_ms(text: &str) -> Option<u64> {
    let (number, unit) = text.split_at(text.find(|c: char| !c.is_ascii_digit())?);
    let seconds = match unit.trim() {
        "s" => 1,
        "m" | "min" => 60,
        "h" => 3_600,
        "d" => 86_400,
        "w" => 604_800,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(seconds)?.checked_mul(1_000)
}

impl FromStr for Since {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let now_ms = u64::try_from(now.as_millis()).unwrap_or(u64::MAX);
        Self::read(text, now_ms).ok_or_else(|| {
            "this is neither an age such as `90s`, `2h` or `3d`, nor a day or moment such as `2026-11-30` or \
             `2026-11-30T12:00`"
                .to_owned()
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<u64>) {
        assert_eq!(Since::read(text, 1_000_000_000), expected.map(Since));
    }

    #[test]
    fn a_moment_is_an_age_or_a_date() {
        check("90s", Some(999_910_000));
        check("2h", Some(992_800_000));
        check("9999w", Some(0));
        check("1970-01-02", Some(86_400_000));
        check("1970-01-02T00:01", Some(86_460_000));
        check("1970-01-02T00:01:02Z", Some(86_462_000));
        for text in ["", "2", "h", "2y", "yesterday", "1970-13-01", "99999999999999999999h"] {
            check(text, None);
        }
        assert!(Since(5).includes(None) && Since(5).includes(Some(5)) && !Since(5).includes(Some(4)));
    }
}
