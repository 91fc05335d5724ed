//! The parser of numbers, and of numbers with units.

use std::collections::BTreeMap;
use std::time::Duration;

use thiserror::Error;

use super::ast::{Rate, RateUnit};
use super::reader::{Read, Reader, State};
use super::token;
use crate::text::{Source, Span, TIME_UNITS, nearest};

/// The reason why a text is no quantity, with the remedy where the text shows one. Nothing was read of it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum QuantityError {
    /// The text is no number with a unit, or is out of bounds.
    #[error("{0}")]
    Invalid(String),
    /// The text is a number without a unit.
    #[error("{message}; with a unit: `{number}s` or `{number}ms`")]
    NoUnit {
        /// The fault.
        message: String,
        /// The number.
        number: String,
    },
}

/// Units of speed, in bits per second.
const SPEED: [(&str, f64); 4] = [("bit", 1.0), ("kbit", 1e3), ("mbit", 1e6), ("gbit", 1e9)];

/// Units of shares, as parts of one.
const SHARE: [(&str, f64); 1] = [("%", 0.01)];

/// The names of units, by the quantities that they measure.
#[derive(Debug)]
pub struct Units {
    /// Units of time.
    pub time: &'static [&'static str],
    /// Units of speed.
    pub speed: &'static [&'static str],
    /// Units of shares.
    pub share: &'static [&'static str],
    /// Units of rates.
    pub rate: &'static [&'static str],
}

/// The names of all units.
pub const UNITS: Units = Units {
    time: &["us", "ms", "s", "m", "h"],
    speed: &["bit", "kbit", "mbit", "gbit"],
    share: &["%"],
    rate: &["/s", "/m"],
};

/// The longest duration that may be written. Chosen: a year; a longer one is a mistake, and would overflow
/// timers.
const DURATION_MAX: Duration = Duration::from_hours(365 * 24);

/// A number as it was written, with the unit that touches it.
pub(super) struct Quantity<'a> {
    number: f64,
    digits: &'a str,
    unit: &'a str,
    span: Span,
    unit_span: Span,
}

impl From<QuantityError> for String {
    fn from(error: QuantityError) -> Self {
        error.to_string()
    }
}

impl Quantity<'_> {
    /// Returns the number in the base of its unit: seconds, bits per second, a share of one.
    pub(super) fn value(&self, reader: &Reader<'_>) -> Read<f64> {
        let all = TIME_UNITS.into_iter().chain(SPEED).chain(SHARE);
        if self.unit.is_empty() { Ok(self.number) } else { self.times(reader, all) }
    }

    fn times(
        &self,
        reader: &Reader<'_>,
        units: impl Iterator<Item = (&'static str, f64)> + Clone,
    ) -> Read<f64> {
        if let Some((_, factor)) = units.clone().find(|(unit, _)| *unit == self.unit) {
            return Ok(self.number * factor);
        }
        let names: Vec<&str> = units.map(|(unit, _)| unit).collect();
        let error = reader.error(self.unit_span, format!("unknown unit `{}`", self.unit));
        Err(match nearest(self.unit, names.iter().copied()) {
            Some(near) => error.did_you_mean(Some(near)),
            None => error.help(format!("one of {}", names.join(", "))),
        })
    }
}

