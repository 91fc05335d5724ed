//! The events that are scheduled in virtual time.

use node::wire::RequestId;

use super::wires::Arrival;
use crate::world::{NodeIndex, OpId, Operation};

/// A scheduled event.
pub(super) enum Scheduled {
    /// An operation reaches the world.
    Operation(OpId, Box<Operation>),
    /// The time of a timer has come.
    Timer(OpId),
    /// A node that was started is ready.
    Ready(NodeIndex, u64),
    /// The deadline of an ask has passed.
    GiveUp(NodeIndex, RequestId),
    /// A packet has come to the end of a direction.
    Arrival(Arrival),
    /// A node wants to be woken.
    Wake(NodeIndex),
    /// A node's disk has synced.
    Synced(NodeIndex, u64),
}
