"""A node of the Python package kademlia that is asked over HTTP.

    python3 kademlia_node.py NAME HOST HTTP_PORT UDP_PORT PEER:UDP_PORT,…

It needs `pip install kademlia` (tried with 2.2.3). The id of the node is the digest of its name, so that the same names
give the same distances in every run. GET and PUT /kv/KEY are `get` and `set` of the package; GET /own/KEY is the copy
in the storage of this node, without asking anybody. GET /health answers once all peers are known.
"""
import asyncio
import json
import signal
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import unquote

from kademlia.network import Server
from kademlia.utils import digest

NAME, HOST, HTTP_PORT, UDP_PORT, PEERS = sys.argv[1:]
PEERS = [(host, int(port)) for host, port in (peer.rsplit(":", 1) for peer in PEERS.split(",") if peer)]
node = Server(node_id=digest(NAME))
loop = asyncio.new_event_loop()


async def known():
    """The number of peers in the routing table."""
    return len(node.protocol.router.find_neighbors(node.node, k=len(PEERS) + 1)) if node.protocol else 0


async def own(key):
    return node.storage.get(digest(key))


async def keep_bootstrapping():
    await node.listen(int(UDP_PORT), interface=HOST)
    while await known() < len(PEERS):
        await node.bootstrap(PEERS)
        await asyncio.sleep(0.2)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def run(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, loop).result(timeout=30)

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def do_GET(self):
        _, kind, *rest = self.path.split("/", 2)
        if kind == "health":
            count = self.run(known())
            return self.answer(200 if count >= len(PEERS) else 503, count)
        key = unquote(rest[0])
        value = self.run(node.get(key) if kind == "kv" else own(key))
        self.answer(404 if value is None else 200, value)

    def do_PUT(self):
        value = self.rfile.read(int(self.headers["Content-Length"])).decode()
        stored = self.run(node.set(unquote(self.path.split("/", 2)[2]), value))
        # False: no other node confirmed that it stored the value.
        self.answer(200 if stored else 504, stored)

    def log_message(self, *_):
        pass


signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
server = ThreadingHTTPServer((HOST, int(HTTP_PORT)), Handler)
Thread(target=server.serve_forever, daemon=True).start()
asyncio.set_event_loop(loop)
loop.create_task(keep_bootstrapping())
loop.run_forever()
