"""Asks one NATS server for a JetStream key-value bucket: an adapter that stays.

    python3 nats_kv.py HOST PORT REPLICAS

It reads a request a line as JSON and writes an answer a line, in any order. It needs `pip install nats-py` (tried with
2.16.0). The bucket `tools` is made by the first request that finds none. Nothing is tried twice: a request that the
server did not answer is of unknown outcome, and the scenario says what to do about it.
"""
import asyncio
import json
import signal
import sys

import nats
from nats.errors import NoRespondersError
from nats.js.api import KeyValueConfig
from nats.js.errors import (APIError, BucketNotFoundError, KeyWrongLastSequenceError, NoKeysError, NotFoundError,
                            NoStreamResponseError, ServiceUnavailableError)

CHANGES = ("set", "delete", "cas", "create")


class Refused(Exception):
    """An error whose first argument is a code of the harness."""


class Bucket:
    def __init__(self, connection, replicas):
        self.stream = connection.jetstream(timeout=4)
        self.quick = connection.jetstream(timeout=1)
        self.replicas = replicas
        self.opened = None

    async def open(self):
        if self.opened is None:
            try:
                self.opened = await self.stream.key_value("tools")
            except BucketNotFoundError:
                config = KeyValueConfig(bucket="tools", replicas=self.replicas, history=8, direct=True)
                self.opened = await self.stream.create_key_value(config)
        return self.opened

    async def ready(self, _):
        """The number of replicas that are up to date, once the bucket has a leader."""
        await self.open()
        cluster = (await self.stream.stream_info("KV_tools")).cluster
        if not cluster.leader or not all(replica.current for replica in cluster.replicas or []):
            raise Refused("unavailable", "not all replicas are current")
        return 1 + len(cluster.replicas or [])

    async def entry(self, key):
        """The newest message about a key, from the leader of the bucket."""
        await self.open()
        message = await self.stream.get_last_msg("KV_tools", f"$KV.tools.{key}")
        if (message.headers or {}).get("KV-Operation") in ("DEL", "PURGE"):
            raise Refused("absent", "the key was deleted")
        return message

    async def get(self, request):
        return (await self.entry(request["key"])).data.decode()

    async def revision(self, request):
        """The key and the value of one revision, from any replica: a direct get, as clients read by default."""
        await self.open()
        message = await self.stream.get_msg("KV_tools", seq=int(request["number"]), direct=True)
        return f"{message.subject.rsplit('.', 1)[-1]} {message.data.decode()}"

    async def keys(self, _):
        try:
            return await (await self.open()).keys()
        except NoKeysError:
            return []

    async def set(self, request):
        await (await self.open()).put(request["key"], str(request["value"]).encode())

    async def create(self, request):
        await (await self.open()).create(request["key"], str(request["value"]).encode())

    async def delete(self, request):
        await (await self.open()).delete(request["key"])

    async def cas(self, request):
        bucket = await self.open()
        message = await self.entry(request["key"])
        if message.data.decode() != str(request["from"]):
            raise Refused("precondition_failed", f"the value is {message.data.decode()}")
        await bucket.update(request["key"], str(request["to"]).encode(), last=message.seq)

    async def leader(self, _):
        return (await self.quick.stream_info("KV_tools")).cluster.leader


async def answer(bucket, request):
    command, reply = request["command"], {"id": request["id"]}
    try:
        value = await getattr(bucket, command)(request)
        if value is not None:
            reply["value"] = value
    except Refused as error:
        reply["error"], reply["message"] = error.args
    except NotFoundError as error:
        reply.update(error="absent", message=str(error))
    except KeyWrongLastSequenceError as error:
        reply.update(error="exists" if command == "create" else "precondition_failed", message=str(error))
    except (NoRespondersError, NoStreamResponseError, ServiceUnavailableError) as error:
        # Nobody listened at the subject, so nobody got it.
        reply.update(error="unavailable", message=f"{type(error).__name__}: {error}")
    except APIError as error:
        reply.update(error="refused", message=str(error))
    except Exception as error:
        code = "unknown" if command in CHANGES else "unavailable"
        reply.update(error=code, message=f"{type(error).__name__}: {error}")
    print(json.dumps(reply), flush=True)


async def main(host, port, replicas):
    async def on_error(error):
        print(f"connection: {error!r}", file=sys.stderr, flush=True)

    connection = await nats.connect(f"nats://{host}:{port}", max_reconnect_attempts=-1, reconnect_time_wait=0.2,
                                    connect_timeout=2, error_cb=on_error)
    loop, asks = asyncio.get_running_loop(), set()
    loop.add_signal_handler(signal.SIGTERM, sys.exit, 0)
    bucket = Bucket(connection, int(replicas))
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        request = json.loads(line)
        if "key" in request:
            request["key"] = str(request["key"])
        ask = asyncio.create_task(answer(bucket, request))
        asks.add(ask)
        ask.add_done_callback(asks.discard)
    await asyncio.gather(*asks)


asyncio.run(main(*sys.argv[1:]))
