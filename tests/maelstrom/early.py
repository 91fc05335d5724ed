#!/usr/bin/env python3
"""Echo. Before a node answers `init`, it writes its id to a service and hears of every other node.

With `stranger` it asks a service that does not exist.
"""

import json
import select
import sys

AGAIN_AFTER = 0.05


def send(dest, body):
    print(json.dumps({"src": me, "dest": dest, "body": body}), flush=True)


def receive():
    line = sys.stdin.readline()
    return json.loads(line) if line else sys.exit()


init = receive()
me, missing = init["body"]["node_id"], set(init["body"]["node_ids"])
missing.discard(me)
missing.add("lin-kv")
answered = False
while True:
    if missing:
        # A node that has not started hears nothing, and is asked again.
        for node in missing - {"lin-kv"}:
            send(node, {"type": "hello"})
        if "lin-kv" in missing:
            service = "lin-queue" if "stranger" in sys.argv else "lin-kv"
            send(service, {"type": "write", "key": me, "value": 1, "msg_id": 1})
    elif not answered:
        answered = True
        send(init["src"], {"type": "init_ok", "in_reply_to": init["body"]["msg_id"]})
    if not select.select([sys.stdin], [], [], AGAIN_AFTER if missing else None)[0]:
        continue
    message = receive()
    body = message["body"]
    if body["type"] == "hello":
        send(message["src"], {"type": "hello_ok"})
    elif body["type"] in ("hello_ok", "write_ok"):
        missing.discard(message["src"])
    elif body["type"] == "echo":
        send(message["src"], {"type": "echo_ok", "echo": body["echo"], "in_reply_to": body["msg_id"]})
