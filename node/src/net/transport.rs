//! The transport of a connection: the carrier of its messages in both directions.

use futures_util::{Sink, Stream};
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;
use tokio_tungstenite::tungstenite::{Error, Message};

/// Both directions of a connection. A WebSocket is one; a session by long-polling is another.
pub(super) trait Transport:
    Stream<Item = Result<Message, Error>> + Sink<Message, Error = Error> + Unpin
{
    /// Closes the connection for a fault of the other end, with the reason where the transport can carry one.
    async fn close_for_fault(self, code: CloseCode, reason: &str);
}
