//! The configuration of a node, fixed for its life: identity, bounds and delays.

use std::time::Duration;

#[cfg(feature = "mutants")]
use super::mutant::Mutant;
use crate::wire::{Limits, NodeId, Policy};

/// The configuration of a node, fixed for its life.
#[derive(Debug, Clone)]
pub struct Config {
    /// The id of the node; drawn anew at each start of a node that keeps nothing on disk.
    pub node: NodeId,
    /// The name of the node, for people; may be empty.
    pub name: String,
    /// The id of the network; nodes of other networks are refused.
    pub network: String,
    /// The merge policy.
    pub policy: Policy,
    /// The address at which others can dial the node: `host:port`.
    pub address: String,
    /// True if the node dials its neighbours' neighbours.
    pub auto_connect: bool,
    /// True if there is a disk. Without one, versions learnt from neighbours are not handed over to
    /// be kept. A client's write always is, since its reply waits for `Input::Persisted`.
    pub disk: bool,
    /// A number that differs at each start.
    pub incarnation: u64,
    /// The seed of the node's pseudo-random draws, such as the jitter of back-off.
    pub seed: u64,
    /// The bounds on sizes and counts.
    pub limits: Limits,
    /// The delays of the protocol.
    pub timing: Timing,
    /// The deliberate mistake that the node makes, if any.
    #[cfg(feature = "mutants")]
    pub mutant: Option<Mutant>,
}

impl Config {
    /// Returns a configuration with the default policy, bounds and delays. The node does not
    /// connect itself and has a disk. Its incarnation and seed are 0 until they are set.
    #[must_use]
    pub fn new(
        node: NodeId,
        name: impl Into<String>,
        network: impl Into<String>,
        address: impl Into<String>,
    ) -> Self {
        Self {
            node,
            name: name.into(),
            network: network.into(),
            policy: Policy::default(),
            address: address.into(),
            auto_connect: false,
            disk: true,
            incarnation: 0,
            seed: 0,
            limits: Limits::default(),
            timing: Timing::default(),
            #[cfg(feature = "mutants")]
            mutant: None,
        }
    }
}

/// The delays of the protocol.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Timing {
    /// The time for which a node waits for an announced version to come by push before it grafts
    /// it.
    pub graft: Duration,
    /// The time for which announcements are gathered before they are sent together.
    pub announce: Duration,
    /// The interval of periodic rounds of reconciliation, each with one neighbour.
    pub reconcile: Duration,
    /// The time without an answer after which a pull is given up.
    pub pull: Duration,
    /// The silence of a link after which it is pinged.
    pub ping: Duration,
    /// The time for which a link may be silent, or its peer read nothing, before it is closed.
    pub silence: Duration,
    /// The time that dialling and `auth` may take together.
    pub dial: Duration,
    /// The first pause before a broken link is dialled again; doubled each time, up to
    /// `backoff_max`.
    pub backoff: Duration,
    /// The longest pause before a broken link is dialled again.
    pub backoff_max: Duration,
    /// The lead over the wall clock up to which the stamp of a version is due.
    pub ahead: Duration,
}

impl Default for Timing {
    fn default() -> Self {
        Self {
            // Chosen: ten times `announce`; a push passes ten links of 50 ms in that time.
            graft: Duration::from_millis(500),
            // Chosen: a twentieth of a second is not noticed, and joins the announcements of a burst.
            announce: Duration::from_millis(50),
            // Chosen: one message in ten seconds costs an idle node nothing worth counting.
            reconcile: Duration::from_secs(10),
            // Chosen: a batch of 64 KiB comes through a link of 0.3 Mbit/s in that time.
            pull: Duration::from_secs(2),
            // Chosen: a third of `silence`, so that the answer may take twice as long.
            ping: Duration::from_secs(3),
            // Chosen: longer than a short outage of a network, which TCP mends by itself.
            silence: Duration::from_secs(10),
            // Chosen: TCP sends the first segment of a connection again after a second (RFC 6298);
            // one lost segment does not fail the dial.
            dial: Duration::from_secs(3),
            // Chosen: a node that was restarted listens again within some 50 ms.
            backoff: Duration::from_millis(50),
            // Chosen: a healed partition is noticed within two seconds.
            backoff_max: Duration::from_secs(2),
            // Chosen: clocks kept by NTP differ by milliseconds, so five seconds mean a wrong clock.
            ahead: Duration::from_secs(5),
        }
    }
}
