//! The origin of a request: pages of other sites may not use the node.
//!
//! A browser lets any page open connections to any address, this machine's included, and says which page it
//! is. So requests of pages that the node did not serve are refused.

use std::net::IpAddr;

use hyper::header::{self, HeaderMap, HeaderValue};

use super::address::host_of;

/// The header by which browsers tell which site's page made a request.
const SEC_FETCH_SITE: &str = "sec-fetch-site";

/// The hosts by which this node is known. A page of another site that had its own name point here (DNS
/// rebinding) does not know them.
#[derive(Debug)]
pub(super) struct OwnHosts {
    hosts: [String; 2],
}

impl OwnHosts {
    /// Creates the hosts of a node with its addresses as `host:port`: where it listens, and the advertised one.
    pub(super) fn new(listen: &str, advertise: &str) -> Self {
        Self { hosts: [listen, advertise].map(|address| host_of(address).to_owned()) }
    }

    /// Returns true unless a browser says that a page of another site asks. A page of this site came from the
    /// very host and port that it asks, and that host is one of the node's. The host alone is not enough: a
    /// site may have a name of its own point at this address (DNS rebinding).
    pub(super) fn allow_origin(&self, headers: &HeaderMap) -> bool {
        let Some(origin) = headers.get(header::ORIGIN) else { return true };
        let (Ok(origin), Some(Ok(host))) =
            (origin.to_str(), headers.get(header::HOST).map(HeaderValue::to_str))
        else {
            return false;
        };
        let Some((_, authority)) = origin.split_once("://") else { return false };
        authority.eq_ignore_ascii_case(host) && self.include(host)
    }

    /// Returns true unless a browser marks the request as one of another site's page (Fetch Metadata, W3C).
    /// Images and the like are requested without an `Origin`, and with this mark.
    pub(super) fn allow_fetch_site(&self, headers: &HeaderMap) -> bool {
        let Some(site) = headers.get(SEC_FETCH_SITE) else { return true };
        match site.as_bytes() {
            // A person typed the address.
            b"none" => true,
            b"same-origin" => {
                let host = headers.get(header::HOST).and_then(|host| host.to_str().ok());
                host.is_some_and(|host| self.include(host))
            }
            _ => false,
        }
    }

    /// Returns true unless the request names a host that is none of this node's: a site that had its own name point here
    /// (DNS rebinding) names that.
    pub(super) fn allow_host(&self, headers: &HeaderMap) -> bool {
        match headers.get(header::HOST).map(HeaderValue::to_str) {
            None => true,
            Some(Ok(host)) => self.include(host),
            Some(Err(_)) => false,
        }
    }

    /// Returns true if the node is known by that host, with or without a port.
    fn include(&self, host: &str) -> bool {
        let name = if host.ends_with(']') { host } else { host_of(host) };
        let numeric = name.trim_matches(['[', ']']).parse::<IpAddr>().is_ok();
        numeric
            || name.eq_ignore_ascii_case("localhost")
            || self.hosts.iter().any(|known| known.eq_ignore_ascii_case(name))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(origin: Option<&str>, host: Option<&str>, expected: bool) {
        let mut headers = HeaderMap::new();
        if let Some(origin) = origin {
            headers.insert(header::ORIGIN, origin.parse().unwrap());
        }
        if let Some(host) = host {
            headers.insert(header::HOST, host.parse().unwrap());
        }
        let hosts = OwnHosts::new("127.0.0.1:3000", "node-7.example:3000");
        assert_eq!(hosts.allow_origin(&headers), expected, "{origin:?} to {host:?}");
    }

    #[test]
    fn whatever_a_browser_marks_as_another_sites_is_refused() {
        let hosts = OwnHosts::new("127.0.0.1:3000", "node-7.example:3000");
        let check = |site: Option<&str>, host: &str, expected: bool| {
            let mut headers = HeaderMap::new();
            headers.insert(header::HOST, host.parse().unwrap());
            if let Some(site) = site {
                headers.insert(SEC_FETCH_SITE, site.parse().unwrap());
            }
            assert_eq!(hosts.allow_fetch_site(&headers), expected, "{site:?} to {host}");
        };
        check(None, "127.0.0.1:3000", true);
        check(Some("none"), "127.0.0.1:3000", true);
        check(Some("same-origin"), "127.0.0.1:3000", true);
        check(Some("same-origin"), "node-7.example:3000", true);
        // A name of another site that points here.
        check(Some("same-origin"), "evil.example:3000", false);
        for site in ["cross-site", "same-site", "else"] {
            check(Some(site), "127.0.0.1:3000", false);
        }
    }

    #[test]
    fn only_pages_of_this_site_may_speak() {
        check(None, Some("127.0.0.1:3000"), true);
        check(None, None, true);
        check(Some("http://127.0.0.1:3000"), Some("127.0.0.1:3000"), true);
        check(Some("http://localhost:3000"), Some("LOCALHOST:3000"), true);
        check(Some("http://node-7.example:3000"), Some("node-7.example:3000"), true);
        check(Some("http://[::1]:3000"), Some("[::1]:3000"), true);
        check(Some("http://127.0.0.1:8080"), Some("127.0.0.1:3000"), false);
        check(Some("https://evil.example"), Some("127.0.0.1:3000"), false);
        check(Some("null"), Some("127.0.0.1:3000"), false);
        check(Some("http://127.0.0.1:3000"), None, false);
        // A name of another site that points here.
        check(Some("http://evil.example:3000"), Some("evil.example:3000"), false);
    }
}
