#!/usr/bin/env bash
# libp2p (PyPI): GossipSub sends ten messages of a topic in a second, and drops the others without an error.
#
# Version: libp2p 0.8.1 for Python, with trio 0.35.0.
# Expected: what publish() accepts is sent to the mesh. A limit against floods concerns the messages of other nodes,
# or publish() raises or waits.
# Observed: of 30 messages in one second all reach the node's own subscription, and ten the other node, for good. The
# limit is a default (max_messages_per_topic_per_second) that also counts what the node itself publishes. FloodSub of
# the same package delivers all.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check libp2p==0.8.1 trio==0.35.0

cat >"$folder/program.py" <<'PROGRAM'
import contextlib
import logging

import trio
from libp2p import new_host
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.peer.peerinfo import info_from_p2p_addr
from libp2p.pubsub.floodsub import FloodSub
from libp2p.pubsub.gossipsub import GossipSub
from libp2p.pubsub.pubsub import Pubsub
from libp2p.tools.anyio_service import background_trio_service
from multiaddr import Multiaddr

logging.disable()


async def until(what, condition):
    with trio.move_on_after(30) as limit:
        while not condition():
            await trio.sleep(0.05)
    if limit.cancelled_caught:
        raise SystemExit(f"not within 30 s: {what}")


def gossipsub():
    return GossipSub(protocols=["/meshsub/1.0.0"], degree=3, degree_low=2, degree_high=4, heartbeat_interval=1)


class Node:
    @contextlib.asynccontextmanager
    async def run(self, router, nursery):
        self.received = set()
        self.host = new_host(key_pair=create_new_key_pair())
        async with self.host.run(listen_addrs=[Multiaddr("/ip4/127.0.0.1/tcp/0")]):
            self.pubsub = Pubsub(self.host, router)
            async with background_trio_service(self.pubsub):
                await self.pubsub.wait_until_ready()
                nursery.start_soon(self.read, await self.pubsub.subscribe("news"))
                yield self

    async def read(self, subscription):
        while True:
            self.received.add((await subscription.get()).data)


async def run(name, router):
    async with trio.open_nursery() as nursery:
        async with Node().run(router(), nursery) as one, Node().run(router(), nursery) as other:
            await other.host.connect(info_from_p2p_addr(one.host.get_addrs()[0]))
            await until("the subscriptions", lambda: all(node.pubsub.peer_topics.get("news") for node in (one, other)))
            await trio.sleep(3)  # Some heartbeats, so that each is in the mesh of the other.
            for i in range(30):
                await one.pubsub.publish("news", b"%d" % i)
            await trio.sleep(5)
            print(f"{name}: {len(one.received)} of 30 at the node itself, {len(other.received)} at the other one")
            nursery.cancel_scope.cancel()


async def both():
    await run("FloodSub", lambda: FloodSub(["/floodsub/1.0.0"]))
    await run("GossipSub", gossipsub)


trio.run(both)
PROGRAM
seen=$("$folder/venv/bin/python" "$folder/program.py")
expected=$(cat <<'EXPECTED'
FloodSub: 30 of 30 at the node itself, 30 at the other one
GossipSub: 30 of 30 at the node itself, 10 at the other one
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
