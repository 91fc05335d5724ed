//! Redirects: the page that an answer over HTTP leads to.
//!
//! The method and the body are kept but for 303, whose page is read. That RFC 9110 (15.4.2 and 15.4.3) lets a
//! client turn a POST into a GET at 301 and 302 is for browsers: a store that leads to its leader means the
//! request as it was.

use hyper::http::Method;
use url::Url;

/// The most redirects of one request that are followed. Chosen: a store leads to its leader by one, or by two
/// while the leader changes.
pub(super) const FOLLOWED_MAX: usize = 5;

/// The most characters of a place that a message shows. Chosen: a line of a terminal.
const SHOWN: usize = 100;

/// The page that an answer leads to.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Next {
    pub(super) url: Url,
    pub(super) method: Method,
    /// True if the request was carried out already, and the page only tells of it: it is read without a body.
    pub(super) is_report: bool,
}

/// The reason why an answer leads to no page that could be asked.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum RedirectError {
    /// The place is no URL.
    #[error("`{shown}`, which is no URL: {cause}")]
    NoUrl { shown: String, cause: String },
    /// The page is served by another protocol than HTTP without TLS.
    #[error("`{0}`, and only http:// is spoken")]
    Protocol(String),
}

/// Returns the page that an answer to a request of this method leads to; none if it leads nowhere.
pub(super) fn next(
    status: u16,
    location: Option<&[u8]>,
    asked: &Url,
    method: &Method,
) -> Result<Option<Next>, RedirectError> {
    let (301..=303 | 307 | 308, Some(location)) = (status, location) else { return Ok(None) };
    let text = String::from_utf8_lossy(location);
    let no_url = |cause: String| RedirectError::NoUrl { shown: beginning(&text), cause };
    if text.trim().is_empty() {
        return Err(no_url("it is empty".to_owned()));
    }
    let url = asked.join(&text).map_err(|error| no_url(error.to_string()))?;
    if url.scheme() != "http" {
        return Err(RedirectError::Protocol(beginning(&text)));
    }
    let is_report = status == 303;
    let method = if is_report && *method != Method::HEAD { Method::GET } else { method.clone() };
    Ok(Some(Next { url, method, is_report }))
}

/// Returns the addresses by which a directory may know the server of a page, as `host:port`.
pub(super) fn addresses(url: &Url) -> Vec<String> {
    let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else { return Vec::new() };
    let loopback = (host == "localhost").then(|| format!("127.0.0.1:{port}"));
    std::iter::once(format!("{host}:{port}")).chain(loopback).collect()
}

/// Returns the beginning of a text for a message.
pub(super) fn beginning(text: &str) -> String {
    let cut = text.char_indices().nth(SHOWN).map(|(at, _)| format!("{}…", &text[..at]));
    cut.unwrap_or_else(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(status: u16, location: &str, method: &Method, expected: &str) {
        let asked = Url::parse("http://10.0.0.1:3000/kv/x?old=1").unwrap();
        let shown = match next(status, Some(location.as_bytes()), &asked, method) {
            Ok(Some(next)) => format!("{} {}", next.method, next.url),
            Ok(None) => "nowhere".to_owned(),
            Err(error) => error.to_string(),
        };
        assert_eq!(shown, expected, "{status} {location}");
    }

    #[test]
    fn a_place_is_read_from_the_page_that_was_asked() {
        for (location, expected) in [
            ("http://10.0.0.2:4000/kv/x", "PUT http://10.0.0.2:4000/kv/x"),
            ("//10.0.0.2:4000/kv/x", "PUT http://10.0.0.2:4000/kv/x"),
            ("/leader/x", "PUT http://10.0.0.1:3000/leader/x"),
            ("y", "PUT http://10.0.0.1:3000/kv/y"),
            ("?new=1", "PUT http://10.0.0.1:3000/kv/x?new=1"),
            ("../y", "PUT http://10.0.0.1:3000/y"),
        ] {
            check(307, location, &Method::PUT, expected);
        }
    }

    #[test]
    fn only_303_changes_the_method() {
        for status in [301, 302, 307, 308] {
            check(status, "/y", &Method::POST, "POST http://10.0.0.1:3000/y");
        }
        check(303, "/y", &Method::POST, "GET http://10.0.0.1:3000/y");
        check(303, "/y", &Method::HEAD, "HEAD http://10.0.0.1:3000/y");
        for status in [200, 300, 304, 305, 404] {
            check(status, "/y", &Method::POST, "nowhere");
        }
        let asked = Url::parse("http://10.0.0.1:3000/").unwrap();
        assert_eq!(next(307, None, &asked, &Method::GET), Ok(None));
    }

    #[test]
    fn a_place_that_is_no_page_is_named_in_short() {
        check(307, "", &Method::GET, "``, which is no URL: it is empty");
        check(307, "http://", &Method::GET, "`http://`, which is no URL: empty host");
        check(
            307,
            "http://a:99999/",
            &Method::GET,
            "`http://a:99999/`, which is no URL: invalid port number",
        );
        check(307, "https://a/", &Method::GET, "`https://a/`, and only http:// is spoken");
        let long = format!("ftp://{}", "x".repeat(1_000_000));
        let expected = format!("`ftp://{}…`, and only http:// is spoken", "x".repeat(SHOWN - 6));
        check(307, &long, &Method::GET, &expected);
    }

    #[test]
    fn the_name_of_loopback_is_its_address() {
        let of = |url: &str| addresses(&Url::parse(url).unwrap());
        assert_eq!(of("http://localhost:3000/x"), ["localhost:3000", "127.0.0.1:3000"]);
        assert_eq!(of("http://u:p@[::1]/x"), ["[::1]:80"]);
    }
}
