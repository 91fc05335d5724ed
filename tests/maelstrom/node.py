"""Library for nodes of the Maelstrom protocol: handlers of messages, requests with callbacks, and timers.

Everything runs on one thread, so that handlers need no locks.

With `texts` among its arguments, a node of any kind answers reads with texts in place of numbers: "5" for 5. With
`floats` it answers them with fractions: 5.0 for 5.
"""

import heapq
import json
import os
import select
import sys
import time


OTHER = {"texts": str, "floats": float}
OTHER = next((OTHER[mode] for mode in OTHER if mode in sys.argv), None)


def changed(value):
    return OTHER(value) if isinstance(value, int) else value


def with_others(body):
    """Returns the body of an answer with texts, or fractions, in place of the numbers that were read."""
    read = {
        "messages": lambda values: [changed(value) for value in values],
        "value": lambda value: [changed(one) for one in value] if isinstance(value, list) else changed(value),
        "txn": lambda steps: [[kind, key, changed(value) if kind == "r" else value] for kind, key, value in steps],
    }
    return {field: read[field](value) if field in read else value for field, value in body.items()}


class Node:
    def __init__(self):
        self.id = None
        self.ids = []
        self.neighbours = []
        self._handlers = {}
        self._waiting = {}
        self._timers = []
        self._count = 0

    def on(self, kind):
        """Makes a function the handler of messages of this type. It is called with the message."""

        def register(handler):
            self._handlers[kind] = handler
            return handler

        return register

    def _number(self):
        self._count += 1
        return self._count

    def send(self, dest, body):
        """Sends a message and returns its `msg_id`."""
        body = dict(body, msg_id=self._number())
        sys.stdout.write(json.dumps({"src": self.id, "dest": dest, "body": body}) + "\n")
        return body["msg_id"]

    def pass_on(self, dest, message):
        """Sends a message to another node under the name of its sender."""
        sys.stdout.write(json.dumps({"src": message["src"], "dest": dest, "body": message["body"]}) + "\n")

    def reply(self, message, body):
        if OTHER:
            body = with_others(body)
        self.send(message["src"], dict(body, in_reply_to=message["body"]["msg_id"]))

    def fail(self, message, code, text):
        self.reply(message, {"type": "error", "code": code, "text": text})

    def call(self, dest, body, then):
        """Sends a message. Calls `then` with the body of the answer, also if it is an error."""
        self._waiting[self.send(dest, body)] = then

    def after(self, seconds, act):
        heapq.heappush(self._timers, (time.monotonic() + seconds, self._number(), act))

    def every(self, seconds, act):
        def again():
            act()
            self.after(seconds, again)

        self.after(seconds, again)

    def others(self):
        return [other for other in self.ids if other != self.id]

    def run(self):
        """Handles messages and timers until standard input ends."""
        rest = b""
        while True:
            sys.stdout.flush()
            now = time.monotonic()
            timeout = max(0, self._timers[0][0] - now) if self._timers else None
            if select.select([0], [], [], timeout)[0]:
                read = os.read(0, 1 << 16)
                if not read:
                    return
                *lines, rest = (rest + read).split(b"\n")
                for line in lines:
                    self._handle(json.loads(line))
            now = time.monotonic()
            while self._timers and self._timers[0][0] <= now:
                heapq.heappop(self._timers)[2]()

    def _handle(self, message):
        body = message["body"]
        if "in_reply_to" in body:
            then = self._waiting.pop(body["in_reply_to"], None)
            if then:
                then(body)
            return
        kind = body["type"]
        if kind == "init":
            self.id, self.ids = body["node_id"], body["node_ids"]
            if "init" in self._handlers:
                self._handlers["init"](message)
            self.reply(message, {"type": "init_ok"})
        elif kind == "topology":
            self.neighbours = body["topology"].get(self.id, [])
            self.reply(message, {"type": "topology_ok"})
        elif kind in self._handlers:
            self._handlers[kind](message)
        else:
            self.fail(message, 10, "there is no " + kind)
