//! A neighbour of this protocol, which says no more of itself than its port.

use std::net::{IpAddr, SocketAddr};

use crate::core::Config;
use crate::wire::{Hello, KeyHash, NodeId};

/// Who it is, as far as can be known: where it listens.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Neighbour {
    /// Drawn from the address, so that two connections to one node are known to be that.
    pub(super) node: NodeId,
    /// `HOST:PORT/byc`, the host being numeric.
    address: String,
}

impl Neighbour {
    /// The node that listens there.
    pub(super) fn at(host: IpAddr, port: u16) -> Self {
        let address = format!("{}/byc", SocketAddr::new(host.to_canonical(), port));
        Self { node: KeyHash::of(&address), address }
    }

    /// Whether this is where it listens.
    pub(super) fn is_at(&self, place: &str) -> bool {
        self.address.strip_suffix("/byc") == Some(place)
    }

    /// What it would say of itself to a node that is set up like this: it knows no features, networks
    /// or names, and has the one policy that this protocol has.
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

/// The port in `host:port` or `host:port/byc`.
pub(super) fn port_in(address: &str) -> Option<u16> {
    let place = address.split_once('/').map_or(address, |(place, _)| place);
    place.rsplit_once(':')?.1.parse().ok()
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
