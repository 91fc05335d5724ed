#!/usr/bin/env python3
"""Adapter that stays for a ZooKeeper server: python3 zookeeper.py HOST PORT SERVERS

It reads requests as lines of JSON and writes answers as lines of JSON. Needs kazoo. SERVERS is a file with a line for
each server: its name, its host and its port. With `ready` in its place, the program ends with 0 if the server serves.

Three sessions stay with this one server. One reads and one writes, each with a time-out of 10 s: a read in the session
that writes would stand behind a write under way. The third one, with 4 s, has the ephemeral keys.
"""
import contextlib
import json
import socket
import sys
import threading

from kazoo.client import KazooClient
from kazoo.exceptions import BadVersionError, KazooException, NodeExistsError, NoNodeError

HOST, PORT = sys.argv[1], int(sys.argv[2])
LOCK = threading.Lock()


def session(timeout):
    often, never = {"max_tries": -1, "delay": 0.05, "backoff": 1, "max_delay": 0.05}, {"max_tries": 0}
    client = KazooClient(f"{HOST}:{PORT}", timeout=timeout, connection_retry=often, command_retry=never)
    client.start_async()
    return client


def mode(host, port):
    """Returns `leader` or `follower`, or None from a server that serves nobody."""
    with socket.create_connection((host, int(port)), timeout=2) as connection:
        connection.sendall(b"srvr")
        said = connection.makefile().read()
    lines = dict(line.split(": ", 1) for line in said.splitlines() if ": " in line)
    return lines.get("Mode")


def leader():
    with open(sys.argv[3]) as servers:
        for name, host, port in map(str.split, servers):
            with contextlib.suppress(OSError):
                if mode(host, port) == "leader":
                    return name
    raise ConnectionRefusedError("no server says that it leads")


def put(path, value):
    try:
        WRITER.set(path, value)
    except NoNodeError:
        WRITER.create(path, value)


def cas(path, old, new):
    now, stat = WRITER.get(path)
    if now != old:
        raise BadVersionError(f"the value is {now.decode()}")
    WRITER.set(path, new, version=stat.version)


def carry_out(request):
    def argument(name):
        return str(request[name]).encode()

    path = "/" + str(request.get("key", ""))
    match request["command"]:
        case "get":
            return READER.get(path)[0].decode()
        case "keys":
            return [key for key in READER.get_children("/") if key != "zookeeper"]
        case "set":
            put(path, argument("value"))
        case "cas":
            cas(path, argument("from"), argument("to"))
        case "delete":
            WRITER.delete(path)
        case "lock":  # a key that goes when the session ends
            OWNER.create(path, argument("value"), ephemeral=True)
        case "mode":
            return mode(HOST, PORT) or "none"
        case "leader":
            return leader()
        case command:
            raise ValueError(f"no command {command}")


def answer(request):
    client = {"lock": OWNER, "set": WRITER, "cas": WRITER, "delete": WRITER}.get(request["command"], READER)
    said = {"id": request["id"]}
    try:
        if request["command"] not in ("mode", "leader") and not client.connected:
            raise ConnectionRefusedError("the session has no connection")
        value = carry_out(request)
        said |= {} if value is None else {"value": value}
    except NoNodeError:
        said |= {"error": "absent", "message": "no such key"}
    except NodeExistsError:
        said |= {"error": "exists", "message": "the key exists"}
    except BadVersionError as error:
        said |= {"error": "precondition_failed", "message": str(error)}
    except OSError as error:
        said |= {"error": "unavailable", "message": str(error)}
    except KazooException as error:
        said |= {"error": "unknown", "message": type(error).__name__}
    with LOCK:
        print(json.dumps(said), flush=True)


if sys.argv[3] == "ready":
    sys.exit(mode(HOST, PORT) is None)
READER, WRITER, OWNER = session(10), session(10), session(4)
for line in sys.stdin:
    threading.Thread(target=answer, args=[json.loads(line)], daemon=True).start()
