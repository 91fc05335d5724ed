"""A store whose page of health says that it recovers, as often as it is told to, before it says that all is well."""
import os
import sys
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

host, port, data = sys.argv[1], int(sys.argv[2]), sys.argv[3]
mark = os.path.join(data, "lived")
# It recovers at each start but the first.
left = 5 if os.path.exists(mark) else 0


class Node(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        global left
        if self.path == "/left":
            return self.say(b"%d" % left)
        if left == 0:
            return self.say(b'{"state": "ok"}')
        left -= 1
        self.say(b'{"state": "recovering"}')

    def do_PUT(self):
        global left
        left = int(self.rfile.read(int(self.headers["content-length"])))
        self.say(b"")

    def say(self, body):
        self.send_response(200)
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


server = Server((host, port), Node)
if not os.path.exists(mark):
    open(mark, "w").close()
    print("it lives for the first time", flush=True)
server.serve_forever()