impl<'a> Reader<'a> {
    /// Reads a number and the unit that touches it, if a number comes next.
    pub(super) fn quantity(&mut self) -> Option<Quantity<'a>> {
        let start = self.position();
        let digits = self.eat(token::number)?;
        let unit_start = self.position();
        let unit = self.eat(token::unit).unwrap_or_default();
        let unit_span = self.since(unit_start);
        // A number in these digits always parses; one too great for a float is infinite.
        let number = digits.parse().unwrap_or(f64::INFINITY);
        Some(Quantity { number, digits, unit, span: self.since(start), unit_span })
    }

    /// Reads a duration: `5s`, `200ms`, or a parameter that stands for one.
    pub(super) fn duration(&mut self) -> Read<Duration> {
        self.fixed("a duration", |reader| {
            let Some(quantity) = reader.quantity() else {
                return Err(reader.expected("a duration").help("such as `5s` or `200ms`"));
            };
            if quantity.unit.is_empty() {
                let message = format!("a bare number is no duration: `{}`", quantity.digits);
                let help = format!("with a unit: `{0}s` or `{0}ms`", quantity.digits);
                return Err(reader.error(quantity.span, message).help(help));
            }
            let seconds = quantity.times(reader, TIME_UNITS.into_iter())?;
            match Duration::try_from_secs_f64(seconds) {
                Ok(duration) if duration <= DURATION_MAX => Ok(duration),
                _ => {
                    let error = reader.error(quantity.span, "a duration longer than a year");
                    Err(error.help("the longest is `8760h`"))
                }
            }
        })
    }

    /// Reads the shift of a clock, such as `+10s`, and returns it in milliseconds.
    pub(super) fn shift(&mut self) -> Read<i64> {
        let start = self.position();
        let sign = self.eat(token::any_of("+-"));
        let by = self.duration()?;
        if by.subsec_nanos() % 1_000_000 != 0 {
            let error = self.error(self.since(start), "a clock is shifted by whole milliseconds");
            return Err(error.help("such as `+10s` or `-500ms`"));
        }
        // A duration is at most a year: far within an i64.
        let by = i64::try_from(by.as_millis()).unwrap_or(i64::MAX);
        Ok(if sign == Some('-') { -by } else { by })
    }

    /// Reads a whole number, or a parameter that stands for one.
    pub(super) fn whole(&mut self, what: &str) -> Read<u64> {
        self.fixed(what, |reader| {
            let Some(quantity) = reader.quantity() else { return Err(reader.expected(what)) };
            match (quantity.digits.parse(), quantity.unit) {
                (Ok(number), "") => Ok(number),
                (Ok(_), _) => Err(reader
                    .error(quantity.unit_span, format!("{what} has no unit"))
                    .help(format!("write `{}`", quantity.digits))),
                (Err(_), _) => {
                    Err(reader.error(quantity.span, format!("{what} is a whole number, below 2^64")))
                }
            }
        })
    }

    /// Reads a percentage, such as `1%`, and returns it as a share of one.
    pub(super) fn percentage(&mut self) -> Read<f64> {
        self.fixed("a percentage", |reader| {
            let Some(quantity) = reader.quantity() else {
                return Err(reader.expected("a percentage").help("such as `1%`"));
            };
            if quantity.unit.is_empty() {
                let message = format!("a bare number is no percentage: `{}`", quantity.digits);
                return Err(reader
                    .error(quantity.span, message)
                    .help(format!("write `{}%`", quantity.digits)));
            }
            let share = quantity.times(reader, SHARE.into_iter())?;
            if share > 1.0 {
                let error = reader.error(quantity.span, "more than `100%`");
                return Err(error.help("write a share of at most `100%`"));
            }
            Ok(share)
        })
    }

    /// Reads a bandwidth, such as `1mbit`, and returns it in bits per second.
    pub(super) fn bit_rate(&mut self) -> Read<u64> {
        self.fixed("a rate", |reader| {
            let Some(quantity) = reader.quantity() else {
                return Err(reader.expected("a rate").help("such as `1mbit`"));
            };
            if quantity.unit.is_empty() {
                let message = format!("a bare number is no rate: `{}`", quantity.digits);
                let help = format!("with a unit: `{0}mbit` or `{0}kbit`", quantity.digits);
                return Err(reader.error(quantity.span, message).help(help));
            }
            let bits = quantity.times(reader, SPEED.into_iter())?.round();
            // 2^53, up to which a float is exact: nine petabits a second.
            if !(1.0..=9_007_199_254_740_992.0).contains(&bits) {
                let error = reader.error(quantity.span, "a rate between `1bit` and `9000000gbit` is needed");
                return Err(error.help("`cut` lets nothing through"));
            }
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "whole, and within 1 and 2^53"
            )]
            Ok(bits as u64)
        })
    }

    /// Reads the rate of a `repeat`, such as `200/s`.
    pub(super) fn rate(&mut self) -> Read<Rate> {
        let start = self.position();
        let example = "such as `200/s` or `30/m`";
        let count = if self.peek() == Some('$') {
            // The parameter may stand for `200` or for all of `200/s`.
            let token = self.dollar()?;
            self.back_to(start);
            if self.is_param(token.text) && self.params[token.text].contains('/') {
                #[expect(
                    clippy::redundant_closure_for_method_calls,
                    reason = "the method alone is not general over lifetimes"
                )]
                return self.fixed("a rate", |reader| reader.rate());
            }
            self.whole("a rate's number")?
        } else {
            self.whole("a rate's number").map_err(|error| error.help(example))?
        };
        if !self.eat_char('/') {
            return Err(self.expected("`/s` or `/m`").help(example));
        }
        let unit = match self.token(token::name) {
            Some(unit) if unit.text == "s" => RateUnit::Second,
            Some(unit) if unit.text == "m" => RateUnit::Minute,
            Some(unit) => {
                let message = format!("unknown unit `/{}`", unit.text);
                return Err(self.error(unit.span, message).help("`/s` or `/m`"));
            }
            None => return Err(self.expected("`s` or `m`").help(example)),
        };
        if count == 0 {
            let span = Span { start, end: self.position() };
            let error = self.error(span, "a rate of 0 never begins");
            return Err(error.help("such as `at 5/s` or `at 30/m`"));
        }
        Ok(Rate { count, unit })
    }
}

