"""A member of a PySyncObj cluster with a key-value store in front.

usage: python3 pysyncobj_node.py HOST HTTP_PORT RAFT_PORT JOURNAL [HOST:RAFT_PORT of each other member, with commas]

GET and PUT /kv/KEY, GET /keys, GET /leader. A GET reads the member's own copy. A PUT answers 204 once the write is
committed and applied here, 504 if that has not been seen for 2 s, and 503 if the library says that it failed.
"""
import http.server
import json
import signal
import sys
import urllib.parse

from pysyncobj import SyncObj, SyncObjConf, SyncObjException
from pysyncobj.batteries import ReplDict

host, http_port, raft_port, journal, others = sys.argv[1:]
store = ReplDict()
member = SyncObj(
    f"{host}:{raft_port}",
    others.split(",") if others else [],
    consumers=[store],
    conf=SyncObjConf(journalFile=journal),
)


class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_GET(self):
        what, _, key = self.path[1:].partition("/")
        key = urllib.parse.unquote(key)
        if what == "kv" and key in store:
            self.say(200, store[key])
        elif what == "keys":
            self.say(200, json.dumps(list(store.keys())))
        elif what == "leader":
            leader = member._getLeader()
            self.say(200 if leader else 503, str(leader))
        elif what == "health":
            self.say(200 if member.isReady() and member._getLeader() else 503, "")
        else:
            self.say(404, "")

    def do_PUT(self):
        key = urllib.parse.unquote(self.path.removeprefix("/kv/"))
        value = self.rfile.read(int(self.headers["Content-Length"])).decode()
        try:
            store.set(key, value, sync=True, timeout=2.0)
            self.say(204, "")
        except SyncObjException as error:
            self.say(504 if error.errorCode == "Timeout" else 503, str(error.errorCode))

    def say(self, status, text):
        body = text.encode()
        self.send_response(status)
        if status != 204:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if status != 204:
            self.wfile.write(body)

    def log_message(self, *_):
        pass


signal.signal(signal.SIGTERM, lambda *_: sys.exit())
print("listening", flush=True)
http.server.ThreadingHTTPServer((host, int(http_port)), Handler).serve_forever()
