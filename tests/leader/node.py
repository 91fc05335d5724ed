"""A store that holds what it is told, and believes what it is told about who leads."""
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

held = {}


class Node(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.say(held.get(self.path))

    def do_PUT(self):
        held[self.path] = self.rfile.read(int(self.headers["content-length"]))
        self.say(b"")

    def say(self, body):
        self.send_response(404 if body is None else 200)
        self.send_header("content-length", str(len(body or b"")))
        self.end_headers()
        self.wfile.write(body or b"")

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    # It asks no name server for its own name.
    def server_bind(self):
        self.server_name = "node"
        super(ThreadingHTTPServer.__bases__[1], self).server_bind()


Server((sys.argv[1], int(sys.argv[2])), Node).serve_forever()
