#!/usr/bin/env python3
"""Echo by a program that waits with `select`, and then reads one line through a buffer. Two lines in one read would
leave the second in the buffer, where `select` does not see it.

A node answers a client once the next node has answered five messages, which it sends in one write. With `skip` it
does not answer every 50th of them.
"""

import json
import select
import sys

BURST = 5

me, following, count, number = None, None, 0, 0
# For each request of a client: its message, and the answers that are missing.
waiting = {}


def send(*messages):
    lines = [json.dumps({"src": me, "dest": dest, "body": body}) + "\n" for dest, body in messages]
    sys.stdout.write("".join(lines))
    sys.stdout.flush()


while select.select([sys.stdin], [], [])[0]:
    line = sys.stdin.readline()
    if not line:
        sys.exit()
    message = json.loads(line)
    src, body = message["src"], message["body"]
    match body["type"]:
        case "init":
            me, ids = body["node_id"], body["node_ids"]
            following = ids[(ids.index(me) + 1) % len(ids)]
            send((src, {"type": "init_ok", "in_reply_to": body["msg_id"]}))
        case "echo":
            number += 1
            waiting[number] = [message, BURST]
            send(*[(following, {"type": "ping", "of": number})] * BURST)
        case "ping":
            count += 1
            if "skip" not in sys.argv or count % 50:
                send((src, {"type": "pong", "of": body["of"]}))
        case "pong":
            request = waiting[body["of"]]
            request[1] -= 1
            if request[1] == 0:
                del waiting[body["of"]]
                asked = request[0]["body"]
                answer = {"type": "echo_ok", "echo": asked["echo"], "in_reply_to": asked["msg_id"]}
                send((request[0]["src"], answer))
