#!/usr/bin/env python3
"""Ids that are given once. With `short` they are drawn from too few."""

import random
import sys

from node import Node

node = Node()
short = "short" in sys.argv
count = 0


@node.on("generate")
def generate(message):
    global count
    count += 1
    new = random.getrandbits(14) if short else "%s-%d" % (node.id, count)
    node.reply(message, {"type": "generate_ok", "id": new})


node.run()
