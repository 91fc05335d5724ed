#!/usr/bin/env bash
# kademlia (PyPI): a node that misses one request is forgotten, and nobody looks for it again.
#
# Version: kademlia 2.2.3 (with rpcudp 5.0.1 and u-msgpack-python 2.8.0).
# Expected: packets over UDP get lost. A node that misses one is asked again, or looked for later, and a write
# that comes after the loss reaches it.
# Observed: nothing is repeated. After one request without an answer the node is no longer known to the one that
# asked, while it knows all others itself. Later writes say True and pass it by, and it goes on reading its old
# copy, without a warning, though all packets arrive again. When it asks for any key that it does not hold, the
# others take it for a new node, and hand it what it should have.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check \
    kademlia==2.2.3 rpcudp==5.0.1 u-msgpack-python==2.8.0

cat >"$folder/program.py" <<'PROGRAM'
import asyncio
import logging
import time

from kademlia.network import Server
from kademlia.utils import digest

logging.disable()


async def until(what, condition):
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        if await condition():
            return
        await asyncio.sleep(0.1)
    raise SystemExit(f"not within 60 s: {what}")


def knows(one, other):
    return any(node.id == other.node.id for node in one.protocol.router.find_neighbors(one.node))


def port(one):
    return one.transport.get_extra_info("sockname")[1]


async def main():
    a, b, c = nodes = [Server(node_id=digest(name)) for name in "abc"]
    for node in nodes:
        await node.listen(0, interface="127.0.0.1")
    for node in nodes:
        await node.bootstrap([("127.0.0.1", port(other)) for other in nodes if other is not node])

    async def complete():
        return all(knows(one, other) for one in nodes for other in nodes if one is not other)
    await until("three routing tables", complete)
    print("set:", await a.set("k", 1), "read:", [await node.get("k") for node in nodes])

    # Packets to c are lost while a and b write once each.
    receive = c.protocol.datagram_received
    c.protocol.datagram_received = lambda *packet: None
    print("set:", await a.set("k", 2), await b.set("other", 2))
    c.protocol.datagram_received = receive

    # All packets arrive again.
    print("a and b know c:", knows(a, c), knows(b, c), "c knows a and b:", knows(c, a), knows(c, b))
    print("set:", await a.set("k", 3), "read:", [await node.get("k") for node in nodes])
    await asyncio.sleep(8)
    print("8 s later:", [await node.get("k") for node in nodes])

    await c.get("nothing")

    async def handed_over():
        return await c.get("k") == 3
    await until("the new value at c", handed_over)
    print("after c has asked:", [await node.get("k") for node in nodes])
    for node in nodes:
        node.stop()

asyncio.run(main())
PROGRAM
seen=$("$folder/venv/bin/python" "$folder/program.py")
expected=$(cat <<'EXPECTED'
set: True read: [1, 1, 1]
set: True True
a and b know c: False False c knows a and b: True True
set: True read: [3, 3, 1]
8 s later: [3, 3, 1]
after c has asked: [3, 3, 3]
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
