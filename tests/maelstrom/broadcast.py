#!/usr/bin/env python3
"""Broadcast along the topology, in batches that are sent again until they are acknowledged.

With `forget` each batch is sent only once, even if it is lost. With `drop` every 50th value is acknowledged
but never sent to a neighbour.
"""

import sys
import time

from node import Node

BATCH_EVERY = 0.2
AGAIN_AFTER = 1.0

node = Node()
forget, drop = "forget" in sys.argv, "drop" in sys.argv
seen = {}
# For each neighbour, the values that it may lack, each with the time at which it was last sent.
owed = {}


def learn(values, source):
    for value in values:
        if value not in seen:
            seen[value] = True
            for other in node.neighbours:
                if other != source:
                    owed.setdefault(other, {})[value] = 0.0


@node.on("broadcast")
def broadcast(message):
    value = message["body"]["message"]
    if drop and value % 50 == 49:
        seen[value] = True
    else:
        learn([value], None)
    node.reply(message, {"type": "broadcast_ok"})


@node.on("read")
def read(message):
    node.reply(message, {"type": "read_ok", "messages": list(seen)})


@node.on("gossip")
def gossip(message):
    learn(message["body"]["values"], message["src"])
    node.reply(message, {"type": "gossip_ok"})


def tell():
    now = time.monotonic()
    for other, values in owed.items():
        batch = [value for value, sent in values.items() if now - sent >= AGAIN_AFTER]
        if not batch:
            continue
        for value in batch:
            values[value] = now

        def acknowledged(_, values=values, batch=batch):
            for value in batch:
                values.pop(value, None)

        node.call(other, {"type": "gossip", "values": batch}, acknowledged)
        if forget:
            values.clear()


node.every(BATCH_EVERY, tell)
node.run()
