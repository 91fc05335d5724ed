//! Addresses as people write them, and the one form in which they are stored: `host:port`.

use super::byc::PATH;

/// The most characters of a text that is no address that an error quotes: a line.
const QUOTED_MAX: usize = 80;
/// The longest host, in bytes (RFC 1035, 2.3.4: names have at most 255).
const HOST_MAX: usize = 255;

/// The reason why a text is no address of a node.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressError {
    /// The text has no port.
    #[error("`{0}` has no port: write HOST:PORT, for example localhost:3001")]
    NoPort(String),
    /// The port is not a number from 1 to 65535.
    #[error("`{0}` has no usable port: a port is a number from 1 to 65535")]
    BadPort(String),
    /// The host is empty, or holds characters that no host has.
    #[error("`{0}` names no host: write HOST:PORT, for example localhost:3001")]
    BadHost(String),
    /// The text has a path after its host and port.
    #[error("`{0}` has a path: a node listens at the root, write HOST:PORT")]
    Path(String),
    /// The scheme is another one than a WebSocket without encryption.
    #[error("`{0}` asks for another protocol: write HOST:PORT or ws://HOST:PORT")]
    Scheme(String),
}

/// Returns the `host:port` of an address: `3001` and `:3001` (on `default_host`), `localhost:3001`,
/// `[::1]:3001`, `ws://host:port/` or `http://host:port`.
pub fn normalise(address: &str, default_host: &str) -> Result<String, AddressError> {
    let wrong = |kind: fn(String) -> AddressError| kind(address.chars().take(QUOTED_MAX).collect());
    let place = match address.split_once("://") {
        None => address,
        Some(("ws" | "http", place)) => place,
        Some(_) => return Err(wrong(AddressError::Scheme)),
    };
    let place = place.strip_suffix('/').unwrap_or(place);
    if place.contains('/') {
        return Err(wrong(AddressError::Path));
    }
    let (host, port) = match place.rsplit_once(':') {
        None if place.bytes().all(|byte| byte.is_ascii_digit()) && !place.is_empty() => (default_host, place),
        None => return Err(wrong(AddressError::NoPort)),
        // What follows the last colon of a bare `[::1]` is no port.
        Some(_) if place.ends_with(']') => return Err(wrong(AddressError::NoPort)),
        Some(("", port)) => (default_host, port),
        Some(split) => split,
    };
    if !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong(AddressError::BadPort));
    }
    let port: u16 = port.parse().map_err(|_| wrong(AddressError::BadPort))?;
    if port == 0 {
        return Err(wrong(AddressError::BadPort));
    }
    if !is_host(host) {
        return Err(wrong(AddressError::BadHost));
    }
    Ok(format!("{}:{port}", host.to_ascii_lowercase()))
}

/// Returns the address of a peer as [`normalise`] does. A `/byc` after its port stays, since it names the
/// protocol of the node there.
pub(super) fn normalise_peer(address: &str, default_host: &str) -> Result<String, AddressError> {
    let bare = address.strip_suffix('/').unwrap_or(address);
    match bare.strip_suffix(PATH) {
        Some(place) => Ok(normalise(place, default_host)? + PATH),
        None => normalise(address, default_host),
    }
}

/// Returns the host in `host:port`.
pub(super) fn host_of(address: &str) -> &str {
    address.rsplit_once(':').map_or(address, |(host, _)| host)
}

/// Returns true for letters, digits, `.`, `-` and `_`, or a numeric IPv6 address in brackets.
fn is_host(host: &str) -> bool {
    if let Some(inner) = host.strip_prefix('[') {
        return inner.strip_suffix(']').is_some_and(|inner| inner.parse::<std::net::Ipv6Addr>().is_ok());
    }
    !host.is_empty()
        && host.len() <= HOST_MAX
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(address: &str, expected: Result<&str, fn(String) -> AddressError>) {
        let expected = expected.map(str::to_owned).map_err(|kind| kind(address.to_owned()));
        assert_eq!(normalise(address, "127.0.0.1"), expected);
    }

    #[test]
    fn an_address_is_a_host_and_a_port_however_it_is_written() {
        check("3001", Ok("127.0.0.1:3001"));
        check(":3001", Ok("127.0.0.1:3001"));
        check("localhost:3001", Ok("localhost:3001"));
        check("LocalHost:03001", Ok("localhost:3001"));
        check("[::1]:3001", Ok("[::1]:3001"));
        check("ws://h:7/", Ok("h:7"));
        check("http://node-1.example:7", Ok("node-1.example:7"));
    }

    #[test]
    fn a_neighbour_may_be_of_another_protocol() {
        let peer = |address| normalise_peer(address, "127.0.0.1");
        assert_eq!(peer(":3001/byc"), Ok("127.0.0.1:3001/byc".to_owned()));
        assert_eq!(peer("http://Localhost:3001/byc/"), Ok("localhost:3001/byc".to_owned()));
        assert_eq!(peer("localhost:3001/"), Ok("localhost:3001".to_owned()));
        assert_eq!(peer("h:7/other"), Err(AddressError::Path("h:7/other".to_owned())));
        assert_eq!(peer("/byc"), Err(AddressError::NoPort(String::new())));
    }

    #[test]
    fn what_is_no_address_is_refused_with_the_remedy() {
        check("", Err(AddressError::NoPort));
        check("localhost", Err(AddressError::NoPort));
        check("[::1]", Err(AddressError::NoPort));
        check("localhost:", Err(AddressError::BadPort));
        check("localhost:0", Err(AddressError::BadPort));
        check("localhost:+7", Err(AddressError::BadPort));
        check("65536", Err(AddressError::BadPort));
        check("::1:3001", Err(AddressError::BadHost));
        check("[x]:3001", Err(AddressError::BadHost));
        check("a b:3001", Err(AddressError::BadHost));
        check("user@host:3001", Err(AddressError::BadHost));
        check("host:3001/byc", Err(AddressError::Path));
        check("wss://host:3001", Err(AddressError::Scheme));
    }
}
