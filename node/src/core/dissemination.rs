//! Dissemination: the push trees, announced versions, and the admission of what neighbours send.

mod admission;
mod clock_lead;
mod clock_skew;
mod gossip;
mod missing;
mod tree;

pub(super) use clock_skew::ClockSkew;
pub(super) use missing::Missing;
pub(super) use tree::Trees;
