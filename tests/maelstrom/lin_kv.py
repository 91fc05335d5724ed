#!/usr/bin/env python3
"""A key-value store that passes requests to the service lin-kv. With `cache` it answers reads from a cache."""

import sys

from node import Node

node = Node()
caches = "cache" in sys.argv
cache = {}


def forward(message, remember):
    def answer(body):
        body = dict(body)
        for field in ("in_reply_to", "msg_id"):
            body.pop(field, None)
        if body["type"] != "error":
            cache[message["body"]["key"]] = remember(body)
        node.reply(message, body)

    question = {key: value for key, value in message["body"].items() if key != "msg_id"}
    node.call("lin-kv", question, answer)


@node.on("read")
def read(message):
    key = message["body"]["key"]
    if caches and key in cache:
        node.reply(message, {"type": "read_ok", "value": cache[key]})
    else:
        forward(message, lambda body: body["value"])


@node.on("write")
def write(message):
    forward(message, lambda _: message["body"]["value"])


@node.on("cas")
def cas(message):
    forward(message, lambda _: message["body"]["to"])


node.run()
