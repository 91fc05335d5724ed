//! The handshake of Engine.IO: the packet with which a server opens a session, and the session's id.

use std::net::SocketAddr;
use std::time::Duration;

use super::heartbeat;
use super::protocol::PACKET_MAX;
use crate::wire::Hex;

/// The content of a server's open packet.
#[derive(serde::Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Handshake {
    /// The id of the session.
    #[serde(default)]
    pub(super) sid: String,
    ping_interval: u64,
    ping_timeout: u64,
    #[serde(default)]
    max_payload: Option<usize>,
}

impl Handshake {
    /// Returns the longest packet that the server takes, in bytes.
    pub(super) fn packet_max(&self) -> usize {
        self.max_payload.unwrap_or(PACKET_MAX)
    }

    /// Returns the properties of the server that listens at this address.
    pub(super) fn server_at(&self, address: SocketAddr) -> Server {
        Server {
            address,
            packet_max: self.packet_max(),
            ping_interval: Duration::from_millis(self.ping_interval),
            ping_timeout: Duration::from_millis(self.ping_timeout),
        }
    }
}

/// The properties of a server that has let this end in.
#[derive(Debug)]
pub(in crate::net) struct Server {
    /// The address of the server.
    pub(super) address: SocketAddr,
    /// The longest packet that the server takes, in bytes.
    pub(super) packet_max: usize,
    /// The time between two pings of the server.
    pub(super) ping_interval: Duration,
    /// The time that the server waits for the answer to a ping.
    pub(super) ping_timeout: Duration,
}

/// Returns the open packet of a session with this node: its id, and the properties of this server.
pub(super) fn open_packet(id: &str, polling: bool, packet_max: usize) -> String {
    let upgrades = if polling { "\"websocket\"" } else { "" };
    let (interval, timeout) = (heartbeat::PING_INTERVAL.as_millis(), heartbeat::PING_TIMEOUT.as_millis());
    format!(
        "0{{\"sid\":\"{id}\",\"upgrades\":[{upgrades}],\"pingInterval\":{interval},\"pingTimeout\":{timeout},\"maxPayload\":{packet_max}}}"
    )
}

/// Draws a session id that no other client can guess. Returns `None` without random numbers.
pub(super) fn draw_session_id() -> Option<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes).ok()?;
    Some(Hex(bytes).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_open_packet_says_what_there_is_to_know() {
        let said = open_packet("abc", true, 9);
        let json: serde_json::Value = serde_json::from_str(said.strip_prefix('0').unwrap()).unwrap();
        assert_eq!(json["upgrades"], serde_json::json!(["websocket"]));
        assert_eq!((&json["sid"], &json["maxPayload"]), (&"abc".into(), &9.into()));
        assert!(open_packet("abc", false, 9).contains("\"upgrades\":[]"));
    }
}
