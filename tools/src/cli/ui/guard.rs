//! The check of a request to the page: it comes from this machine's own page, and knows the token.
//!
//! A page of another site may send requests to a loopback address. It can neither read the token nor choose
//! the `Host` that the browser sends, and its `Origin` is not that of this page.

use axum::http::{HeaderMap, HeaderName, header};

/// The names of this machine in a `Host`. Any port may follow: a tunnel of `ssh -L` may have another.
const HOSTS: [&str; 3] = ["127.0.0.1", "localhost", "[::1]"];

/// Returns true if a request may be answered.
pub(super) fn admits(token: &str, query: Option<&str>, headers: &HeaderMap) -> bool {
    let Some(host) = single(headers, &header::HOST) else { return false };
    let name = host.rsplit_once(':').map_or(host, |(name, port)| {
        if port.bytes().all(|byte| byte.is_ascii_digit()) { name } else { host }
    });
    if !HOSTS.contains(&name) {
        return false;
    }
    let from_here = |origin: &str| origin.strip_prefix("http://") == Some(host);
    if headers.contains_key(header::ORIGIN) && !single(headers, &header::ORIGIN).is_some_and(from_here) {
        return false;
    }
    let given =
        query.into_iter().flat_map(|query| query.split('&')).find_map(|pair| pair.strip_prefix("token="));
    given.is_some_and(|given| is_same(given, token))
}

/// Returns the value of a header that is there exactly once.
fn single<'h>(headers: &'h HeaderMap, name: &HeaderName) -> Option<&'h str> {
    let mut values = headers.get_all(name).iter();
    let value = values.next()?.to_str().ok()?;
    values.next().is_none().then_some(value)
}

/// Compares two texts in a time that does not depend on where they differ.
fn is_same(one: &str, other: &str) -> bool {
    let differing =
        one.bytes().zip(other.bytes()).fold(0, |differing, (one, other)| differing | (one ^ other));
    one.len() == other.len() && differing == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(query: &str, headers: &[(&str, &str)], admitted: bool) {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(HeaderName::from_bytes(name.as_bytes()).unwrap(), value.parse().unwrap());
        }
        assert_eq!(admits("secret", Some(query), &map), admitted, "{query} {headers:?}");
    }

    #[test]
    fn the_token_has_to_be_right() {
        let host = [("host", "127.0.0.1:4000")];
        check("token=secret", &host, true);
        check("a=b&token=secret", &host, true);
        for wrong in ["", "token=", "token=secre", "token=secret2", "token=Secret", "secret", "xtoken=secret"]
        {
            check(wrong, &host, false);
        }
        assert!(!admits("secret", None, &HeaderMap::new()));
    }

    #[test]
    fn the_host_has_to_be_this_machine() {
        for host in ["127.0.0.1:4000", "localhost:8080", "localhost", "[::1]:4000", "[::1]"] {
            check("token=secret", &[("host", host)], true);
        }
        for host in ["evil.example:4000", "127.0.0.1.evil.example", "localhost:80:90", "", "localhost:x"] {
            check("token=secret", &[("host", host)], false);
        }
        check("token=secret", &[], false);
        check("token=secret", &[("host", "localhost:1"), ("host", "localhost:1")], false);
    }

    #[test]
    fn the_origin_has_to_be_the_page_itself() {
        let host = ("host", "localhost:8080");
        check("token=secret", &[host, ("origin", "http://localhost:8080")], true);
        for origin in [
            "null",
            "http://evil.example",
            "http://127.0.0.1:8080",
            "https://localhost:8080",
            "http://localhost:80",
        ] {
            check("token=secret", &[host, ("origin", origin)], false);
        }
        let twice = ("origin", "http://localhost:8080");
        check("token=secret", &[host, twice, twice], false);
    }
}
