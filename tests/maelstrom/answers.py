#!/usr/bin/env python3
"""Echo with answers that no client waits for: each comes twice, each tenth also to a number that nobody asked and
without a number, and the first comes once more, too late.

With `other` the second answer comes first, and repeats another text.
"""

import json
import sys
import time

other = "other" in sys.argv
me, count, first, began = None, 0, None, time.monotonic()


def send(dest, body):
    print(json.dumps({"src": me, "dest": dest, "body": body}), flush=True)


for line in sys.stdin:
    message = json.loads(line)
    src, body = message["src"], message["body"]
    if body["type"] == "init":
        me = body["node_id"]
        send(src, {"type": "init_ok", "in_reply_to": body["msg_id"]})
        continue
    count += 1
    right = {"type": "echo_ok", "echo": body["echo"], "in_reply_to": body["msg_id"]}
    wrong = dict(right, echo="another text")
    for answer in (wrong, right) if other else (right, wrong):
        send(src, answer)
    if count % 10 == 0:
        send(src, dict(right, in_reply_to=1_000_000))
        send(src, {"type": "echo_ok", "echo": body["echo"]})
    if first is None:
        first = (src, dict(wrong))
    else:
        send(*first)
