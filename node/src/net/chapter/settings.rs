//! The two ports and the peers, from options and from the environment.

use crate::net::address::{AddressError, host_of, normalise};
use crate::net::arguments::Arguments;

/// The ports of nodes of the other make that are told none.
const HTTP_PORT: u16 = 3_001;
const P2P_PORT: u16 = 6_001;
/// The most peers at the start. Chosen: as many as a node may have slots for one host; a person types a handful.
const PEERS_MAX: usize = 1_024;

/// The places at which the node listens, and the peers that it dials.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::net) struct Settings {
    /// The address for people, unless the command line says where to listen.
    pub(in crate::net) http: Option<String>,
    /// The address for neighbours.
    pub(in crate::net) p2p: String,
    /// The addresses of peers, as `host:port`.
    pub(in crate::net) peers: Vec<String>,
}

/// The reason why the settings cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(in crate::net) enum ChapterError {
    /// A text is no port.
    #[error(
        "{0}: `{1}` is no port: a port is a number from 1 to 65535, or 0 for one that the system chooses"
    )]
    Port(&'static str, String),
    /// A peer is no address.
    #[error("PEERS: {0}")]
    Peer(AddressError),
    /// There are too many peers.
    #[error("PEERS has {0} addresses; at most {PEERS_MAX} are taken")]
    Many(usize),
}

impl Settings {
    /// Reads the settings; of an option and a variable the option counts. Returns `None` if none is set.
    pub(in crate::net) fn read(
        arguments: &Arguments,
        variable: impl Fn(&str) -> Option<String>,
    ) -> Result<Option<Self>, ChapterError> {
        // A harness says all with its arguments; a variable was meant for something else.
        let set = |name: &str| {
            let value = if arguments.supervised { None } else { variable(name) };
            value.filter(|value| !value.is_empty())
        };
        let (http, p2p, peers) = (set("HTTP_PORT"), set("P2P_PORT"), set("PEERS"));
        let options = (arguments.http_port, arguments.p2p_port, &arguments.peers);
        if [&http, &p2p, &peers].into_iter().all(Option::is_none) && options == (None, None, &None) {
            return Ok(None);
        }
        let host = host_of(&arguments.listen);
        let port = |name, option: Option<u16>, variable: Option<String>, other: u16| match (option, variable)
        {
            (Some(port), _) => Ok(port),
            (None, Some(text)) => text.trim().parse().map_err(|_| ChapterError::Port(name, brief(&text))),
            (None, None) => Ok(other),
        };
        let http_port = port("HTTP_PORT", options.0, http, HTTP_PORT)?;
        let p2p_port = port("P2P_PORT", options.1, p2p, P2P_PORT)?;
        let says_where = arguments.port.is_some() || arguments.listen != Arguments::LISTEN;
        let peers = arguments.peers.clone().or(peers).unwrap_or_default();
        let peers: Vec<&str> =
            peers.split(',').map(str::trim).filter(|address| !address.is_empty()).collect();
        if peers.len() > PEERS_MAX {
            return Err(ChapterError::Many(peers.len()));
        }
        let peers = peers.into_iter().map(|address| normalise(address, "127.0.0.1"));
        Ok(Some(Self {
            http: (options.0.is_some() || !says_where).then(|| format!("{host}:{http_port}")),
            p2p: format!("{host}:{p2p_port}"),
            peers: peers.collect::<Result<_, _>>().map_err(ChapterError::Peer)?,
        }))
    }
}

/// Returns the beginning of a text.
fn brief(text: &str) -> String {
    text.chars().take(40).collect()
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use super::*;

    #[derive(clap::Parser)]
    struct Line {
        #[command(flatten)]
        arguments: Arguments,
    }

    fn read(line: &str, variables: &[(&str, &str)]) -> Result<Option<Settings>, ChapterError> {
        let line = Line::parse_from(std::iter::once("node").chain(line.split_whitespace()));
        Settings::read(&line.arguments, |name| {
            variables.iter().find(|(known, _)| *known == name).map(|(_, value)| (*value).to_owned())
        })
    }

    fn settings(http: Option<&str>, p2p: &str, peers: &[&str]) -> Settings {
        let peers = peers.iter().map(|peer| (*peer).to_owned()).collect();
        Settings { http: http.map(str::to_owned), p2p: p2p.to_owned(), peers }
    }

    #[test]
    fn any_of_the_variables_or_options_opens_both_ports() {
        assert_eq!(read("", &[]), Ok(None));
        assert_eq!(read("", &[("PEERS", "")]), Ok(None));
        let peers = "ws://localhost:6001, ws://h:7/,";
        assert_eq!(
            read("", &[("HTTP_PORT", "3002"), ("P2P_PORT", "6002"), ("PEERS", peers)]),
            Ok(Some(settings(Some("127.0.0.1:3002"), "127.0.0.1:6002", &["localhost:6001", "h:7"])))
        );
        assert_eq!(
            read("--p2p-port 7", &[("P2P_PORT", "8")]),
            Ok(Some(settings(Some("127.0.0.1:3001"), "127.0.0.1:7", &[])))
        );
        assert_eq!(
            read("--listen 0.0.0.0:80 --peers :9", &[("HTTP_PORT", "1")]),
            Ok(Some(settings(None, "0.0.0.0:6001", &["127.0.0.1:9"])))
        );
        assert_eq!(read("--supervised", &[("P2P_PORT", "8")]), Ok(None));
    }

    #[test]
    fn what_is_no_port_and_no_address_is_named() {
        let reason = |variables: &[(&str, &str)]| read("", variables).unwrap_err().to_string();
        assert!(reason(&[("HTTP_PORT", "x")]).starts_with("HTTP_PORT: `x` is no port"));
        assert!(reason(&[("P2P_PORT", "65536")]).starts_with("P2P_PORT: `65536` is no port"));
        assert!(reason(&[("PEERS", "ws://h:1,wss://h:2")]).starts_with("PEERS: `wss://h:2` asks for"));
        assert!(reason(&[("PEERS", &":1,".repeat(2_000))]).starts_with("PEERS has 2000 addresses"));
    }
}
