//! Connections to a node that nobody uses now, for the next request.

use std::cell::RefCell;

use rustix::io::Errno;
use rustix::net::{RecvFlags, recv};
use tokio::net::TcpStream;

/// The most connections that are kept. Chosen: as many requests as are usually under way at once.
const IDLE_MAX: usize = 64;

/// The idle connections to one port of a node. Each serves one request at a time.
#[derive(Debug)]
pub(super) struct Idle<T>(RefCell<Vec<T>>);

impl<T> Default for Idle<T> {
    fn default() -> Self {
        Self(RefCell::default())
    }
}

impl<T> Idle<T> {
    /// Returns the connection that was used last, of those that are fit for use; the others are closed.
    pub(super) fn reuse(&self, is_fit: impl Fn(&T) -> bool) -> Option<T> {
        let mut idle = self.0.borrow_mut();
        idle.retain(|connection| is_fit(connection));
        idle.pop()
    }

    /// Carries out an exchange over an idle connection, or over a new one. A request that changes nothing is put again
    /// where an idle connection turns out to be broken: the node may have closed it long before.
    pub(super) async fn exchange<A, E>(
        &self,
        changes: bool,
        is_fit: impl Fn(&T) -> bool,
        connect: impl AsyncFn() -> Result<T, E>,
        exchange: impl AsyncFn(&mut T) -> Result<A, E>,
        is_broken: impl Fn(&E) -> bool,
    ) -> Result<A, E> {
        loop {
            let idle = self.reuse(&is_fit);
            let may_repeat = idle.is_some() && !changes;
            let mut connection = match idle {
                Some(connection) => connection,
                None => connect().await?,
            };
            match exchange(&mut connection).await {
                Err(error) if may_repeat && is_broken(&error) => {}
                Err(error) => return Err(error),
                Ok(answer) => {
                    self.put_back(connection);
                    return Ok(answer);
                }
            }
        }
    }

    /// Adds a connection whose request has been answered.
    pub(super) fn put_back(&self, connection: T) {
        let mut idle = self.0.borrow_mut();
        if idle.len() < IDLE_MAX {
            idle.push(connection);
        }
    }
}

/// Returns true if a connection is open, and nothing has come that no request asked for.
pub(super) fn is_quiet(stream: &TcpStream) -> bool {
    let mut byte = [0_u8];
    recv(stream, &mut byte, RecvFlags::PEEK | RecvFlags::DONTWAIT).is_err_and(|error| error == Errno::AGAIN)
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    /// Puts a request over an idle connection that the node has closed. Returns the answer and the connections made.
    fn after_close(changes: bool) -> (Result<u32, &'static str>, u32) {
        let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
        let (idle, made) = (Idle::default(), Cell::new(0));
        idle.put_back(0_u32);
        let connect = async || {
            made.set(made.get() + 1);
            Ok(made.get())
        };
        let exchange =
            async |connection: &mut u32| if *connection == 0 { Err("closed") } else { Ok(*connection) };
        let answer = runtime.block_on(idle.exchange(changes, |_| true, connect, exchange, |_| true));
        assert_eq!(idle.reuse(|_| true), answer.ok());
        (answer, made.get())
    }

    #[test]
    fn a_request_is_put_again_over_a_new_connection_only_if_it_changes_nothing() {
        assert_eq!(after_close(false), (Ok(1), 1));
        assert_eq!(after_close(true), (Err("closed"), 0));
    }

    #[test]
    fn a_connection_that_is_not_fit_is_closed() {
        let idle = Idle::default();
        idle.put_back(1);
        idle.put_back(2);
        assert_eq!(idle.reuse(|connection| *connection == 1), Some(1));
        assert_eq!(idle.reuse(|_| true), None);
    }
}
