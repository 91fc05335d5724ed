#!/usr/bin/env python3
"""A grow-only set: each node sends its whole set to all others every 0.2 s.

With `toggle` each element is sent once, and an element that arrives a second time is removed. With `twice` the
answer to a read lists each element twice. With `hours` the set is sent once an hour only.
"""

import sys

from node import Node

node = Node()
toggle, twice, hours = (mode in sys.argv for mode in ("toggle", "twice", "hours"))
held = {}


@node.on("add")
def add(message):
    element = message["body"]["element"]
    held[element] = True
    if toggle:
        for other in node.others():
            node.send(other, {"type": "element", "element": element})
    node.reply(message, {"type": "add_ok"})


@node.on("read")
def read(message):
    node.reply(message, {"type": "read_ok", "value": list(held) * (2 if twice else 1)})


@node.on("element")
def element(message):
    element = message["body"]["element"]
    if held.pop(element, None) is None:
        held[element] = True


@node.on("all")
def all_of_it(message):
    held.update(dict.fromkeys(message["body"]["elements"], True))


def tell():
    for other in node.others():
        node.send(other, {"type": "all", "elements": list(held)})


if not toggle:
    node.every(3600 if hours else 0.2, tell)
node.run()
