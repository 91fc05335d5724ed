//! The constants of the protocol.

/// The path of this protocol, and the suffix of addresses that are dialled with it.
pub(in crate::net) const PATH: &str = "/byc";
/// The longest packet of this protocol that is read or written, in bytes. Chosen: a listing of some 70,000
/// keys, which these nodes send as one packet.
pub(in crate::net) const PACKET_MAX: usize = 8 << 20;
/// The separator of the packets in one body of HTTP (Engine.IO 4, "Payload encoding").
pub(super) const SEPARATOR: char = '\u{1e}';
/// The refusal of links under any other policy.
pub(in crate::net) const LINKS_NEED_OLDEST: &str =
    "links of this protocol need the policy `oldest`: start the node with --policy oldest";
