//! One connection between two nodes, from the first end's dialling to the end of both.

use std::io;
use std::pin::pin;
use std::rc::Rc;

use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

use super::link::{Link, send_at_once};
use super::stream;
use crate::world::link::WINDOW;

/// The bytes that a step of a handshake takes on the wire: a segment without payload. Its headers are Ethernet
/// (14), IPv4 (20) and TCP with time stamps (32).
const BARE: usize = 66;

/// Joins an accepted connection, the near end, to a connection to the dialled node. Carries both directions
/// until both have ended or the connection is reset.
pub(super) async fn carry(mut near: TcpStream, link: Rc<Link>) {
    let [there, back] = &link.channels;
    let (mut one, mut other) = (pin!(there.reset.notified()), pin!(back.reset.notified()));
    send_at_once(&near);
    let mut early = Vec::new();
    let far = tokio::select! {
        far = dial(&link) => far.ok(),
        () = gives_up(&mut near, &mut early) => None,
        () = one.as_mut() => None,
        () = other.as_mut() => None,
    };
    let Some(mut far) = far else { return reset(&near) };
    let is_reset = {
        let (from_near, to_near) = near.split();
        let (from_far, to_far) = far.split();
        let both = async {
            tokio::join!(
                stream::carry(there, early, from_near, to_far),
                stream::carry(back, Vec::new(), from_far, to_near),
            )
        };
        tokio::select! {
            ((), ()) = both => false,
            () = one => true,
            () = other => true,
        }
    };
    if is_reset {
        reset(&near);
        reset(&far);
    }
}

/// Makes the first round trip, in which the systems of the two nodes agree on a connection.
async fn dial(link: &Link) -> io::Result<TcpStream> {
    let [there, back] = &link.channels;
    there.wait_for_arrival(there.send(BARE)).await;
    let far = TcpStream::connect(&link.address).await;
    if let Err(error) = &far {
        link.shortages.report("a connection of a link cannot be made", error);
    }
    if let Ok(address) = far.as_ref().map_err(drop).and_then(|far| far.local_addr().map_err(drop)) {
        link.dialled.remember(link.to, address.port());
    }
    back.wait_for_arrival(back.send(BARE)).await;
    let far = far?;
    send_at_once(&far);
    Ok(far)
}

/// Waits until the dialling node has given up: the other end need not hear of it then. Keeps the bytes that
/// the node sent before.
async fn gives_up(near: &mut TcpStream, early: &mut Vec<u8>) {
    while early.len() < WINDOW {
        if !matches!(near.read_buf(early).await, Ok(count) if count > 0) {
            return;
        }
    }
    std::future::pending::<()>().await;
}

/// Marks a connection to be reset when it is dropped, instead of closed in order. If the socket refuses, it
/// is closed in order.
fn reset(socket: &TcpStream) {
    let _: io::Result<()> = socket.set_zero_linger();
}
