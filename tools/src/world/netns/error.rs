//! The errors of networks in the kernel.

use std::io;
use std::path::PathBuf;

use crate::world::kernel::NetlinkError;
use crate::world::live::{LaunchError, LinkError};

/// The reason why a network in the kernel was not made, entered or changed.
#[derive(Debug, thiserror::Error)]
pub enum NetnsError {
    /// The program that controls the packet filter is not installed.
    #[error(
        "the world `netns` needs the program `nft`\n  = help: install it, on Debian with `apt install nftables`; \
         `--world process` needs no privilege"
    )]
    NoNft,
    /// This process may not make networks as it is.
    #[error("this process may not make network namespaces")]
    NotPrivileged,
    /// The system forbids user namespaces. The text has the setting and the remedy.
    #[error("{0}")]
    Forbidden(String),
    /// The network of a process cannot be entered; this process stays in its own.
    #[error("the network of process {process} cannot be entered: {error}")]
    Join {
        /// The process.
        process: u32,
        /// The system's reason.
        error: io::Error,
    },
    /// A namespace cannot be made.
    #[error("a network namespace cannot be made: {0}")]
    Namespace(io::Error),
    /// A namespace that was made cannot be entered.
    #[error("a network namespace cannot be entered: {0}")]
    Enter(io::Error),
    /// The numbers of interfaces are used up.
    #[error("there are no interfaces left for more nodes")]
    NoInterface,
    /// The addresses of nodes are used up.
    #[error("there are no addresses left for more nodes")]
    NoNodeAddress,
    /// The kernel did not make an interface, an address or a route.
    #[error("{0}")]
    Kernel(String),
    /// The program that controls the packet filter cannot be run; the filter is as before.
    #[error("cannot run `{}`: {error}", program.display())]
    Nft {
        /// The program.
        program: PathBuf,
        /// The system's reason.
        error: io::Error,
    },
    /// The packet filter refused a change as a whole; it is as before.
    #[error("the packet filter refused a change: {0}")]
    Filter(String),
    /// The system gives no socket for the packets of shaped links.
    #[error(
        "shaped links need packet sockets, which this system does not give: {0}\n  = help: they take the capability \
         CAP_NET_RAW, and a kernel with CONFIG_PACKET"
    )]
    PacketSocket(io::Error),
    /// The system leads no packets of shaped links to the harness.
    #[error(
        "packets of shaped links cannot be led to the harness: {0}\n  = help: that takes a kernel with policy \
         routing (CONFIG_IP_MULTIPLE_TABLES)"
    )]
    Lead(String),
    /// The system gives no thread or no descriptor for the packets of shaped links.
    #[error("the packets of shaped links cannot be carried: {0}")]
    Packets(io::Error),
    /// The connections of a link cannot be reset.
    #[error("a link cannot be broken: {0}")]
    Reset(io::Error),
}

impl From<NetlinkError> for NetnsError {
    fn from(error: NetlinkError) -> Self {
        Self::Kernel(error.to_string())
    }
}

impl From<NetnsError> for LinkError {
    fn from(error: NetnsError) -> Self {
        Self::Kernel(Box::new(error))
    }
}

impl From<NetnsError> for LaunchError {
    fn from(error: NetnsError) -> Self {
        Self::Network(Box::new(error))
    }
}
