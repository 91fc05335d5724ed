"""A store that can be told to lead requests elsewhere: "307 http://127.0.0.1:80@", with @ for the path."""
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

held = {}
to = []


class Node(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        self.do()

    def do_PUT(self):
        self.do()

    def do(self):
        body = self.rfile.read(int(self.headers.get("content-length") or 0))
        if self.path == "/to":
            to[:] = body.decode().split(" ", 1) if body != b"nowhere" else []
            self.say(200, b"")
        elif to and to[1] == "long":
            self.say(307, b"", "http://" + "x" * 1_000_000)
        elif to:
            self.say(int(to[0]), b"moved", to[1].replace("@", self.path))
        elif self.command == "PUT":
            held[self.path] = body
            self.say(200, b"")
        elif self.path in held:
            self.say(200, held[self.path])
        else:
            self.say(404, b"")

    def say(self, status, body, location=None):
        self.send_response(status)
        if location is not None:
            self.send_header("location", location)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


class Server(ThreadingHTTPServer):
    # It asks no name server for its own name.
    def server_bind(self):
        self.server_name = "node"
        super(ThreadingHTTPServer.__bases__[1], self).server_bind()


Server((sys.argv[1], int(sys.argv[2])), Node).serve_forever()
