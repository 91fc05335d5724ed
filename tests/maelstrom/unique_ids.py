#!/usr/bin/env python3
"""Unique ids. With `short` ids are drawn from 16,384 numbers, so that some are given twice."""

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
