#!/usr/bin/env python3
"""A key-value store with a leader. The other nodes pass the messages of clients on to it as they are, and it answers
the clients itself. It answers a message that it has seen with the same answer as before.

With `by-number` it knows messages by their number, and not by their client.
"""

import sys

from node import Node

node = Node()
by_number = "by-number" in sys.argv
store, answers = {}, {}


def result(body):
    key = body["key"]
    if body["type"] == "write":
        store[key] = body["value"]
        return {"type": "write_ok"}
    if key not in store:
        return {"type": "error", "code": 20, "text": "no such key"}
    if body["type"] == "read":
        return {"type": "read_ok", "value": store[key]}
    if store[key] != body["from"]:
        return {"type": "error", "code": 22, "text": "another value"}
    store[key] = body["to"]
    return {"type": "cas_ok"}


def handle(message):
    if node.id != node.ids[0]:
        node.pass_on(node.ids[0], message)
        return
    body = message["body"]
    known = (None if by_number else message["src"], body["msg_id"], body["type"], body["key"])
    if known not in answers:
        answers[known] = result(body)
    node.reply(message, answers[known])


for kind in ("read", "write", "cas"):
    node.on(kind)(handle)
node.run()
