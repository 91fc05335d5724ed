#!/usr/bin/env python3
"""A register of the Maelstrom protocol with a mistake: every node answers reads from a copy of its own.

The first node takes all writes and tells the others of them, but nobody waits for that. A page shows the reads that
come too early:
    tools maelstrom lin-kv --exec "python3 tools/examples/local_reads.py" --rate 100 --time 3s --latency 100ms --html reads.html
"""

import json
import sys

name = None
nodes = []
copy = {}
numbers = iter(range(1, sys.maxsize))
# The questions that the first node answers in place of this one, by the number of the message.
forwarded = {}


def send(node, body):
    number = next(numbers)
    print(json.dumps({"src": name, "dest": node, "body": {**body, "msg_id": number}}), flush=True)
    return number


def write(body):
    """Carries out a write at the first node. Returns the body of the answer."""
    key, value = body["key"], body.get("value", body.get("to"))
    if body["type"] == "cas":
        if key not in copy:
            return {"type": "error", "code": 20, "text": "there is no such key"}
        if copy[key] != body["from"]:
            return {"type": "error", "code": 22, "text": "the key has another value"}
    copy[key] = value
    for node in nodes[1:]:
        send(node, {"type": "copy", "key": key, "value": value})
    return {"type": body["type"] + "_ok"}


for line in sys.stdin:
    message = json.loads(line)
    sender, body = message["src"], message["body"]
    kind, asked = body["type"], body.get("msg_id")
    if kind == "init":
        name, nodes = body["node_id"], body["node_ids"]
        send(sender, {"type": "init_ok", "in_reply_to": asked})
    elif kind == "read":
        # The mistake: the copy may be older than an acknowledged write.
        if body["key"] in copy:
            send(sender, {"type": "read_ok", "value": copy[body["key"]], "in_reply_to": asked})
        else:
            send(sender, {"type": "error", "code": 20, "text": "there is no such key", "in_reply_to": asked})
    elif kind in ("write", "cas") and name == nodes[0]:
        send(sender, {**write(body), "in_reply_to": asked})
    elif kind in ("write", "cas"):
        forwarded[send(nodes[0], body)] = (sender, asked)
    elif kind == "copy":
        copy[body["key"]] = body["value"]
    elif body.get("in_reply_to") in forwarded:
        client, question = forwarded.pop(body["in_reply_to"])
        send(client, {**body, "in_reply_to": question})
