//! One connection between two nodes, from the first end's dialling to the end of both.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::pin::pin;
use std::rc::Rc;

use tokio::io::AsyncReadExt as _;
use tokio::net::{TcpSocket, TcpStream};

use super::WINDOW;
use super::listener::prompt;
use super::road::Road;
use super::stream;

/// What a step of a handshake takes on the wire, in bytes: a segment without payload and its headers.
const BARE: usize = 66;

/// Joins what was accepted, the near end, to a connection from `host` to `address`, and carries both
/// directions until both have ended or it is reset. `way` is the road there, and the road back.
pub(super) async fn carry(mut near: TcpStream, address: Rc<str>, host: Ipv4Addr, way: [Rc<Road>; 2]) {
    let [there, back] = &way;
    let (mut one, mut other) = (pin!(there.reset.notified()), pin!(back.reset.notified()));
    prompt(&near);
    let mut early = Vec::new();
    let far = tokio::select! {
        far = dial(&address, host, &way) => far.ok(),
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

/// The first round trip, in which the systems of the two nodes agree on a connection.
async fn dial(address: &str, host: Ipv4Addr, [there, back]: &[Rc<Road>; 2]) -> io::Result<TcpStream> {
    there.arrival(there.send(BARE)).await;
    let far = connect(address, host).await;
    back.arrival(back.send(BARE)).await;
    let far = far?;
    prompt(&far);
    Ok(far)
}

/// Connects from that host: on loopback, that of all, the system chooses it anyway.
async fn connect(address: &str, host: Ipv4Addr) -> io::Result<TcpStream> {
    if host.is_loopback() {
        return TcpStream::connect(address).await;
    }
    let address: SocketAddr = address.parse().map_err(io::Error::other)?;
    let socket = TcpSocket::new_v4()?;
    socket.bind((host, 0).into())?;
    socket.connect(address).await
}

/// Waits until whoever dialled has given up: the other end need not hear of it then. Keeps what was
/// said before.
async fn gives_up(near: &mut TcpStream, early: &mut Vec<u8>) {
    while early.len() < WINDOW {
        if !matches!(near.read_buf(early).await, Ok(count) if count > 0) {
            return;
        }
    }
    std::future::pending::<()>().await;
}

/// Has a connection reset when it is dropped, instead of closed in order. One that will not is closed.
fn reset(socket: &TcpStream) {
    let _: io::Result<()> = socket.set_zero_linger();
}
