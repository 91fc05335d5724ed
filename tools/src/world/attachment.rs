//! The address of a node that runs already.

use std::collections::BTreeMap;
use std::str::FromStr;

/// The begin of the name of an option that is the address of one node. No option of all nodes has a dot.
const PREFIX: &str = "at.";

/// The address of a node that runs already, as in `at=127.0.0.1:7000,peer=7001`.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Attachment {
    /// The host: a name, or an address without brackets.
    pub host: String,
    /// The port that requests go to.
    pub port: u16,
    /// Further ports, by the names that the driver gives them.
    pub ports: BTreeMap<String, u16>,
}

/// The reason why a text is no address of a node.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AttachmentError {
    /// The text has no host, or no port after it.
    #[error("`{0}` is no address: a host and a port are expected, such as `127.0.0.1:7000` or `[::1]:7000`")]
    NoAddress(String),
    /// An IPv6 address has no brackets, so that its port cannot be told.
    #[error("`{0}` is no address: an IPv6 host has brackets around it, such as `[::1]:7000`")]
    NoBrackets(String),
    /// The text after the colon is no port.
    #[error("`{0}` is no port: a number from 1 to 65535 is expected")]
    NoPort(String),
    /// A further part names no port.
    #[error("`{0}` is no further port: a name and a number are expected, such as `peer=7001`")]
    NoFurtherPort(String),
    /// A further port is given twice.
    #[error("the port `{0}` is given twice")]
    Twice(String),
}

impl Attachment {
    /// Returns the address of the port that requests go to, as `host:port`, with brackets around an IPv6 host.
    #[must_use]
    pub fn address(&self) -> String {
        let Self { host, port, .. } = self;
        if host.contains(':') { format!("[{host}]:{port}") } else { format!("{host}:{port}") }
    }
}

impl Attachment {
    /// Returns the name by which the options of all nodes hold the address of one.
    #[must_use]
    pub fn option_of(node: &str) -> String {
        format!("{PREFIX}{node}")
    }

    /// Returns the node whose address an option of that name is.
    #[must_use]
    pub fn node_of(option: &str) -> Option<&str> {
        option.strip_prefix(PREFIX)
    }
}

impl FromStr for Attachment {
    type Err = AttachmentError;

    fn from_str(text: &str) -> Result<Self, AttachmentError> {
        let mut words = text.split(',').map(str::trim);
        let address = words.next().unwrap_or_default();
        let (host, port) = host_and_port(address)?;
        let mut ports = BTreeMap::new();
        for word in words {
            let (name, number) = word
                .split_once('=')
                .filter(|(name, _)| !name.is_empty())
                .ok_or_else(|| AttachmentError::NoFurtherPort(word.to_owned()))?;
            if ports.insert(name.to_owned(), port_of(number)?).is_some() {
                return Err(AttachmentError::Twice(name.to_owned()));
            }
        }
        Ok(Self { host, port: port_of(port)?, ports })
    }
}

/// Splits an address into its host, without brackets, and the text of its port.
fn host_and_port(address: &str) -> Result<(String, &str), AttachmentError> {
    let wrong = || AttachmentError::NoAddress(address.to_owned());
    let (host, port) = address.rsplit_once(':').ok_or_else(wrong)?;
    if let Some(inner) = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')) {
        let is_address = inner.parse::<std::net::Ipv6Addr>().is_ok();
        return if is_address { Ok((inner.to_owned(), port)) } else { Err(wrong()) };
    }
    if host.contains(':') && address.parse::<std::net::Ipv6Addr>().is_ok() {
        return Err(AttachmentError::NoBrackets(address.to_owned()));
    }
    // An address of the web is no address of a node, and a name of a host has no other signs than these.
    let is_name = !host.is_empty()
        && host.chars().all(|sign| sign.is_ascii_alphanumeric() || matches!(sign, '.' | '-' | '_'));
    if is_name { Ok((host.to_owned(), port)) } else { Err(wrong()) }
}

fn port_of(text: &str) -> Result<u16, AttachmentError> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    let port = text.parse().ok().filter(|port| *port > 0 && is_number);
    port.ok_or_else(|| AttachmentError::NoPort(text.to_owned()))
}

impl std::fmt::Display for Attachment {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.address())?;
        self.ports.iter().try_for_each(|(name, port)| write!(f, ",{name}={port}"))
    }
}

impl From<Attachment> for String {
    fn from(at: Attachment) -> Self {
        at.to_string()
    }
}

impl TryFrom<String> for Attachment {
    type Error = AttachmentError;

    fn try_from(text: String) -> Result<Self, AttachmentError> {
        text.parse()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: &str) {
        let read = text.parse::<Attachment>();
        let told = read
            .map_or_else(|error| error.to_string(), |at| format!("{} {} {:?}", at.host, at.port, at.ports));
        assert_eq!(told, expected);
    }

    #[test]
    fn an_address_has_a_host_a_port_and_perhaps_further_ports() {
        check("127.0.0.1:7000", "127.0.0.1 7000 {}");
        check("[::1]:7000", "::1 7000 {}");
        check("db-1.local:7000", "db-1.local 7000 {}");
        check("localhost:1,peer=2, admin=3", "localhost 1 {\"admin\": 3, \"peer\": 2}");
        assert_eq!("[::1]:7,peer=8".parse::<Attachment>().map(String::from), Ok("[::1]:7,peer=8".to_owned()));
    }

    #[test]
    fn what_is_no_address_is_refused_with_an_example() {
        let usual = "a host and a port are expected, such as `127.0.0.1:7000` or `[::1]:7000`";
        for text in ["", "7000", ":7000", "http://x:7000", "[::1:7000", "[x]:7000", "a b:7000"] {
            check(text, &format!("`{text}` is no address: {usual}"));
        }
        check("::1", "`::1` is no address: an IPv6 host has brackets around it, such as `[::1]:7000`");
        for port in ["", "0", "65536", "+7", "x"] {
            let told = format!("`{port}` is no port: a number from 1 to 65535 is expected");
            check(&format!("localhost:{port}"), &told);
        }
        check("x:1,peer", "`peer` is no further port: a name and a number are expected, such as `peer=7001`");
        check("x:1,p=2,p=3", "the port `p` is given twice");
    }
}