/// Parses the shift of a clock, and returns it in milliseconds: `+10s`, `-500ms`, or `10s` forward.
///
/// ```
/// assert_eq!(tools::scenario::shift_ms("-1.5s"), Ok(-1500));
/// assert!(tools::scenario::shift_ms("10").is_err());
/// ```
#[expect(clippy::redundant_closure_for_method_calls, reason = "the path is not general in its lifetime")]
pub fn shift_ms(text: &str) -> Result<i64, QuantityError> {
    alone("clock", text, |reader| reader.shift()).map_err(QuantityError::Invalid)
}

/// Parses a duration as scenarios write it: a number that touches its unit.
///
/// ```
/// assert_eq!(tools::scenario::duration("1.5s"), Ok(std::time::Duration::from_millis(1500)));
/// assert!(tools::scenario::duration("10").is_err());
/// ```
#[expect(clippy::redundant_closure_for_method_calls, reason = "the path is not general in its lifetime")]
pub fn duration(text: &str) -> Result<Duration, QuantityError> {
    alone("duration", text, |reader| reader.duration()).map_err(|message| {
        let is_bare = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        if is_bare {
            QuantityError::NoUnit { message, number: text.to_owned() }
        } else {
            QuantityError::Invalid(message)
        }
    })
}

/// Reads a text that holds one quantity and nothing else. The error is the message of a diagnostic.
fn alone<T>(name: &str, text: &str, read: impl FnOnce(&mut Reader<'_>) -> Read<T>) -> Result<T, String> {
    let source = Source::new(name, text);
    let (params, mut state) = (BTreeMap::new(), State::default());
    let mut includes = |path: &str| Err(path.to_owned());
    let mut reader = Reader::new(&source, &params, &mut state, &mut includes);
    read(&mut reader).and_then(|value| reader.end().map(|()| value)).map_err(|error| error.message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_names_of_units_are_those_that_are_read() {
        assert_eq!(TIME_UNITS.map(|(unit, _)| unit), UNITS.time);
        assert_eq!(SPEED.map(|(unit, _)| unit), UNITS.speed);
        assert_eq!(SHARE.map(|(unit, _)| unit), UNITS.share);
    }
}
