//! The limits on every size that a remote end could otherwise choose.

/// Bounds on received data and on data queued for others. Sizes are in bytes; the last four bounds
/// and `depth` are counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The longest frame that is read; a longer one closes its connection.
    pub frame: usize,
    /// The longest key, in UTF-8 bytes.
    pub key: usize,
    /// The longest value, as JSON text. It leaves room in a frame for the other fields.
    pub value: usize,
    /// The deepest nesting of arrays and objects in a value.
    pub depth: usize,
    /// The bound on the backlog for one peer that is slow to read, by [`Message::weight`]. Beyond
    /// it, queued payloads are discarded and the link is reconciled later.
    ///
    /// [`Message::weight`]: super::Message::weight
    pub outbox: usize,
    /// The weight of frames that a socket may hold before it reports that it wrote them.
    pub in_flight: usize,
    /// The maximum number of peers that a node links itself to or accepts.
    pub peers: usize,
    /// The maximum number of connections, peers and clients together.
    pub connections: usize,
    /// The maximum number of origins with a push tree of their own.
    pub trees: usize,
    /// The maximum number of announced and missing versions that a node waits for.
    pub missing: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            // Chosen: a value is text that a person or a program edits, not a file.
            frame: 1 << 20,
            // Chosen: longer than any path or URL in use. On the wire it takes at most 6 KiB, six
            // bytes for a control character.
            key: 1 << 10,
            // Arithmetic: a frame less 16 KiB, for the key on the wire and all other fields.
            value: (1 << 20) - (16 << 10),
            // Chosen: half of the nesting at which the JSON parser gives up (128).
            depth: 64,
            // Chosen: four of the longest frames.
            outbox: 4 << 20,
            // Arithmetic: a link of 40 Mbit/s carries as much within a round trip of 50 ms.
            in_flight: 256 << 10,
            // Chosen: the largest clique or star that one node is meant for.
            peers: 4_096,
            // Chosen: as many clients as peers.
            connections: 8_192,
            // Chosen: a tree takes some 30 bytes a link, so that 64 of them cost little.
            trees: 64,
            // Chosen: 64 full messages of announcements.
            missing: 4_096,
        }
    }
}
