#!/usr/bin/env python3
"""Echo. If the ids of the nodes are not those of the argument, it repeats another text."""

import sys

from node import Node

node = Node()


@node.on("echo")
def echo(message):
    expected = node.ids == sys.argv[1].split(",")
    node.reply(message, {"type": "echo_ok", "echo": message["body"]["echo"] if expected else ",".join(node.ids)})


node.run()
