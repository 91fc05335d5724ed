#!/usr/bin/env python3
"""Echo by a program that waits with `select`, and then reads one line through a buffer. Two lines in one read would
leave the second in the buffer, where `select` does not see it.

With `skip` it reads two lines where it could have read one.
"""

import json
import select
import sys

me, count = None, 0


def send(dest, body):
    print(json.dumps({"src": me, "dest": dest, "body": body}), flush=True)


while select.select([sys.stdin], [], [])[0]:
    line = sys.stdin.readline()
    if not line:
        sys.exit()
    message = json.loads(line)
    body = message["body"]
    if body["type"] == "init":
        me = body["node_id"]
        send(message["src"], {"type": "init_ok", "in_reply_to": body["msg_id"]})
        continue
    count += 1
    if "skip" in sys.argv and count % 50 == 0:
        continue
    send(message["src"], {"type": "echo_ok", "echo": body["echo"], "in_reply_to": body["msg_id"]})
