//! Unpredictable numbers from the system, for ids and for seeds where none is given.

use std::io;

/// Returns a random id for a network.
pub(super) fn network_id() -> io::Result<String> {
    Ok(format!("{:016x}", number()?))
}

/// Returns a random seed, short enough to be typed again.
pub(super) fn seed() -> io::Result<u64> {
    Ok(number()? % 1_000_000_000)
}

/// Returns a random number.
pub(super) fn number() -> io::Result<u64> {
    getrandom::u64().map_err(io::Error::other)
}
