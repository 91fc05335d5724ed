//! A neighbour of this protocol, which tells only its port of itself.

use std::net::{IpAddr, SocketAddr};

use super::protocol::PATH;
use crate::core::Config;
use crate::wire::{Hello, KeyHash, NodeId};

/// The identity of a neighbour, as far as it can be known: the address at which it listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Neighbour {
    /// The node's id: the hash of its address, so that two connections to one node have the same id.
    pub(super) node: NodeId,
    /// The address, `HOST:PORT/byc`, with a numeric host.
    address: String,
}

impl Neighbour {
    /// Returns the node that listens at this address.
    pub(super) fn at(host: IpAddr, port: u16) -> Self {
        let address = SocketAddr::new(host.to_canonical(), port).to_string() + PATH;
        Self { node: KeyHash::of(&address), address }
    }

    /// Returns true if the neighbour listens at `host:port`.
    pub(super) fn is_at(&self, host_port: &str) -> bool {
        self.address.strip_suffix(PATH) == Some(host_port)
    }

    /// Returns the hello that stands for the neighbour, with the network of this node's configuration. It has
    /// no features and no name, and the one policy of this protocol.
    pub(super) fn hello(&self, config: &Config) -> Hello {
        Hello {
            protocol: Hello::PROTOCOL,
            features: Vec::new(),
            network: config.network.clone(),
            node: self.node,
            policy: crate::wire::Policy::Oldest,
            name: String::new(),
            address: self.address.clone(),
        }
    }
}

/// Reads the port of `host:port` or `host:port/byc`.
pub(super) fn port_in(address: &str) -> Option<u16> {
    let host_port = address.split_once('/').map_or(address, |(host_port, _)| host_port);
    host_port.rsplit_once(':')?.1.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_who_is_there() {
        let one = Neighbour::at("127.0.0.1".parse().unwrap(), 3000);
        let same = Neighbour::at("::ffff:127.0.0.1".parse().unwrap(), 3000);
        assert_eq!(one, same);
        assert!(one.is_at("127.0.0.1:3000"));
        assert_ne!(one.node, Neighbour::at("127.0.0.1".parse().unwrap(), 3001).node);
        assert_eq!(Neighbour::at("::1".parse().unwrap(), 7).address, "[::1]:7/byc");
    }

    #[test]
    fn the_port_of_any_address_is_found() {
        assert_eq!(port_in("127.0.0.1:3000"), Some(3000));
        assert_eq!(port_in("[::1]:3000/byc"), Some(3000));
        assert_eq!(port_in(""), None);
    }
}
