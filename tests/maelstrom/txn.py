#!/usr/bin/env python3
"""Transactions: the first node executes them one after another, and the other nodes pass theirs on to it.

With `snapshot` a transaction does not read its own writes. With `interleave` the steps of other transactions
are executed between its steps. With `undone` every tenth transaction is refused after its writes took effect.
"""

import sys

from node import Node

node = Node()
snapshot, interleave, undone = (mode in sys.argv for mode in ("snapshot", "interleave", "undone"))
store = {}
count = 0


def step(operation, old):
    kind, key, value = operation
    if kind == "r":
        return [kind, key, old.get(key)]
    store[key] = value
    return operation


def finish(message, done):
    node.reply(message, {"type": "txn_ok", "txn": done})


def slowly(message, left, done):
    if not left:
        finish(message, done)
        return
    done = done + [step(left[0], store)]
    node.after(0.002, lambda: slowly(message, left[1:], done))


@node.on("txn")
def txn(message):
    global count
    operations = message["body"]["txn"]
    if node.id != node.ids[0]:

        def answer(body):
            body = dict(body)
            body.pop("in_reply_to")
            node.reply(message, body)

        node.call(node.ids[0], {"type": "txn", "txn": operations}, answer)
        return
    count += 1
    if interleave:
        slowly(message, operations, [])
        return
    old = dict(store) if snapshot else store
    done = [step(operation, old) for operation in operations]
    if undone and count % 10 == 0:
        node.fail(message, 14, "changed its mind")
    else:
        finish(message, done)


node.run()
