//! A key-value node over HTTP that knows its neighbours. It does not replicate yet: that is left to you.
//!
//!     kv-node --name NAME --host HOST --port PORT
//!
//!     PUT /kv/KEY (the body is the value)   GET /kv/KEY   DELETE /kv/KEY   GET /keys (one a line)
//!     POST /peers (the body is HOST:PORT of a new neighbour)   GET /peers
//!
//! Left to do, so that together.scn passes:
//!  1. When a client writes or deletes, tell all neighbours. `http::send` asks another node.
//!  2. When a neighbour tells something new, store it and pass it on; when it is not new, stop. What makes it new?
//!  3. When two nodes are linked, or linked again, each may have missed something. How do they find out what?
//!  4. Two clients write one key at two nodes at the same time. All nodes have to end with the same value.
//!  5. A deletion has to win over an older write that comes late.

mod http;

use std::collections::{BTreeMap, BTreeSet};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::{env, io, process, thread};

/// The state of this node. Each connection has a thread of its own.
struct Node {
    /// The address of this node, HOST:PORT.
    own: String,
    /// The values by key.
    store: Mutex<BTreeMap<String, String>>,
    /// The addresses of the neighbours.
    peers: Mutex<BTreeSet<String>>,
}

impl Node {
    /// Carries out a request of a client or of another node. Returns a status and a text.
    fn answer(&self, method: &str, room: &str, key: &str, body: &str) -> io::Result<(u16, String)> {
        let done = (204, String::new());
        let no_such_key = (404, "no such key".to_owned());
        // A lock that a panic has left behind ends this node's threads one by one; `unwrap` says so.
        Ok(match (method, room) {
            ("PUT", "kv") => {
                self.store.lock().unwrap().insert(key.to_owned(), body.to_owned());
                done
            }
            ("GET", "kv") => match self.store.lock().unwrap().get(key) {
                Some(value) => (200, value.clone()),
                None => no_such_key,
            },
            ("DELETE", "kv") => match self.store.lock().unwrap().remove(key) {
                Some(_) => done,
                None => no_such_key,
            },
            ("GET", "keys") => (200, lines(self.store.lock().unwrap().keys())),
            ("POST", "peers") => {
                self.add_peer(body)?;
                done
            }
            // From a node that adds this one.
            ("POST", "hello") => {
                self.peers.lock().unwrap().insert(body.to_owned());
                done
            }
            ("GET", "peers") => (200, lines(self.peers.lock().unwrap().iter())),
            _ => (404, "no such request".to_owned()),
        })
    }

    /// Adds a neighbour and introduces this node to it, so that the link is known at both ends.
    fn add_peer(&self, peer: &str) -> io::Result<()> {
        http::send(peer, "POST", "/hello", &self.own)?;
        self.peers.lock().unwrap().insert(peer.to_owned());
        println!("linked to {peer}");
        Ok(())
    }
}

/// Returns texts, one a line.
fn lines<'t>(texts: impl Iterator<Item = &'t String>) -> String {
    texts.map(|text| format!("{text}\n")).collect()
}

/// Returns the value of an argument, such as `--port 3000`.
fn argument(name: &str) -> String {
    let flag = format!("--{name}");
    env::args().skip_while(|word| *word != flag).nth(1).unwrap_or_else(|| {
        eprintln!("usage: kv-node --name NAME --host HOST --port PORT");
        process::exit(2);
    })
}

fn main() -> io::Result<()> {
    let own = format!("{}:{}", argument("host"), argument("port"));
    let listener = TcpListener::bind(&own)?;
    println!("{} listens at {own}", argument("name"));
    let node = Arc::new(Node { own, store: Mutex::default(), peers: Mutex::default() });
    for connection in listener.incoming() {
        let (node, connection) = (Arc::clone(&node), connection?);
        thread::spawn(move || {
            http::serve(connection, |method, room, key, body| node.answer(method, room, key, body))
        });
    }
    Ok(())
}
