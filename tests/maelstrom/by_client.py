#!/usr/bin/env python3
"""A grow-only counter that adds up by client. Each node sends all sums every 0.1 s; of two sums of a client the
greater one is later, since a client asks one node only.

With `together` all clients have one name.
"""

import sys

from node import Node

node = Node()
together = "together" in sys.argv
sums = {}


@node.on("add")
def add(message):
    client = "all" if together else message["src"]
    sums[client] = sums.get(client, 0) + message["body"]["delta"]
    node.reply(message, {"type": "add_ok"})


@node.on("read")
def read(message):
    node.reply(message, {"type": "read_ok", "value": sum(sums.values())})


@node.on("sums")
def learn(message):
    for client, total in message["body"]["sums"].items():
        sums[client] = max(sums.get(client, 0), total)


def tell_all():
    for other in node.others():
        node.send(other, {"type": "sums", "sums": sums})


node.every(0.1, tell_all)
node.run()
