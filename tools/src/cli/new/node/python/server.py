"""A key-value node over HTTP that knows its neighbours. It does not replicate yet: that is left to you.

    python3 server.py --name NAME --host HOST --port PORT

    PUT /kv/KEY (the body is the value)   GET /kv/KEY   DELETE /kv/KEY   GET /keys (one a line)
    POST /peers (the body is HOST:PORT of a new neighbour)   GET /peers

Left to do, so that together.scn passes:
  1. When a client writes or deletes, tell all neighbours. `send` below asks another node.
  2. When a neighbour tells something new, store it and pass it on; when it is not new, stop. What makes it new?
  3. When two nodes are linked, or linked again, each may have missed something. How do they find out what?
  4. Two clients write one key at two nodes at the same time. All nodes have to end with the same value.
  5. A deletion has to win over an older write that comes late.
"""

import argparse
import threading
from http.client import HTTPConnection
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import unquote


class Node:
    """The state of this node. Each request has a thread of its own, so every use holds the lock."""

    def __init__(self, own):
        self.own = own
        self.lock = threading.Lock()
        self.store = {}
        self.peers = set()

    def add_peer(self, peer):
        """Adds a neighbour and introduces this node to it, so that the link is known at both ends."""
        # Without the lock: the other node may be about to ask this one.
        send(peer, "POST", "/hello", self.own)
        with self.lock:
            self.peers.add(peer)
        print(f"linked to {peer}", flush=True)

    def answer(self, method, room, key, body):
        """Carries out a request of a client or of another node. Returns a status and a text."""
        if (method, room) == ("POST", "peers"):
            self.add_peer(body)
            return 204, ""
        with self.lock:
            if (method, room) == ("PUT", "kv"):
                self.store[key] = body
                return 204, ""
            if (method, room) == ("GET", "kv"):
                return (200, self.store[key]) if key in self.store else (404, "no such key")
            if (method, room) == ("DELETE", "kv"):
                return (404, "no such key") if self.store.pop(key, None) is None else (204, "")
            if (method, room) == ("GET", "keys"):
                return 200, "\n".join(self.store)
            if (method, room) == ("POST", "hello"):  # from a node that adds this one
                self.peers.add(body)
                return 204, ""
            if (method, room) == ("GET", "peers"):
                return 200, "\n".join(self.peers)
        return 404, "no such request"


def send(peer, method, path, body):
    """Asks another node, and returns its status and its answer. Fails if nobody answers within a second."""
    connection = HTTPConnection(peer, timeout=1)
    try:
        connection.request(method, path, body.encode())
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


class Handler(BaseHTTPRequestHandler):
    """Reads a request and writes the answer."""

    protocol_version = "HTTP/1.1"  # connections are kept for further requests
    disable_nagle_algorithm = True
    node = None

    def handle_request(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
        parts = [unquote(part) for part in self.path.split("/")]
        room, key = parts[1], parts[2] if len(parts) > 2 else None
        try:
            status, text = self.node.answer(self.command, room, key, body)
        except OSError as error:
            # The harness takes this for "it may have happened".
            status, text = 500, str(error)
        reply = text.encode()
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Length", str(len(reply)))
        self.end_headers()
        self.wfile.write(reply)

    do_GET = do_PUT = do_POST = do_DELETE = handle_request

    def log_message(self, *words):
        """Keeps the log to what this node says itself."""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--name", required=True)
    parser.add_argument("--host", required=True)
    parser.add_argument("--port", type=int, required=True)
    options = parser.parse_args()
    own = f"{options.host}:{options.port}"
    Handler.node = Node(own)
    server = ThreadingHTTPServer((options.host, options.port), Handler)
    print(f"{options.name} listens at {own}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
