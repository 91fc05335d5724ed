//! Every size that a stranger could otherwise choose.

/// Bounds on what is accepted and on what is kept for others. All sizes are in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Limits {
    /// The longest frame that is read; a longer one closes its connection.
    pub frame: usize,
    /// The longest key, in UTF-8 bytes.
    pub key: usize,
    /// The longest value, as JSON text. Leaves room in a frame for what stands around it.
    pub value: usize,
    /// The deepest nesting of arrays and objects in a value.
    pub depth: usize,
    /// What may lie ready for one peer that is slow to read, by [`Message::weight`]; beyond it
    /// queued payloads are discarded and the link is reconciled later.
    ///
    /// [`Message::weight`]: super::Message::weight
    pub outbox: usize,
    /// What may be handed to a socket before it reports that it wrote, by weight.
    pub in_flight: usize,
    /// The most peers that a node links itself to or accepts.
    pub peers: usize,
    /// The most connections, peers and clients together, that a node serves.
    pub connections: usize,
    /// The most origins whose trees are remembered apart.
    pub trees: usize,
    /// The most announced and missing versions that a node waits for.
    pub missing: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            frame: 1 << 20,
            key: 1 << 10,
            value: (1 << 20) - (16 << 10),
            depth: 64,
            outbox: 4 << 20,
            in_flight: 256 << 10,
            peers: 4_096,
            connections: 8_192,
            trees: 64,
            missing: 4_096,
        }
    }
}
