//! The drivers, one folder a protocol.
//!
//! A driver starts, asks and wires nodes of one protocol. It declares the abilities of its nodes, so that a
//! plan that needs more is refused before anything starts.

mod ask;
mod backlog;
mod byc;
mod catalogue;
mod command;
mod command_line;
mod contact;
mod declaration;
mod described;
mod directory;
mod error_codes;
pub mod maelstrom;
pub(crate) mod native;
mod pending;
mod presets;
mod questions;
mod ready;
mod router;
mod secrets;
mod service;
mod session;
mod sidecar;

use futures_util::future::LocalBoxFuture;

use crate::world::{NodeIndex, NodeSpec};

pub use ask::{ASK, Ask, UNKNOWN};
pub use backlog::Backlog;
pub use byc::{BYC, Byc};
pub use catalogue::{
    BUILT_IN, DEFAULT, EXTENSION, all, by_name, declaration_of, description, description_files, find, names,
    user_of,
};
pub use command::{Answer, Argument, Command, OF_THE_WORLD};
pub use command_line::{
    CommandLine, CommandLineError, Member, NodeFile, PLACEHOLDERS, Place, Setup, unknown_placeholder,
};
pub use contact::{Contact, Contacts};
pub use declaration::{
    ANSWER_WITHIN, Bound, Content, Declaration, Growth, Readiness, START_WITHIN, Values, Wiring,
};
pub use described::{Described, LoadError, SCHEMA};
pub use directory::{AddressError, Directory, Reach, ReachError};
pub use maelstrom::{LINES, MAELSTROM, Maelstrom, READ_WORKLOADS, ROUTED_STATS, WORKLOADS};
pub use native::{
    AskError, CommandError, NATIVE, NATIVE_AHEAD, NATIVE_ANNOUNCE, NATIVE_BOUNDS, NATIVE_GRAFT, NATIVE_STATS,
    Native, Said, Watched, ask, command, watch,
};
pub use node::net::{Arguments as NodeArguments, run as run_node};
pub use questions::{QuestionFilter, Questions};
pub use ready::{Ready, ReadyError};
pub use router::{Answered, Call, ClientInbox, Mailbox, Router, Undelivered};
pub use secrets::Secrets;
pub use session::{DriverEvent, NodeSession, Request, RequestBody};
pub use sidecar::{Sidecar, SidecarLauncher, SidecarLife, Stdio};

pub(crate) use catalogue::policy_of;
pub(crate) use command_line::{DATA, fill_in};
pub(crate) use sidecar::tail;

/// The driver of one protocol for nodes in real time.
pub trait Driver {
    /// Returns the abilities of its nodes.
    fn declaration(&self) -> &'static Declaration;

    /// Returns the number of ports that a node of it listens on.
    fn ports(&self) -> usize {
        1
    }

    /// Returns the command line that starts a node at a place. `members` are all nodes of the network, this one
    /// among them, if nodes of the driver link themselves; else there are none.
    fn command_line(
        &self,
        spec: &NodeSpec,
        place: &Place,
        members: &[Member],
    ) -> Result<CommandLine, CommandLineError>;

    /// Returns the sign by which a node that runs already at a place is known to answer, and the files and the adapter
    /// that requests to it need.
    fn attach(
        &self,
        node: NodeIndex,
        spec: &NodeSpec,
        place: &Place,
    ) -> Result<CommandLine, CommandLineError>;

    /// Speaks to a started node and serves requests until that ends, and returns the reason. Reports arrive
    /// in the order in which the node sent them. Every accepted request ends, even if the future is dropped
    /// first.
    fn serve(&self, session: NodeSession) -> LocalBoxFuture<'static, String>;
}
