#!/usr/bin/env python3
"""A PN-counter: each node adds up its own increments and decrements, and sends all sums every 0.2 s.

With `overwrite` the total is one number in the service seq-kv, which each node reads, changes and writes back.
"""

import sys

from node import Node

node = Node()
overwrite = "overwrite" in sys.argv
# For each node, the sums of its increments and of its decrements. Both only grow, so that the greater one is later.
counts = {}


def merge(more):
    for name, (up, down) in more.items():
        known = counts.get(name, [0, 0])
        counts[name] = [max(known[0], up), max(known[1], down)]


@node.on("add")
def add(message):
    delta = message["body"]["delta"]

    def write(total):
        node.call("seq-kv", {"type": "write", "key": "total", "value": total + delta}, done)

    def done(_):
        node.reply(message, {"type": "add_ok"})

    if overwrite:
        node.call("seq-kv", {"type": "read", "key": "total"}, lambda body: write(body.get("value", 0)))
        return
    own = counts.setdefault(node.id, [0, 0])
    own[0 if delta >= 0 else 1] += abs(delta)
    done(None)


@node.on("read")
def read(message):
    def tell(total):
        node.reply(message, {"type": "read_ok", "value": total})

    if overwrite:
        node.call("seq-kv", {"type": "read", "key": "total"}, lambda body: tell(body.get("value", 0)))
    else:
        tell(sum(up - down for up, down in counts.values()))


@node.on("counts")
def learn(message):
    merge(message["body"]["counts"])


def tell_all():
    for other in node.others():
        node.send(other, {"type": "counts", "counts": counts})


if not overwrite:
    node.every(0.2, tell_all)
node.run()
