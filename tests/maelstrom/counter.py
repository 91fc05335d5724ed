#!/usr/bin/env python3
"""A counter: each node counts its own additions up and down, and tells all now and then.

With `overwrite` there is one number in the service seq-kv, read, changed and written back.
"""

import sys

from node import Node

node = Node()
overwrite = "overwrite" in sys.argv
# By node how much was added, and how much was taken away: both only grow.
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
