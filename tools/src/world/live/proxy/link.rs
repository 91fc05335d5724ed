//! A proxied link: the parts that its listener and its connections share.

use std::io;
use std::rc::Rc;

use tokio::net::TcpStream;

use super::channel::Channel;
use super::dialled_ports::DialledPorts;
use crate::world::live::carrier::ShortageCallback;
use crate::world::{NodeIndex, limits};

/// The link to a node from one that dials it.
#[derive(Debug)]
pub(super) struct Link {
    /// The node that is dialled, and the address at which it listens.
    pub(super) to: NodeIndex,
    pub(super) address: String,
    /// The channel to the node, and the channel back.
    pub(super) channels: [Rc<Channel>; 2],
    /// The ports from which nodes are dialled.
    pub(super) dialled: Rc<DialledPorts>,
    /// The reporter of links that cannot be carried.
    pub(super) shortages: ShortageReporter,
}

/// The callback for links that cannot be carried.
#[derive(Clone, Default)]
pub(super) struct ShortageReporter(Option<ShortageCallback>);

impl std::fmt::Debug for ShortageReporter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("ShortageReporter")
    }
}

impl ShortageReporter {
    pub(super) fn new(callback: ShortageCallback) -> Self {
        Self(Some(callback))
    }

    /// Reports an error, if it is one of the environment and not of a node.
    pub(super) fn report(&self, what: &str, error: &io::Error) {
        if let Some(callback) = self.0.as_ref().filter(|_| limits::is_met(error)) {
            callback(format!("{what}: {}", limits::explained(error)));
        }
    }
}

/// Turns off delays for small segments. Frames are small and gathered by the nodes, so that waiting for more
/// would only add to the delay. A socket that refuses the option is slower, and works.
pub(super) fn send_at_once(socket: &TcpStream) {
    let _: io::Result<()> = socket.set_nodelay(true);
}
