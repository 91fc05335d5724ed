//! Signs of life: a client asks a node for one, and every node that can be reached over links logs it once.

use std::sync::Arc;

use crate::core::figure::count;
use crate::core::io::{ConnId, Output};
use crate::core::log::LogEvent;
use crate::core::state::Core;
use crate::wire::{ErrorCode, Frame, Message, NodeId, Refusal, Reply};

/// A sign of life, as it passes from node to node.
struct Sign {
    id: u64,
    node: NodeId,
    name: String,
    value: Option<String>,
}

impl Core {
    /// Handles a client's request for a sign of life.
    pub(in crate::core) fn give_sign(&mut self) -> Result<Reply, Refusal> {
        let id = self.draw_number();
        let (node, name) = (self.config.node, self.config.name.clone());
        if !self.signs.admit(node, id, self.now.monotonic) {
            let message = "too many signs of life pass here: try again later";
            return Err(Refusal::new(ErrorCode::Unavailable, message));
        }
        Ok(Reply::Count(self.pass_sign_on(None, Sign { id, node, name, value: None })))
    }

    /// Passes on the value that a node of another make sent, as a sign of life of this node.
    pub(in crate::core) fn pass_heard_on(&mut self, value: String) {
        let id = self.draw_number();
        let (node, name) = (self.config.node, self.config.name.clone());
        if self.signs.admit(node, id, self.now.monotonic) {
            self.pass_sign_on(None, Sign { id, node, name, value: Some(value) });
        }
    }

    /// Handles a sign of life that a neighbour passes on.
    pub(in crate::core) fn on_alive(
        &mut self,
        conn: ConnId,
        id: u64,
        node: NodeId,
        name: &str,
        value: Option<&str>,
    ) {
        if self.signs.admit(node, id, self.now.monotonic) {
            let (name, value) = (name.to_owned(), value.map(str::to_owned));
            self.pass_sign_on(Some(conn), Sign { id, node, name, value });
        }
    }

    /// Logs a sign of life and passes it on to all neighbours but one. Returns their number.
    fn pass_sign_on(&mut self, but: Option<ConnId>, sign: Sign) -> u64 {
        let Sign { id, node, name, value } = sign;
        let of = if name.is_empty() { node.truncated::<4>().to_string() } else { name.clone() };
        self.log(match &value {
            None => LogEvent::Alive { of: of.clone() },
            Some(value) => LogEvent::Heard { value: value.clone(), of: of.clone() },
        });
        self.out.push(Output::Sign { of, value: value.clone() });
        let others = self.links.iter().filter(|(conn, link)| Some(**conn) != but && link.features.census);
        let others: Vec<ConnId> = others.map(|(conn, _)| *conn).collect();
        let frame = Arc::new(Frame::Message(Message::Alive { id, node, name, value }));
        for conn in &others {
            self.send_frame(*conn, frame.clone());
        }
        count(others.len())
    }
}
