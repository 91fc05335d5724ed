//! The parsers of whole numbers on the command line. Their errors are for a person.

use std::num::NonZeroUsize;

const NO_PORT: &str = "a port is a number from 1 to 65535";

/// Parses a whole number, such as a seed.
pub(super) fn whole(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("a whole number from 0 to {} is expected", u64::MAX))
}

/// Parses a number of lines.
pub(super) fn lines(text: &str) -> Result<usize, String> {
    text.parse().map_err(|_| "a whole number of lines is expected, such as 20".to_owned())
}

/// Parses a port to listen on.
pub(super) fn port(text: &str) -> Result<u16, String> {
    any_port(text).ok().filter(|port| *port > 0).ok_or_else(|| NO_PORT.to_owned())
}

/// Parses a port to listen on, or `any` for one that the system chooses, which is 0.
pub(super) fn port_or_any(text: &str) -> Result<u16, String> {
    if text == "any" { Ok(0) } else { port(text) }
}

/// Parses a port to connect to. Port 0 is accepted: the connection fails, as one to any unused port does.
pub(super) fn any_port(text: &str) -> Result<u16, String> {
    text.parse().map_err(|_| NO_PORT.to_owned())
}

/// Parses the number of runs that are under way at the same time.
pub(super) fn side_by_side(text: &str) -> Result<NonZeroUsize, String> {
    text.parse().map_err(|_| "the number of runs side by side is a whole number, at least 1".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_out_of_range_are_refused_in_words() {
        assert_eq!((whole("7"), port("65535")), (Ok(7), Ok(65535)));
        for wrong in ["0", "65536", "-1", "x", ""] {
            assert_eq!(port(wrong), Err("a port is a number from 1 to 65535".to_owned()));
        }
        assert!(whole("-1").is_err() && lines("x").is_err() && side_by_side("0").is_err());
    }
}
