#!/usr/bin/env bash
# NATS JetStream: the end of a key by its bucket's TTL is no event, and a watcher holds the key for ever.
#
# Versions: nats-server 2.9.10 (Debian 12, package nats-server), nats-py 2.16.0 from PyPI.
# Expected: a watcher of a bucket follows its content. A key whose time is over is reported like a deleted one, as
# etcd does with leases, so that a list of live peers loses those that no longer renew their key.
# Observed: the key is gone for each reader, and the watcher is told nothing. What a watcher holds depends on when it
# began: one that starts after the end does not know the key. A deletion by a client is reported.
set -euo pipefail
[[ $(nats-server --version) == 'nats-server: v2.9.10'* ]] || { echo 'nats-server 2.9.10 is needed'; exit 2; }
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check nats-py==2.16.0
cd "$folder"

cat >program.py <<'PROGRAM'
import asyncio
import json
import os
import subprocess
import time

import nats
from nats.js.errors import KeyNotFoundError

TTL = 2


async def has(bucket, key):
    try:
        await bucket.get(key)
        return True
    except KeyNotFoundError:
        return False


class Watcher:
    """A copy of the bucket's keys that follows what the bucket reports."""

    async def start(self, bucket):
        self.keys, self.events = set(), []
        self.source = await bucket.watchall()
        self.task = asyncio.create_task(self.follow())
        return self

    async def follow(self):
        while True:
            try:
                update = await self.source.updates(timeout=0.2)
            except nats.errors.TimeoutError:
                continue
            if update is not None:
                self.events.append(update.operation or "PUT")
                (self.keys.discard if update.operation else self.keys.add)(update.key)

    async def stop(self):
        self.task.cancel()
        await self.source.stop()


async def until(what, condition):
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        if await condition():
            return
        await asyncio.sleep(0.1)
    raise SystemExit(f"not within 30 s: {what}")


async def run(port):
    client = await nats.connect(f"nats://127.0.0.1:{port}")
    bucket = await client.jetstream().create_key_value(bucket="peers", ttl=TTL)
    early = await Watcher().start(bucket)
    await bucket.put("a", b"here")
    await bucket.put("b", b"here")
    await bucket.delete("b")

    async def both_are_gone():
        return not await has(bucket, "a") and not await has(bucket, "b")

    await until("the end of both keys", both_are_gone)
    await asyncio.sleep(2 * TTL)
    late = await Watcher().start(bucket)
    await asyncio.sleep(1)
    print("events:", *early.events)
    print("a is there for a reader:", await has(bucket, "a"))
    print("keys of the early watcher:", sorted(early.keys), "of the late one:", sorted(late.keys))
    await early.stop()
    await late.stop()
    await client.close()


# The server chooses its port and writes it into a file.
server = subprocess.Popen(["nats-server", "--addr", "127.0.0.1", "--port", "-1", "--jetstream", "--store_dir", "store",
                           "--ports_file_dir", "."], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
try:
    name, deadline = f"nats-server_{server.pid}.ports", time.monotonic() + 30
    while not (os.path.exists(name) and os.path.getsize(name)) and time.monotonic() < deadline:
        time.sleep(0.1)
    with open(name) as file:
        port = json.load(file)["nats"][0].rsplit(":", 1)[1]
    asyncio.run(run(port))
finally:
    server.kill()
    server.wait()
PROGRAM
seen=$(venv/bin/python program.py)
expected=$(cat <<'EXPECTED'
events: PUT PUT DEL
a is there for a reader: False
keys of the early watcher: ['a'] of the late one: []
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
