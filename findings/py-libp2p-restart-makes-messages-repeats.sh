#!/usr/bin/env bash
# libp2p (PyPI): the messages of a node that starts anew are taken for repeats, and dropped by all others.
#
# Version: libp2p 0.8.1 for Python, with trio 0.35.0.
# Expected: a node that is killed and started again with its key goes on publishing. A message is known by its sender
# and a number, and the new start has new numbers.
# Observed: the numbers begin with the time in seconds, and grow by one with each message. A node that publishes more
# than one message in a second is ahead of the clock. Started anew, it has numbers that the others have seen in the
# last two minutes. publish() raises nothing, and no subscriber gets the message. After three messages all is well.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check libp2p==0.8.1 trio==0.35.0
cd "$folder"

cat >program.py <<'PROGRAM'
import logging
import subprocess
import sys

import trio
from libp2p import new_host
from libp2p.crypto.ed25519 import create_new_key_pair
from libp2p.peer.peerinfo import info_from_p2p_addr
from libp2p.pubsub.floodsub import FloodSub
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


async def with_pubsub(key, act):
    host = new_host(key_pair=key)
    async with host.run(listen_addrs=[Multiaddr("/ip4/127.0.0.1/tcp/0")]):
        pubsub = Pubsub(host, FloodSub(["/floodsub/1.0.0"]))
        async with background_trio_service(pubsub):
            await pubsub.wait_until_ready()
            await act(host, pubsub)


async def publisher(address, seed, label, count):
    async def act(host, pubsub):
        await host.connect(info_from_p2p_addr(Multiaddr(address)))
        await until("the subscription of the other node", lambda: pubsub.peer_topics.get("news"))
        for i in range(int(count)):
            await pubsub.publish("news", f"{label} {i}".encode())
            await trio.sleep(0.01)
        print("published", flush=True)
        await trio.sleep_forever()

    await with_pubsub(create_new_key_pair(bytes([int(seed)]) * 32), act)


async def started_and_killed(address, seed, label, count):
    """Runs a publisher until it has published, and kills it."""
    command = [sys.executable, __file__, str(address), seed, label, str(count)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE)
    try:
        await trio.to_thread.run_sync(process.stdout.readline)
        await trio.sleep(1)
    finally:
        process.kill()
        process.wait()
    await trio.sleep(3)


async def subscriber():
    received = []

    def arrived(label):
        return sum(one.startswith(f"{label} ") for one in received)

    async def act(host, pubsub):
        subscription = await pubsub.subscribe("news")

        async def read():
            while True:
                received.append((await subscription.get()).data.decode())

        async with trio.open_nursery() as nursery:
            nursery.start_soon(read)
            address = host.get_addrs()[0]
            for name, seed, count in ("quiet", "1", 3), ("busy", "2", 300):
                await started_and_killed(address, seed, name, count)
                await started_and_killed(address, seed, f"again-{name}", 20)
                print(f"{name} node: {arrived(name)} of {count} arrived,",
                      f"{arrived(f'again-{name}')} of 20 after its restart")
            nursery.cancel_scope.cancel()

    await with_pubsub(create_new_key_pair(), act)


if len(sys.argv) > 1:
    trio.run(publisher, *sys.argv[1:])
else:
    trio.run(subscriber)
PROGRAM
seen=$(venv/bin/python program.py)
expected=$(cat <<'EXPECTED'
quiet node: 3 of 3 arrived, 20 of 20 after its restart
busy node: 300 of 300 arrived, 0 of 20 after its restart
EXPECTED
)
printf '%s\n' "$seen"
[ "$seen" = "$expected" ] || { echo 'the behaviour has changed'; exit 1; }
