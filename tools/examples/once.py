#!/usr/bin/env python3
"""A node of the Maelstrom protocol with a mistake: it tells its neighbours of each value once, and never again.

A value whose only message is lost never gets across. `once.scn` shows it.
"""

import json
import sys

name = None
neighbours = []
values = []
numbers = iter(range(1, sys.maxsize))


def send(to, **body):
    message = {"src": name, "dest": to, "body": {"msg_id": next(numbers), **body}}
    print(json.dumps(message), flush=True)


def store(value, sender):
    """Stores a new value, and tells all neighbours but the one that it came from."""
    if value in values:
        return
    values.append(value)
    for neighbour in neighbours:
        if neighbour != sender:
            # The mistake: nobody waits for an answer, or compares the values later.
            send(neighbour, type="gossip", value=value)


for line in sys.stdin:
    message = json.loads(line)
    sender, body = message["src"], message["body"]
    if body["type"] == "init":
        name = body["node_id"]
        send(sender, type="init_ok", in_reply_to=body["msg_id"])
    elif body["type"] == "topology":
        neighbours = body["topology"][name]
        send(sender, type="topology_ok", in_reply_to=body["msg_id"])
    elif body["type"] == "broadcast":
        store(body["message"], sender)
        send(sender, type="broadcast_ok", in_reply_to=body["msg_id"])
    elif body["type"] == "gossip":
        store(body["value"], sender)
    elif body["type"] == "read":
        send(sender, type="read_ok", messages=values, in_reply_to=body["msg_id"])
