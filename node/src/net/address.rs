//! Addresses as people write them, and the one form they are kept in: `host:port`.

use super::byc::PATH;

/// A text that names no place where a node could listen.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NotAnAddress {
    /// There is no port in it.
    #[error("`{0}` has no port: write HOST:PORT, for example localhost:3001")]
    NoPort(String),
    /// Its port is not a number from 1 to 65535.
    #[error("`{0}` has no usable port: a port is a number from 1 to 65535")]
    BadPort(String),
    /// Its host is empty or holds what no host's name can.
    #[error("`{0}` names no host: write HOST:PORT, for example localhost:3001")]
    BadHost(String),
    /// It goes beyond a host and a port.
    #[error("`{0}` has a path: a node listens at the root, write HOST:PORT")]
    Path(String),
    /// It asks for something else than a WebSocket without encryption.
    #[error("`{0}` asks for another protocol: write HOST:PORT or ws://HOST:PORT")]
    Scheme(String),
}

/// The `host:port` that `address` stands for: `3001` and `:3001` (on `default_host`),
/// `localhost:3001`, `[::1]:3001`, `ws://host:port/` or `http://host:port`.
pub fn normalise(address: &str, default_host: &str) -> Result<String, NotAnAddress> {
    let wrong = |kind: fn(String) -> NotAnAddress| kind(address.chars().take(80).collect());
    let place = match address.split_once("://") {
        None => address,
        Some(("ws" | "http", place)) => place,
        Some(_) => return Err(wrong(NotAnAddress::Scheme)),
    };
    let place = place.strip_suffix('/').unwrap_or(place);
    if place.contains('/') {
        return Err(wrong(NotAnAddress::Path));
    }
    let (host, port) = match place.rsplit_once(':') {
        None if place.bytes().all(|byte| byte.is_ascii_digit()) && !place.is_empty() => (default_host, place),
        None => return Err(wrong(NotAnAddress::NoPort)),
        // What follows the last colon of a bare `[::1]` is no port.
        Some(_) if place.ends_with(']') => return Err(wrong(NotAnAddress::NoPort)),
        Some(("", port)) => (default_host, port),
        Some(split) => split,
    };
    if !port.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong(NotAnAddress::BadPort));
    }
    let port: u16 = port.parse().map_err(|_| wrong(NotAnAddress::BadPort))?;
    if port == 0 {
        return Err(wrong(NotAnAddress::BadPort));
    }
    if !is_host(host) {
        return Err(wrong(NotAnAddress::BadHost));
    }
    Ok(format!("{}:{port}", host.to_ascii_lowercase()))
}

/// The same of a neighbour to be: `/byc` after its port stays, for it says in which protocol the node
/// there is to be spoken to.
pub(super) fn normalise_peer(address: &str, default_host: &str) -> Result<String, NotAnAddress> {
    let bare = address.strip_suffix('/').unwrap_or(address);
    match bare.strip_suffix(PATH) {
        Some(place) => Ok(normalise(place, default_host)? + PATH),
        None => normalise(address, default_host),
    }
}

/// The host in `host:port`.
pub(super) fn host_of(address: &str) -> &str {
    address.rsplit_once(':').map_or(address, |(host, _)| host)
}

/// Letters, digits, `.`, `-` and `_`, or a numeric IPv6 address in brackets.
fn is_host(host: &str) -> bool {
    if let Some(inner) = host.strip_prefix('[') {
        return inner.strip_suffix(']').is_some_and(|inner| inner.parse::<std::net::Ipv6Addr>().is_ok());
    }
    !host.is_empty()
        && host.len() <= 255
        && host.bytes().all(|byte| byte.is_ascii_alphanumeric() || b".-_".contains(&byte))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(address: &str, expected: Result<&str, fn(String) -> NotAnAddress>) {
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
        assert_eq!(peer("h:7/other"), Err(NotAnAddress::Path("h:7/other".to_owned())));
        assert_eq!(peer("/byc"), Err(NotAnAddress::NoPort(String::new())));
    }

    #[test]
    fn what_is_no_address_is_refused_with_the_remedy() {
        check("", Err(NotAnAddress::NoPort));
        check("localhost", Err(NotAnAddress::NoPort));
        check("[::1]", Err(NotAnAddress::NoPort));
        check("localhost:", Err(NotAnAddress::BadPort));
        check("localhost:0", Err(NotAnAddress::BadPort));
        check("localhost:+7", Err(NotAnAddress::BadPort));
        check("65536", Err(NotAnAddress::BadPort));
        check("::1:3001", Err(NotAnAddress::BadHost));
        check("[x]:3001", Err(NotAnAddress::BadHost));
        check("a b:3001", Err(NotAnAddress::BadHost));
        check("user@host:3001", Err(NotAnAddress::BadHost));
        check("host:3001/byc", Err(NotAnAddress::Path));
        check("wss://host:3001", Err(NotAnAddress::Scheme));
    }
}
