#!/usr/bin/env python3
"""Echo. With `late` every 50th answer repeats the text of the request before."""

import sys

from node import Node

node = Node()
late = "late" in sys.argv
said = []


@node.on("echo")
def echo(message):
    said.append(message["body"]["echo"])
    back = said[-2] if late and len(said) % 50 == 0 else said[-1]
    node.reply(message, {"type": "echo_ok", "echo": back})


node.run()
